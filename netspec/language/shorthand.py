"""Shorthand in documents: bare words and lone values in place of mappings, and words in place of expressions."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from netspec.diagnostics import Span
from netspec.language.combinators import Combinator
from netspec.language.model import ParameterType
from netspec.language.names import WORD
from netspec.ops import OPS
from netspec.ops.fields import words
from netspec.syntax.yaml import Mapping, Sequence

_ZEROS = re.compile(r"\s*zeros\((?P<sizes>.*)\)\s*", re.DOTALL)


def as_list(value: Any) -> list[Any]:
    """Return a list unchanged, and anything else as a list of one item."""
    return value if isinstance(value, list) else [value]


def may_be_word(value: Any, type: ParameterType) -> bool:
    """Return whether the text of an argument may be a word rather than an expression."""
    if not isinstance(value, str):
        return type in ("word", "block", "any")
    if value.startswith("$"):
        return False
    return type in ("word", "block") or (type == "any" and WORD.match(value) is not None)


def is_callable(word: str, blocks: Collection[str]) -> bool:
    """Return whether a step ``$name`` can call what the word says: an op, or one of some blocks."""
    return word in OPS or word in blocks


@cache
def field_words(combinator: type[Combinator], name: str) -> frozenset[str]:
    """Return the words that a field of a combinator allows."""
    info = combinator.model_fields.get(name)
    return words(info.annotation) if info else frozenset()


def variable_names(key: str) -> list[str]:
    """Return the names in a key of ``foreach``: one, or several for the items of a row.

    Example:
        >>> variable_names("width"), variable_names("width stride"), variable_names("width, stride")
        (['width'], ['width', 'stride'], ['width', 'stride'])
    """
    return key.replace(",", " ").split() or [key]


class NamedValue(NamedTuple):
    """A name of a body, the label or expression of the value that it begins with, and the place of that."""

    name: str
    value: Any
    span: Span


def named_values(given: Any, span: Span) -> list[NamedValue]:
    """Return values by name: those of a mapping, or of labels, each of which is its own name.

    Example:
        >>> from netspec.syntax.yaml import read
        >>> for given in ("h", "[h, c]", "{state: 'levels[0]'}"):
        ...     tree = read(f"carry: {given}", "net.yaml")
        ...     print([(each.name, each.value) for each in named_values(tree["carry"], tree.value_spans["carry"])])
        [('h', 'h')]
        [('h', 'h'), ('c', 'c')]
        [('state', 'levels[0]')]
    """
    if isinstance(given, Mapping):
        return [NamedValue(name, value, given.value_spans[name]) for name, value in given.items()]
    if isinstance(given, Sequence):
        return [NamedValue(str(value), value, place) for value, place in zip(given, given.item_spans, strict=True)]
    return [NamedValue(str(given), given, span)]


def sizes_of_zeros(text: str) -> str | None:
    """Return the sizes in ``zeros(...)`` as an expression, in the same columns; None where a text is anything else.

    Example:
        >>> sizes_of_zeros("zeros(2 * width, 4)"), sizes_of_zeros("state")
        ('     [2 * width, 4]', None)
    """
    match = _ZEROS.fullmatch(text)
    return f"{' ' * match.start('sizes')}[{match['sizes']}]"[1:] if match else None


def bare_word(word: str, span: Span) -> Mapping:
    """Return the mapping that a step of one word abbreviates."""
    return under(word, None, span, span)


def under(key: str, value: Any, span: Span, value_span: Span) -> Mapping:
    """Return a mapping with one key."""
    mapping = Mapping(span.file)
    mapping.put(key, value, span, value_span)
    return mapping
