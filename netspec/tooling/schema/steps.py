"""Bodies and steps: the words that are valid, and one ``if``/``then`` per word for its value.

A document's schema knows every block, and the arguments that its ``defaults`` set. The general schema cannot know
these: there, a document with ``blocks``, ``import`` or ``extends`` has open steps, whose unknown words are taken for
blocks, and one whose ``defaults`` may set required arguments has free steps, which do not require them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from netspec.language.combinators import COMBINATORS
from netspec.language.model import STEP_KEYS, Block
from netspec.ops import OPS, Op
from netspec.tooling.schema.calls import BODY_TYPES, block_call, block_snippet, combinator_call, merge_call, op_call
from netspec.tooling.schema.explanations import about_block, about_class
from netspec.tooling.schema.fields import EXPRESSION, describe_fields, required
from netspec.tooling.schema.parts import initialization
from netspec.tooling.schema.patterns import (
    ARGUMENT,
    NEW_LABEL,
    PICKED,
    TEMPLATE,
    Schema,
    matching,
    one_of,
    unless,
)

Blocks = Mapping[str, Block]
Given = Mapping[str, Collection[str]]
"""The arguments of ops and blocks that are set in ``defaults``, by their word."""


def plain_ops() -> dict[str, type[Op]]:
    """Return the ops that are no merges."""
    return {name: op for name, op in OPS.items() if op.family != "merge" or op.operands_from}


def merges() -> dict[str, type[Op]]:
    """Return the ops that join operands."""
    return {name: op for name, op in OPS.items() if op.family == "merge" and not op.operands_from}


def shared_definitions(blocks: Blocks, given: Given) -> dict[str, Schema]:
    """Return the schemas that all steps share, by their place: those in which there are no bodies."""
    return {
        **{f"op.{name}": op_call(op, given.get(name, ())) for name, op in plain_ops().items()},
        **{f"key.{name}": {"description": STEP_KEYS[name], **schema} for name, schema in _step_keys().items()},
        "ops": _decided_ops(op_references(), blocks),
        # Merges may be lone words too, but seldom are.
        "words": _proposals([name for name in complete_words(blocks, given) if name not in merges()], blocks),
    }


def free_definitions(blocks: Blocks) -> dict[str, Schema]:
    """Return the schemas of the ops that require arguments, if ``defaults`` may set all of them."""
    return {
        **{f"free.op.{name}": op_call(OPS[name], names) for name, names in every_argument({}).items()},
        "free.ops": _decided_ops(op_references(is_free=True), blocks),
    }


def every_argument(blocks: Blocks) -> dict[str, list[str]]:
    """Return the arguments that ops and blocks require, by their word; merges have operands instead."""
    needed = {name: required(op) for name, op in plain_ops().items()}
    for name, block in blocks.items():
        needed[name] = [each.name for each in block.parameters.values() if each.required]
    return {name: names for name, names in needed.items() if names}


def op_references(is_free: bool = False) -> dict[str, Schema]:
    """Return the references to the ops that are no merges, by the op."""
    return {
        name: {"$ref": f"#/definitions/{'free.' if is_free and required(op) else ''}op.{name}"}
        for name, op in plain_ops().items()
    }


def _decided_ops(calls: dict[str, Schema], blocks: Blocks) -> Schema:
    others = [*COMBINATORS, *merges(), *blocks]
    return {"allOf": [_decided(name, calls, [*STEP_KEYS, *others]) for name in calls]}


def complete_words(blocks: Blocks, given: Given) -> list[str]:
    """Return the words that need no arguments."""
    needed = every_argument(blocks) | {name: required(op) for name, op in OPS.items()}
    return [name for name in (*OPS, *blocks) if set(needed.get(name, ())) <= set(given.get(name, ()))]


def _proposals(words: list[str], blocks: Blocks) -> Schema:
    """Return a schema that makes an editor propose and explain lone words, and allows every value."""
    about = {name: about_class(OPS[name]) if name in OPS else about_block(blocks[name]) for name in words}
    return {"anyOf": [{}, *({"const": name, **each} for name, each in about.items())]}


def _step_keys() -> dict[str, Schema]:
    size: Schema = {"type": ["integer", "string"], "minimum": 1, "allOf": [EXPRESSION]}
    sizes = {**size, "type": ["integer", "string", "array"], "items": size}
    label: Schema = {"type": "string", **NEW_LABEL}
    origin: Schema = {"type": "string", **PICKED}
    return {
        "name": {"type": ["string", "integer"], **TEMPLATE},
        "when": {"type": ["boolean", "number", "string", "null"], "allOf": [EXPRESSION]},
        "as": {**label, "type": ["string", "array"], "allOf": [{"items": label}]},
        "from": {**origin, "type": ["string", "array"], "allOf": [{"items": origin}]},
        "expect": {"type": ["string", "array", "null"], "allOf": [EXPRESSION, {"items": sizes}]},
        "share": {"type": ["string", "integer"]},
        "device": {"type": ["integer", "string", "null"], "minimum": 0, "maximum": 1023, "allOf": [EXPRESSION]},
        "train": {"type": ["boolean", "string", "null"], "allOf": [EXPRESSION]},
        "init": _init(),
    }


def _init() -> Schema:
    """Return the schema of a step's ``init``: the rules of an op, or those of the ops inside a block."""
    is_by_op = {"type": "object", "propertyNames": {"pattern": one_of(OPS)}, "minProperties": 1}
    return {"allOf": [{"if": is_by_op, "then": initialization(), "else": {"$ref": "#/definitions/rules"}}]}


