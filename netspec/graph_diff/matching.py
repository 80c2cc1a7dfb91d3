"""Matching two trees of scopes: which ops are the same, and what only one of the networks has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from netspec.graph_diff.alignment import align
from netspec.ir import Graph, Node, Scope
from netspec.ir.equality import Agreement, GraphEquivalence, Structure

Item = Node | Scope

SAME, LIKE, RELATED = 8, 6, 2
"""The affinity of a pair of steps: of the same op or block, of the same name or content, of the same family."""
EQUAL_BONUS, SHAPE_BONUS, NAME_BONUS = 4, 1, 1
BLOCK_FACTOR, LAYER_FACTOR = 3, 2
"""The weight of the affinity of blocks, and of ops with most parameters, relative to other ops."""
ENOUGH_IN_COMMON = 0.5
"""Scopes with different names are compared if they share at least this part of their kinds of steps."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The features by which the partner of a step is found."""

    item: Item
    label: str
    name: str
    kind: int
    family: str
    factor: int
    is_numbered: bool

    @property
    def key(self) -> tuple[str, str, str]:
        return self.family, self.label, self.name


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Two scopes in which differences are reported: the innermost blocks, or groups outside of any block."""

    before: Scope
    after: Scope

    @property
    def is_block(self) -> bool:
        return "block" in (self.before.kind, self.after.kind)

    @property
    def label(self) -> tuple[str, str]:
        return self.before.block or self.before.name, self.after.block or self.after.name


@dataclass(frozen=True, slots=True)
class Pair:
    """An op that both networks have."""

    place: Place
    before: Node
    after: Node


@dataclass(frozen=True, slots=True)
class Run:
    """Steps in a row that only one network has. The scopes are those in which the rows stand."""

    place: Place
    is_new: bool
    items: tuple[Item, ...]
    before: Scope
    after: Scope


class Matcher:
    """Traverses two graphs side by side."""

    def __init__(self, before: Graph, after: Graph) -> None:
        self._before, self._after = before, after
        self._structure = Structure(*(GraphEquivalence(graph, Agreement(sizes="any")) for graph in (before, after)))
        self._contents = {
            scope: frozenset(map(label, scope.items)) for graph in (before, after) for scope in graph.root.descend()
        }

    def match(self) -> Iterator[Pair | Run | Place]:
        """Yield pairs of ops, and runs that only one network has, in order; each place comes before its contents."""
        root = Place(self._before.root, self._after.root)
        stack: list[tuple[Place, Scope, Scope]] = [(root, root.before, root.after)]
        while stack:
            place, before, after = stack.pop()
            if place.before is before and place.after is after:
                yield place
            inner: list[tuple[Place, Scope, Scope]] = []
            for found in self._match_steps(place, before, after):
                if isinstance(found, (Pair, Run)):
                    yield found
                    continue
                entered = Place(*found)
                inner.append((entered if entered.is_block or not place.is_block else place, *found))
            # In the order of the network, for that is the order in which differences are reported.
            stack.extend(reversed(inner))

    def _match_steps(self, place: Place, before: Scope, after: Scope) -> Iterator[Pair | Run | tuple[Scope, Scope]]:
        """Yield the steps of two scopes as pairs of ops, pairs of scopes, and runs between them."""
        # Structural equality ignores names, by which auxiliary outputs are matched.
        if self._structure.equal(before, after) and list(_outputs(before.items)) == list(_outputs(after.items)):
            for left, right in zip(before.items, after.items, strict=True):
                yield from _paired(place, left, right)
            return
        old, new = self._steps(before, after)
        # Auxiliary outputs may be reordered, so their scopes are matched by name.
        outputs = _outputs(new)
        named = {scope: outputs[name] for name, scope in _outputs(old).items() if name in outputs}
        taken = set(named.values())
        yield from named.items()
        old = [item for item in old if item not in named]
        new = [item for item in new if item not in taken]
        next_old, next_new = 0, 0
        for i, j in self._align(old, new):
            yield from _runs(place, before, after, old[next_old:i], new[next_new:j])
            yield from _paired(place, old[i], new[j])
            next_old, next_new = i + 1, j + 1
        yield from _runs(place, before, after, old[next_old:], new[next_new:])

    def _align(self, old: Sequence[Item], new: Sequence[Item]) -> list[tuple[int, int]]:
        left, right = [self._profile(item) for item in old], [self._profile(item) for item in new]
        keys = [each.key for each in left], [each.key for each in right]
        return align(*keys, lambda i, j: self._affinity(left[i], right[j]))

    def _steps(self, before: Scope, after: Scope) -> tuple[Sequence[Item], Sequence[Item]]:
        """Return the steps to align. A block that the other network wraps into another block is one of these steps."""
        if before.block != after.block:
            if self._wraps(after, before):
                return [before], after.items
            if self._wraps(before, after):
                return before.items, [after]
        if "block" in (before.kind, after.kind):
            return before.items, after.items
        return self._expanded(before, after), self._expanded(after, before)

    def _wraps(self, outer: Scope, inner: Scope) -> bool:
        return bool(inner.block) and inner.block in self._contents[outer]

    def _expanded(self, scope: Scope, other: Scope) -> list[Item]:
        """Return the steps of a scope, with inner scopes that the other network lacks replaced by their contents."""
        names = {each.name for each in other.scopes}
        contents = {label(item) for item in other.items}
        inside = {each for inner in other.scopes for each in self._contents[inner]}
        items: list[Item] = []
        for item in scope.items:
            if isinstance(item, Node) or item.name in names or item.block in contents - {""}:
                items.append(item)
            elif self._is_open(item, contents, inside):
                items.extend(item.items)
            else:
                items.append(item)
        return items

    def _is_open(self, scope: Scope, contents: set[str], inside: set[str]) -> bool:
        """Return whether the other network has the contents of a scope without the scope."""
        if scope.kind == "group":
            return bool(self._contents[scope] & contents) and not self._contents[scope] <= inside
        blocks = [each.block for each in scope.scopes if each.block in contents]
        return len(blocks) > 1

    # affinity

    def _profile(self, item: Item) -> Profile:
        is_node = isinstance(item, Node)
        family = item.op.family if isinstance(item, Node) else ""
        factor = LAYER_FACTOR if family in ("convolution", "linear") else 1 if is_node else BLOCK_FACTOR
        return Profile(item, label(item), item.name, self._structure[item], family, factor, item.name.isdigit())

    def _affinity(self, left: Profile, right: Profile) -> int:
        if left.kind == right.kind:
            worth = SAME + EQUAL_BONUS
        elif not left.family and not right.family:
            worth = self._affinity_of_scopes(left, right)
        elif left.family and right.family:
            worth = SAME if left.label == right.label else RELATED if left.family == right.family else 0
        else:
            worth = 0  # an op is never the partner of a scope
        if not worth:
            return 0
        if left.family and left.item.shape == right.item.shape:  # type: ignore[union-attr]
            worth += SHAPE_BONUS
        # Unnamed steps are numbered, and their numbers shift when a step is inserted before them.
        return worth * left.factor + (NAME_BONUS if left.name == right.name and not left.is_numbered else 0)

    def _affinity_of_scopes(self, left: Profile, right: Profile) -> int:
        first, second = left.item, right.item
        assert isinstance(first, Scope) and isinstance(second, Scope)
        has_name = left.name == right.name and not left.is_numbered
        if (first.kind, first.block) == (second.kind, second.block) and (first.block or left.name == right.name):
            return SAME
        if has_name or self._wraps(first, second) or self._wraps(second, first):
            return LIKE
        contents = self._contents[first], self._contents[second]
        shared = len(contents[0] & contents[1])
        return LIKE if shared and shared >= ENOUGH_IN_COMMON * len(contents[0] | contents[1]) else 0


def _outputs(items: Iterable[Item]) -> dict[str, Scope]:
    """Return the scopes of auxiliary outputs by name."""
    return {item.name: item for item in items if isinstance(item, Scope) and item.kind == "output"}


def _paired(place: Place, left: Item, right: Item) -> Iterator[Pair | tuple[Scope, Scope]]:
    if isinstance(left, Node) and isinstance(right, Node):
        yield Pair(place, left, right)
    elif isinstance(left, Scope) and isinstance(right, Scope):
        yield left, right


def _runs(place: Place, before: Scope, after: Scope, old: Sequence[Item], new: Sequence[Item]) -> Iterator[Run]:
    """Yield the steps between two pairs: those that only the network before has, then those of the one after."""
    if old:
        yield Run(place, False, tuple(old), before, after)
    if new:
        yield Run(place, True, tuple(new), before, after)


def label(item: Item) -> str:
    """Return the label of a step in messages: its op or block, or a group's name."""
    if isinstance(item, Node):
        return item.op.name
    return item.block or (item.kind if item.name.isdigit() else item.name)
