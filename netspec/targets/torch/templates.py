"""Templates of ops as documents: filled in, and with the brackets at which a line may break.

A template is parsed before it is filled in, so that brackets inside arguments are not confused with its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from netspec.ops import Torch
from netspec.ops.torch_code import REQUIRED
from netspec.targets.torch.document import Brackets, Document, literal
from netspec.targets.torch.local_sizes import local_sizes

_OPERATION = re.compile(r"\{\w+\}(?: [-+*/] \{\w+\})+")
_OPERAND = re.compile(r"([-+*/] )?\{(\d+)\}")
"""A single operand, behind its operator where it has one."""
_LINK = re.compile(r"\.\w+\((?:[^()]|\([^()]*\))*\)")
"""One call of a chain of methods, with a tuple among its arguments at most."""
_CHAIN = re.compile(rf"(?P<first>\{{0\}}|\((?:[^()]|\([^()]*\))*\))(?P<links>(?:{_LINK.pattern}){{2,}})")
"""A chain of at least two methods, of an operand or of an expression in brackets."""
_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|[][(),]""")


@dataclass(frozen=True, slots=True)
class _Filling:
    """The values for the placeholders of a template."""

    listed: tuple[Document, ...]
    operands: tuple[str, ...]
    named: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Return a piece of a template with its placeholders filled."""
        if "{" not in text and "}" not in text:
            return text
        # A slice from 0 omits its start.
        if self.named.get("start") == "0":
            text = text.replace("{start}:", ":")
        return text.format(*self.operands, **self.named)


def fill_template(
    torch: Torch, texts: Sequence[str], operands: Sequence[str] = (), variables: Mapping[str, str] | None = None
) -> Document:
    """Return a template with the texts of its arguments, its operands and its own variables filled in.

    Example:
        >>> from netspec.ops import Argument
        >>> relu = Torch("F.relu({0}, {arguments})", (Argument("inplace", False, False),))
        >>> fill_template(relu, ["False"], ["x"]).flat, fill_template(relu, ["True"], ["x"]).flat
        ('F.relu(x)', 'F.relu(x, inplace=True)')
    """
    texts = _with_local_sizes(torch, texts, operands)
    named = {argument.name: text for argument, text in zip(torch.arguments, texts, strict=True)}
    if torch.locals:
        # The numbers of a formula stand among operators, and a text may be an operation itself.
        named = {name: f"({text})" if " " in text else text for name, text in named.items()}
        named.update((f"local_{name}", text) for name, text in (variables or {}).items())
    return _document(torch.template, _Filling(tuple(_listed(torch, texts)), tuple(operands), named))


def fill_locals(
    torch: Torch, texts: Sequence[str], operands: Sequence[str], variables: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the variables that a template needs, each with the text that it is assigned."""
    texts = _with_local_sizes(torch, texts, operands)
    named = {argument.name: text for argument, text in zip(torch.arguments, texts, strict=True)}
    for name, template in torch.locals:
        yield variables[name], template.format(*operands, **named)


def _with_local_sizes(torch: Torch, texts: Sequence[str], operands: Sequence[str]) -> Sequence[str]:
    if any(local_sizes(argument.value) for argument in torch.arguments):
        return [text.format(*operands) for text in texts]
    return texts


def _listed(torch: Torch, texts: Sequence[str]) -> Iterator[Document]:
    """Yield the arguments for ``{arguments}``: those without a placeholder that differ from torch's default."""
    for argument, text in zip(torch.arguments, texts, strict=True):
        is_default = argument.default is not REQUIRED and text == literal(argument.default)
        if not is_default and f"{{{argument.name}}}" not in torch.template:
            name = "" if argument.positional else f"{argument.name}="
            value = argument.value
            # Texts in a row are a drawing, of which each line stays one. Brackets would make a single text no tuple.
            if isinstance(value, tuple) and len(value) > 1 and {*map(type, value)} == {str} and text == literal(value):
                yield Brackets(f"{name}(", tuple(literal(each) for each in value), ")")
            else:
                yield f"{name}{text}"


