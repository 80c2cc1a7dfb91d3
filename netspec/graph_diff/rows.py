"""How rows of steps that only one network has are described."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from netspec.graph_diff.differences import Part
from netspec.graph_diff.matching import Item, Run, label
from netspec.ir import Scope


def split_run(run: Run) -> Iterator[Run]:
    """Yield the rows that are reported one by one.

    In a block these are its inner blocks and groups, since other blocks of the kind may lack some of them; elsewhere it
    is the whole run.
    """
    if not run.place.is_block or len(run.items) == 1:
        yield run
        return
    for is_scope, group in groupby(run.items, key=lambda item: isinstance(item, Scope)):
        items = tuple(group)
        rows = [(item,) for item in items] if is_scope else [items]
        yield from (replace(run, items=row) for row in rows)


def describe_rows(rows: Sequence[Run]) -> Part:
    """Return the description of equal rows at one place."""
    first = rows[0]
    what, _ = repetition(first)
    is_here = first.place.after is first.after or first.place.before is first.before
    return Part(
        "+" if first.is_new else "-",
        what,
        sum(repetition(row)[1] for row in rows),
        follows=_follows(rows),
        inside="" if is_here else first.after.name,
        numbers=_block_counts(rows),
        kind="run",
    )


def row_key(row: Run) -> tuple[object, ...]:
    """Return the key under which equal rows at a place are reported once."""
    is_here = row.place.after is row.after or row.place.before is row.before
    return row.is_new, repetition(row)[0], "" if is_here else row.after.name


def repetition(row: Run) -> tuple[tuple[str, ...], int]:
    """Return the shortest repeating part of a row, and its count: of ``conv relu conv relu`` the half, twice."""
    items = row.items
    if "dense" in (row.before.kind, row.after.kind) and any(isinstance(item, Scope) for item in items):
        # The concatenations of a dense block belong to its layers.
        items = tuple(item for item in items if isinstance(item, Scope))
    labels = tuple(map(label, items))
    # The shortest period comes first, so that `relu relu relu relu` is one step four times.
    for length in range(1, len(labels) // 2 + 1):
        if len(labels) % length == 0 and labels[:length] * (len(labels) // length) == labels:
            return labels[:length], len(labels) // length
    return labels, 1


def _follows(rows: Sequence[Run]) -> str:
    """Return the op before each of several single ops, if all such ops are followed by one."""
    if len(rows) < 2 or any(len(row.items) > 1 for row in rows):
        return ""
    items = _side(rows[0]).items
    places = {item: place for place, item in enumerate(items)}
    found = [places.get(row.items[0], 0) for row in rows]
    previous = {label(items[place - 1]) if place else "" for place in found}
    if len(previous) != 1:
        return ""
    (name,) = previous
    return name if name and sum(label(item) == name for item in items) == len(rows) else ""


def _side(row: Run) -> Scope:
    return row.after if row.is_new else row.before


def _block_counts(rows: Sequence[Run]) -> tuple[int, int] | None:
    """Return how many blocks each network has, if blocks are added to a group that has some of the kind."""
    first = rows[0]
    added = {label(item) for row in rows for item in row.items if isinstance(item, Scope)}
    if first.place.is_block or len(added) != 1:
        return None
    before, after = (_block_labels(scope.items) for scope in (first.before, first.after))
    if added <= set(before) and added <= set(after):
        counts = sum(name in added for name in before), sum(name in added for name in after)
    elif len(set(before)) == 1 and len(set(after)) == 1:
        counts = len(before), len(after)
    else:
        return None
    return counts if counts[0] != counts[1] else None


def _block_labels(items: Sequence[Item]) -> list[str]:
    return [label(item) for item in items if isinstance(item, Scope)]
