"""What graphs are compiled to.

base.py      what a target is: a table from ops to rules, which says of every op whether it can be written
torch/       a Python file that defines a torch module, and that module
equations/   each value as a formula over elements, for reading
"""
