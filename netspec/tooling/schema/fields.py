"""The arguments of ops, combinators and blocks: the schemas of their records, extended by expressions.

In place of a number, a boolean or a list, a document may write an expression; in place of a word, ``$name``. The schema
of an argument is flat, without alternatives, so that a checker reports a single error with a place.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from netspec.language.model import Parameter
from netspec.tooling.records import record_properties
from netspec.tooling.schema.explanations import about_parameter
from netspec.tooling.schema.patterns import Schema, word

KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems")
"""The keywords that are copied from a record's schema."""

EXPRESSION: Schema = {"$ref": "#/definitions/expression"}
VALUE: Schema = {"$ref": "#/definitions/value"}


def required(model: type[BaseModel]) -> list[str]:
    """Return the fields of a record that have no default."""
    return [name for name, info in model.model_fields.items() if info.is_required()]


def describe_fields(model: type[BaseModel], body: Schema | None = None) -> dict[str, Schema]:
    """Return the schema of each field of a record, as a document writes it; ``body`` is the schema of bodies."""
    texts = getattr(model, "verbatim", ())
    written = {name: _described(each, body or {}, name in texts) for name, each in record_properties(model).items()}
    return written | {name: _values(written[name]) for name in getattr(model, "value_fields", ())}


def _described(written: Schema, body: Schema, is_text: bool) -> Schema:
    schema = _text(written) if is_text else accept(written, body)
    # An editor would insert the default of a body, null, which is not valid in a document.
    kept = ("description",) if written.get("default") is None else ("description", "default")
    about = {key: written[key] for key in kept if key in written}
    # Editors escape Markdown in a plain description.
    marked = {"markdownDescription": about["description"]} if "`" in about.get("description", "") else {}
    return {**about, **marked, **schema}


def _text(written: Schema) -> Schema:
    if written.get("type") == "array":
        return {"type": "array", "items": {"type": "string"}}
    patterns = [each["pattern"] for each in written.get("anyOf", [written]) if "pattern" in each]
    return {"type": "string", **({"pattern": patterns[0]} if patterns else {})}


def _values(written: Schema) -> Schema:
    """Return the schema of values by the name that each has in a body: labels, or a mapping to labels."""
    labels: Schema = {"type": ["string", "array", "object"], "items": {"type": "string"}}
    return written | labels | {"additionalProperties": {"type": "string"}}


def accept(written: Schema, body: Schema | None = None) -> Schema:
    """Return the schema of what a document may write for a value of a record.

    Example:
        >>> accept({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})
        {'type': ['integer', 'null', 'string'], 'minimum': 1, 'allOf': [{'$ref': '#/definitions/expression'}]}
    """
    alternatives = written.get("anyOf", [written])
    words = [each for alternative in alternatives for each in _words(alternative)]
    typed = [alternative for alternative in alternatives if "type" in alternative and not _words(alternative)]
    types = [each["type"] for each in typed]
    if "body" in types:
        return _body_or(words, body or {})
    if types == ["string"]:
        return {"type": "string", **_or_expression([])}
    if "object" in types:
        return {"type": types, **_contents(typed[0])}  # no expression evaluates to a mapping
    if typed:
        return {"type": [*types, "string"], **_or_expression(typed), **_suggest(words)}
    return {"type": "string", **word(words), **_suggest(words)} if words else dict(VALUE)


def _words(alternative: Schema) -> list[Any]:
    """Return the words of a ``Literal``, which pydantic writes as a constant if there is only one."""
    return list(alternative.get("enum", [alternative["const"]] if "const" in alternative else []))


def _body_or(words: list[str], body: Schema) -> Schema:
    if not words:
        return {"allOf": [body]}
    return {"if": {"enum": words}, "else": body, **_suggest(words)}


def _or_expression(typed: list[Schema]) -> Schema:
    """Merge the bounds of all alternatives, and add the pattern of an expression.

    Each keyword of JSON Schema applies to one type and accepts values of all others, so the alternatives need no
    ``anyOf``, for which a checker could only report that no branch matches.
    """
    bounds = {key: value for each in typed for key, value in _contents(each).items()}
    # Editors insert a list if there is `items`, even if a number is the first alternative.
    items = {key: bounds.pop(key) for key in ("items", "minItems", "maxItems") if key in bounds}
    return {**bounds, "allOf": [EXPRESSION, items] if items else [EXPRESSION]}


def _contents(written: Schema) -> Schema:
    """Return a schema with unchanged bounds, whose items are extended by expressions."""
    schema: Schema = {key: written[key] for key in KEYWORDS if key in written}
    for key in ("items", "additionalProperties"):
        if isinstance(written.get(key), dict):
            schema[key] = accept(written[key])
    if "prefixItems" in written:
        # pydantic writes tuples as in draft 2020-12; draft 7, which editors read, has a list of `items`.
        schema["items"] = [accept(each) for each in written["prefixItems"]]
    return schema


def _suggest(words: list[str]) -> Schema:
    """Return a schema that makes an editor propose words, and allows every value."""
    return {"anyOf": [{"enum": words}, {}]} if words else {}


# A default such as `stride: 2` implies only the type `number`, of which a list per axis is valid too.
_NUMBERS: dict[str, Any] = {"int": ["integer"], "float": ["number"], "number": ["number", "boolean", "array"]}


def describe_parameter(parameter: Parameter, words: list[str]) -> Schema:
    """Return the schema of a block's argument, as a call writes it; ``words`` are the ops and blocks to propose."""
    about = about_parameter(parameter)
    match parameter.type:
        case "int" | "float" | "number":
            bounds = {"minimum": parameter.least, "maximum": parameter.most}
            types = [*_NUMBERS[parameter.type], "string"]
            schema = {"type": types, **{key: bound for key, bound in bounds.items() if bound is not None}}
        case "bool":
            schema = {"type": ["boolean", "string"]}
        case "list":
            schema = {"type": ["array", "string"], "items": VALUE}
        case "block":
            # A block may be passed with some of its arguments: `unit: {bottleneck: {groups: 32}}`.
            return {**about, "type": ["string", "object", "null"], "maxProperties": 1, **_suggest(words)}
        case "word":
            return {**about, "type": ["string", "object", "null"], "maxProperties": 1, **_chosen(parameter)}
        case "value":
            schema = {"type": ["string", "null"]}
        case "any":
            return {**about, "allOf": [VALUE]}
    return {**about, **schema, "allOf": [EXPRESSION], **_suggest([str(each) for each in parameter.choices])}


def _chosen(parameter: Parameter) -> Schema:
    words = [each for each in parameter.choices if isinstance(each, str)]
    return {**word(words), **_suggest(words)} if words else {}
