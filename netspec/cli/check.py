"""``netspec check``: everything up to shapes and totals, without torch."""

from __future__ import annotations

import json
from typing import Any

import click

from netspec.cli.documents import Settings, compile_document, keep
from netspec.cli.failures import exit_code, report
from netspec.cli.offers import offer_specs
from netspec.cli.options import document_options
from netspec.cli.output import print_json
from netspec.diagnostics import Diagnostic, SpecError


@click.command("check")
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, shell_complete=offer_specs)
@document_options
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.pass_context
def command(ctx: click.Context, specs: tuple[str, ...], settings: Settings, as_json: bool) -> None:
    """Check documents up to shapes and totals, and report everything that is wrong with them.

    Prints a line per correct document. Warnings do not change the exit code, unless they are denied. Exits with 1 when
    one has errors, 2 when a file cannot be read, and 3 when one exceeds a limit; the largest of these if several apply.
    """
    records: list[dict[str, Any]] = []
    code = 0
    from netspec.diagnostics.render import printable

    # Every document is checked, even after errors in earlier ones, and all errors are shown together.
    for spec in specs:
        record, error = _check(spec, settings)
        records.append(record)
        if error is not None:
            keep(error.diagnostics)
            code = max(code, exit_code(error))
        # Results go to standard output; errors are sorted and go to standard error at the end.
        elif not as_json:
            click.echo(f"ok  {printable(spec)}  {record['params']:,} params  {record['macs']:,} MACs")
            click.echo(f"    {record['sizes']}")
    if as_json:
        print_json(records)
    report(ctx.meta, always=True)
    ctx.exit(code)


def _check(spec: str, settings: Settings) -> tuple[dict[str, Any], SpecError | None]:
    """Return the line and record of a document, or the error that it is refused with."""
    try:
        graph = compile_document(spec, settings)
    except SpecError as error:
        return {"spec": spec, "ok": False, "diagnostics": _records(error.diagnostics)}, error
    from netspec.views.sizes import sizes_line

    found = {"name": graph.name, "params": graph.params, "macs": graph.macs, "sizes": sizes_line(graph)}
    return {"spec": spec, "ok": True, **found, "diagnostics": _records(graph.warnings)}, None


def _records(diagnostics: tuple[Diagnostic, ...]) -> Any:
    from netspec.diagnostics.render import render

    return json.loads(render(diagnostics, "json"))
