"""What goes to a terminal or to a file: tables, JSON, and a line of progress that leaves no trace."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from netspec.views.summary.table import Summary

Result = TypeVar("Result")


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show on a terminal what is in progress."""
    # On standard error, since standard output may be redirected while somebody watches the terminal.
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    width = shutil.get_terminal_size().columns - 1
    click.echo(f"\r\x1b[K{text[:width]}", nl=False, err=True)
    try:
        yield
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


def report_written(path: object, err: bool = False) -> None:
    """Say which file was written; its name moves no cursor and begins no line."""
    from netspec.diagnostics.render import printable

    click.echo(f"wrote {printable(str(path))}", err=err)


class Timer:
    """The seconds that each part of a command takes; a terminal shows the name of the part meanwhile."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, part: str, work: Callable[[], Result]) -> Result:
        """Return the result of a part."""
        start = time.perf_counter()
        with progress(f"{part} …"):
            result = work()
        self.seconds[part] = time.perf_counter() - start
        return result

    def __str__(self) -> str:
        parts = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in self.seconds.items())
        return f"time: {parts}"


def print_summary(summary: Summary) -> None:
    """Print a summary: with rich on a terminal, as plain text anywhere else."""
    if sys.stdout.isatty():
        from netspec.views.summary.terminal import print_rich

        print_rich(summary)
    else:
        from netspec.views.summary.table import plain_text

        click.echo(plain_text(summary))


def print_json(value: Any) -> None:
    """Print plain data as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_columns(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> None:
    """Print rows as aligned columns; on a terminal a line that does not fit ends with an ellipsis at its edge."""
    from netspec.views.text_table import text_table

    # Cut and not wrapped: wrapped cells would break the columns. A file gets whole lines.
    edge = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in text_table(rows, left=set(range(len(rows[0]))) - right):
        click.echo(line if edge is None or len(line) <= edge else f"{line[: edge - 1]}…")
