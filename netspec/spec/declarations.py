"""The ``blocks:`` of a file: first every block's signature, then every body, so that blocks may call each other."""

from __future__ import annotations

from collections.abc import Mapping as Namespace
from typing import Any

from netspec.errors import Span, nearest
from netspec.ops import OPS
from netspec.reader import Mapping
from netspec.spec.combinators import COMBINATORS
from netspec.spec.model import Block
from netspec.spec.parsing import LABEL, STEP_KEYS, Parser

BLOCK_KEYS = {
    "args": "the block's settings, with type or default",
    "inputs": "names of the values that enter, when there are several",
    "outputs": "labels of the values that leave, when there are several",
    "body": "the steps",
    "description": "what the block is, for `netspec ops`",
}
"""The keys of a block's declaration, with their meaning."""


def declare(parser: Parser, tree: Mapping, namespace: Namespace[str, Block]) -> dict[str, Block]:
    """Return the signatures of the blocks in a ``blocks:`` mapping, without bodies."""
    blocks: dict[str, Block] = {}
    for name, block in tree.items():
        span = tree.key_spans[name]
        taken = name in OPS or name in COMBINATORS or name in STEP_KEYS
        if taken or not LABEL.match(name):
            reason = "means something else already" if taken else "is not a word of letters, digits and _"
            parser.report("NS0209", f"a block cannot be called '{name}', which {reason}", span, "choose another name")
        elif not isinstance(block, Mapping):
            parser.report(
                "NS0209", f"block {name} is a mapping with a body", tree.value_spans[name], "as in `{body: [relu]}`"
            )
        else:
            blocks[name] = _signature(parser, name, block, span, namespace)
    return blocks


def _signature(parser: Parser, name: str, tree: Mapping, span: Span, namespace: Namespace[str, Block]) -> Block:
    for key in tree:
        if key not in BLOCK_KEYS:
            help_text = nearest(key, BLOCK_KEYS) or f"it takes {', '.join(BLOCK_KEYS)}"
            parser.report("NS0210", f"a block has no '{key}'", tree.key_spans[key], help_text)
    if "body" not in tree:
        parser.report("NS0211", f"block {name} has no body", span, "add `body: [...]`")
    parameters = parser.parameters(tree["args"], tree.value_spans["args"]) if tree.get("args") is not None else {}
    inputs = _names(parser, tree, "inputs")
    for label in inputs:
        if label in parameters:
            parser.report("NS0206", f"'{label}' is both an input and an argument", tree.value_spans["inputs"])
    description = str(tree.get("description", ""))
    return Block(name, parameters, inputs, _names(parser, tree, "outputs"), span, namespace, description)


def _names(parser: Parser, tree: Mapping, key: str) -> tuple[str, ...]:
    names: Any = tree.get(key) or ()
    if isinstance(names, (list, tuple)) and all(isinstance(name, str) and LABEL.match(name) for name in names):
        return tuple(names)
    parser.report("NS0210", f"`{key}` is a list of labels", tree.value_spans[key], "as in `[residual, dense]`")
    return ()


def define(parser: Parser, tree: Mapping, blocks: dict[str, Block]) -> None:
    """Parse the bodies of declared blocks into them."""
    for name, block in tree.items():
        if name in blocks and isinstance(block, Mapping) and "body" in block:
            blocks[name].body = parser.body(block["body"], block.value_spans["body"])
