"""The value of a step's key: the arguments of an op, a merge, a combinator or a block.

One schema per word, made from its record; nothing here knows any word.
"""

from __future__ import annotations

from collections.abc import Collection

from netspec.language.combinators import Combinator
from netspec.language.model import Block
from netspec.ops import Op
from netspec.tooling.schema.explanations import about_block, about_class
from netspec.tooling.schema.fields import describe_fields, describe_parameter, required
from netspec.tooling.schema.patterns import Schema

TYPES = ("string", "number", "boolean", "array", "object", "null")
BODY_TYPES = ("array", "string", "object")
"""The types of a body: a list of steps, a word, or a single step. Editors begin one with the first of them."""


def op_call(op: type[Op], given: Collection[str] = ()) -> Schema:
    """Return the schema of an op's arguments; those given elsewhere are not required."""
    needed = [name for name in required(op) if name not in given]
    return {**about_class(op), "title": op.name, **_call(describe_fields(op), needed, op.primary)}


def merge_call(op: type[Op], operand: Schema) -> Schema:
    """Return the schema of a merge's value: its operands, or its options with the operands under ``of``."""
    operands = _operands(op, operand)
    of = {"description": "The operands, where there are options too."}
    options = {"of": {**of, **operands}, **describe_fields(op)}
    return {
        **about_class(op),
        "title": op.name,
        "properties": {"of": of},
        "if": {"type": "object", "required": ["of"]},
        "then": {"properties": options, "additionalProperties": False},
        "else": operands,
    }


def _operands(op: type[Op], operand: Schema) -> Schema:
    if op.operand_names:
        names = list(op.operand_names)
        named = dict.fromkeys(names, operand)
        return {"type": ["object", "null"], "properties": named, "required": names, "additionalProperties": False}
    least, most = op.operands
    schema: Schema = {"type": ["array", "object", "null"], "items": operand, "minItems": least}
    # An operand that is called like an option was meant as one, but for an operand named `of` that stands alone.
    schema |= {"additionalProperties": operand, "minProperties": least}
    return schema if most is None else {**schema, "maxItems": most, "maxProperties": most}


def combinator_call(combinator: type[Combinator], body: Schema) -> Schema:
    """Return the schema of a combinator's value, without a body that is a key of the step."""
    fields = describe_fields(combinator, body)
    about, primary = {**about_class(combinator), "title": combinator.key}, combinator.primary
    if combinator.has_sibling_body:
        return {**fields[str(primary)], **about}
    if primary in combinator.bodies:
        return {**about, **_fields_or_body(fields, required(combinator), body)}
    return {**about, **_call(fields, required(combinator), primary)}


def _fields_or_body(fields: dict[str, Schema], needed: Collection[str], body: Schema) -> Schema:
    """Return the schema of fields by name, or of a body alone: a mapping without any field is one step of it."""
    return {
        "type": list(BODY_TYPES),
        "if": {"type": "object", "anyOf": [{"required": [name]} for name in fields]},
        "then": _named(fields, needed),
        "else": {"if": {"type": list(BODY_TYPES)}, "then": body},
    }


def block_call(block: Block, words: list[str]) -> Schema:
    """Return the schema of a block's arguments; ``words`` are the ops and blocks that they can be."""
    parameters = {name: describe_parameter(each, words) for name, each in block.parameters.items()}
    needed = [name for name, each in block.parameters.items() if each.required]
    return {**about_block(block), "title": block.name, **_call(parameters, needed, next(iter(parameters), None))}


def _call(fields: dict[str, Schema], needed: Collection[str], primary: str | None) -> Schema:
    """Return the schema of arguments by name, or of the primary one alone."""
    named = _named(fields, needed)
    if primary is None or not set(needed) <= {primary}:
        return {"type": ["object"] if needed else ["object", "null"], **named}
    # These describe the argument; what an editor shows here is the description of the op or block.
    alone = {
        key: value for key, value in fields[primary].items() if key not in ("description", "default", "maxProperties")
    }
    written = alone.pop("type", TYPES)
    types = [each for each in ([written] if isinstance(written, str) else written) if each not in ("object", "null")]
    return {
        "type": [*types, "object"] if needed else [*types, "object", "null"],
        "if": {"type": ["object", "null"]},
        "then": named,
        "else": alone,
    }


def _named(fields: dict[str, Schema], needed: Collection[str]) -> Schema:
    schema: Schema = {"properties": fields, "additionalProperties": False}
    return {**schema, "required": list(needed)} if needed else schema
