"""``netspec summary``: the table of a network."""

from __future__ import annotations

from typing import Any

import click

from netspec.cli.documents import compile_document
from netspec.cli.options import document_options, memory_options, spec_argument, table_options
from netspec.cli.output import print_summary, show_times, timed


@click.command("summary")
@spec_argument
@document_options
@table_options
@memory_options
@click.option("--json", "as_json", is_flag=True, help="Print totals, scopes and nodes as JSON.")
def command(
    spec: str, overrides: dict[str, str], variant: str | None, as_json: bool, batch: int, dtype: str, **table: Any
) -> None:
    """Print a network's scopes with their output shape, parameters, MACs and receptive field, and its totals.

    Identical units in a row share a line, which has their sums.
    """
    from netspec.views.record import graph_json
    from netspec.views.summary.table import summarize

    times: dict[str, float] = {}
    graph = timed("compile", lambda: compile_document(spec, variant, overrides), times)
    if as_json:
        click.echo(graph_json(graph, dtype=dtype, batch=batch), nl=False)
        return
    print_summary(summarize(graph, dtype=dtype, batch=batch, remarks=[show_times(times)], **table))
