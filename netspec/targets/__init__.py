"""What graphs are compiled to.

torch/   a Python file that defines a torch module, and that module
"""
