"""The intermediate representation: a network as a graph of ops, each with its shape, cost and place.

Nobody changes a graph: it is read, and another is made of it. What is derived from it is computed once. Graphs, nodes
and scopes have a short ``repr``, and can be copied and pickled however long or deep a network is.

node.py          ops at their place, and the scopes that nest them
graph.py         the whole network with its inputs and outputs, and what is derived from it
builder.py       a graph under construction
rewriter.py      edits of a graph, which give another one
verify.py        what holds for every graph
live_values.py   what each scope reads from outside, and what others read of it
text/            graphs as text, printed and parsed
equality.py      which parts of graphs are equal
"""

from __future__ import annotations

from netspec.ir.builder import GraphBuilder
from netspec.ir.graph import Graph, Input, Output, Publication, analysis
from netspec.ir.node import Expressions, Initializer, Initializers, Node, Scope, ScopeKind
from netspec.ir.rewriter import Rewriter
from netspec.ir.verify import InvalidGraph, verify

__all__ = [
    "Expressions",
    "Graph",
    "GraphBuilder",
    "Initializer",
    "Initializers",
    "Input",
    "InvalidGraph",
    "Node",
    "Output",
    "Publication",
    "Rewriter",
    "Scope",
    "ScopeKind",
    "analysis",
    "verify",
]
