"""The intermediate representation: a network as a graph of ops, each with its shape, cost and place.

A graph is immutable: it is read, and another one is made from it. Analyses are computed once per graph. Graphs, nodes
and scopes have a short ``repr``, and can be copied and pickled however long or deep a network is.

node.py          nodes, and the scopes that nest them
interface.py     inputs and outputs, and what was published about a network
graph.py         the whole network, and its analyses
immutable.py     arguments as immutable values
builder.py       a graph under construction
rewriter.py      edits of a graph, which give another one
verify.py        the invariants of every graph
batchless.py     values that are the same for each example
live_values.py   the live-ins and live-outs of each scope
text/            graphs as text, printed and parsed
equality.py      which parts of graphs are equal
"""

from __future__ import annotations

from netspec.ir.builder import GraphBuilder
from netspec.ir.graph import Graph, analysis
from netspec.ir.interface import Input, Output, Publication
from netspec.ir.node import Expressions, Initializer, Initializers, Node, Scope, ScopeKind, Ties
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
    "Ties",
    "analysis",
    "verify",
]
