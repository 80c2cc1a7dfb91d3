"""``netspec compare``: several networks side by side, as a table and a chart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.offers import offer_files, offer_specs
from netspec.cli.options import Workload, document_options, memory_options
from netspec.cli.output import print_json, progress, report_written
from netspec.diagnostics.render import printable

if TYPE_CHECKING:
    from netspec.views.chart.quantities import Kind
    from netspec.views.summary.overview import Figures

ORDERS = ("name", "params", "macs", "model", "forward", "peak", "depth")
CHARTS = ("memory", "top1", "top5")


@click.command("compare")
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, shell_complete=offer_specs)
@document_options
@memory_options
@click.option("--sort", type=click.Choice(ORDERS), help="By name, or by a quantity with the largest first.")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=offer_files,
    help="Draw the chart too, as .svg; with - the chart alone is printed.",
)
@click.option(
    "--chart",
    "kind",
    type=click.Choice(CHARTS),
    help="What the chart shows over MACs: parameters and memory, or the published accuracy and parameters. "
    "By default top1 where every network states it, and memory where not.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that netspec did not write.")
def command(
    specs: tuple[str, ...],
    settings: Settings,
    workload: Workload,
    sort: str | None,
    markdown: bool,
    as_json: bool,
    output: str | None,
    kind: Kind | None,
    force: bool,
) -> None:
    """Compare networks: parameters, size, MACs, FLOPs, memory, depth, receptive field, accuracy and input.

    The chart has MACs across. Upwards it has parameters, with the peak memory of evaluation as the bubbles' area, or
    the published accuracy, with parameters as the area. --set and --variant apply to every SPEC.
    """
    from netspec.output_files import check_files, write_file

    if markdown and as_json:
        raise click.UsageError("--markdown and --json exclude each other")
    if kind is not None and output is None:
        raise click.UsageError("--chart needs --output")
    path = None if output in (None, "-") else Path(str(output))
    if path is not None:
        if path.suffix != ".svg":
            raise click.BadParameter(f"'{output}' does not end in .svg", param_hint="--output")
        # Checked before the networks are compiled, which may take minutes.
        check_files([path], force=force)
    found = _measured(specs, settings, workload, sort)
    if output == "-":
        # Only the chart: a program could not parse a picture and a table in one stream.
        click.echo(_chart(found, kind), nl=False)
        return
    # Drawn before anything is printed, so that a chart that is not to be had leaves no half of an answer.
    chart = None if path is None else _chart(found, kind)
    _print(found, markdown, as_json)
    if path is not None and chart is not None:
        write_file(path, chart, force=force)
        report_written(output, err=True)


def _measured(specs: Iterable[str], settings: Settings, workload: Workload, sort: Any) -> list[Figures]:
    from netspec.views.summary.overview import measure_figures, ordered

    found = []
    for spec in specs:
        with progress(f"compiling {spec} …"):
            found.append(measure_figures(compile_document(spec, settings), workload.dtype, workload.batch))
    return ordered(found, sort)


def _chart(found: list[Figures], kind: Kind | None) -> str:
    from netspec.views.chart.chart import draw_chart
    from netspec.views.chart.quantities import choose_kind, split_stated

    kind = kind or choose_kind(found)
    shown, left_out = split_stated(found, kind)
    if left_out:
        names = ", ".join(each.name for each in left_out)
        click.echo(f"not in the chart, for want of a published {kind}: {printable(names)}", err=True)
    try:
        return draw_chart(shown, kind)
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None


def _print(found: list[Figures], markdown: bool, as_json: bool) -> None:
    from netspec.views.summary.overview import overview_markdown, overview_record, overview_text

    if as_json:
        print_json(overview_record(found))
    else:
        click.echo(overview_markdown(found) if markdown else overview_text(found))
