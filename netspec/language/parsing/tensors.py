"""``tensors:`` beside a body: what belongs to the module, and steps take by name."""

from __future__ import annotations

from collections.abc import Mapping as Namespace

from netspec.diagnostics import Code, Note, Span
from netspec.language.mentions import mentioned
from netspec.language.messages import show_kind
from netspec.language.model import StoredTensor
from netspec.language.other_keys import suggest_key
from netspec.language.parsing.parser import Parser
from netspec.language.scope import Scope, formula_errors
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping

TRAINED_KEYS = {
    "shape": "the size of each axis",
    "init": "how it is initialized, as parameters of ops are",
    "batch": "whether it is stored with a leading axis of size 1",
}
"""The keys of the declaration of a trainable tensor, with their meaning."""
CONSTANT_KEYS = {
    "axes": "the size of each axis, by the name of its index",
    "value": "a formula over these indices, which are whole numbers from 0",
}
"""The keys of the declaration of a constant, with their meaning."""
TENSOR_KEYS = TRAINED_KEYS | CONSTANT_KEYS
OTHER_KEYS = {
    **dict.fromkeys(("dim", "dims", "size", "sizes"), "shape"),
    **dict.fromkeys(("data", "default", "fill", "initial", "initializer"), "init"),
    "requires_grad": "leave it out: a tensor is trained",
}
"""Names of these keys in other libraries."""
EXAMPLE = "as in `token: {shape: [1, 64], init: zeros}`"
EXAMPLES = {
    "shape": "as in `shape: [1, 64]`",
    "init": "as in `init: zeros`",
    "axes": "as in `axes: {q: 16, k: 16}`",
    "value": "as in `value: 0 if k <= q else -inf`",
}


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
    is_constant = bool(CONSTANT_KEYS.keys() & fields.keys())
    if not _has_keys(parser, name, fields, span, CONSTANT_KEYS if is_constant else TRAINED_KEYS):
        return None
    if is_constant:
        _check_constant(parser, fields)
    for key in ("shape", "batch"):
        parser.check_expressions(fields.get(key), fields, key)
    return StoredTensor(name, fields, span)


def _has_keys(parser: Parser, name: str, fields: Mapping, span: Span, keys: Namespace[str, str]) -> bool:
    """Return whether a declaration has what it needs, and report what it lacks and what is too much."""
    for key in fields:
        if key in TENSOR_KEYS and key not in keys:
            message = f"the tensor '{name}' is constant, and has no `{key}`"
            help_text = "a tensor is trained, with `shape` and `init`, or constant, with `axes` and `value`"
            parser.report(Code.INVALID_DECLARATION, message, fields.key_spans[key], help_text)
        elif key not in keys:
            meant = suggest_key(key, keys, OTHER_KEYS) or suggest_key(key, TENSOR_KEYS, {})
            help_text = meant or f"it takes {', '.join(keys)}"
            message = f"a tensor's declaration has no '{key}'"
            parser.report(Code.INVALID_DECLARATION, message, fields.key_spans[key], help_text)
    missing = [key for key in EXAMPLES if key in keys and key not in fields]
    for key in missing:
        if any(OTHER_KEYS.get(other) == key for other in fields):
            continue  # given under another name, which is said already
        parser.report(Code.INVALID_DECLARATION, f"the tensor '{name}' has no `{key}`", span, EXAMPLES[key])
    return not missing


def _check_constant(parser: Parser, fields: Mapping) -> None:
    axes, value, around = fields["axes"], fields["value"], parser.scope
    if not isinstance(axes, Mapping) or not axes:
        given = show_kind(axes) if axes else "empty"
        message = f"`axes` is a mapping from names of indices to sizes, not {given}"
        parser.report(Code.INVALID_DECLARATION, message, fields.value_spans["axes"], EXAMPLES["axes"])
        return
    for index, size in axes.items():
        if _is_free(parser, index, axes.key_spans[index], "an index"):
            parser.check_expressions(size, axes, index)
    if isinstance(value, str):
        inner = around.inner(dict.fromkeys(axes, False)) if around else None
        parser.collector.add(formula_errors(value, fields.value_spans["value"], inner, expr.parse_index_formula))
    elif not isinstance(value, (int, float)):
        message = f"`value` is a formula over indices, not {show_kind(value)}"
        parser.report(Code.INVALID_DECLARATION, message, fields.value_spans["value"], EXAMPLES["value"])


def _is_free(parser: Parser, name: str, span: Span, what: str = "a tensor") -> bool:
    """Return whether a name is valid for a tensor or an index, and report it if not."""
    if not parser.check_variable(name, span, what):
        return False
    if parser.scope and name in parser.scope.names:
        known = parser.scope.parameters.get(name)
        notes = [Note(known.span, "the argument")] if known else []
        other = "an argument" if known else "an input"
        parser.report(Code.INVALID_VARIABLE_NAME, f"'{name}' is both {what} and {other}", span, "rename one", notes)
        return False
    return True


def _report_unused(parser: Parser, tree: Mapping, holder: Mapping) -> None:
    """Report tensors that no step mentions; a step that mentions one may be left out with these settings."""
    read = mentioned([holder.get(key) for key in ("body", "network", "outputs")])
    for name in tree:
        if name not in read:
            help_text = "take it in a merge, in a `formula` or with `from`, or remove it"
            parser.report(Code.UNUSED_VALUE, f"nothing uses the tensor '{name}'", tree.key_spans[name], help_text)
