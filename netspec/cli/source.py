"""``netspec source``: a network as text, for Python or for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.offers import offer_files
from netspec.cli.options import document_options, spec_argument
from netspec.cli.output import progress, report_written

if TYPE_CHECKING:
    from netspec.ir import Graph

TARGETS = ("torch", "equations")


@click.command("source")
@spec_argument
@document_options
@click.option(
    "--target",
    type=click.Choice(TARGETS),
    default="torch",
    show_default=True,
    help="A PyTorch module, or every value as an equation over the elements that it reads.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=offer_files,
    help="Write to a file, or to standard output with -, the default.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that netspec did not write.")
def command(spec: str, settings: Settings, target: str, output: str | None, force: bool) -> None:
    """Print a network as the file that `build` writes, or as equations to read beside the paper."""
    from netspec.output_files import check_files, write_file

    graph = compile_document(spec, settings)
    # A file that may not be overwritten is refused before the work, not after it.
    if output not in (None, "-"):
        check_files([Path(output or "")], force=force)
    # A large network takes a second or more to write, so progress is shown.
    with progress(f"writing {graph.name} …"):
        text = _write(graph, target)
    if output in (None, "-"):
        click.echo(text, nl=False)
        return
    write_file(Path(output or ""), text, force=force)
    report_written(output)


def _write(graph: Graph, target: str) -> str:
    if target == "equations":
        from netspec.targets.equations import write_equations

        return write_equations(graph)
    from netspec.targets.torch import emit_torch

    return emit_torch(graph)
