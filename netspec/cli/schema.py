"""``netspec schema``: the JSON Schema by which editors complete, explain and check documents."""

from __future__ import annotations

from pathlib import Path

import click

from netspec.cli.offers import offer_specs
from netspec.cli.options import plugin_option
from netspec.cli.output import report_written


@click.command("schema")
@click.argument("spec", shell_complete=offer_specs, required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="File to write.")
@plugin_option
@click.option("--force", is_flag=True, help="Overwrite a file that netspec did not write.")
def command(spec: str | None, output: Path | None, force: bool) -> None:
    """Print a JSON Schema (draft 7) of documents, for editors and for checks without netspec.

    With a SPEC, its steps may use the blocks of that document and nothing unknown; without one, a document with blocks
    of its own may use any word. The first line of a document names its schema for editors:

    \b
    # yaml-language-server: $schema=FILE
    """
    from netspec.diagnostics import SourceMap
    from netspec.language.loading.files import find
    from netspec.output_files import write_file
    from netspec.tooling.schema import schema_text

    text = schema_text(None if spec is None else find(spec, SourceMap()))
    # No status line: standard output holds nothing but the schema.
    if output is None:
        click.echo(text, nl=False)
        return
    write_file(output, text, force=force)
    report_written(output)
