"""Snippets that an editor inserts for a word: the example of the word, with a tab stop at each of its values.

Without a snippet, editors generate a text from types: ``kernel: 0``, or a choice between an op's own name and 0.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import count
from typing import Any

from netspec.syntax.yaml import read
from netspec.syntax.yaml.flow_style import flow
from netspec.tooling.schema.patterns import Schema


@cache  # a schema asks for each up to three times
def class_example(model: Any, word: str) -> Any:
    """Return the value of a word in the example of its docstring, or None where it has none.

    Example:
        >>> from netspec.ops import OPS
        >>> class_example(OPS["linear"], "linear"), class_example(OPS["relu"], "relu")
        (1000, None)
    """
    found = re.search(r"Example: ``(?:- )?(.*?)``", inspect.getdoc(model) or "", re.DOTALL)
    # An op of a plugin may have no example.
    step = read(" ".join(found[1].split()), word) if found else None
    return step.get(word) if isinstance(step, Mapping) else None


def call_snippet(word: str, value: Any) -> Schema:
    """Return the snippet of a value for a word that needs arguments.

    Example:
        >>> call_snippet("conv", {"out": 64, "kernel": 3})
        {'defaultSnippets': [{'label': 'conv', 'body': '{out: ${1:64}, kernel: ${2:3}}'}]}
    """
    return _snippet(word, _with_stops(value, count(1))) if value is not None else {}


def lone_word_snippet(word: str, primary: str | None, value: Any, fields: Mapping[str, Schema]) -> Schema:
    """Return the snippet of the arguments of a word that needs none.

    They are on lines of their own: editors merge two proposals of one line for a word into a choice.

    Example:
        >>> lone_word_snippet("dropout", "p", 0.4, {"p": {"default": 0.5}})
        {'defaultSnippets': [{'label': 'dropout', 'body': '\\n    p: ${1:0.4}'}]}
    """
    if primary is None:
        return {}
    default = fields[primary].get("default")
    named = value if isinstance(value, Mapping) else {primary: default if value is None else value}
    stops = count(1)
    lines = [f"\n    {name}: {_with_stops(each, stops)}" for name, each in named.items() if each is not None]
    return _snippet(word, "".join(lines)) if lines else {}


def number_snippets(fields: dict[str, Schema], example: Any) -> dict[str, Schema]:
    """Return fields with a snippet of a number if they have no default: that of the example, or the least."""
    known = example if isinstance(example, Mapping) else {}
    return {name: {**field, **_number_snippet(name, field, known)} for name, field in fields.items()}


def _number_snippet(name: str, field: Schema, known: Mapping[str, Any]) -> Schema:
    kinds = field.get("type")
    first = kinds[0] if isinstance(kinds, list) else kinds
    value = known.get(name, field.get("minimum", 0))
    # A field may take a number or a list, of which the example has a list.
    if first not in ("integer", "number") or "default" in field or not value or isinstance(value, (list, tuple)):
        return {}
    return _snippet(str(value), _with_stops(value, count(1)))


def _snippet(label: str, body: str) -> Schema:
    return {"defaultSnippets": [{"label": label, "body": body}]}


def _with_stops(value: Any, stops: Iterator[int]) -> str:
    """Return a value as YAML with a tab stop at each number and text, in order."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_with_stops(each, stops)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_with_stops(each, stops) for each in value)}]"
    return f"${{{next(stops)}:{_stop_text(value)}}}"


@lru_cache(maxsize=1000, typed=True)  # typed, since 1 and True are equal
def _stop_text(value: Any) -> str:
    # As an item of a list, a text with a comma is quoted.
    return re.sub(r"([\\$}])", r"\\\1", flow([value])[1:-1])
