"""``netspec draw``: the picture of a network."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.offers import offer_files, offer_scopes
from netspec.cli.options import document_options, spec_argument
from netspec.cli.output import progress, report_written

SUFFIXES = (".svg", ".dot", ".gv")


@click.command("draw")
@spec_argument
@document_options
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=offer_files,
    help="File to write, .svg or .dot; - is an SVG on standard output.",
)
@click.option(
    "--depth",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Levels of blocks to expand; small groups without a short description are expanded too.",
)
@click.option(
    "--open",
    metavar="PATH",
    multiple=True,
    shell_complete=offer_scopes,
    help="Expand this block too, by its path as in layer1.0; may be repeated.",
)
@click.option("--all", "expand_all", is_flag=True, help="Expand everything.")
@click.option(
    "--edges",
    type=click.Choice(("running", "full")),
    default="running",
    show_default=True,
    help="How dense connections are drawn: as a running concatenation, or each of them.",
)
@click.option(
    "--sizes",
    type=click.Choice(("stated", "open")),
    default="stated",
    show_default=True,
    help="Whether shapes are those of the stated sizes, or formulas of the sizes that stay open.",
)
@click.option(
    "--direction",
    type=click.Choice(("TB", "LR")),
    default="TB",
    show_default=True,
    help="From top to bottom, or from left to right.",
)
@click.option("--width", type=click.IntRange(1), help="Most pixels across; a larger picture is scaled down.")
@click.option(
    "--engine",
    type=click.Choice(("auto", "embedded", "dot")),
    default="auto",
    show_default=True,
    help="Layout engine: the embedded one, or the system's Graphviz.",
)
@click.option("--max-edges", "most_edges", type=click.IntRange(1), help="Most lines of a picture, 20,000 by default.")
@click.option(
    "--max-boxes",
    "most_boxes",
    type=click.IntRange(1),
    help="Most boxes; blocks are collapsed until there are no more. 2,500 by default.",
)
@click.option(
    "--max-seconds",
    "seconds",
    type=click.FloatRange(0.1),
    help="Most seconds for the layout; if it takes longer, blocks are collapsed, with half the time. 10 by default.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that netspec did not write.")
def command(
    spec: str,
    settings: Settings,
    output: str | None,
    force: bool,
    **options: Any,
) -> None:
    """Draw a network as SVG, into NAME.svg by default."""
    from netspec.output_files import check_files, write_file

    if output not in (None, "-") and Path(output or "").suffix not in SUFFIXES:
        raise click.BadParameter(f"'{output}' does not end in .svg or .dot", param_hint="--output")
    # The default file is named after the network, whose name is known only once the document is read.
    graph = compile_document(spec, settings)
    path = Path(output or f"{graph.name}.svg")
    if output != "-":
        check_files([path], force=force)
    with progress(f"drawing {graph.name} …"):
        text = _draw(graph, path.suffix, options)
    if output == "-":
        click.echo(text, nl=False)
        return
    write_file(path, text, force=force)
    report_written(path)


def _draw(graph: Any, suffix: str, options: dict[str, Any]) -> str:
    from netspec.views.diagram.dot import draw_dot
    from netspec.views.diagram.engine import DrawingError
    from netspec.views.diagram.options import DetailOptions, LayoutOptions
    from netspec.views.diagram.svg import draw_svg

    detail, layout = DetailOptions(**_among(options, DetailOptions)), LayoutOptions(**_among(options, LayoutOptions))
    try:
        if suffix in (".dot", ".gv"):
            return draw_dot(graph, detail, layout.direction)
        return draw_svg(graph, detail, layout, notify=lambda notice: click.echo(f"note: {notice}", err=True))
    except (DrawingError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def _among(options: dict[str, Any], record: Any) -> dict[str, Any]:
    """Return the options that a record has, but for those that are not given."""
    names = [each.name for each in fields(record)]
    return {name: options[name] for name in names if options.get(name) is not None}
