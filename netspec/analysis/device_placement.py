"""On which device every value of a network is when its steps name devices, and which values are moved.

Weights live where their step says, the first device where it says nothing. What has no weights is computed where its
first operand is. A scope whose weights share one device moves its inputs there once; elsewhere each op moves its own
operands. So every generated class runs on one device or knows which of its lines move values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from netspec.ir import Graph, Node, Scope, analysis

Item = Node | Scope


@dataclass(frozen=True)
class Placement:
    """The device of each value by path, of each module with weights, and of each scope whose weights share one."""

    values: dict[str, int]
    weights: dict[str, int]
    scopes: dict[str, int]

    @property
    def count(self) -> int:
        """How many devices are named, counted from 0."""
        return max(self.values.values(), default=0) + 1

    # Cached, since every line of a class asks, and the answer goes over all values.
    @cached_property
    def is_split(self) -> bool:
        """Whether there is more than one device."""
        return len(set(self.values.values())) > 1

    def is_settled(self, scope: Scope) -> bool:
        """Return whether all of a scope is computed on one device."""
        return not self.is_split or _settled(scope, self.scopes) is not None

    def has_weights(self, item: Item) -> bool:
        """Return whether an item moves its operands to its weights' device, and not to that of its first operand."""
        return isinstance(item, Scope) or item.module in self.weights

    def moves(self, item: Item, entering: list[str], scope: Scope) -> tuple[int, ...]:
        """Return which of an item's operands must be moved by the line that computes it in a scope's class."""
        if self.is_settled(scope):
            return ()
        target = self.values[item.path] if isinstance(item, Node) else self.scopes.get(item.path)
        if target is None:
            return ()
        return tuple(index for index, path in enumerate(entering) if self.values[path] != target)


@analysis
def place(graph: Graph) -> Placement:
    """Return the device of every value; the placement is empty for a network that names no devices."""
    if not any(node.device for node in graph):
        return Placement({}, {}, {})
    # Shared weights live where the first step that has them puts them.
    weights = {node.module: node.device or 0 for node in graph if node.params}
    scopes = _one_device_scopes(graph, weights)
    values = {each.name: 0 for each in graph.inputs}
    for node in graph:
        settled = _settled(node.scope, scopes)
        own = weights.get(node.module, values[node.inputs[0]] if node.inputs else 0)
        values.update(dict.fromkeys(node.values, own if settled is None else settled))
    return Placement(values, weights, scopes)


def _one_device_scopes(graph: Graph, weights: dict[str, int]) -> dict[str, int]:
    found: dict[str, set[int]] = {scope.path: set() for scope in graph.root.descend()}
    for node in graph:
        for scope in node.scope.ascend() if node.module in weights else ():
            found[scope.path].add(weights[node.module])
    return {path: devices.pop() for path, devices in found.items() if len(devices) == 1}


def _settled(scope: Scope, scopes: dict[str, int]) -> int | None:
    """Return the device of the scope, or of one around it; the outermost decides."""
    # The outermost scope on one device moves its inputs there once; with the innermost, each scope would move them
    # again.
    around = _settled(scope.parent, scopes) if scope.parent else None
    return scopes.get(scope.path) if around is None else around
