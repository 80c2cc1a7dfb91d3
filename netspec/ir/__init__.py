"""The intermediate representation: a network as a graph of ops, each with its shape, cost and place.

node.py          ops at their place, and the scopes that nest them
graph.py         the whole network, with its inputs and outputs
verify.py        what holds for every graph
live_values.py   what each scope reads from outside, and what others read of it
equality.py      which parts of graphs are equal
"""

from __future__ import annotations

from netspec.ir.graph import Graph, Input, Output
from netspec.ir.node import Dtype, Initializer, Node, Scope, ScopeKind
from netspec.ir.verify import verify

__all__ = ["Dtype", "Graph", "Initializer", "Input", "Node", "Output", "Scope", "ScopeKind", "verify"]
