"""The torch source of a network: one readable file, which is also the module that runs.

Compiles a graph to the text of a Python file. Every stage is a function from immutable values to new ones:

emit.py            the file, from its header to its last class: runs the stages below
pipeline.py        the passes before code generation
legalize_padding.py   padding that torch's layers do not support, as an op of its own
separate_bias.py   a given bias of a layer with a weight of its own, as a sum behind it
drop_constants.py  constants that nothing reads, left out
chunk_slices.py    slices of an axis in equal parts, as one call of torch
expand_stored.py   declared tensors, repeated for each example where torch does not stretch them
pad_same.py        the op for padding that depends on the size at run time
layout.py          a graph to the form of every scope: a class, an ``nn.Sequential``, or lines of the enclosing class
plan.py            the records of the stages: slots, members, statements, plans, classes
planner.py         one scope to its plan
loops.py           one dense block to a plan with a loop
equivalence.py     which scopes may share a class
classes.py         plans of equal structure to one generated class
parametrize.py     the lines that make torch compute weights from others
parameterize.py    the constructor's arguments of a class, and an expression for every slot
translate.py       the document's own expressions in the constructor's terms
channels.py        the channels of values in the constructor's terms, from one statement to the next
search.py          the search for an expression where neither has one
local_sizes.py     sizes that ``forward`` computes from its operands
written_sizes.py   sizes as the document writes them, over these operands
program.py         all classes with their names
names.py           the names of classes
variables.py       the variables of ``forward``
reserved.py        reserved names
constructor.py     a class to the lines of its constructor
size_checks.py     the sizes that the network's ``forward`` refuses
forward.py         a class to the lines of its ``forward``
freeze.py          the lines that freeze parameters
initialize.py      the lines that initialize parameters
outputs.py         what a network with several outputs returns
templates.py       the ops' own texts, filled in
document.py        the document algebra: lines to text of any width
layer_source.py    the text of layers that torch lacks
layers/            these layers; they are read, not imported
verify_source.py   an allow-list of the syntax of generated files
runtime/           the file as a running module; the only package that imports torch

The text is deterministic. The file imports only torch, passes ``verify_source``, and computes the shapes of the graph,
which ``runtime`` verifies.
"""

from __future__ import annotations

from netspec.targets.torch.emit import class_name, emit_torch

__all__ = ["class_name", "emit_torch"]
