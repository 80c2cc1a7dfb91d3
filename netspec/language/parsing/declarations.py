"""The ``blocks:`` of a file: first every block's signature, then every body, so that blocks may call each other."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Namespace
from itertools import count
from typing import Any

from netspec.diagnostics import Code, Note, Span, nearest
from netspec.language.combinators import COMBINATORS
from netspec.language.mentions import mentioned
from netspec.language.messages import show_value
from netspec.language.model import STEP_KEYS, Block, Parameter
from netspec.language.names import wrong_name
from netspec.language.parsing.parameters import parse_parameters
from netspec.language.parsing.parser import Parser
from netspec.language.parsing.tensors import parse_tensors
from netspec.language.scope import LABEL, Scope
from netspec.ops import OPS
from netspec.syntax.yaml import Mapping, locate

BLOCK_KEYS = {
    "args": "the block's settings, with type or default",
    "inputs": "names of the inputs, when there are several",
    "outputs": "labels of the values that leave, when there are several",
    "tensors": "trainable tensors that steps take by name, beside values",
    "body": "the steps",
    "description": "what the block is, for `netspec ops`",
}
"""The keys of a block's declaration, with their meaning."""

REST = "..."
"""What follows the name of a last input that stands for all values that are left."""


def define_blocks(parser: Parser, tree: Mapping, own: dict[str, Block], imported: dict[str, Block]) -> None:
    """Add the blocks of a file to ``own``, the first part of the parser's namespace."""
    blocks = tree.get("blocks") or Mapping()
    for name in blocks:
        if name in imported:
            notes = [Note(imported[name].span, "imported from here")]
            message = f"the block '{name}' is defined twice"
            parser.report(Code.DUPLICATE_BLOCK, message, blocks.key_spans[name], "rename one", notes)
    # All signatures before the first body: blocks may call each other, and themselves, in any order.
    own.update(declare(parser, blocks, parser.namespace))
    define(parser, blocks, own)
    for name, block in own.items():
        block.mentions = mentioned({key: value for key, value in blocks[name].items() if key != "inputs"})


def declare(parser: Parser, tree: Mapping, namespace: Namespace[str, Block]) -> dict[str, Block]:
    """Return the signatures of the blocks in a ``blocks:`` mapping, without bodies."""
    blocks: dict[str, Block] = {}
    for name, block in tree.items():
        span = tree.key_spans[name]
        taken = name in OPS or name in COMBINATORS or name in STEP_KEYS
        if taken or not LABEL.match(name):
            reason = ": it means something else already" if taken else ""
            message = f"{show_value(name)} cannot name a block{reason}"
            help_text = "choose another name" if taken else wrong_name(name)
            parser.report(Code.INVALID_BLOCK_NAME, message, span, help_text)
        else:
            blocks[name] = _signature(parser, name, block, span, namespace)
    return blocks


def _signature(parser: Parser, name: str, tree: Mapping, span: Span, namespace: Namespace[str, Block]) -> Block:
    for key in tree:
        if key not in BLOCK_KEYS:
            help_text = nearest(key, BLOCK_KEYS) or f"it takes {', '.join(BLOCK_KEYS)}"
            parser.report(Code.UNKNOWN_BLOCK_KEY, f"a block has no '{key}'", tree.key_spans[key], help_text)
    # A misspelled `body` was reported as an unknown key.
    if "body" not in tree and not any(nearest(key, BLOCK_KEYS) == "did you mean 'body'?" for key in tree):
        parser.report(Code.MISSING_BLOCK_BODY, f"block {name} has no body", span, "add `body: [...]`")
    args = tree.get("args")
    parameters = parse_parameters(parser, args, tree.value_spans["args"]) if args is not None else {}
    inputs = _inputs(parser, tree, parameters)
    block = Block(name, parameters, inputs, _outputs(parser, tree), span, namespace)
    block.description = str(tree.get("description") or "")
    # Incomplete if an argument or input was refused: uses of its name must not be reported again.
    known = args is None or (isinstance(args, Mapping) and set(args) == set(parameters))
    declared = tree.get("inputs") or []
    declared = declared if isinstance(declared, list) else [declared]
    block.complete = known and len(inputs) == len(declared)
    block.takes_rest = bool(inputs) and declared[-1] != inputs[-1]
    return block


def _inputs(parser: Parser, tree: Mapping, parameters: dict[str, Parameter]) -> tuple[str, ...]:
    declared: Any = tree.get("inputs") or ()
    inputs = _without_rest(declared)
    if not all(isinstance(label, str) and LABEL.match(label) for label in inputs):
        _report_labels(
            parser,
            tree,
            "inputs",
            "as in `[residual, dense]`; the last may take all that are left: `[query, levels...]`",
        )
        return ()
    for label, place in zip(inputs, tree["inputs"].item_spans if inputs else (), strict=True):
        if label in parameters:
            notes = [Note(parameters[label].span, "the argument")]
            parser.report(
                Code.INVALID_VARIABLE_NAME, f"'{label}' is both an input and an argument", place, "rename one", notes
            )
        parser.check_variable(label, place, "an input")
    return tuple(inputs)


def _without_rest(declared: Any) -> list[Any]:
    """Return the names of inputs without the dots after the last, or a single wrong one where they are no list."""
    if not isinstance(declared, (list, tuple)):
        return [None]
    last = [each.removesuffix(REST) if isinstance(each, str) else each for each in declared[-1:]]
    return [*declared[:-1], *last]


def _outputs(parser: Parser, tree: Mapping) -> tuple[str, ...]:
    outputs: Any = tree.get("outputs") or ()
    if isinstance(outputs, (list, tuple)) and all(isinstance(each, str) for each in outputs):
        return tuple(outputs)
    _report_labels(parser, tree, "outputs", "as in `[residual, dense]`")
    return ()


def _report_labels(parser: Parser, tree: Mapping, key: str, help_text: str) -> None:
    message = f"`{key}` is a list of labels, not {show_value(tree[key])}"
    parser.report(Code.INVALID_BLOCK_LABELS, message, tree.value_spans[key], help_text)


def define(parser: Parser, tree: Mapping, blocks: dict[str, Block]) -> None:
    """Parse the bodies of declared blocks into them."""
    for name, declared in tree.items():
        if name not in blocks or "body" not in declared:
            continue
        block = blocks[name]
        scope = Scope.of_body(block.parameters, block.inputs) if block.complete else None
        block.tensors = parse_tensors(parser, declared, scope)
        block.body = parser.body(declared["body"], declared.value_spans["body"], scope=scope)
        check_outputs(parser, declared, block.outputs, scope)


def check_outputs(parser: Parser, tree: Mapping, outputs: Iterable[str], scope: Scope | None) -> None:
    """Report outputs that are no label in the scope of the body; a tree may have them by name."""
    parser.scope = scope
    named = isinstance(tree.get("outputs"), Mapping)
    for place, label in zip(tree["outputs"] if named else count(), outputs, strict=False):
        parser.check_label(label, locate(tree, ("outputs", place)))
    parser.scope = None