class Steps:
    """The schemas of bodies and steps whose words are the ops, the combinators and some blocks.

    ``prefix`` distinguishes their definitions from those of other steps: ``open.`` for steps that may have unknown
    words, and ``free.`` for steps whose required arguments may come from `defaults`.
    """

    def __init__(self, blocks: Blocks, given: Given | None = None, prefix: Literal["", "open.", "free."] = "") -> None:
        self.blocks = dict(blocks)
        self.given = given or {}
        self.prefix = prefix
        self.is_free = prefix == "free."
        self.others: dict[str, Schema] = {
            **{name: self.ref(f"combinator.{name}") for name in COMBINATORS},
            **{name: self.ref(f"merge.{name}") for name in merges()},
            **{name: self.ref(f"block.{name}") for name in self.blocks},
        }
        self.words = {**self.others, **op_references(self.is_free)}

    def ref(self, name: str) -> Schema:
        """Return the reference to one of these schemas."""
        return {"$ref": f"#/definitions/{self._place(name)}"}

    def _place(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def definitions(self) -> dict[str, Schema]:
        """Return all of these schemas by their place."""
        body, operand = self.ref("body"), self.ref("operand")
        schemas = {
            "body": _body(self.ref("step")),
            "operand": _operand(body),
            "step": self._step(),
            **{f"merge.{name}": merge_call(op, operand) for name, op in merges().items()},
            **{f"combinator.{name}": combinator_call(each, body) for name, each in COMBINATORS.items()},
            **{f"block.{name}": self._block(each) for name, each in self.blocks.items()},
        }
        return {self._place(name): schema for name, schema in schemas.items()}

    def _block(self, block: Block) -> Schema:
        # A document may have a block of its own by the same name, with other arguments.
        return (
            {**about_block(block), **block_snippet(block), "anyOf": [{}]}
            if self.prefix
            else block_call(block, [*OPS, *self.blocks], self.given.get(block.name, ()))
        )

    def _step(self) -> Schema:
        return {
            "type": ["string", "object"],
            "if": {"type": "string"},
            "then": self._word(),
            "else": self._keyed(),
            "allOf": [{"$ref": "#/definitions/words"}],
        }

    def _word(self) -> Schema:
        """Return the schema of a step that is a lone word."""
        complete = complete_words(self.blocks, self.given)
        # In open steps an unknown word may be a block, so only words that are known to be wrong are refused.
        incomplete = [name for name in (*OPS, *COMBINATORS) if name not in complete]
        words = unless(incomplete) if self.prefix else one_of(complete)
        expected = "an op or block that needs no arguments, or $argument; others are keys, as in `conv: {...}`"
        return matching(f"{ARGUMENT}|{words}", expected)

    def _keyed(self) -> Schema:
        """Return the schema of a step that is a mapping: its step keys, and one condition per word."""
        return {
            "properties": {
                name: {"$ref": f"#/definitions/key.{name}"} if name != "else" else self._otherwise()
                for name in STEP_KEYS
            },
            "dependencies": {"else": ["when"]},
            "allOf": [self._undecided(), _argument(), self._ops(), *self._others()],
        }

    def _otherwise(self) -> Schema:
        return {"description": STEP_KEYS["else"], "allOf": [self.ref("body")]}

    def _undecided(self) -> Schema:
        """Return the condition for a step without any known word: an editor proposes them, others are errors."""
        unknown = {"propertyNames": {"not": {"pattern": rf"^\$|{one_of(self.words)}"}}}
        allowed: dict[str, Schema] = {one_of(STEP_KEYS): {}}
        if self.prefix:
            allowed[unless(["body"])] = {}
        return {
            "if": unknown,
            "then": {
                "properties": self.words,
                "patternProperties": allowed,
                "additionalProperties": False,
                "if": {"propertyNames": {"enum": list(STEP_KEYS)}, "not": _only_takes_values()},
                # No step has this key, so that the error reads "missing property".
                "then": {"required": ["an op, block or combinator"]},
            },
        }

    def _ops(self) -> Schema:
        return {"$ref": "#/definitions/free.ops" if self.is_free else "#/definitions/ops"}

    def _others(self) -> Iterator[Schema]:
        """Yield the condition of each word that is no plain op; merges and combinators have no initializers."""
        plain = [name for name in STEP_KEYS if name != "init"]
        for word in self.others:
            keys = list(STEP_KEYS) if word in self.blocks else plain
            yield _decided(word, self.others, keys, self._beside(word))

    def _beside(self, word: str) -> dict[str, Schema]:
        """Return the schemas of the keys that belong to a combinator and stand beside it."""
        combinator = COMBINATORS.get(word)
        if combinator is None or not combinator.beside:
            return {}
        about = describe_fields(combinator, self.ref("body"))
        return {"body": self.ref("body"), "collect": {**about["collect"], "type": "string", **NEW_LABEL}}


def _only_takes_values() -> Schema:
    """Return the schema of a step that only selects or labels values."""
    return {
        "propertyNames": {"enum": ["from", "as", "when", "else", "expect"]},
        "anyOf": [{"required": ["from"]}, {"required": ["as"]}],
    }


def _argument() -> Schema:
    """Return the condition for the step of an argument, as in ``- $unit: {out: 64}``."""
    allowed: dict[str, Schema] = {ARGUMENT: {}, one_of(STEP_KEYS): {}}
    return {
        "if": {"not": {"propertyNames": {"not": {"pattern": r"^\$"}}}},
        "then": {"patternProperties": allowed, "additionalProperties": False},
    }


def _decided(word: str, calls: dict[str, Schema], keys: list[str], beside: dict[str, Schema] | None = None) -> Schema:
    """Return the condition for a step with this word: its value, and the keys beside it.

    Of two words in a step, only the one that is later in ``calls`` is an error, so that there is one.
    """
    words = list(calls)
    then: Schema = {
        "properties": {word: calls[word], **(beside or {})},
        "patternProperties": {rf"^\$|{one_of([*keys, *words[: words.index(word)]])}": {}},
        "additionalProperties": False,
    }
    if beside:
        then["required"] = ["body"]
    return {"if": {"required": [word]}, "then": then}


def _body(step: Schema) -> Schema:
    alone = {"if": {"type": ["string", "object"]}, "then": step}
    return {"type": list(BODY_TYPES), "if": {"type": "array"}, "then": {"items": step}, "else": alone}


def _operand(body: Schema) -> Schema:
    """Return the schema of an operand: a label, what picks from one, or a body on the current value."""
    return {"if": {"type": "string"}, "then": PICKED, "else": body}
