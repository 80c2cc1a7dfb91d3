"""The summary of a network as a table, and as aligned text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from netspec.analysis import COUNTING_RULE, Memory, Totals, measure, measure_memory
from netspec.analysis.memory import show_bytes
from netspec.diagnostics.render import printable
from netspec.dtypes import FLOAT_BYTES
from netspec.ir import Graph
from netspec.sizes.shape import show
from netspec.views.numbers import show_count
from netspec.views.summary.rows import Row, Sorting, sorted_rows, tree_rows
from netspec.views.text_table import text_table

MOST_ROWS = 200
_MOST_KEPT = 100_000  # more rows than a graph may have nodes
TEXTS = 3
"""The number of columns with texts; the others hold numbers."""
HEADINGS = ("layer", "op", "output", "params", "%", "MACs", "%", "field")


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary ready to be laid out: the lines above and below the table, and its cells."""

    title: str
    above: tuple[str, ...]
    headings: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    left_out: str
    figures: tuple[tuple[str, ...], ...]
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which rows a summary has: the scopes down to a depth, or single ops, the largest first, and at most how many."""

    depth: int | None = None
    sort: Sorting | None = None
    rows: int = MOST_ROWS


TABLE = TableOptions()


def summarize(
    graph: Graph,
    options: TableOptions = TABLE,
    *,
    dtype: str = "float32",
    batch: int = 1,
    remarks: Iterable[str] = (),
) -> Summary:
    """Return the summary of a graph; ``remarks`` are further lines of the caller, such as the time taken."""
    memory = measure_memory(graph, dtype, batch)
    found = sorted_rows(graph, options.sort) if options.sort else tree_rows(graph, options.depth)
    shown, left_out = _cut(list(islice(found, _MOST_KEPT)), options.rows)
    totals = measure(graph)
    weight = FLOAT_BYTES[dtype] * batch if options.sort == "memory" else 0
    return Summary(
        title=printable(graph.title or graph.name),
        above=_above(graph),
        headings=(*HEADINGS, "memory") if weight else HEADINGS,
        cells=tuple(_cells(row, totals, weight) for row in shown),
        left_out=f"{left_out:,} more rows are left out; `--rows` sets how many are shown" if left_out else "",
        figures=_figures(totals, memory),
        below=(f"counted: {COUNTING_RULE}", *remarks),
    )


def _cut(rows: list[Row], most: int) -> tuple[list[Row], int]:
    return (rows[:most], len(rows) - most) if len(rows) > most else (rows, 0)


def _above(graph: Graph) -> tuple[str, ...]:
    entered = ", ".join(
        f"{each.name} {show(each.shape)}{'' if each.dtype == 'float' else f' {each.dtype}'}" for each in graph.inputs
    )
    left = ", ".join(
        f"{each.name} {show(graph.shape_of(each.node))}{' (training only)' if each.train_only else ''}"
        for each in graph.outputs
    )
    lines = (printable(graph.cite), f"{graph.name}: {entered} -> {left}")
    return tuple(line for line in lines if line)


def _cells(row: Row, totals: Totals, size: int) -> tuple[str, ...]:
    remarks = {f"x{row.count}": row.count > 1, "(training only)": row.first_of_training, "(shared)": row.shared}
    what = " ".join([printable(row.what), *(text for text, is_so in remarks.items() if is_so)]).strip()
    name = "  " * row.indent + printable(row.name)
    cells = (
        *(name, what, row.output),
        *(_amount(row.params), _share(row.totals.params, totals.params)),
        *(_amount(row.macs), _share(row.totals.macs, totals.macs)),
        row.receptive_field,
    )
    return (*cells, show_bytes(row.totals.elements * size)) if size else cells


def _amount(count: int) -> str:
    return f"{count:,}" if count else "-"


def _share(part: int, whole: int) -> str:
    """Return a part of what evaluation uses in percent; nothing of it is a dash, as what only training has is."""
    return f"{100 * part / whole:.1f}" if part else "-"


def _figures(totals: Totals, memory: Memory) -> tuple[tuple[str, ...], ...]:
    held = f"{memory.dtype}, batch of {memory.batch}"
    lines = [
        ("parameters", f"{totals.params:,}", show_count(totals.params)),
        ("  in training", f"{totals.training_params:,}", "with auxiliary outputs"),
        ("model bytes", f"{memory.model:,}", f"{show_bytes(memory.model)} in a file, {_bits(memory)}"),
        ("MACs", f"{totals.macs:,}", show_count(totals.macs)),
        ("  in training", f"{totals.training_macs:,}", "with auxiliary outputs"),
        ("FLOPs", f"{totals.flops:,}", show_count(totals.flops)),
        (
            "forward bytes",
            f"{memory.forward:,}",
            f"{show_bytes(memory.forward)} for all values of a training step, {held}",
        ),
        ("peak bytes", f"{memory.peak:,}", f"{show_bytes(memory.peak)} of values at once in evaluation, {held}"),
        ("depth", f"{totals.depth:,}", "convolutions and linear layers on the longest path"),
        ("nodes", f"{totals.nodes:,}", ""),
    ]
    same = {1: totals.training_params == totals.params, 4: totals.training_macs == totals.macs}
    return tuple(line for place, line in enumerate(lines) if not same.get(place))


def _bits(memory: Memory) -> str:
    plain = 8 * FLOAT_BYTES[memory.dtype]
    mean = f"{memory.bits_per_weight:.3g} bits per weight"
    return f"{mean}, {memory.dtype} but where a layer says otherwise" if memory.bits_per_weight != plain else mean


def plain_text(summary: Summary) -> str:
    """Return a summary as aligned text.

    Example:
        >>> import netspec
        >>> print(plain_text(summarize(netspec.compile("lenet5_modern"))).splitlines()[5])
        conv1     conv 5x5         6x28x28      156   0.3  117,600  28.2    5x5
    """
    table = text_table([summary.headings, *summary.cells], left=range(TEXTS))
    table.insert(1, "-" * max(map(len, table)))
    figures = text_table(summary.figures, left={0, 2})
    left_out = [summary.left_out] if summary.left_out else []
    return "\n".join([summary.title, *summary.above, *table, *left_out, "", *figures, "", *summary.below])
