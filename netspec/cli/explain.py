"""``netspec explain``: the page of an error or a warning."""

from __future__ import annotations

import sys
from difflib import get_close_matches

import click

from netspec.cli.output import print_columns
from netspec.diagnostics import Code


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [code for code in Code if code.startswith(incomplete.upper())]


@click.command("explain")
@click.argument("code", required=False, shell_complete=_complete)
def command(code: str | None) -> None:
    """Explain an error or a warning, with a failing document and the fixed one; without a code, list all of them."""
    if code is None:
        print_columns([(each, _headline(each)) for each in Code])
        return
    try:
        page = Code(code.upper()).page
    except ValueError:
        close = get_close_matches(code.upper(), list(Code), n=1, cutoff=0.6)
        hint = f"did you mean {close[0]}?" if close else "`netspec explain` lists all codes"
        raise click.UsageError(f"there is no error code '{code}'; {hint}") from None
    _print_page(page.read_text(encoding="utf-8"))


def _headline(code: Code) -> str:
    first = code.page.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix(f"# {code}: ")


def _print_page(text: str) -> None:
    if not sys.stdout.isatty():
        click.echo(text.rstrip("\n"))
        return
    # Imported for terminals alone: rich takes longer than the rest of the command.
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
