"""What graphs are compiled to.

base.py      what a target is: a table from ops to rules, which covers every op or declines it
torch/       a Python file that defines a torch module, and that module
equations/   each value as a formula over elements, for reading
"""
