"""The torch source of a network: one readable file, which is also the module that runs.

emit.py            the file: all of what follows
layout.py          which scopes are classes, and what each line of them computes
classes.py         scopes of equal structure, which share a class
loops.py           dense blocks as a loop
parameterize.py    what differs between the scopes of a class: its constructor's arguments
plan.py            the records of a class
names.py           the names of classes
reserved.py        names that mean something already
variables.py       the variables of ``forward``
initialize.py      the initialization of parameters
printing.py        classes as text
document.py        line breaks
layer_source.py    the text of layers that torch lacks
layers/            these layers; they are read, not imported
verify_source.py   refuses a finished file with anything that is never written
runtime/           the file as a running module; the only package that imports torch
"""

from __future__ import annotations

from netspec.targets.torch.emit import class_name, emit_torch

__all__ = ["class_name", "emit_torch"]
