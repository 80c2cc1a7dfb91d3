"""A graph under construction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netspec.ir.graph import Graph
from netspec.ir.interface import Input, Output
from netspec.ir.node import Node, Scope


class GraphBuilder:
    """Adds nodes and scopes in their order, and returns the graph.

    Each knows where it belongs: a node its scope, a scope its parent.
    """

    def __init__(self, root: Scope) -> None:
        self.root = root
        self.nodes: dict[str, Node] = {}
        self.scopes: dict[str, Scope] = {}
        """All scopes but the root."""

    def add(self, node: Node) -> None:
        """Add a node at the end of its scope.

        Raises: ValueError when there is one of that path.
        """
        if node.path in self.nodes:
            raise ValueError(f"two nodes are called {node.path}")
        self.nodes[node.path] = node
        node.scope.items.append(node)  # type: ignore[attr-defined]  # a list while the scope is open

    def open(self, scope: Scope) -> None:
        """Add a scope at the end of its parent; ``close`` ends it."""
        assert scope.parent is not None, "there is one root"
        self.scopes[scope.path] = scope
        scope.parent.items.append(scope)  # type: ignore[attr-defined]

    def close(self, scope: Scope, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        """End a scope with the names of its inputs and outputs; an empty scope is removed."""
        # Scopes are immutable to everybody else; their live-outs are known only at their end.
        object.__setattr__(scope, "inputs", inputs)
        object.__setattr__(scope, "outputs", outputs)
        # Steps that only select or label values make no nodes, and an empty scope would be an empty class.
        if not scope.items and scope.parent is not None:
            scope.parent.items.pop()  # type: ignore[attr-defined]  # it is the last one: its parent is still open

    def finish(self, inputs: tuple[Input, ...], outputs: Iterable[Output], **header: Any) -> Graph:
        """Return the graph, which is immutable; ``header`` are the other fields of ``Graph``."""
        return Graph(inputs=inputs, outputs=tuple(outputs), root=self.root, **header)
