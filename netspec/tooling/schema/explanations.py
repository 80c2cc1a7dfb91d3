"""The descriptions that an editor shows for a word: its docstring or description, as a line and as Markdown."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from netspec.language.model import Block, Parameter
from netspec.language.parameters import TYPES
from netspec.tooling.schema.patterns import Schema

_SECTION = re.compile(r"(Formula|Shape|Cost|Raises|Example|Source): (.*)", re.DOTALL)


def about_class(model: Any) -> Schema:
    """Return the explanations of an op or combinator, from its docstring."""
    paragraphs = (inspect.getdoc(model) or "").split("\n\n")
    line = paragraphs[0].replace("\n", " ").replace("``", "`")
    return {"description": line, "markdownDescription": "\n\n".join(map(_paragraph, paragraphs))}


def _paragraph(text: str) -> str:
    section = _SECTION.fullmatch(text)
    if section is None:
        return text.replace("``", "`")
    title, content = section.groups()
    # Editors highlight a fenced block of YAML, but not a literal.
    if title == "Example":
        return f"```yaml\n{content.strip('`')}\n```"
    return f"**{title}:** {content.replace('``', '`')}"


def about_block(block: Block) -> Schema:
    """Return the explanations of a block: its description, and how it is called."""
    text = block.description.strip() or f"The block {block.name}."
    arguments = ", ".join(f"{name}: {_default(each)}" for name, each in block.parameters.items())
    call = f"- {block.name}: {{{arguments}}}" if arguments else f"- {block.name}"
    return {"description": text, "markdownDescription": f"{text}\n\n```yaml\n{call}\n```"}


def about_parameter(parameter: Parameter) -> Schema:
    """Return the explanation of an argument of a block: its description, type and default."""
    kind = TYPES[parameter.type]
    use = f"{kind}, required" if parameter.required else f"{kind}, {_default(parameter)} without it"
    return {"description": f"{parameter.description} ({use})" if parameter.description else use}


def _default(parameter: Parameter) -> str:
    value = parameter.type if parameter.required else parameter.default
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
