"""The summary of a network in a terminal: as wide as that is, and in colour."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netspec.views.summary.table import TEXTS, Summary
from netspec.views.text_table import column_widths

SHORTEST, GAP = 8, 2
"""The shortest width of a text, and the gap between two columns."""
STYLES = ("", "cyan", "", "", "dim", "", "dim", "dim", "")


def print_rich(summary: Summary) -> None:
    """Print a summary to a terminal, as wide as that is, in colour unless ``NO_COLOR`` is set."""
    console = Console(highlight=False)
    widths = fit_columns([summary.headings, *summary.cells], console.width)
    console.print(Text(summary.title, style="bold"))
    for line in summary.above:
        console.print(Text(line, style="dim"))
    # If even the shortest columns are too wide, the terminal wraps the lines.
    wide = Console(highlight=False, width=max(console.width, sum(widths) + GAP * len(widths)))
    wide.print(_table(summary, widths))
    if summary.left_out:
        console.print(Text(summary.left_out, style="yellow"))
    console.print(_figures(summary))
    console.print()
    for line in summary.below:
        console.print(Text(line, style="dim"))


def _table(summary: Summary, widths: Sequence[int]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for index, (heading, style, width) in enumerate(zip(summary.headings, STYLES, widths, strict=False)):
        if index < TEXTS:
            table.add_column(heading, style=style, width=width, no_wrap=True)
        else:
            # Numbers have no fixed width: before 14.3 rich adds padding to the last column's, and exceeds the terminal.
            table.add_column(heading, style=style, no_wrap=True, justify="right")
    # Cells are Text objects: rich parses a plain string as markup, in which a name in brackets would be a style.
    for cells in summary.cells:
        table.add_row(*map(Text, cells), style="" if cells[0][:1] != " " else "dim")
    return table


def _figures(summary: Summary) -> Table:
    figures = Table.grid(padding=(0, 2))
    figures.add_column()
    figures.add_column(justify="right")
    figures.add_column()
    for figure in summary.figures:
        figures.add_row(*map(Text, figure))
    return figures


def fit_columns(rows: list[tuple[str, ...]], room: int) -> list[int]:
    """Return the widths of a table's columns in a terminal of a width: texts are cut short, numbers never.

    Example:
        >>> fit_columns([("a_long_name", "conv 3x3, s2", "64x8x8", "1,000")], 30)
        [8, 8, 6, 5]
    """
    widths = column_widths(rows)
    room -= GAP * (len(widths) - 1)
    while sum(widths) > room:
        widest = max(range(TEXTS), key=lambda index: widths[index])
        if widths[widest] <= SHORTEST:
            break
        widths[widest] -= 1
    return widths
