"""Graphs as text, to be read, compared and written by hand, as in tests of passes.

The notation is that of ``docs/language.md``, a line for each node, with everything else that a graph holds:

    network small (width=8)
    source "small.yaml"
    init conv weight=normal(std=0.01)
    input input 3x16x16

    stem = conv(input, out=8, kernel=3)  8x14x14  224  named init bias=zeros()
    block unit1 = unit(stem, out=8) {
      unit1.conv1 = conv(stem, out=8, kernel=1)  8x14x14  72
      unit1.relu1 = relu(unit1.conv1)  8x14x14  as skip
    } -> unit1.relu1
    block unit1@2 = unit(unit1.relu1, out=8) shares unit1 {
      ...
    } -> unit1@2.relu1
    returns output: unit1@2.relu1
    returns side: unit1.relu1 auxiliary in training, loss weight 0.3

A node is its path, the op with the values that it reads and the arguments that are not its defaults, the types of its
results, and its parameters; behind these its label (``as``), the module that it shares, whether it is ``named``, its
``device``, its initializers, the values of whose ``sizes`` its arguments are computed, whether it is ``frozen``, the
weights that it ``ties`` to others, and the ``expressions`` that gave its arguments. A scope has its kind, and a block
its name; the live-ins are in parentheses, with the names that the block gives them (``x as skip``), and the live-outs
after the arrow. Values are JSON. MACs are not written, since they follow from the op.

What is printed reads back to an equal graph. Types and parameters may be left out, and are then inferred. The places of
what is read are those in the text.

    printer.py   a graph to text
    parser.py    text to a graph, which is verified
    grammar.py   the parts that several kinds of lines have in common
    scanner.py   the tokens of a line
"""

from __future__ import annotations

from netspec.ir.text.parser import parse_graph
from netspec.ir.text.printer import print_graph
from netspec.ir.text.scanner import GraphSyntaxError

__all__ = ["GraphSyntaxError", "parse_graph", "print_graph"]
