"""The value of a step's key: the arguments of an op, a merge, a combinator or a block.

One schema per word, generated from its record.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from netspec.language.combinators import COMBINATORS, Combinator
from netspec.language.model import Block
from netspec.ops import Op
from netspec.ops.patterned import Patterned
from netspec.ops.weighted import Weighted
from netspec.tooling.block_example import example_arguments
from netspec.tooling.schema.explanations import about_block, about_class
from netspec.tooling.schema.fields import EXPRESSION, describe_fields, describe_parameter, required
from netspec.tooling.schema.patterns import Schema, matching
from netspec.tooling.schema.snippets import call_snippet, class_example, lone_word_snippet, number_snippets

TYPES = ("string", "number", "boolean", "array", "object", "null")
BODY_TYPES = ("array", "string", "object")
"""The types of a body: a list of steps, a word, or a single step. Editors begin one with the first of them."""


def op_call(op: type[Op], given: Collection[str] = ()) -> Schema:
    """Return the schema of an op's arguments; those that ``defaults`` set are not required."""
    needed = [name for name in required(op) if name not in given]
    example = class_example(op, op.name)
    fields = number_snippets(describe_fields(op), example)
    if op.operands[1] != 1:
        fields["of"] = _listed_operands(op)
    call = _pattern_call(fields, needed) if issubclass(op, Patterned) else _call(fields, needed, op.primary)
    if issubclass(op, Weighted) and needed:
        call = {**call, "then": _said_by_weight(call["then"])}
    return {**about_class(op), "title": op.name, **call, **_call_snippet(op.name, fields, needed, op.primary, example)}


def _said_by_weight(named: Schema) -> Schema:
    """Return the schema of arguments of which those that are needed follow from a given weight."""
    needed = {"required": named["required"]}
    others = {key: value for key, value in named.items() if key != "required"}
    return {**others, "if": {"required": ["weight"]}, "else": needed}


def _listed_operands(op: type[Op]) -> Schema:
    """Return the schema of the operands of an op that takes one or several."""
    least, most = op.operands
    about = "The operands, where they are not the values that enter."
    several: Schema = {"description": about, "type": ["array", "object"], "minItems": least}
    return several if most is None else {**several, "maxItems": most}


def _pattern_call(fields: dict[str, Schema], needed: Collection[str]) -> Schema:
    """Return the schema of a pattern, alone or with the sizes of its names as arguments."""
    pattern = {**fields["pattern"], **matching("->", "axes, an arrow, axes")}
    call = _call({"pattern": pattern}, needed, "pattern")
    size = {"type": ["integer", "string"], "minimum": 1, "allOf": [EXPRESSION]}
    return {**call, "then": {**call["then"], "additionalProperties": size}}


def merge_call(op: type[Op], operand: Schema) -> Schema:
    """Return the schema of a merge's value: its operands, or its options with the operands under ``of``."""
    operands = _operands(op, operand)
    of = {"description": "The operands, where there are options too."}
    options = {"of": {**of, **operands}, **describe_fields(op)}
    about = {**about_class(op), **call_snippet(op.name, class_example(op, op.name)), "title": op.name}
    if op.primary:
        pattern = {**options[op.primary], **matching("->", "axes, an arrow, axes")}
        return {**about, **_call({**options, op.primary: pattern}, required(op), op.primary)}
    return {
        **about,
        "allOf": [{"properties": {"of": of}}],
        "if": {"type": "object", "required": ["of"]},
        "then": {"properties": options, "additionalProperties": False},
        "else": operands,
    }


def _operands(op: type[Op], operand: Schema) -> Schema:
    least, most = op.operands
    if op.operand_names:
        names = list(op.operand_names)
        named = dict.fromkeys([*names, *op.optional_operands], operand)
        schema: Schema = {"type": ["object", "null"], "properties": named}
        schema |= {"required": names, "additionalProperties": False}
        if not op.optional_operands:
            return schema
        return {**schema, "type": ["array", "object", "null"], "items": operand, "minItems": least, "maxItems": most}
    schema = {"type": ["array", "object", "null"], "items": operand, "minItems": least}
    # An operand with the name of an option is meant as the option, except a single operand named `of`.
    schema |= {"additionalProperties": operand, "minProperties": least}
    several = schema if most is None else {**schema, "maxItems": most, "maxProperties": most}
    loops = [{"required": [key, "body"]} for key, each in COMBINATORS.items() if each.beside]
    types = several.pop("type")
    # All operands may be the rounds of a loop, of which there may be one written or none.
    return {"type": types, "if": {"type": "object", "anyOf": loops}, "then": operand, "else": several}


def combinator_call(combinator: type[Combinator], body: Schema) -> Schema:
    """Return the schema of a combinator's value, without a body that is a key of the step."""
    fields = describe_fields(combinator, body)
    snippet = call_snippet(combinator.key, class_example(combinator, combinator.key))
    about, primary = {**about_class(combinator), "title": combinator.key, **snippet}, combinator.primary
    if combinator.beside:
        return {**fields[str(primary)], **about}
    if combinator.defined_field:
        return {**fields[combinator.defined_field], **about}
    if primary in combinator.bodies:
        return {**about, **_fields_or_body(fields, required(combinator), body)}
    return {**about, **_call(fields, required(combinator), primary)}


def _fields_or_body(fields: dict[str, Schema], needed: Collection[str], body: Schema) -> Schema:
    """Return the schema of fields by name, or of only a body: a mapping without any field is a step."""
    return {
        "type": list(BODY_TYPES),
        "if": {"type": "object", "anyOf": [{"required": [name]} for name in fields]},
        "then": _named(fields, needed),
        "else": {"if": {"type": list(BODY_TYPES)}, "then": body},
    }


def block_call(block: Block, words: list[str], given: Collection[str] = ()) -> Schema:
    """Return the schema of a block's arguments; those that ``defaults`` set are not required.

    ``words`` are the ops and blocks that can be passed.
    """
    example = example_arguments(block)
    described = {name: describe_parameter(each, words) for name, each in block.parameters.items()}
    parameters = number_snippets(described, example)
    needed = [name for name, each in block.parameters.items() if each.required and name not in given]
    call = _call(parameters, needed, next(iter(parameters), None))
    return {**about_block(block), "title": block.name, **call, **block_snippet(block)}


def block_snippet(block: Block) -> Schema:
    """Return the snippet of the arguments that a block requires, or of its first one."""
    example = example_arguments(block)
    defaults = {name: {"default": each.default} for name, each in block.parameters.items()}
    return _call_snippet(block.name, defaults, [*example], next(iter(defaults), None), example or None)


def _call_snippet(
    word: str, fields: dict[str, Schema], needed: Collection[str], primary: str | None, example: Any
) -> Schema:
    return call_snippet(word, example) if needed else lone_word_snippet(word, primary, example, fields)


def _call(fields: dict[str, Schema], needed: Collection[str], primary: str | None) -> Schema:
    """Return the schema of arguments by name, or of only the primary one."""
    named = _named(fields, needed)
    if primary is None or not set(needed) <= {primary}:
        # An editor would insert each of the properties here, instead of the snippet.
        return {"type": ["object"] if needed else ["object", "null"], "if": {"type": "object"}, "then": named}
    # These describe the argument, but an editor should show the description of the op or block.
    about = ("description", "default", "defaultSnippets", "maxProperties")
    alone = {key: value for key, value in fields[primary].items() if key not in about}
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
