"""The parts of a document besides its steps: arguments, blocks, inputs, defaults and initializers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netspec.language.combinators import COMBINATORS
from netspec.language.initializers import FUNCTIONS, WORDS
from netspec.language.model import STEP_KEYS, Block
from netspec.language.parameters import TYPES
from netspec.language.parsing.declarations import BLOCK_KEYS
from netspec.language.parsing.tensors import CONSTANT_KEYS, TENSOR_KEYS, TRAINED_KEYS
from netspec.ops import OPS, Op
from netspec.ops.patterned import Patterned
from netspec.sizes.shape import MOST_AXES
from netspec.tooling.schema.fields import EXPRESSION, VALUE
from netspec.tooling.schema.patterns import ENTERING, MODULE, NEW_LABEL, PICKED, Schema, matching, one_of, unless
from netspec.tooling.schema.patterns import EXPRESSION as EXPRESSION_TEXT


def part_definitions() -> dict[str, Schema]:
    """Return the schemas of the parts that are the same for every document, by definition name."""
    return {
        "expression": EXPRESSION_TEXT,
        "value": {"items": VALUE, "additionalProperties": VALUE, "allOf": [EXPRESSION]},
        "arguments": _arguments(),
        "typed": _typed_argument(),
        "shape": _shape(),
        "described": _described_input(),
        "input": _input(),
        "initializer": _initializer(),
        "tensors": _tensors(),
        "rules": _rules(),
        "inside": initialization(),
    }


def block_declarations(body: Schema) -> Schema:
    """Return the schema of ``blocks:``."""
    labels: Schema = {"type": ["array", "null"], "items": {"type": "string", **PICKED}}
    inputs: Schema = {"type": ["array", "null"], "items": {"type": "string", **ENTERING}}
    schemas: dict[str, Schema] = {
        "args": {"allOf": [{"$ref": "#/definitions/arguments"}]},
        "inputs": inputs,
        "outputs": labels,
        "tensors": {"allOf": [{"$ref": "#/definitions/tensors"}]},
        "body": {"allOf": [body]},
        "description": {"type": "string"},
    }
    block = {
        "type": "object",
        "properties": {key: {"description": about, **schemas.get(key, {})} for key, about in BLOCK_KEYS.items()},
        "required": ["body"],
        "additionalProperties": False,
    }
    names = matching(unless([*OPS, *COMBINATORS, *STEP_KEYS]), "a word that means nothing yet")
    names["doNotSuggest"] = True
    return {"type": "object", "propertyNames": names, "additionalProperties": block}


def defaults(definitions: dict[str, Schema], blocks: Mapping[str, Block], others: bool) -> Schema:
    """Return the schema of ``defaults:``: any argument of any op or block, from the definitions of their steps.

    ``others`` allows blocks that are not known.
    """
    per_op = {name: _fields_of_op(name, op, definitions) for name, op in OPS.items()}
    per_block = {name: _fields(f"block.{name}", block.parameters, definitions) for name, block in blocks.items()}
    combinators = {name: each.default_fields() for name, each in COMBINATORS.items()}
    per_combinator = {
        name: _fields(f"combinator.{name}", each, definitions) for name, each in combinators.items() if each
    }
    return {
        "type": "object",
        "properties": per_op | per_block | per_combinator,
        "additionalProperties": others,
    }


def _fields_of_op(name: str, op: type[Op], definitions: dict[str, Schema]) -> Schema:
    place = f"merge.{name}" if op.family == "merge" and not op.operands_from else f"op.{name}"
    allowed = [field for field in op.model_fields if field not in op.verbatim and not issubclass(op, Patterned)]
    return _fields(place, allowed, definitions)


def _fields(place: str, names: Iterable[str], definitions: dict[str, Schema]) -> Schema:
    # References into the schema of the step: otherwise every argument would be in the file twice.
    branch = "/then" if "then" in definitions[place] else ""
    fields = {name: {"$ref": f"#/definitions/{place}{branch}/properties/{name}"} for name in names}
    return {"type": "object", "properties": fields, "additionalProperties": False}


def initialization(blocks: Iterable[str] = (), others: bool = False) -> Schema:
    """Return the schema of ``init:``: the initializers of each op's parameters, and of those inside each block.

    ``others`` allows blocks that are not known.
    """
    rules, inside = {"$ref": "#/definitions/rules"}, {"$ref": "#/definitions/inside"}
    words = dict.fromkeys(OPS, rules) | dict.fromkeys(blocks, inside)
    return {"type": "object", "properties": words, "additionalProperties": others}


# arguments


def _arguments() -> Schema:
    """Return the schema of ``args:``: a type, a default, or both with bounds, per name."""
    argument = {
        "anyOf": [{"enum": list(TYPES), "enumDescriptions": list(TYPES.values())}, {}],
        "if": {"type": "object", "required": ["type"]},
        "then": {"$ref": "#/definitions/typed"},
        "else": VALUE,
    }
    return {
        "type": ["object", "null"],
        "propertyNames": {**NEW_LABEL, "doNotSuggest": True},
        "additionalProperties": argument,
    }


def _typed_argument() -> Schema:
    properties: dict[str, Schema] = {
        "type": {"enum": list(TYPES), "enumDescriptions": list(TYPES.values())},
        "default": {"description": "The value without which a call needs the argument."},
        "min": {"type": ["number", "null"], "description": "The least value."},
        "max": {"type": ["number", "null"], "description": "The greatest value."},
        "choices": {"type": ["array", "null"], "description": "All values that are allowed."},
        "description": {"type": "string", "description": "What the argument is."},
    }
    return {"properties": properties, "additionalProperties": False}


# inputs


def _shape() -> Schema:
    size: Schema = {"type": ["integer", "string"], "minimum": 1, "allOf": [EXPRESSION]}
    return {**size, "type": ["array", "integer", "string"], "items": size, "minItems": 1, "maxItems": MOST_AXES}


def _described_input() -> Schema:
    properties: dict[str, Schema] = {
        "shape": {"$ref": "#/definitions/shape"},
        "dtype": {
            "enum": ["float", "int64", "bool"],
            "description": "What the values are; `int64` goes into an embedding, `bool` is a mask.",
        },
        "high": {"description": "The number above the greatest index.", "allOf": [VALUE]},
    }
    return {"type": "object", "properties": properties, "required": ["shape"], "additionalProperties": False}


def _input() -> Schema:
    shape, described = {"$ref": "#/definitions/shape"}, {"$ref": "#/definitions/described"}
    one = {"if": {"type": "object"}, "then": described, "else": shape}
    several = {"propertyNames": {**MODULE, "doNotSuggest": True}, "additionalProperties": one}
    return {
        "if": {"type": "object"},
        "then": {"if": {"required": ["shape"]}, "then": described, "else": {**several, "minProperties": 1}},
        "else": shape,
    }


# tensors


def _tensors() -> Schema:
    """Return the schema of ``tensors:``: by name, a shape and an initializer, or axes and the formula of a constant."""
    size: Schema = {"type": ["integer", "string"], "minimum": 1, "allOf": [EXPRESSION]}
    schemas: dict[str, Schema] = {
        "shape": {"$ref": "#/definitions/shape"},
        "init": {"$ref": "#/definitions/initializer"},
        "batch": {"type": ["boolean", "string"], "allOf": [EXPRESSION]},
        "axes": {
            "type": "object",
            "propertyNames": {**NEW_LABEL, "doNotSuggest": True},
            "additionalProperties": size,
            "minProperties": 1,
            "maxProperties": MOST_AXES,
        },
        "value": {"type": ["string", "number", "boolean"]},
    }
    described = {key: {"description": about, "allOf": [schemas[key]]} for key, about in TENSOR_KEYS.items()}
    trained = {"required": ["shape", "init"], "propertyNames": {"enum": list(TRAINED_KEYS)}}
    constant = {"required": ["axes", "value"], "propertyNames": {"enum": list(CONSTANT_KEYS)}}
    mask = {"axes": {"q": "${1:16}", "k": "${1:16}"}, "value": "${2:k <= q}"}
    tensor = {
        "type": "object",
        "properties": described,
        "additionalProperties": False,
        "if": {"anyOf": [{"required": [key]} for key in CONSTANT_KEYS]},
        "then": constant,
        "else": trained,
        "defaultSnippets": [
            {"label": "shape, init", "body": {"shape": ["${1:1}", "${2:64}"], "init": "${3:zeros}"}},
            {"label": "axes, value", "body": mask},
        ],
    }
    return {
        "type": ["object", "null"],
        "propertyNames": {**NEW_LABEL, "doNotSuggest": True},
        "additionalProperties": tensor,
    }


# initializers


def _initializer() -> Schema:
    """Return the schema of the initializer of one parameter: a number, a list, or a function of ``torch.nn.init``."""
    argument = {"type": ["number", "string"], "allOf": [EXPRESSION]}
    functions = {
        name: {"type": "object", "properties": dict.fromkeys(arguments, argument), "additionalProperties": False}
        for name, arguments in FUNCTIONS.items()
    }
    elsewhere = f"^(?!(?:{'|'.join(sorted(WORDS - set(FUNCTIONS)))})$)"
    return {
        "type": ["number", "array", "string", "object"],
        "items": VALUE,
        "properties": functions,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "allOf": [EXPRESSION, matching(elsewhere, f"torch's name: {', '.join(FUNCTIONS)}")],
    }


def _rules() -> Schema:
    """Return the schema of the initializers of an op: of its weight, or of its parameters by name."""
    initializer = {"$ref": "#/definitions/initializer"}
    alone = {"maxProperties": 1, "propertyNames": {"pattern": one_of(FUNCTIONS)}, "minProperties": 1}
    by_name = {"properties": dict.fromkeys(("weight", "bias"), initializer), "additionalProperties": initializer}
    return {
        "anyOf": [{"enum": list(FUNCTIONS)}, {}],
        "if": {"type": "object"},
        "then": {"if": alone, "then": initializer, "else": by_name},
        "else": initializer,
    }
