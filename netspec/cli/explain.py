"""``netspec explain``: the page of an error code."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path

import click

from netspec.cli.output import print_columns

PAGES = Path(__file__).parent.parent / "diagnostics" / "pages"
"""One page per code, in Markdown; its first line is the headline."""


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [path.stem for path in sorted(PAGES.glob("NS*.md")) if path.stem.startswith(incomplete.upper())]


@click.command("explain")
@click.argument("code", required=False, shell_complete=_complete)
def command(code: str | None) -> None:
    """Explain an error code, with a failing document and the mended one; without a code, list all of them."""
    pages = {path.stem: path for path in sorted(PAGES.glob("NS*.md"))}
    if code is None:
        _print_list(pages)
        return
    path = pages.get(code.upper())
    if path is None:
        close = get_close_matches(code.upper(), pages, n=1, cutoff=0.6)
        hint = f"did you mean {close[0]}?" if close else "`netspec explain` lists all codes"
        raise click.UsageError(f"there is no error code '{code}'; {hint}")
    _print_page(path.read_text(encoding="utf-8"))


def _print_list(pages: dict[str, Path]) -> None:
    rows = [(code, _headline(path, code)) for code, path in pages.items()]
    if rows:
        print_columns(rows)


def _headline(path: Path, code: str) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").removeprefix(code).lstrip(":—– -")


def _print_page(text: str) -> None:
    if not sys.stdout.isatty():
        click.echo(text.rstrip("\n"))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
