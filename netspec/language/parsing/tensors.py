"""``tensors:`` beside a body: what belongs to the module, and steps take by name."""

from __future__ import annotations

from netspec.diagnostics import Code, Note, Span, nearest
from netspec.language.mentions import mentioned
from netspec.language.messages import show_kind
from netspec.language.model import StoredTensor
from netspec.language.parsing.parser import Parser
from netspec.language.scope import Scope
from netspec.syntax.yaml import Mapping

TENSOR_KEYS = {
    "shape": "the size of each axis",
    "init": "how it is initialized, as parameters of ops are",
    "batch": "whether it is stored with a leading axis of size 1",
}
"""The keys of a tensor's declaration, with their meaning."""
EXAMPLE = "as in `token: {shape: [1, 64], init: zeros}`"


def parse_tensors(parser: Parser, holder: Mapping, scope: Scope | None) -> tuple[StoredTensor, ...]:
    """Return the tensors that stand beside a body, and add their names to the scope in which it begins."""
    tree = holder.get("tensors")
    if tree is None:
        return ()
    if not isinstance(tree, Mapping):
        message = f"`tensors` is a mapping from names to declarations, not {show_kind(tree)}"
        parser.report(Code.INVALID_DECLARATION, message, holder.value_spans["tensors"], EXAMPLE)
        return ()
    parser.scope = scope
    found = [_tensor(parser, name, fields, tree.key_spans[name]) for name, fields in tree.items()]
    parser.scope = None
    if scope:
        # A name that was refused is no unknown label of the steps.
        scope.label(tree)
    _report_unused(parser, tree, holder)
    return tuple(each for each in found if each)


def _tensor(parser: Parser, name: str, fields: object, span: Span) -> StoredTensor | None:
    if not _is_free(parser, name, span):
        return None
    if not isinstance(fields, Mapping):
        message = f"the tensor '{name}' is declared by a mapping, not {show_kind(fields)}"
        parser.report(Code.INVALID_DECLARATION, message, span, EXAMPLE)
        return None
    for key in fields:
        if key not in TENSOR_KEYS:
            help_text = nearest(key, TENSOR_KEYS) or f"it takes {', '.join(TENSOR_KEYS)}"
            parser.report(
                Code.INVALID_DECLARATION, f"a tensor's declaration has no '{key}'", fields.key_spans[key], help_text
            )
    for key in ("shape", "init"):
        if key not in fields:
            help_text = "as in `init: zeros`" if key == "init" else "as in `shape: [1, 64]`"
            parser.report(Code.INVALID_DECLARATION, f"the tensor '{name}' has no `{key}`", span, help_text)
    for key in ("shape", "batch"):
        parser.check_expressions(fields.get(key), fields, key)
    return StoredTensor(name, fields, span) if "shape" in fields and "init" in fields else None


def _is_free(parser: Parser, name: str, span: Span) -> bool:
    """Return whether a name is valid for a tensor, and report it if not."""
    if not parser.check_variable(name, span, "a tensor"):
        return False
    if parser.scope and name in parser.scope.names:
        known = parser.scope.parameters.get(name)
        notes = [Note(known.span, "the argument")] if known else []
        other = "an argument" if known else "an input"
        parser.report(Code.INVALID_VARIABLE_NAME, f"'{name}' is both a tensor and {other}", span, "rename one", notes)
        return False
    return True


def _report_unused(parser: Parser, tree: Mapping, holder: Mapping) -> None:
    """Report tensors that no step mentions; a step that mentions one may be left out with these settings."""
    read = mentioned([holder.get(key) for key in ("body", "network", "outputs")])
    for name in tree:
        if name not in read:
            help_text = "take it in a merge, in a `formula` or with `from`, or remove it"
            parser.report(Code.UNUSED_VALUE, f"nothing uses the tensor '{name}'", tree.key_spans[name], help_text)
