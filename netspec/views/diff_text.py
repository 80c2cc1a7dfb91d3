"""The differences of two networks as text: a line per difference with its change in the totals, then the totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from netspec.analysis import measure, measure_memory
from netspec.diagnostics.render import printable
from netspec.graph_diff import Change, Comparison, Difference, Part, Where
from netspec.ir import Graph
from netspec.ir.immutable import thawed
from netspec.views.text_table import text_table

MOST_NAMES = 3
"""More places or ops than these are counted, not named."""
MOST_VALUES = 2
MOST_STEPS = 6
WIDEST = 102
"""Longer texts do not widen the column of all lines."""


def difference_lines(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Yield the lines of a comparison, each with its sign: ``+`` ``-`` ``~``, or none if it is no difference."""
    before, after = comparison.before, comparison.after
    yield "", " -> ".join(_headlines(before, after))
    yield "", ""
    if comparison.same:
        yield from (("", line) for line in _same(comparison))
        return
    lines = text_table([_row(each) for each in comparison.differences], left={0}, widest=WIDEST)
    yield from zip((each.sign for each in comparison.differences), lines, strict=True)
    yield "", ""
    yield from (("", line) for line in _totals(before, after))


def difference_text(comparison: Comparison) -> str:
    """Return a comparison as plain text.

    Example:
        >>> import netspec
        >>> from netspec.graph_diff import compare_graphs
        >>> graphs = [netspec.compile("resnet50", overrides={"classes": count}) for count in (1000, 10)]
        >>> print(difference_text(compare_graphs(*graphs)).splitlines()[2])
        ~ fc out 1000 -> 10  -2,028,510 params  -2,027,520 MACs
    """
    return "\n".join(line for _, line in difference_lines(comparison))


