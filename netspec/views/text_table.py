"""Rows of cells as lines of aligned text, or as a Markdown table."""

from __future__ import annotations

from collections.abc import Collection, Sequence

Row = Sequence[str]


def text_table(rows: Sequence[Row], left: Collection[int], widest: int | None = None) -> list[str]:
    """Return a line per row. The columns in ``left`` are flush left, all others flush right.

    A column is at most ``widest`` wide; longer cells extend beyond it.

    Example:
        >>> text_table([("layer", "params"), ("conv1", "9,408")], left={0})
        ['layer  params', 'conv1   9,408']
    """
    widths = column_widths(rows)
    if widest is not None:
        widths = [min(width, widest) for width in widths]
    return ["  ".join(_padded(row, widths, left)).rstrip() for row in rows]


def markdown_table(rows: Sequence[Row], left: Collection[int]) -> list[str]:
    """Return a line per row, with the alignment of the columns below the first.

    Example:
        >>> markdown_table([("layer", "params"), ("conv1", "9,408")], left={0})
        ['| layer | params |', '| :---- | -----: |', '| conv1 |  9,408 |']
    """
    # Some Markdown parsers need at least three characters in a rule.
    widths = [max(3, width) for width in column_widths(rows)]
    rule = [f":{'-' * (width - 1)}" if index in left else f"{'-' * (width - 1)}:" for index, width in enumerate(widths)]
    header, *body = (_padded(row, widths, left) for row in rows)
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *body)]


def column_widths(rows: Sequence[Row]) -> list[int]:
    """Return the length of the longest cell of each column."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _padded(row: Row, widths: Sequence[int], left: Collection[int]) -> list[str]:
    cells = enumerate(zip(row, widths, strict=True))
    return [cell.ljust(width) if index in left else cell.rjust(width) for index, (cell, width) in cells]
