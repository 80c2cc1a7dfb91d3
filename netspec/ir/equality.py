"""Structural equality: which parts of networks are the same, wherever they are.

Two parts are equal when they hold equal ops, wired in the same way, in scopes of the same kinds. Wiring is relative:
the live-ins of a scope are numbered in the order in which they are first read, so that two blocks at different places
can be equal. Weights count as read: an op that shares those of an earlier one, or is tied to them, reads that one.

Every part gets a number, and equal parts get the same one (hash consing). A scope's number follows from the numbers of
its items, so one traversal finds all equal parts of a graph, however they are nested, and comparing two of them is
comparing two numbers.

What must agree differs between uses: a picture compares sizes, and a generated class ignores the arguments that become
parameters of its constructor. An ``Equivalence`` defines that; ``Structure`` is shared by all.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from netspec.ir.graph import Graph, analysis
from netspec.ir.live_values import live_values
from netspec.ir.node import Node, Scope
from netspec.ops import Op
from netspec.sizes.shape import Shape

Item = Node | Scope

_ORDINAL = re.compile(r"(?:\d+|(?<=[\d_])[a-z])$")


class Equivalence(ABC):
    """An equivalence relation on the parts of a graph: the contents of a scope, their wiring, and what must agree."""

    root: Scope

    @abstractmethod
    def items(self, scope: Scope) -> Sequence[Item]:
        """Return the contents of a scope, in order."""

    @abstractmethod
    def reads(self, item: Item) -> Sequence[str]:
        """Return the values that an item reads; for a scope, its live-ins."""

    @abstractmethod
    def results(self, item: Item) -> Sequence[str]:
        """Return the values that an item produces; for a scope, its live-outs."""

    @abstractmethod
    def label(self, item: Item) -> Hashable:
        """Return what equal items agree in, wherever they are."""

    def role(self, item: Item) -> Hashable:
        """Return what items at the same position of equal scopes must agree in besides."""
        return None


class Structure:
    """A number for each part of some graphs; equal parts have equal numbers.

    Parts are numbered when they are first asked for, with all that is inside them.

    Example:
        >>> import netspec
        >>> graph = netspec.compile("resnet18")
        >>> layer1, layer2 = [scope for scope in graph.root.scopes][:2]
        >>> structure = Structure(GraphEquivalence(graph))
        >>> structure.equal(*layer1.items), structure.equal(*layer2.items)  # the first block of layer2 has a stride
        (True, False)
    """

    def __init__(self, *equivalences: Equivalence) -> None:
        self._equivalences = {each.root: each for each in equivalences}
        self._known: dict[Hashable, int] = {}
        self._numbers: dict[Item, int] = {}

    def __getitem__(self, item: Item) -> int:
        if item not in self._numbers:
            self._number_all(item)
        return self._numbers[item]

    def equal(self, first: Item, second: Item) -> bool:
        """Return whether two parts are equal."""
        # Most unequal scopes already differ in their outline, and then their contents need not be numbered.
        return first is second or (self._outline(first) == self._outline(second) and self[first] == self[second])

    def _outline(self, item: Item) -> Hashable:
        """Return a key of a part that is computed without its contents."""
        equivalence = self._equivalence_of(item)
        return (equivalence.label(item), len(equivalence.items(item))) if isinstance(item, Scope) else None

    def _equivalence_of(self, item: Item) -> Equivalence:
        return self._equivalences[(item if isinstance(item, Scope) else item.scope).root]

    def _number_all(self, item: Item) -> None:
        """Number an item, after its contents."""
        equivalence = self._equivalence_of(item)
        # No recursion: scopes may nest deeper than Python's stack.
        stack = [item]
        while stack:
            part = stack[-1]
            if isinstance(part, Scope):
                inner = [each for each in equivalence.items(part) if each not in self._numbers]
                if inner:
                    stack.extend(inner)
                    continue
            self._numbers[stack.pop()] = self._number(part, equivalence)

    def _number(self, item: Item, equivalence: Equivalence) -> int:
        key = equivalence.label(item), self._inside(item, equivalence) if isinstance(item, Scope) else None
        return self._known.setdefault(key, len(self._known))

    def _inside(self, scope: Scope, equivalence: Equivalence) -> Hashable:
        """Return the contents of a scope, with values numbered: the live-ins first, then the results so far."""
        places = {path: place for place, path in enumerate(equivalence.reads(scope))}
        items: list[Hashable] = []
        for item in equivalence.items(scope):
            operands = [places[path] for path in equivalence.reads(item)]
            items.append((self._numbers[item], equivalence.role(item), *operands))
            for path in equivalence.results(item):
                places[path] = len(places)
        # Values of items that the equivalence leaves out have no number.
        return tuple(items), tuple(places.get(path) for path in equivalence.results(scope))


# the parts of a graph as they are


@dataclass(frozen=True, slots=True)
class Agreement:
    """What equal parts agree in, besides the names of their ops, their wiring and the kinds of their scopes.

    ``names`` are ``"any"``, ``"numbered"`` for names that differ by a number or a letter at the end at most, as in
    ``branch3x3_1`` and ``branch3x3_2``, or ``"same"``. ``sizes`` are those of the operands and the result: ``"any"``,
    ``"axes"`` for those of the result but its channels, or ``"same"``. ``arguments`` are ``"same"`` in whichever way
    they are written, ``"but channels"`` for all that do not count channels, or ``"any"``.
    """

    names: Literal["any", "numbered", "same"] = "any"
    sizes: Literal["any", "axes", "same"] = "same"
    arguments: Literal["any", "but channels", "same"] = "same"


class GraphEquivalence(Equivalence):
    """Compares the parts of a graph as they are, as far as an agreement says.

    ``facts`` returns whatever else equal nodes must agree in.
    """

    def __init__(
        self, graph: Graph, agreement: Agreement | None = None, facts: Callable[[Node], Hashable] | None = None
    ) -> None:
        self.root = graph.root
        self._graph = graph
        self._agreement = agreement or Agreement()
        self._facts = facts
        self._ops: dict[Hashable, Hashable] = {}

    @cached_property
    def _wiring(self) -> _Wiring:
        # Scopes with different outlines are compared without it.
        return _wiring(self._graph)

    def items(self, scope: Scope) -> Sequence[Item]:
        """Return the contents of a scope."""
        return scope.items

    def reads(self, item: Item) -> Sequence[str]:
        """Return the values that an item reads, and the ops whose weights it shares."""
        return self._wiring.reads(item)

    def results(self, item: Item) -> Sequence[str]:
        """Return the values that an item produces."""
        return self._wiring.results(item)

    def label(self, item: Item) -> Hashable:
        """Return what the agreement requires of an item."""
        if isinstance(item, Scope):
            return self._name(item), item.kind, item.block
        operands = tuple(map(self._graph.shape_of, item.inputs))
        facts = self._facts(item) if self._facts else None
        op, sizes = self._op(item.op, operands), self._sizes(item, operands)
        return self._name(item), op, sizes, tuple(each.dtype for each in item.results), item.shared, item.frozen, facts

    def _name(self, item: Item) -> str:
        match self._agreement.names:
            case "any":
                return ""
            case "numbered":
                return _ORDINAL.sub("", item.name)
        return item.name

    def _op(self, op: Op, operands: tuple[Shape, ...]) -> Hashable:
        if self._agreement.arguments == "any":
            return op.name
        known = (id(op), operands)  # equal steps of a document share one op, so each is looked at once
        if known not in self._ops:
            self._ops[known] = self._arguments(op.canonical(*operands))
        return self._ops[known]

    def _arguments(self, op: Op) -> Hashable:
        return op if self._agreement.arguments == "same" else (op.name, *_compared(type(op))(op))

    def _sizes(self, node: Node, operands: tuple[Shape, ...]) -> Hashable:
        match self._agreement.sizes:
            case "any":
                return None
            case "axes":
                return tuple(each.shape[1:] for each in node.results)
        return (*(each.shape for each in node.results), *operands)


@cache
def _compared(op: type[Op]) -> Callable[[Op], tuple[Hashable, ...]]:
    """Return a getter of the arguments of an op that do not count channels."""
    fields = [field for field in op.model_fields if field not in op.channel_fields]
    return lambda each: tuple([getattr(each, field) for field in fields])


class _Wiring:
    """The values that each part of a graph reads and produces, by path."""

    def __init__(self, graph: Graph) -> None:
        self._owners: dict[str, Node] = {}
        for node in graph:
            self._owners.setdefault(node.module, node)
        live = live_values(graph, self._node_reads)
        # Which of its results others read first does not belong to the structure of a scope.
        order = {value: place for place, value in enumerate(value for node in graph for value in node.values)}
        self._entering = {path: tuple(each.live_ins) for path, each in live.items()}
        self._leaving = {
            path: tuple(sorted(each.live_outs, key=lambda value: order.get(value, -1))) for path, each in live.items()
        }

    def reads(self, item: Item) -> tuple[str, ...]:
        return self._entering[item.path] if isinstance(item, Scope) else self._node_reads(item)

    def results(self, item: Item) -> tuple[str, ...]:
        return self._leaving[item.path] if isinstance(item, Scope) else item.values

    def _node_reads(self, node: Node) -> tuple[str, ...]:
        if not node.shared and not node.ties:
            return node.inputs  # a fast path: nearly all nodes
        modules = [node.module] if node.shared else []
        modules += [key.rpartition(".")[0] for _, key in node.ties]
        return (*node.inputs, *(self._owners[module].path for module in modules))


# Cached, since one graph is compared in several ways, as when a picture is folded.
_wiring = analysis(_Wiring)