def difference_record(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data."""
    before, after = comparison.before, comparison.after
    figures = {name: {"before": old, "after": new} for name, old, new in _figures(before, after)}
    return {
        "before": before.name,
        "after": after.name,
        "same": comparison.same,
        "differences": [_record(each) for each in comparison.differences],
        "totals": figures,
        "renamed": [list(pair) for pair in comparison.renamed],
    }


def _record(each: Difference) -> dict[str, Any]:
    return {"text": describe(each), **asdict(each)}


def _headlines(before: Graph, after: Graph) -> tuple[str, str]:
    """Return both names, with the arguments that differ if the names are equal."""
    if before.name != after.name:
        return printable(before.name), printable(after.name)
    keys = [key for key, value in after.arguments.items() if before.arguments.get(key) != value]
    shown = [", ".join(f"{key}={thawed(graph.arguments.get(key))}" for key in keys) for graph in (before, after)]
    old, new = (printable(f"{before.name} ({text})" if text else before.name) for text in shown)
    return old, new


def _same(comparison: Comparison) -> Iterator[str]:
    after = comparison.after
    yield f"the same network: {after.params:,} params, {after.macs:,} MACs"
    if comparison.renamed:
        old, new = map(printable, comparison.renamed[0])
        count = len(comparison.renamed)
        yield f"{count:,} of its {len(after):,} ops have other names: {old} is {new}{' ...' if count > 1 else ''}"


# one difference


def _row(each: Difference) -> tuple[str, str, str]:
    return f"{each.sign} {printable(describe(each))}", _signed(each.params, "params"), _signed(each.macs, "MACs")


def _signed(count: int, unit: str) -> str:
    return f"{count:+,} {unit}" if count else ""


def describe(each: Difference) -> str:
    """Return a difference in words, without its sign."""
    if each.kind == "shapes":
        part = each.parts[0]
        ops = "op gets other shapes" if part.times == 1 else "ops get other shapes"
        return f"{part.times:,} unchanged {ops} ({_listed(part.what)})"
    if each.kind == "init":
        part = each.parts[0]
        return f"other initial values in {part.times:,} {_plural('op', part.times)} ({_listed(part.what)})"
    if each.kind != "steps":
        text = _part(each.parts[0], signed=False)
        return text if each.parts[0].what == (each.kind,) else f"{each.kind} {text}"
    signed = each.sign == "~"
    text = ", ".join(_part(part, signed and part.sign != "~") for part in each.parts)
    if len(set(each.where.label)) > 1:
        return f"{_replaced(each.where)}: {text}"
    return f"{text} {_where(each.where, each)}".rstrip()


def _part(part: Part, signed: bool) -> str:
    sign = f"{part.sign} " if signed else ""
    if part.changes:
        changes = ", ".join(map(_change, part.changes))
        return f"{_names(part)}{':' if part.changes[0].field == 'op' else ''} {changes}"
    steps = _path(part) if part.path else _steps(part)
    numbers = f" ({part.numbers[0]} -> {part.numbers[1]})" if part.numbers else ""
    follows = f", one after each {part.follows}," if part.follows else ""
    inside = f" in {part.inside}" if part.inside else ""
    moved = " at another place" if part.kind == "moved" else ""
    return f"{sign}{steps}{moved}{follows}{numbers}{inside}"


def _path(part: Part) -> str:
    return part.path if part.path.startswith(part.what[0]) else f"{part.what[0]} {part.path}"


def _steps(part: Part) -> str:
    """Return consecutive steps, with a count for equal ones; long rows are shortened."""
    runs = [(name, len(list(equal))) for name, equal in groupby(part.what)]
    words = [name if count == 1 else f"{count} {name}" for name, count in runs]
    if len(words) > MOST_STEPS:
        words = [*words[: MOST_STEPS - 2], "...", words[-1]]
    steps = " > ".join(words)
    if len(words) < len(runs):
        steps += f" ({len(part.what)} steps)"
    if part.times == 1:
        return steps
    return f"{part.times} {steps}" if len(part.what) == 1 else f"{part.times} x ({steps})"


def _names(part: Part) -> str:
    if len(part.what) <= MOST_NAMES:
        return ", ".join(part.what)
    return f"{len(part.what)} {part.kind} ({part.what[0]} ... {part.what[-1]})"


def _change(change: Change) -> str:
    name = "" if change.field in ("op", "order") else f"{change.field} "
    if len(change.values) <= MOST_VALUES and change.field != "reads":
        return name + ", ".join(f"{_shown(old)} -> {_shown(new)}" for old, new in change.values)
    return _range(change)


def _range(change: Change) -> str:
    """Return a summary of many pairs of values."""
    sides = list(zip(*change.values, strict=True))
    if change.field == "reads" and len(change.values) == 1 and sides[0] != sides[1]:
        return f"reads {sides[1][0]} instead of {sides[0][0]}"
    if not all(type(value) is int for side in sides for value in side):
        return "reads other values" if change.field == "reads" else f"other {change.field}"
    old, new = (f"{min(side)}..{max(side)}" for side in sides)
    return f"{change.field} {old} -> {new}"


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, tuple):
        return (", " if any(isinstance(each, str) for each in value) else "x").join(map(str, value))
    return str(value)


def _where(where: Where, each: Difference) -> str:
    count = len(where.paths)
    if not any(where.label):
        is_named = any(part.changes or part.path for part in each.parts)
        each_of = "each of " if count > 1 else ""
        return "" if is_named or not count else f"in {each_of}{_listed(where.paths)}"
    label = where.label[0]
    if count == 1:
        return f"in {where.paths[0]} ({label})"
    if count == where.of:
        return f"in each {label} ({count})"
    return f"in {count} of {where.of} {label} blocks{_places(where)}"


def _replaced(where: Where) -> str:
    """Return which blocks were replaced by others."""
    text, count = " -> ".join(where.label), len(where.paths)
    if count == 1:
        return f"{where.paths[0]} ({text})"
    return f"{text} ({count})" if count == where.of else f"{text}, {count} of {where.of}{_places(where)}"


def _places(where: Where) -> str:
    return f" ({', '.join(where.paths)})" if len(where.paths) <= MOST_NAMES else ""


def _listed(names: tuple[str, ...]) -> str:
    if len(names) <= MOST_NAMES + 1:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


# totals


def _figures(before: Graph, after: Graph) -> Iterator[tuple[str, int, int]]:
    totals, memory = [measure(graph) for graph in (before, after)], [measure_memory(graph) for graph in (before, after)]
    for key in ("params", "macs", "flops", "depth", "nodes"):
        yield key, getattr(totals[0], key), getattr(totals[1], key)
    for key in ("forward", "peak"):
        yield f"{key}_bytes", getattr(memory[0], key), getattr(memory[1], key)


_WORDS = {
    "params": "parameters",
    "macs": "MACs",
    "flops": "FLOPs",
    "forward_bytes": "forward bytes",
    "peak_bytes": "peak bytes",
}


def _totals(before: Graph, after: Graph) -> Iterator[str]:
    rows = [("", *_columns(before, after), "change", "")]
    for key, old, new in _figures(before, after):
        change = f"{new - old:+,}" if new != old else "0"
        rows.append((_WORDS.get(key, key), f"{old:,}", f"{new:,}", change, _ratio(old, new)))
    yield from text_table(rows, left={0})


def _columns(before: Graph, after: Graph) -> tuple[str, str]:
    return ("before", "after") if before.name == after.name else (printable(before.name), printable(after.name))


def _ratio(old: int, new: int) -> str:
    """Return a change in per cent, or as a factor if it is large."""
    if not old or old == new:
        return ""
    # A growth by 1,234 % is harder to read than a factor.
    if new > 2 * old:
        return f"x {new / old:.3g}"
    change = 100 * (new - old) / old
    return f"{change:+.1f}%" if abs(change) >= 0.05 else f"{change:+.1g}%"
