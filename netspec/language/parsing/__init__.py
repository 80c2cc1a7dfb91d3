"""From the tree of a file to steps, bodies and blocks.

parser.py         steps and bodies: every step is dispatched on its key
arguments.py      the arguments of a step, by what the step is
op_arguments.py   those of ops, and what all of them have in common
operands.py       the operands of merges
checks.py         names, labels and expressions
declarations.py   ``blocks:``
parameters.py     ``args:``
tensors.py        ``tensors:``
settings.py       ``defaults:``, ``init:`` and ``variants:``
header.py         the other keys of a document
"""
