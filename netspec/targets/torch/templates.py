"""Templates of ops as documents: the arguments and operands filled in, and the brackets where a line may break.

A template is parsed before anything is filled in, so that a bracket inside an argument is never taken for one of its.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from netspec.ops import Torch
from netspec.ops.base import REQUIRED
from netspec.targets.torch.document import Brackets, Document, literal, phrase

_OPERATION = re.compile(r"\{\w+\}(?: [-+*/] \{\w+\})+")
_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|[][(),]""")


@dataclass(frozen=True, slots=True)
class _Filling:
    """What stands for the holes of a template."""

    listed: tuple[str, ...]
    operands: tuple[str, ...]
    named: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Return a piece of a template with its holes filled."""
        if "{" not in text and "}" not in text:
            return text
        # A slice from the first position is written without it.
        if self.named.get("start") == "0":
            text = text.replace("{start}:", ":")
        return text.format(*self.operands, **self.named)


def fill_template(torch: Torch, texts: Sequence[str], operands: Sequence[str] = ()) -> Document:
    """Return a template with the texts of its arguments, and its operands, filled in.

    Example:
        >>> from netspec.ops import Argument
        >>> relu = Torch("F.relu({0}, {arguments})", (Argument("inplace", False, False),))
        >>> fill_template(relu, ["False"], ["x"]).flat, fill_template(relu, ["True"], ["x"]).flat
        ('F.relu(x)', 'F.relu(x, inplace=True)')
    """
    named = {argument.name: text for argument, text in zip(torch.arguments, texts, strict=True)}
    return _document(torch.template, _Filling(tuple(_listed(torch, texts)), tuple(operands), named))


def _listed(torch: Torch, texts: Sequence[str]) -> Iterator[str]:
    """Yield the arguments as listed: those without a hole of their own that differ from torch's default."""
    for argument, text in zip(torch.arguments, texts, strict=True):
        is_default = argument.default is not REQUIRED and text == literal(argument.default)
        if not is_default and f"{{{argument.name}}}" not in torch.template:
            yield text if argument.positional else f"{argument.name}={text}"


def _document(template: str, filling: _Filling) -> Document:
    if _OPERATION.fullmatch(template):
        return phrase(*map(filling.fill, _operation_parts(template)))
    call = _split(template)
    if call is None:
        return filling.fill(template)
    opening, parts, closing, separator = call
    if not separator:
        parts = tuple(_operation_parts(parts[0]))
    found = tuple(each for part in parts for each in _parts(part, filling))
    return Brackets(filling.fill(opening), found, filling.fill(closing), separator)


def _parts(template: str, filling: _Filling) -> Sequence[Document]:
    if template == "{arguments}":
        return filling.listed
    return filling.operands if template == "{operands}" else [_document(template, filling)]


def _operation_parts(template: str) -> list[str]:
    """Return an operand, and every further one with the operator before it."""
    return re.split(r" (?=[-+*/] )", template) if _OPERATION.fullmatch(template) else [template]


@lru_cache(maxsize=512)
def _split(template: str) -> tuple[str, tuple[str, ...], str, str] | None:
    """Return what opens the brackets of a template, the parts in them, what closes them, and the separator.

    None stands for a template that does not end with its brackets, or at most with text behind them.
    """
    depth, commas, first, last = 0, [], -1, -1
    for token in _TOKEN.finditer(template):
        match token[0]:
            case "(" | "[":
                first = token.start() if first < 0 else first
                depth += 1
                if last >= 0:
                    return None
            case ")" | "]":
                depth -= 1
                last = token.start() if depth == 0 else last
            case "," if depth <= 1:
                commas.append(token.start())
    if depth or last < 0 or any(not first < comma < last for comma in commas):
        return None
    edges = [first, *commas, last]
    parts = tuple(template[start + 1 : stop].strip() for start, stop in itertools.pairwise(edges))
    opening = template[: first + 1]
    if "" in parts:
        return (opening, (), template[last:], ",") if len(parts) == 1 else None
    # A comma behind a single part would make a tuple of it, but in the brackets of a call or a list.
    separator = "," if len(parts) > 1 or opening == "[" or re.search(r"\w\($", opening) else ""
    return opening, parts, template[last:], separator
