"""``netspec diff``: what two networks differ in."""

from __future__ import annotations

import sys

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.failures import wants_color
from netspec.cli.offers import offer_settings, offer_specs, offer_variants
from netspec.cli.options import diagnostic_options, limit_options, plugin_option, read_overrides
from netspec.cli.output import progress

COLOURS = {"+": "green", "-": "red", "~": "yellow"}
DIFFERENT = 1


@click.command("diff")
@click.argument("before", metavar="A", shell_complete=offer_specs)
@click.argument("after", metavar="B", shell_complete=offer_specs)
@click.option(
    "--set-a",
    metavar="KEY=VALUE",
    multiple=True,
    callback=read_overrides,
    shell_complete=offer_settings("before"),
    help="Another value for an argument or the input of A, as in growth=24.",
)
@click.option(
    "--set-b",
    metavar="KEY=VALUE",
    multiple=True,
    callback=read_overrides,
    shell_complete=offer_settings("after"),
    help="The same for B.",
)
@click.option("--variant-a", metavar="NAME", shell_complete=offer_variants("before"), help="One of the variants of A.")
@click.option("--variant-b", metavar="NAME", shell_complete=offer_variants("after"), help="One of the variants of B.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when the networks differ, and with 0 when they do not.")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
@limit_options
@plugin_option
@diagnostic_options
@click.pass_context
def command(
    ctx: click.Context,
    before: str,
    after: str,
    set_a: dict[str, str],
    set_b: dict[str, str],
    variant_a: str | None,
    variant_b: str | None,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Show what two networks differ in, block by block, with the change in parameters and MACs.

    The same difference in many blocks is one line. + is only in B, - only in A, and ~ is changed.
    """
    from netspec.graph_diff import compare_graphs
    from netspec.views.diff_text import difference_lines, difference_record
    from netspec.views.record import lines_json

    with progress(f"comparing {before} with {after} …"):
        graphs = (
            compile_document(before, Settings(variant_a, set_a)),
            compile_document(after, Settings(variant_b, set_b)),
        )
        comparison = compare_graphs(*graphs)
    if as_json:
        click.echo(lines_json(difference_record(comparison)), nl=False)
    else:
        # click would drop colour for files by itself, but not for NO_COLOR.
        in_colour = wants_color(sys.stdout)
        for sign, line in difference_lines(comparison):
            click.echo(click.style(line, fg=COLOURS[sign]) if in_colour and sign else line)
    if exit_code and not comparison.same:
        ctx.exit(DIFFERENT)  # only when asked for, as `git diff` does: a difference is no failure
