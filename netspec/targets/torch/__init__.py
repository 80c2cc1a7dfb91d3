"""The torch source of a network: one readable file, which is also the module that runs.

Takes a graph and gives the text of a Python file. Every stage takes values and gives new ones:

emit.py            the file, from its header to its last class: runs the stages below
pipeline.py        the passes that a graph goes through first
legalize_padding.py   padding that torch's layers cannot do, as an op of its own
layout.py          a graph to the form of every scope: a class, an ``nn.Sequential``, or lines of the enclosing class
plan.py            the records of the stages: slots, members, statements, plans, classes
planner.py         one scope to its plan
loops.py           one dense block to a plan with a loop
equivalence.py     in what scopes that share a class agree
classes.py         plans of equal structure to one generated class
parameterize.py    what differs between the plans of a class: its constructor's arguments, and a text for every slot
translate.py       the document's own expressions in the constructor's terms
channels.py        the channels of values in the constructor's terms, from one statement to the next
search.py          what a slot follows from where neither says
program.py         all classes with their names
names.py           the names of classes
variables.py       the variables of ``forward``
reserved.py        names that mean something already
constructor.py     a class to the lines of its constructor
forward.py         a class to the lines of its ``forward``
initialize.py      the lines that initialize parameters
outputs.py         what a network with several outputs returns
templates.py       the ops' own texts, filled in
document.py        lines to text, broken at any width
layer_source.py    the text of layers that torch lacks
layers/            these layers; they are read, not imported
verify_source.py   refuses a finished file with anything that is never written
runtime/           the file as a running module; the only package that imports torch

The same graph gives the same text. The file imports torch alone, passes ``verify_source``, and computes what the graph
says: ``runtime`` compares the two.
"""

from __future__ import annotations

from netspec.targets.torch.emit import class_name, emit_torch

__all__ = ["class_name", "emit_torch"]
