"""``netspec summary``: the table of a network."""

from __future__ import annotations

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.options import Table, Workload, document_options, memory_options, spec_argument, table_options
from netspec.cli.output import Timer, print_summary


@click.command("summary")
@spec_argument
@document_options
@table_options
@memory_options
@click.option("--json", "as_json", is_flag=True, help="Print totals, scopes and nodes as JSON.")
def command(spec: str, settings: Settings, table: Table, workload: Workload, as_json: bool) -> None:
    """Print a network's scopes with their output shape, parameters, MACs and receptive field, and its totals.

    Identical units in a row share a line, which has their sums.
    """
    from netspec.views.record import graph_json
    from netspec.views.summary.table import TableOptions, summarize

    timer = Timer()
    graph = timer.run("compile", lambda: compile_document(spec, settings))
    if as_json:
        click.echo(graph_json(graph, **workload._asdict()), nl=False)
        return
    print_summary(summarize(graph, TableOptions(*table), remarks=[str(timer)], **workload._asdict()))
