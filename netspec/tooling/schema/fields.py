"""The arguments of ops, combinators and blocks: what their records say, widened to what YAML may hold in its place.

Where a record wants a number, a boolean or a list, a document may write an expression; where it wants a word,
``$name``. One flat schema per argument says all of it, without alternatives: its errors are then single and have a
place.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from netspec.language.model import Parameter
from netspec.tooling.schema.explanations import about_parameter
from netspec.tooling.schema.patterns import Schema, word

KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems")
"""What is taken over from a record's schema as it is."""

EXPRESSION: Schema = {"$ref": "#/definitions/expression"}
VALUE: Schema = {"$ref": "#/definitions/value"}


class _Records(GenerateJsonSchema):
    """A JSON Schema in which bodies, which only exist as objects, are a type of their own."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        return {"type": "body"}


@cache
def _written(model: type[BaseModel]) -> dict[str, Schema]:
    properties: dict[str, Schema] = model.model_json_schema(schema_generator=_Records).get("properties", {})
    return properties


def required(model: type[BaseModel]) -> list[str]:
    """Return the fields of a record that have no default."""
    return [name for name, info in model.model_fields.items() if info.is_required()]


def describe_fields(model: type[BaseModel], body: Schema | None = None) -> dict[str, Schema]:
    """Return the schema of each field of a record, as a document writes it; ``body`` is the schema of bodies."""
    texts = getattr(model, "texts", ())
    return {name: _described(each, body or {}, name in texts) for name, each in _written(model).items()}


def _described(written: Schema, body: Schema, is_text: bool) -> Schema:
    schema = {"type": "string"} if is_text else accept(written, body)
    # Where a body may stand, an editor would insert its default, null, which no document can write.
    kept = ("description",) if written.get("default") is None else ("description", "default")
    about = {key: written[key] for key in kept if key in written}
    # Editors escape the Markdown of a plain description.
    marked = {"markdownDescription": about["description"]} if "`" in about.get("description", "") else {}
    return {**about, **marked, **schema}


def accept(written: Schema, body: Schema | None = None) -> Schema:
    """Return the schema of what a document may write for a value.

    Example:
        >>> accept({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})
        {'type': ['integer', 'null', 'string'], 'minimum': 1, 'allOf': [{'$ref': '#/definitions/expression'}]}
    """
    choices = [each for each in written.get("anyOf", [written]) if each]
    words = [each for choice in choices for each in choice.get("enum", [choice["const"]] if "const" in choice else [])]
    typed = [choice for choice in choices if "enum" not in choice and "const" not in choice and "type" in choice]
    types = [choice["type"] for choice in typed]
    if "body" in types:
        return _body_or(words, body or {})
    if words and not typed:
        return {"type": "string", **word(words), **_suggest(words)}
    if not typed:
        return dict(VALUE)
    if "object" in types:
        return {"type": types, **_contents(typed[0])}
    bounds = {key: value for choice in typed for key, value in _contents(choice).items()}
    # Editors begin a value that has `items` as a list, even where a number comes first.
    items = {key: bounds.pop(key) for key in ("items", "minItems", "maxItems") if key in bounds}
    return {"type": [*types, "string"], **bounds, "allOf": [EXPRESSION, *([items] if items else [])], **_suggest(words)}


def _contents(written: Schema) -> Schema:
    """Return a schema's bounds as they are, and the schemas of what it contains widened."""
    schema: Schema = {key: written[key] for key in KEYWORDS if key in written}
    for key in ("items", "additionalProperties"):
        if isinstance(written.get(key), dict):
            schema[key] = accept(written[key])
    if "prefixItems" in written:
        schema["items"] = [accept(each) for each in written["prefixItems"]]
    return schema


def _body_or(words: list[str], body: Schema) -> Schema:
    if not words:
        return {"allOf": [body]}
    return {"if": {"enum": words}, "else": body, **_suggest(words)}


def _suggest(words: list[str]) -> Schema:
    """Return what makes an editor propose words, and allows everything."""
    return {"anyOf": [{"enum": words}, {}]} if words else {}


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
            # A block may come with some of its arguments: `unit: {bottleneck: {groups: 32}}`.
            return {**about, "type": ["string", "object", "null"], "maxProperties": 1, **_suggest(words)}
        case "word":
            return {**about, "type": ["string", "object", "null"], "maxProperties": 1, **_chosen(parameter)}
        case "any":
            return {**about, "allOf": [VALUE]}
    return {**about, **schema, "allOf": [EXPRESSION], **_suggest([str(each) for each in parameter.choices])}


def _chosen(parameter: Parameter) -> Schema:
    words = [each for each in parameter.choices if isinstance(each, str)]
    return {**word(words), **_suggest(words)} if words else {}
