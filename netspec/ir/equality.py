"""Structural equality: which parts of networks are the same, wherever they stand.

Two parts are equal when they hold equal ops, wired in the same way, in scopes of the same kinds. Wiring is relative:
the values that enter a scope go by the order in which they are first read, so that two blocks at different places can
be equal. Weights count as read: an op that shares those of an earlier one reads that one.

Every part gets a number, and equal parts get the same one (hash consing). A scope's number follows from the numbers of
its items, so one walk finds all equal parts of a graph, however they are nested, and comparing two of them is
comparing two numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal

from netspec.ir.graph import Graph
from netspec.ir.live_values import LiveValues, live_values
from netspec.ir.node import Node, Scope
from netspec.ops import Op
from netspec.sizes.shape import Shape

Item = Node | Scope

_ORDINAL = re.compile(r"(?:\d+|(?<=[\d_])[a-z])$")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What equal parts agree in, beside the words of their ops, their wiring and the kinds of their scopes.

    ``names`` are ``"any"``, ``"numbered"`` for names that differ by a number or a letter at the end at most, as in
    ``branch3x3_1`` and ``branch3x3_2``, or ``"same"``. ``sizes`` are those of the operands and the result: ``"any"``,
    ``"axes"`` for those of the result but its channels, or ``"same"``. ``arguments`` are ``"same"`` in whichever way
    they are written, ``"but channels"`` for all that do not count channels, or ``"any"``.
    """

    names: Literal["any", "numbered", "same"] = "any"
    sizes: Literal["any", "axes", "same"] = "same"
    arguments: Literal["any", "but channels", "same"] = "same"


class Structure:
    """A number for each part of some graphs; equal parts have equal numbers.

    ``facts`` gives whatever else equal nodes must agree in.

    Example:
        >>> import netspec
        >>> graph = netspec.compile("resnet18")
        >>> layer1, layer2 = [scope for scope in graph.root.scopes][:2]
        >>> structure = Structure(graph)
        >>> structure.equal(*layer1.items), structure.equal(*layer2.items)  # the first block of layer2 has a stride
        (True, False)
    """

    def __init__(
        self, *graphs: Graph, agreement: Agreement | None = None, facts: Callable[[Node], Hashable] | None = None
    ) -> None:
        self._agreement = agreement or Agreement()
        self._facts = facts
        self._known: dict[Hashable, int] = {}
        self._numbers: dict[Item, int] = {}
        self._ops: dict[Hashable, Hashable] = {}
        for graph in graphs:
            self._add(graph)

    def __getitem__(self, item: Item) -> int:
        return self._numbers[item]

    def equal(self, first: Item, second: Item) -> bool:
        """Return whether two parts are equal."""
        return self._numbers[first] == self._numbers[second]

    def _add(self, graph: Graph) -> None:
        for node in graph:
            self._numbers[node] = self._number(self._node_key(node, tuple(map(graph.shape_of, node.inputs))))
        wiring = _Wiring(graph)
        for scope in reversed(list(graph.root.descend())):  # inner scopes before those around them
            self._numbers[scope] = self._number(self._scope_key(scope, wiring))

    def _number(self, key: Hashable) -> int:
        return self._known.setdefault(key, len(self._known))

    def _node_key(self, node: Node, operands: tuple[Shape, ...]) -> Hashable:
        facts = self._facts(node) if self._facts else None
        op, sizes = self._op_key(node.op, operands), self._sizes(node, operands)
        return self._name(node), op, sizes, tuple(each.dtype for each in node.results), node.shared, facts

    def _scope_key(self, scope: Scope, wiring: _Wiring) -> Hashable:
        """Return what a scope holds, each value by its place among those that enter and those made so far."""
        live = wiring.live[scope.path]
        places = {path: place for place, path in enumerate(live.entering)}
        items: list[tuple[int, ...]] = []
        for item in scope.items:
            items.append((self._numbers[item], *(places[path] for path in wiring.reads(item))))
            for path in wiring.results(item):
                places[path] = len(places)
        return self._name(scope), scope.kind, scope.block, tuple(items), tuple(places[path] for path in live.leaving)

    def _name(self, item: Item) -> str:
        match self._agreement.names:
            case "any":
                return ""
            case "numbered":
                return _ORDINAL.sub("", item.name)
        return item.name

    def _op_key(self, op: Op, operands: tuple[Shape, ...]) -> Hashable:
        if self._agreement.arguments == "any":
            return op.name
        known = (id(op), operands)  # equal steps of a document share one op, so each is looked at once
        if known not in self._ops:
            self._ops[known] = self._number(self._arguments(op.canonical(*operands)))
        return self._ops[known]

    def _arguments(self, op: Op) -> Hashable:
        if self._agreement.arguments == "same":
            return op
        fields = (field for field in type(op).model_fields if field not in op.channel_fields)
        return (op.name, *((field, getattr(op, field)) for field in fields))

    def _sizes(self, node: Node, operands: tuple[Shape, ...]) -> Hashable:
        match self._agreement.sizes:
            case "any":
                return None
            case "axes":
                return tuple(each.shape[1:] for each in node.results)
        return (*(each.shape for each in node.results), *operands)


class _Wiring:
    """What each part of a graph reads and gives, by path."""

    def __init__(self, graph: Graph) -> None:
        self._owners: dict[str, Node] = {}
        for node in graph:
            self._owners.setdefault(node.module, node)
        self.live: dict[str, LiveValues] = live_values(graph, self.reads)
        # Which value is read first from outside is no matter of the scope itself.
        order = {value: position for position, value in enumerate(value for node in graph for value in node.values)}
        for each in self.live.values():
            each.leaving = dict.fromkeys(sorted(each.leaving, key=lambda path: order.get(path, -1)))

    def reads(self, item: Item) -> tuple[str, ...]:
        """Return the values that a part reads, and the ops whose weights it shares."""
        if isinstance(item, Scope):
            return tuple(self.live[item.path].entering)
        return (*item.inputs, self._owners[item.module].path) if item.shared else item.inputs

    def results(self, item: Item) -> tuple[str, ...]:
        """Return the values that a part gives."""
        return tuple(self.live[item.path].leaving) if isinstance(item, Scope) else item.values
