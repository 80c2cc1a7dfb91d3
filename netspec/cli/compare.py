"""``netspec compare``: several networks side by side, as a table and a chart."""

from __future__ import annotations

from pathlib import Path

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.options import Workload, complete_spec, document_options, memory_options
from netspec.cli.output import print_json, progress

ORDERS = ("name", "params", "macs", "forward", "peak", "depth")


@click.command("compare")
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, shell_complete=complete_spec)
@document_options
@memory_options
@click.option("--sort", type=click.Choice(ORDERS), help="By name, or by a quantity with the largest first.")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("-o", "--output", metavar="FILE", help="Draw a bubble chart too: an .svg, or - for standard output.")
@click.option("--force", is_flag=True, help="Overwrite a file that netspec did not write.")
def command(
    specs: tuple[str, ...],
    settings: Settings,
    workload: Workload,
    sort: str | None,
    markdown: bool,
    as_json: bool,
    output: str | None,
    force: bool,
) -> None:
    """Compare networks: parameters, MACs, FLOPs, memory, depth, receptive field and input.

    The chart has MACs across, parameters upwards, and the peak memory of evaluation as the bubbles' area. What --set
    and --variant say holds for every SPEC.
    """
    from netspec.output_files import check_files, write_file
    from netspec.views.chart.chart import draw_chart
    from netspec.views.summary.overview import (
        measure_figures,
        ordered,
        overview_markdown,
        overview_record,
        overview_text,
    )

    if markdown and as_json:
        raise click.UsageError("--markdown and --json exclude each other")
    if output not in (None, "-") and Path(output or "").suffix != ".svg":
        raise click.BadParameter(f"'{output}' does not end in .svg", param_hint="--output")
    if output not in (None, "-"):
        check_files([Path(output or "")], force=force)
    found = []
    for spec in specs:
        with progress(f"compiling {spec} …"):
            found.append(measure_figures(compile_document(spec, settings), workload.dtype, workload.batch))
    found = ordered(found, sort)  # type: ignore[arg-type]
    if output == "-":
        click.echo(draw_chart(found), nl=False)
        return
    if as_json:
        print_json(overview_record(found))
    else:
        click.echo(overview_markdown(found) if markdown else overview_text(found))
    if output is not None:
        write_file(Path(output), draw_chart(found), force=force)
        click.echo(f"wrote {output}", err=True)
