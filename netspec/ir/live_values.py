"""The live values of each scope: its live-ins, which it reads from outside, and its live-outs, which others read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from netspec.ir.graph import Graph
from netspec.ir.node import Node, Scope


@dataclass(slots=True)
class LiveValues:
    """The live-ins of a scope by name, in the order in which they are first read, and its live-outs, as computed.

    Inputs that a block declares come in the order of their declaration. The live-outs of the network are its outputs.
    """

    live_ins: dict[str, None] = field(default_factory=dict)
    live_outs: dict[str, None] = field(default_factory=dict)


def live_values(graph: Graph, reads: Callable[[Node], Iterable[str]] | None = None) -> dict[str, LiveValues]:
    """Return the live values of every scope by its path.

    ``reads`` returns what a node reads, where that is more than its operands. A scope of which no value is read has its
    last value as live-out; the live-ins of the network are all of its inputs, read or not.
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
        found[""].live_outs.setdefault(output.node)
    for each in graph.inputs:
        found[""].live_ins.setdefault(each.name)
    for scope in graph.root.descend():
        if scope.input_names:
            # Who calls the block gives its inputs in the order in which it declares them.
            live_ins = found[scope.path].live_ins
            declared = [path for path in scope.inputs if path in live_ins]
            found[scope.path].live_ins = dict.fromkeys([*declared, *live_ins])
    # As they are computed, not as they are read: equal blocks return the same, whoever reads it.
    computed = {value: position for position, value in enumerate(homes)}
    for scope in graph.root.descend():
        live_outs = found[scope.path].live_outs
        if scope is not graph.root and len(live_outs) > 1:
            found[scope.path].live_outs = dict.fromkeys(sorted(live_outs, key=computed.__getitem__))
    # Inner scopes first: the last value of one may be that of a scope inside.
    for scope in reversed(list(graph.root.descend())):
        if not found[scope.path].live_outs:
            found[scope.path].live_outs[_last_value(scope, found)] = None
    return found


def _last_value(scope: Scope, found: dict[str, LiveValues]) -> str:
    """Return the value of a scope that no node reads: the method generated for it returns something in any case."""
    last = scope.items[-1]
    return next(iter(found[last.path].live_outs)) if isinstance(last, Scope) else last.path


def _depths(graph: Graph) -> dict[str, int]:
    depths: dict[str, int] = {}
    for scope in graph.root.descend():
        depths[scope.path] = depths[scope.parent.path] + 1 if scope.parent else 0
    return depths


def _cross(path: str, home: Scope, reader: Scope, found: dict[str, LiveValues], depths: dict[str, int]) -> None:
    """Add a value to the live-outs of the scopes from its home, and to the live-ins of those from its reader.

    Both go up to the innermost scope that holds the two.
    """
    while home is not reader:
        # From whichever is deeper towards the common scope, so that the cost is the number of scopes crossed.
        if depths[home.path] > depths[reader.path]:
            found[home.path].live_outs.setdefault(path)
            home = _parent(home)
        else:
            found[reader.path].live_ins.setdefault(path)
            reader = _parent(reader)


def _parent(scope: Scope) -> Scope:
    assert scope.parent is not None
    return scope.parent
