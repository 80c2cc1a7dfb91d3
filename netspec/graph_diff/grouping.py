"""Equal edits at many places, reported once.

An edit is a row of steps that only one network has, or an op whose arguments changed. Equal edits make a finding, with
the places that have it: the same row at several places, steps that the same places lose here and gain there, one
argument of one op in all blocks of a kind. In blocks, all findings at the same set of places are one difference, since
they are one change of the block; elsewhere each finding is a difference of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from netspec.graph_diff.differences import Change, Difference, Part, Sign, Where
from netspec.graph_diff.edits import ChangedOp, as_changes
from netspec.graph_diff.matching import Place, Run
from netspec.graph_diff.rows import describe_rows, row_key, split_run

Edit = Run | ChangedOp
Amounts = tuple[int, int]
"""Parameters and MACs."""
Gain = Callable[[Edit], Amounts]


@dataclass(slots=True)
class _Finding:
    """One kind of edit, and the edits of that kind by place."""

    part: Part
    found: dict[Place, list[Edit]]

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self.found)

    @property
    def edits(self) -> Iterator[Edit]:
        return (edit for edits in self.found.values() for edit in edits)


def group_edits(edits: Sequence[Edit], places: Iterable[Place], gain: Gain) -> Iterator[Difference]:
    """Yield the differences that edits make up; ``gain`` returns what an edit adds, and ``places`` are all places."""
    rows = [row for edit in edits if isinstance(edit, Run) for row in split_run(edit)]
    changed = [edit for edit in edits if isinstance(edit, ChangedOp)]
    findings = [*_join_moves(_find_rows(rows)), *_find_changes(changed)]
    groups = _group_by_places(findings)
    totals = Counter(place.label for place in places if place.is_block)
    for group, amounts in zip(groups, _amounts(groups, gain), strict=True):
        yield _difference(group, amounts, totals)


# findings


def _find_rows(rows: Iterable[Run]) -> list[_Finding]:
    at_place: dict[tuple[Place, Hashable], list[Run]] = defaultdict(list)
    for row in rows:
        at_place[row.place, row_key(row)].append(row)
    findings: dict[Hashable, _Finding] = {}
    for (place, _), equal in at_place.items():
        part = describe_rows(equal)
        where = place.label if place.is_block else _stem(place)
        finding = findings.setdefault((where, place.is_block, part), _Finding(part, {}))
        finding.found[place] = list(equal)
    return list(findings.values())


def _stem(place: Place) -> tuple[str, str]:
    """Return the names that groups share which differ in a number only."""
    return place.before.path.rstrip("0123456789"), place.after.path.rstrip("0123456789")


def _join_moves(findings: Sequence[_Finding]) -> Iterator[_Finding]:
    """Merge two findings if the same places lose and gain as many of the same steps."""

    def key(finding: _Finding, sign: str) -> Hashable:
        return sign, finding.part.what, finding.part.times, finding.part.inside, finding.places

    # A step that moves inside its block is lost and gained at the same places.
    known = {key(finding, finding.part.sign): finding for finding in findings}
    for finding in findings:
        gained = known.get(key(finding, "+" if finding.part.sign == "-" else "-"))
        if gained is None:
            yield finding
        elif finding.part.sign == "-":
            found = {place: [*finding.found[place], *gained.found[place]] for place in finding.found}
            yield _Finding(replace(finding.part, sign="~", follows="", kind="moved"), found)


def _find_changes(changed: Iterable[ChangedOp]) -> list[_Finding]:
    """Return in blocks a finding per argument of an op, elsewhere one per op and all of its changes."""
    findings: dict[Hashable, _Finding] = {}
    for edit in changed:
        place, op = edit.pair.place, edit.pair.after.op.name
        if place.is_block:
            name = edit.pair.after.path.removeprefix(f"{place.after.path}.")
            kinds: dict[Hashable, Part] = {
                (place.label, name, op, field): Part("~", (name,), changes=(Change(field, ()),), kind=op)
                for field in edit.changes
            }
        else:
            kinds = {(op, *edit.changes): Part("~", (), kind=op)}
        for key, part in kinds.items():
            findings.setdefault(key, _Finding(part, {})).found.setdefault(place, []).append(edit)
    return list(findings.values())


# groups


def _group_by_places(findings: Iterable[_Finding]) -> list[list[_Finding]]:
    groups: dict[Hashable, list[_Finding]] = defaultdict(list)
    for number, finding in enumerate(findings):
        first = finding.places[0]
        key = (first.label, frozenset(finding.places)) if first.is_block else number
        groups[key].append(finding)
    return list(groups.values())


def _amounts(groups: Sequence[Sequence[_Finding]], gain: Gain) -> list[Amounts]:
    """Return the totals of each group. An op that is in several counts in the one with the fewest places."""
    # The amounts of all differences add up to those of the networks, so none may count twice.
    homes: dict[Edit, tuple[int, int]] = {}
    for number, group in enumerate(groups):
        for edit in (edit for finding in group for edit in finding.edits):
            home = len(group[0].found), number
            homes[edit] = min(homes.get(edit, home), home)
    sums = [[0, 0] for _ in groups]
    for edit, (_, number) in homes.items():
        params, macs = gain(edit)
        sums[number][0] += params
        sums[number][1] += macs
    return [(params, macs) for params, macs in sums]


def _difference(group: Sequence[_Finding], amounts: Amounts, totals: Counter[tuple[str, str]]) -> Difference:
    parts = tuple(_merge_changes([_completed(finding) for finding in group]))
    signs = {part.sign for part in parts}
    places = group[0].places
    is_other_block = places[0].is_block and len(set(places[0].label)) > 1
    sign: Sign = signs.pop() if len(signs) == 1 and not is_other_block else "~"
    edits = [edit for finding in group for edit in finding.edits]
    before, after = (
        tuple(dict.fromkeys(path for edit in edits for path in _paths(edit, is_new))) for is_new in (False, True)
    )
    return Difference("steps", sign, parts, _where(places, totals), before, after, *amounts)


def _where(places: tuple[Place, ...], totals: Counter[tuple[str, str]]) -> Where:
    first = places[0]
    paths = tuple(place.after.path for place in places)
    if first.is_block:
        return Where(first.label, paths, totals[first.label])
    return Where(paths=tuple(path for path in paths if path))


def _paths(edit: Edit, is_new: bool) -> Iterator[str]:
    if isinstance(edit, ChangedOp):
        yield (edit.pair.after if is_new else edit.pair.before).path
    elif edit.is_new == is_new:
        yield from (item.path for item in edit.items)


# parts


def _completed(finding: _Finding) -> Part:
    """Return a finding's part with the values and names of all its places."""
    changed = [edit for edit in finding.edits if isinstance(edit, ChangedOp)]
    if not changed:
        return _with_path(finding)
    fields = [change.field for change in finding.part.changes] or list(changed[0].changes)
    values = as_changes([{field: edit.changes[field] for field in fields} for edit in changed])
    names = finding.part.what or tuple(edit.pair.after.path for edit in changed)
    return replace(finding.part, what=names, changes=values)


def _with_path(finding: _Finding) -> Part:
    """Return a finding's part, with the path of the step if it is a single one outside of blocks."""
    edits = list(finding.edits)
    if len(edits) != 1 or not isinstance(edits[0], Run) or len(edits[0].items) != 1 or edits[0].place.is_block:
        return finding.part
    return replace(finding.part, path=edits[0].items[0].path, inside="")


def _merge_changes(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts, with the changes of the same op in one, and then the ops with the same changes."""
    yield from (part for part in parts if not part.changes)
    by_op: dict[Hashable, Part] = {}
    for part in (part for part in parts if part.changes):
        known = by_op.get((part.what, part.kind))
        by_op[part.what, part.kind] = replace(part, changes=known.changes + part.changes) if known else part
    by_changes: dict[Hashable, Part] = {}
    for part in by_op.values():
        known = by_changes.get((part.changes, part.kind))
        by_changes[part.changes, part.kind] = replace(part, what=known.what + part.what) if known else part
    yield from by_changes.values()
