"""``netspec new``: a document to start from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from netspec.cli.offers import offer_specs


@click.command("new")
@click.argument("name")
@click.option("--from", "extended", shell_complete=offer_specs, metavar="SPEC", help="Extend this network instead.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    metavar="DIR",
    help="Folder to write into.",
)
@click.option("--force", is_flag=True, help="Overwrite NAME.yaml.")
def command(name: str, extended: str | None, out: Path, force: bool) -> None:
    """Write NAME.yaml, a small network to start from, and the schema by which an editor completes and checks it.

    With --from, the document extends a network, and lists its settings.
    """
    from netspec.diagnostics.render import printable
    from netspec.output_files import write_file
    from netspec.tooling.schema import schema_text
    from netspec.tooling.starter import SCHEMA, starter_text

    _check_name(name)
    path = out / f"{name}.yaml"
    if not force and (path.exists() or path.is_symlink()):
        raise click.UsageError(f"'{path}' exists; `--force` overwrites it")
    text = starter_text(name) if extended is None else _variation(name, extended, out)
    # The schema is written first: an editor that opens the document reads it at once.
    write_file(out / SCHEMA, schema_text(), force=force)
    write_file(path, text, force=force)
    shown = printable(str(path))
    click.echo(f"wrote {shown}, and {printable(str(out / SCHEMA))} for editors\n\nnext:")
    for line in (f"netspec summary {shown}", f"netspec build {shown}", "netspec ops"):
        click.echo(f"  {line}")


def _check_name(name: str) -> None:
    from netspec.language.scope import LABEL

    if not LABEL.match(name):
        nearest = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("_0123456789")[:64]
        hint = f"; '{nearest}' would do" if nearest else ""
        raise click.BadParameter(f"'{name}' must be letters, digits and _, a letter first{hint}", param_hint="NAME")


def _variation(name: str, extended: str, out: Path) -> str:
    """Return a document that extends a network: a shipped one by its name, a file by its path from here."""
    from netspec.diagnostics import SourceMap
    from netspec.language import load
    from netspec.language.loading.files import find, project_root, shipped_folder
    from netspec.tooling.starter import variation_text

    document = load(extended)
    path = find(extended, SourceMap())
    if path.parent == shipped_folder():
        return variation_text(name, path.stem, document)
    if not path.resolve().is_relative_to(project_root(out / f"{name}.yaml")):
        message = f"'{path}' lies outside the project of '{out}'; a netspec.toml in a folder around both makes them one"
        raise click.BadParameter(message, param_hint="--from")
    return variation_text(name, Path(os.path.relpath(path, out)).as_posix(), document)
