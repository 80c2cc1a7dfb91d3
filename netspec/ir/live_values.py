"""The live values of each scope: its live-ins, which it reads from outside, and its live-outs, which others read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from netspec.ir.graph import Graph
from netspec.ir.node import Node, Scope


@dataclass(slots=True)
class LiveValues:
    """The paths of the values that enter and leave a scope, each once, in the order in which they are first read.

    Inputs that a block declares enter in the order of their declaration.
    """

    entering: dict[str, None] = field(default_factory=dict)
    leaving: dict[str, None] = field(default_factory=dict)


def live_values(graph: Graph, reads: Callable[[Node], Iterable[str]] | None = None) -> dict[str, LiveValues]:
    """Return the live values of every scope by its path.

    ``reads`` gives what a node reads, where that is more than its operands. A scope of which no value is read gives its
    last one; the network takes all of its inputs, whether they are read or not.
    """
    found = {scope.path: LiveValues() for scope in graph.root.descend()}
    # Inputs belong to the network, so that they enter every scope inside that reads them.
    homes: dict[str, Scope] = {each.name: graph.root for each in graph.inputs}
    depths = _depths(graph)
    for node in graph:
        for value in node.values:
            homes[value] = node.scope
    for node in graph:
        for path in node.reads if reads is None else reads(node):
            _cross(path, homes[path], node.scope, found, depths)
    for output in graph.outputs:
        _cross(output.node, homes[output.node], graph.root, found, depths)
        found[""].leaving.setdefault(output.node)
    for each in graph.inputs:
        found[""].entering.setdefault(each.name)
    for scope in graph.root.descend():
        if scope.input_names:
            # Who calls the block gives its inputs in the order in which it declares them.
            entering = found[scope.path].entering
            declared = [path for path in scope.inputs if path in entering]
            found[scope.path].entering = dict.fromkeys([*declared, *entering])
    # Inner scopes first: the last value of one may be that of a scope inside.
    for scope in reversed(list(graph.root.descend())):
        if not found[scope.path].leaving:
            found[scope.path].leaving[_last_value(scope, found)] = None
    return found


def _last_value(scope: Scope, found: dict[str, LiveValues]) -> str:
    """Return the value of a scope that no node reads: the method generated for it returns something in any case."""
    last = scope.items[-1]
    return next(iter(found[last.path].leaving)) if isinstance(last, Scope) else last.path


def _depths(graph: Graph) -> dict[str, int]:
    depths: dict[str, int] = {}
    for scope in graph.root.descend():
        depths[scope.path] = depths[scope.parent.path] + 1 if scope.parent else 0
    return depths


def _cross(path: str, home: Scope, reader: Scope, found: dict[str, LiveValues], depths: dict[str, int]) -> None:
    """Let a value leave the scopes around its home and enter those around its reader, up to the common one."""
    while home is not reader:
        # From whichever is deeper towards the common scope, so that a value costs no more steps than it crosses
        # borders.
        if depths[home.path] > depths[reader.path]:
            found[home.path].leaving.setdefault(path)
            home = _parent(home)
        else:
            found[reader.path].entering.setdefault(path)
            reader = _parent(reader)


def _parent(scope: Scope) -> Scope:
    assert scope.parent is not None
    return scope.parent
