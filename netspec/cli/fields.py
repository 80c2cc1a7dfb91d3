"""The arguments of an op or combinator in words, from its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel

from netspec.tooling.records import record_properties

WORDS = {"integer": "whole number", "boolean": "true or false", "string": "word", "object": "mapping"}
"""What the types of JSON schema are called here."""


class Described(NamedTuple):
    """An argument in words; ``primary`` is whether its value may stand alone."""

    name: str
    type: str
    default: str
    meaning: str
    primary: bool


def described_fields(model: type[BaseModel]) -> list[Described]:
    """Return the fields of a model in words."""
    schemas = record_properties(model)
    primary = getattr(model, "primary", None)
    return [
        Described(
            name,
            describe_type(schemas[name]),
            "required" if info.is_required() else f"default {_shown(info.get_default(call_default_factory=True))}",
            info.description or "",
            name == primary,
        )
        for name, info in model.model_fields.items()
    ]


def describe_fields(model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines that describe the fields of a model: name, type, default and description."""
    if not model.model_fields:
        yield "\nIt takes no arguments."
        return
    yield "\nArguments:"
    for each in described_fields(model):
        alone = ", may be written alone" if each.primary else ""
        yield f"  {each.name}: {each.type}, {each.default}{alone}"
        if each.meaning:
            yield f"      {each.meaning}"


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, (dict, list, tuple)) and not value:
        return "none"
    return str(value)


def describe_type(schema: dict[str, Any]) -> str:
    """Return a JSON schema's type in words.

    Example:
        >>> describe_type({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})
        'whole number >= 1'
    """
    if "anyOf" in schema:
        parts = [describe_type(each) for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(parts))
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum") or [schema["const"]]))
    kind: str = schema.get("type", "anything")
    if kind == "array":
        items = describe_type(schema["items"]) if "items" in schema else ""
        if " or " in items:
            items = f"({items})"
        return f"list of {items.replace('number', 'numbers', 1)}" if items else "list"
    if schema.get("format") == "tensor":
        return "tensor" if kind == "string" else f"{WORDS[kind]}, or a tensor"
    return WORDS.get(kind, kind) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    # The largest integer of torch bounds every argument, so it is not worth showing.
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    shown = [f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema and abs(schema[key]) < 2**31 - 1]
    return f" {' and '.join(shown)}" if shown else ""
