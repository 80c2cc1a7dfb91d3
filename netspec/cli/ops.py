"""``netspec ops``: the catalogue of the language, printed from its own records."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import islice
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from netspec.cli.options import plugin_option
from netspec.diagnostics import nearest

if TYPE_CHECKING:
    from netspec.language import Block, Parameter

Entry = tuple[str, str]


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for entries in _sections().values() for name, _ in entries if name.startswith(incomplete)]


@click.command("ops")
@click.argument("name", required=False, shell_complete=_complete)
@plugin_option
def command(name: str | None) -> None:
    """Describe an op, combinator or block; without a name, list all of them."""
    click.echo("\n".join(_list() if name is None else _describe(name)))


def _list() -> Iterator[str]:
    from netspec.views.text_table import text_table

    sections = _sections()
    rows = [(f"  {word}", line) for entries in sections.values() for word, line in entries]
    lines = iter(text_table(rows, left={0, 1}))
    for title, entries in sections.items():
        yield title
        yield from islice(lines, len(entries))
        yield ""
    yield "`netspec ops NAME` describes one of them."


def _sections() -> dict[str, list[Entry]]:
    from netspec.language.combinators import COMBINATORS
    from netspec.language.loading.library import library
    from netspec.ops import OPS

    sections: dict[str, list[Entry]] = {}
    for name, op in OPS.items():
        sections.setdefault(op.family, []).append((name, _first_line(op)))
    sections["combinators"] = [(key, _first_line(each)) for key, each in COMBINATORS.items()]
    sections["blocks"] = [(name, _first_sentence(library()[name].description)) for name in library()]
    return {title: entries for title, entries in sections.items() if entries}


def _first_line(model: Any) -> str:
    return (inspect.getdoc(model) or "").partition("\n")[0]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[\w)`]\.) (?=[A-Z`])", text)[0]


def _describe(name: str) -> Iterator[str]:
    from netspec.cli.fields import describe_fields
    from netspec.language.combinators import COMBINATORS
    from netspec.language.loading.library import library
    from netspec.ops import OPS

    models: dict[str, Any] = {**OPS, **COMBINATORS}
    if name in models:
        model = models[name]
        yield f"{name} ({model.family})" if name in OPS else f"{name} (combinator)"
        yield ""
        yield (inspect.getdoc(model) or "").replace("``", "`")
        yield from describe_fields(model)
        return
    if name in library():
        yield from _describe_block(library()[name])
        return
    hint = nearest(name, [*models, *library()]) or "`netspec ops` lists all of them"
    raise click.UsageError(f"there is no op, combinator or block '{name}'; {hint}")


def _describe_block(block: Block) -> Iterator[str]:
    from netspec.tooling.block_example import example_call, example_shapes

    yield f"{block.name} (block)"
    if block.description:
        yield ""
        yield fill(block.description, 100, break_long_words=False, break_on_hyphens=False)
    yield f"\nExample: `{example_call(block)}`"
    yield f"\nShape: {example_shapes(block)}, as in the example."
    if block.inputs:
        yield f"\nTakes {', '.join(block.inputs)}."
    if block.outputs:
        yield f"\nGives {', '.join(block.outputs)}."
    if block.parameters:
        yield "\nArguments:"
    yield from (_describe_parameter(each) for each in block.parameters.values())
    yield f"\nWritten in {block.span.file}, line {block.span.line}."


def _describe_parameter(parameter: Parameter) -> str:
    from netspec.syntax.yaml.flow_style import flow

    default = "required" if parameter.required else f"default {flow(parameter.default)}"
    text = f"  {parameter.name}: {parameter.type}, {default}"
    return f"{text}\n      {parameter.description}" if parameter.description else text
