"""``netspec sizes``: which input sizes are legal, and what limits them."""

from __future__ import annotations

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.options import document_options, spec_argument
from netspec.cli.output import print_json


@click.command("sizes")
@spec_argument
@document_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with sizes as formulas.")
def command(spec: str, settings: Settings, as_json: bool) -> None:
    """Print the input sizes that are legal, the steps that limit them, and the sizes of the outputs.

    Shapes and totals are stated at the sizes of `input`; the module accepts all other legal ones. H, W, D and L are the
    height, width, depth and length of the input. Parts that exist in training only may limit the sizes further.
    """
    from netspec.views.sizes import describe_open_sizes, sizes_record

    # Sizes follow from the graph, without torch.
    graph = compile_document(spec, settings)
    # As JSON formulas are texts: a program that evaluates one replaces the names by numbers.
    if as_json:
        print_json(sizes_record(graph))
    else:
        click.echo(describe_open_sizes(graph), nl=False)
