"""The same difference at many places, once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from netspec.graph_diff.differences import Change, Difference, Part, Sign, Where
from netspec.graph_diff.matching import Pair, Place, Run, label
from netspec.ir import Node, Scope

Amounts = tuple[int, int]
"""Parameters and MACs."""
Changes = dict[str, tuple[object, object]]


class ChangedOp(NamedTuple):
    """An op that both networks have, with other arguments."""

    pair: Pair
    changes: Changes


class Row(NamedTuple):
    """What rows of steps at a place have in common that are told as one."""

    sign: Sign
    what: tuple[str, ...]
    inside: str


@dataclass(slots=True)
class _Spot:
    """One kind of difference with all the places that have it."""

    part: Part
    found: dict[Place, list[Run] | list[ChangedOp]]

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self.found)


Key = tuple[object, ...]


class Folder:
    """Collects differences, and joins those that are equal.

    In blocks, what differs at the same set of places is one difference. Elsewhere it is one for equal changes of ops
    and for equal rows of steps.
    """

    def __init__(self, places: Iterable[Place], gain: Callable[[Run], Amounts]) -> None:
        self._of = Counter(place.label for place in places if place.is_block)
        self._gain = gain
        self._rows: dict[tuple[Place, Row], list[Run]] = defaultdict(list)
        self._changed: list[ChangedOp] = []

    def add_run(self, run: Run) -> None:
        if run.place.is_block and len(run.items) > 1:
            # In blocks, each block or group in the row is told by itself: not every place has all of them.
            for is_scope, items in groupby(run.items, key=lambda item: isinstance(item, Scope)):
                for row in ([item] for item in items) if is_scope else [list(items)]:
                    self._add_row(replace(run, items=tuple(row)))
            return
        self._add_row(run)

    def _add_row(self, run: Run) -> None:
        what, _ = period(run)
        inside = "" if run.place.after is run.after or run.place.before is run.before else run.after.name
        row = Row("+" if run.is_new else "-", what, inside)
        self._rows[run.place, row].append(run)

    def add_change(self, changed: ChangedOp) -> None:
        self._changed.append(changed)

    def differences(self, gain: Callable[[Pair], Amounts]) -> Iterator[Difference]:
        """Yield the differences; ``gain`` is what a changed op adds."""
        spots = [*_moved(list(self._run_spots())), *self._change_spots()]
        groups: dict[Key, list[_Spot]] = defaultdict(list)
        for number, spot in enumerate(spots):
            first = spot.places[0]
            key = (first.label, frozenset(spot.places)) if first.is_block else (number,)
            groups[key].append(spot)
        shares = self._shares(list(groups.values()), gain)
        for group, share in zip(groups.values(), shares, strict=True):
            yield self._difference(group, share)

    # spots

    def _run_spots(self) -> Iterator[_Spot]:
        spots: dict[Key, _Spot] = {}
        for (place, row), runs in self._rows.items():
            part = Part(
                row.sign,
                row.what,
                sum(period(run)[1] for run in runs),
                follows=_follows(runs),
                inside=row.inside,
                numbers=_numbers(runs),
                kind="run",
            )
            where: object = place.label if place.is_block else _stem(place)
            spot = spots.setdefault((where, place.is_block, part), _Spot(part, {}))
            spot.found[place] = runs
        return iter(spots.values())

    def _change_spots(self) -> Iterator[_Spot]:
        spots: dict[Key, _Spot] = {}
        for changed in self._changed:
            place = changed.pair.place
            if not place.is_block:
                key: Key = (_kind(changed), tuple(changed.changes))
                part = Part("~", (), kind=_kind(changed))
                self._note(spots, key, part, changed)
                continue
            name = _inside(changed.pair.after, place.after)
            for field in changed.changes:
                part = Part("~", (name,), changes=(Change(field, ()),), kind=_kind(changed))
                self._note(spots, (place.label, name, _kind(changed), field), part, changed)
        return iter(spots.values())

    def _note(self, spots: dict[Key, _Spot], key: Key, part: Part, changed: ChangedOp) -> None:
        found = spots.setdefault(key, _Spot(part, {})).found
        found.setdefault(changed.pair.place, []).append(changed)  # type: ignore[arg-type]

    # sums

    def _shares(self, groups: list[list[_Spot]], gain: Callable[[Pair], Amounts]) -> list[Amounts]:
        """Return what each group of spots adds. An op that is in several counts in that with the fewest places."""
        homes: dict[int, tuple[int, int]] = {}
        pairs: dict[int, Pair] = {}
        sums = [[0, 0] for _ in groups]
        for number, group in enumerate(groups):
            for each in (each for spot in group for found in spot.found.values() for each in found):
                if isinstance(each, Run):
                    amounts = self._gain(each)
                    sums[number][0] += amounts[0]
                    sums[number][1] += amounts[1]
                else:
                    pairs[id(each)] = each.pair
                    home = (len(group[0].found), number)
                    homes[id(each)] = min(homes.get(id(each), home), home)
        for identity, (_, number) in homes.items():
            amounts = gain(pairs[identity])
            sums[number][0] += amounts[0]
            sums[number][1] += amounts[1]
        return [(params, macs) for params, macs in sums]

    # records

    def _difference(self, group: list[_Spot], share: Amounts) -> Difference:
        parts = tuple(_joined([_told(spot) for spot in group]))
        signs = {part.sign for part in parts}
        places = group[0].places
        is_other_block = places[0].is_block and len(set(places[0].label)) > 1
        sign: Sign = signs.pop() if len(signs) == 1 and not is_other_block else "~"
        found = [each for spot in group for found in spot.found.values() for each in found]
        return Difference(
            "steps",
            sign,
            parts,
            self._where(places),
            tuple(dict.fromkeys(path for each in found for path in _paths(each, False))),
            tuple(dict.fromkeys(path for each in found for path in _paths(each, True))),
            *share,
        )

    def _where(self, places: tuple[Place, ...]) -> Where:
        first = places[0]
        paths = tuple(place.after.path for place in places)
        if not first.is_block:
            return Where(paths=tuple(path for path in paths if path))
        return Where(first.label, paths, self._of[first.label])


def _moved(spots: list[_Spot]) -> Iterator[_Spot]:
    """Make one of two spots where the same places lose and gain as many of the same steps."""
    twins: dict[Key, _Spot] = {}
    for spot in spots:
        twins[_identity(spot, spot.part.sign)] = spot
    for spot in spots:
        other = twins.get(_identity(spot, "+" if spot.part.sign == "-" else "-"))
        if other is None:
            yield spot
        elif spot.part.sign == "-":
            found = {place: [*spot.found[place], *other.found[place]] for place in spot.found}
            yield _Spot(replace(spot.part, sign="~", follows="", kind="moved"), found)


def _identity(spot: _Spot, sign: str) -> Key:
    return sign, spot.part.what, spot.part.times, spot.part.inside, spot.places


def period(run: Run) -> tuple[tuple[str, ...], int]:
    """Return the labels of a row of steps, and how often they come: of ``conv relu conv relu`` the half, twice."""
    items = run.items
    if "dense" in (run.before.kind, run.after.kind) and any(isinstance(item, Scope) for item in items):
        # The concatenations of a dense block belong to its layers.
        items = tuple(item for item in items if isinstance(item, Scope))
    labels = tuple(map(label, items))
    for length in range(1, len(labels) // 2 + 1):
        if len(labels) % length == 0 and labels[:length] * (len(labels) // length) == labels:
            return labels[:length], len(labels) // length
    return labels, 1


def _follows(runs: list[Run]) -> str:
    """Return the op that each of several single ops comes after, where each such op is followed by one."""
    if len(runs) < 2 or any(len(run.items) > 1 for run in runs):
        return ""
    run = runs[0]
    items = (run.after if run.is_new else run.before).items
    places = {id(item): place for place, item in enumerate(items)}
    found = [places.get(id(each.items[0]), 0) for each in runs]
    previous = {label(items[place - 1]) if place else "" for place in found}
    if len(previous) != 1:
        return ""
    (name,) = previous
    return name if name and sum(label(item) == name for item in items) == len(runs) else ""


def _numbers(runs: list[Run]) -> tuple[int, int] | None:
    """Return how many blocks each network has, where blocks are added to a group that has some of a kind."""
    run = runs[0]
    labels = {label(item) for run in runs for item in run.items if isinstance(item, Scope)}
    if run.place.is_block or len(labels) != 1:
        return None
    scopes = [[item for item in scope.items if isinstance(item, Scope)] for scope in (run.before, run.after)]
    blocks = [[label(item) for item in side] for side in scopes]
    if all(labels <= set(side) for side in blocks):
        before, after = (sum(name in labels for name in side) for side in blocks)
    elif all(len(set(side)) == 1 for side in blocks):
        before, after = map(len, blocks)
    else:
        return None
    return (before, after) if before != after else None


def _stem(place: Place) -> tuple[str, str]:
    return place.before.path.rstrip("0123456789"), place.after.path.rstrip("0123456789")


def _kind(changed: ChangedOp) -> str:
    return changed.pair.after.op.name


def _inside(node: Node, scope: Scope) -> str:
    return node.path.removeprefix(f"{scope.path}.") if scope.path else node.path


def _paths(each: Run | ChangedOp, is_new: bool) -> Iterator[str]:
    if isinstance(each, ChangedOp):
        yield (each.pair.after if is_new else each.pair.before).path
    elif each.is_new == is_new:
        yield from (item.path for item in each.items)


def _told(spot: _Spot) -> Part:
    """Return a spot's part with the values and names of all its places."""
    changed = [each for found in spot.found.values() for each in found if isinstance(each, ChangedOp)]
    if not changed:
        if len(spot.found) == 1 and not spot.places[0].is_block:
            (runs,) = spot.found.values()
            if len(runs) == 1 and isinstance(runs[0], Run) and len(runs[0].items) == 1:
                return replace(spot.part, path=runs[0].items[0].path, inside="")
        return spot.part
    fields = [change.field for change in spot.part.changes] or list(changed[0].changes)
    values = as_changes([{field: each.changes[field] for field in fields} for each in changed])
    names = spot.part.what or tuple(each.pair.after.path for each in changed)
    return replace(spot.part, what=names, changes=values)


def as_changes(many: list[Changes]) -> tuple[Change, ...]:
    """Return for each argument the different pairs of values, in order."""
    return tuple(Change(field, tuple(dict.fromkeys(each[field] for each in many))) for field in many[0])


def _joined(parts: list[Part]) -> Iterator[Part]:
    """Join the changes of the same op, then the ops with the same changes."""
    yield from (part for part in parts if not part.changes)
    by_name: dict[tuple[tuple[str, ...], str], Part] = {}
    for part in parts:
        if part.changes:
            known = by_name.get((part.what, part.kind))
            joined = replace(part, changes=known.changes + part.changes) if known else part
            by_name[part.what, part.kind] = joined
    by_change: dict[tuple[tuple[Change, ...], str], Part] = {}
    for part in by_name.values():
        known = by_change.get((part.changes, part.kind))
        by_change[part.changes, part.kind] = replace(part, what=known.what + part.what) if known else part
    yield from by_change.values()