def _document(template: str, filling: _Filling) -> Document:
    # Taken from its position: `format` goes over all operands, and a sum may have thousands.
    if operand := _OPERAND.fullmatch(template):
        return f"{operand[1] or ''}{filling.operands[int(operand[2])]}"
    parsed = _parse(template)
    if parsed is None:
        return filling.fill(template)
    parts = tuple(each for part in parsed.parts for each in _filled(part, filling))
    return Brackets(
        filling.fill(parsed.opening),
        parts,
        filling.fill(parsed.closing),
        parsed.separator,
        parsed.optional,
        parsed.space,
    )


def _filled(template: str, filling: _Filling) -> Sequence[Document]:
    if template == "{arguments}":
        return filling.listed
    return filling.operands if template == "{operands}" else [_document(template, filling)]


class _Parsed(NamedTuple):
    """A template as its trailing brackets, or as an operation that may be parenthesized."""

    opening: str
    parts: tuple[str, ...]
    closing: str
    separator: str = ""
    optional: bool = False
    space: str = " "


@lru_cache(maxsize=512)
def _parse(template: str) -> _Parsed | None:
    """Return a template with the brackets at which it can be broken, or None."""
    if _OPERATION.fullmatch(template):
        return _Parsed("(", _operands(template), ")", optional=True)
    edges = _edges(template)
    if not edges:
        chain = _CHAIN.fullmatch(template)
        if chain:
            first, *links = _LINK.findall(chain["links"])
            return _Parsed("(", (f"{chain['first']}{first}", *links), ")", optional=True, space="")
        # Behind an operator, brackets would take it in.
        terms = () if re.match(r"[-+*/&|] ", template) else _terms(template)
        return _Parsed("(", terms, ")", optional=True) if len(terms) > 1 else None
    opening, closing = template[: edges[0] + 1], template[edges[-1] :]
    parts = tuple(template[start + 1 : stop].strip() for start, stop in itertools.pairwise(edges))
    if "" in parts:
        return _Parsed(opening, (), closing) if len(parts) == 1 else None
    # A trailing comma makes a tuple of a single part, except in a call or a list.
    if len(parts) > 1 or opening == "[" or re.search(r"\w\($", opening):
        return _Parsed(opening, parts, closing, separator=",")
    return _Parsed(opening, _operands(parts[0]), closing)


def _operands(template: str) -> tuple[str, ...]:
    """Return the first operand of an operation, and every further one with the operator before it."""
    return tuple(re.split(r" (?=[-+*/] )", template)) if _OPERATION.fullmatch(template) else (template,)


def _terms(template: str) -> tuple[str, ...]:
    """Return the parts between the outermost operators that bind least, every further one with its operator."""
    outside = _outside_brackets(template)
    if re.search(r" [<>]|==|!=", outside):
        return ()
    operators = next((each for each in (" [|] ", " & ", " [-+] ", " [*/] ") if re.search(each, outside)), "")
    starts = [found.start() + 1 for found in re.finditer(operators, outside)] if operators else []
    return tuple(template[start:stop].strip() for start, stop in itertools.pairwise([0, *starts, len(template)]))


def _outside_brackets(template: str) -> str:
    """Return a template with blanks in place of what stands in brackets."""
    depth, kept = 0, []
    for mark in template:
        depth -= mark in ")]"
        kept.append(" " if depth else mark)
        depth += mark in "(["
    return "".join(kept)


def _edges(template: str) -> list[int]:
    """Return the positions of the outermost brackets and of the commas in them; empty unless there is one pair."""
    depth = 0
    edges: list[int] = []
    for token in _TOKEN.finditer(template):
        is_edge = depth <= 1 and token[0] in "([,])"
        if token[0] in "([":
            is_edge = depth == 0
            depth += 1
        elif token[0] in "])":
            depth -= 1
            is_edge = depth == 0
        if is_edge:
            edges.append(token.start())
    marks = "".join(template[edge] for edge in edges)
    # A method of a single argument goes with the bracket before it, unless it is one of a chain.
    if re.fullmatch(r"\(,*\)\(\)", marks) and not _CHAIN.fullmatch(template):
        return edges[:-2] if re.fullmatch(r"\.\w+", template[edges[-3] + 1 : edges[-2]]) else []
    return edges if re.fullmatch(r"[(\[],*[)\]]", marks) else []
