"""A JSON Schema (draft 7) of documents, for completion, hovers and checks in editors.

Everything in it comes from the records that the compiler itself uses: ops and combinators with their fields, the
blocks with their arguments, the keys of steps and documents.

    patterns.py      patterns of texts: expressions, labels, names
    explanations.py  descriptions that an editor shows for a word
    fields.py        arguments, whose values may be expressions
    calls.py         the values of steps' keys
    steps.py         bodies and steps
    parts.py         arguments, blocks, inputs and initialization
    known.py         the blocks and defaults of a document
    snippets.py      what an editor inserts for a word
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from netspec.language.combinators import COMBINATORS
from netspec.language.loading.library import library
from netspec.language.model import Block
from netspec.language.parsing.header import Expectation, Header
from netspec.ops import OPS
from netspec.tooling.schema.calls import BODY_TYPES
from netspec.tooling.schema.known import known_blocks, known_defaults
from netspec.tooling.schema.parts import block_declarations, defaults, initialization, part_definitions
from netspec.tooling.schema.patterns import PICKED, WORDS, Schema, matching, one_of
from netspec.tooling.schema.steps import Steps, every_argument, free_definitions, shared_definitions
from netspec.version import MARK, __version__

__all__ = ["document_schema", "schema_text"]

BRINGS_BLOCKS = ("blocks", "import", "extends")
"""The keys of a document by which its steps may call blocks that are not of the library."""
_BRINGS: Schema = {"anyOf": [{"required": [key]} for key in BRINGS_BLOCKS]}
KEPT = ("description", "type", "anyOf", "const", "pattern", "minimum", "items", "additionalProperties")
"""The keywords that are copied from the schema of a record."""

INPUT_SNIPPET = {"label": "[channels, height, width]", "body": "[${1:3}, ${2:224}, ${3:224}]"}
"""The snippet of the input."""


def document_schema(path: Path | None = None) -> dict[str, Any]:
    """Return the schema of the document at a path, whose blocks it knows, or that of all documents.

    The general schema treats unknown words as blocks if a document declares or imports blocks, and requires no argument
    that a document's ``defaults`` may set.

    Raises: SpecError when the file, or one that it refers to, cannot be read.

    Example:
        >>> schema = document_schema()
        >>> schema["definitions"]["op.linear"]["then"]["properties"]["out"]["type"]
        ['integer', 'string']
    """
    blocks = known_blocks(path) if path else library()
    given = known_defaults(path) if path else {}
    steps = [Steps(blocks, given)]
    definitions = {**part_definitions(), **shared_definitions(blocks, given)}
    if path is None:
        steps += [Steps(blocks, prefix="open."), Steps(blocks, every_argument(blocks), "free.")]
        definitions |= free_definitions(blocks)
    for each in steps:
        definitions |= each.definitions()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": f"{MARK} {__version__}",
        "type": "object",
        "properties": _properties(definitions, blocks, others=path is None),
        "required": ["netspec"],
        "additionalProperties": False,
        "allOf": [_completeness(), _bodies(*steps), *([] if path else [_known_words()])],
        "definitions": definitions,
    }


def schema_text(path: Path | None = None) -> str:
    """Return the schema as the text of a JSON file, with one line per definition."""
    schema = document_schema(path)
    definitions = schema.pop("definitions")
    # A line per definition, so that a change of one op is one line of a diff.
    lines = [f"    {json.dumps(key)}: {json.dumps(each, ensure_ascii=False)}" for key, each in definitions.items()]
    top = [f"  {json.dumps(key)}: {json.dumps(each, ensure_ascii=False)}" for key, each in schema.items()]
    return ",\n".join(["{\n" + top[0], *top[1:], '  "definitions": {\n' + ",\n".join(lines) + "\n  }"]) + "\n}\n"


def _properties(definitions: dict[str, Schema], blocks: Mapping[str, Block], others: bool) -> dict[str, Schema]:
    """Return the schemas of a document's keys: those of the header, refined where the language is stricter."""
    own: dict[str, Schema] = {
        "args": {"allOf": [{"$ref": "#/definitions/arguments"}], "type": "object"},
        "defaults": defaults(definitions, blocks, others),
        "init": initialization(blocks, others),
        "input": {"allOf": [{"$ref": "#/definitions/input"}], "defaultSnippets": [INPUT_SNIPPET]},
        "blocks": {"type": "object"},
        "tensors": {"allOf": [{"$ref": "#/definitions/tensors"}], "type": "object"},
        "network": {"type": list(BODY_TYPES), "minItems": 1},
        "expect": {"type": ["object", "null"], "properties": _keys(Expectation), "additionalProperties": False},
    }
    keys = {name: {**written, **own.get(name, {})} for name, written in _keys(Header).items()}
    types = {"type": ["array", "object", "null"], "propertyNames": keys["outputs"]["items"]}
    keys["outputs"] |= {**types, "additionalProperties": {"type": "string", **PICKED}}
    return keys


def _keys(record: type[BaseModel]) -> dict[str, Schema]:
    """Return the schemas of a record's keys, without the titles and defaults that pydantic adds."""
    written = record.model_json_schema()["properties"]
    return {name: _key({k: v for k, v in each.items() if k in KEPT}) for name, each in written.items()}


def _key(written: Schema) -> Schema:
    choices = [each for each in written.pop("anyOf", ()) if "type" in each and each["type"] != "null"]
    schema = {**written, **choices[0], "type": [choices[0]["type"], "null"]} if choices else written
    return {**schema, **matching(schema["pattern"], WORDS)} if "pattern" in schema else schema


def _completeness() -> Schema:
    """Return the condition that a document has a network and an input, unless it inherits them or is a library."""
    has_network = {"anyOf": [{"required": ["input"]}, {"required": ["network"]}]}
    is_library = {"required": ["blocks"], "not": has_network}
    return {"if": {"anyOf": [{"required": ["extends"]}, is_library]}, "else": {"required": ["input", "network"]}}


def _bodies(closed: Steps, opened: Steps | None = None, free: Steps | None = None) -> Schema:
    """Return the schemas of the keys with steps; others for documents with own blocks or ``defaults``."""
    if opened is None or free is None:
        return _holding(closed)
    other = {"if": _BRINGS, "then": _holding(opened), "else": _holding(closed)}
    return {"if": _gives_required(), "then": _holding(free), "else": other}


def _known_words() -> Schema:
    """Return the condition that a document without blocks of its own says something of known ops and blocks alone."""
    words = {
        "defaults": [*OPS, *library(), *(name for name, each in COMBINATORS.items() if each.default_fields())],
        "init": [*OPS, *library()],
    }
    known = {key: {"type": "object", "propertyNames": {"pattern": one_of(each)}} for key, each in words.items()}
    return {"if": _BRINGS, "else": {"properties": known}}


def _gives_required() -> Schema:
    """Return the condition that a document's ``defaults`` set arguments that an op or block requires."""
    given = [
        {"required": [name], "properties": {name: {"anyOf": [{"required": [each]} for each in names]}}}
        for name, names in every_argument(library()).items()
    ]
    return {"required": ["defaults"], "properties": {"defaults": {"anyOf": given}}}


def _holding(steps: Steps) -> Schema:
    body = steps.ref("body")
    network = {"if": {"type": list(BODY_TYPES)}, "then": body}
    return {"properties": {"network": network, "blocks": block_declarations(body)}}
