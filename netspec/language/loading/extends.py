"""``extends``: documents that extend each other become one, in which the nearer ones win."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netspec.diagnostics import Span
from netspec.language.initializers import FUNCTIONS
from netspec.language.parameters import TYPES
from netspec.language.shorthand import under
from netspec.ops import OPS
from netspec.syntax.yaml import Mapping, merged

MERGED = ("args", "variants", "defaults", "init", "blocks")
"""The keys whose entries are merged; every other key of the nearer document replaces the farther one's."""

NOT_INHERITED = frozenset({"extends", "import", "expect", "reference", "published", "notes"})
"""The keys that apply to one file only."""


def merge_documents(trees: Sequence[Mapping]) -> Mapping:
    """Return one tree of documents that extend each other; the first one is the nearest."""
    nearest = trees[0]
    # From the farthest on, so that the entries of nearer documents replace those before them and keep their order.
    result = Mapping(nearest.span.file)
    for tree in reversed(trees):
        for key in _dropped(tree):
            result.pop(key, None)
        for key in tree:
            if tree is nearest or key not in NOT_INHERITED:
                _take(result, tree, key)
    return result


def _dropped(tree: Mapping) -> tuple[str, ...]:
    """Return the inherited keys that are not true of a document, which has a name of its own."""
    if tree.get("name") is None:
        return ()
    # One that only sets arguments is a network of the same paper, as a member of a family is.
    changes_steps = tree.get("network") is not None or tree.get("blocks")
    return ("title", "cite") if changes_steps else ("title",)


def _take(result: Mapping, tree: Mapping, key: str) -> None:
    """Merge a key of a nearer document into the result of the farther ones."""
    known, value = result.get(key), tree[key]
    result.take(tree, key)
    if key in MERGED and isinstance(known, Mapping) and isinstance(value, Mapping):
        result[key] = merged(known, _arguments(known, value) if key == "args" else value)
        for name in value.keys() & known.keys() if key in ("defaults", "init") else ():
            result[key][name] = _entries(known, value, name, key == "init")


def _entries(known: Mapping, value: Mapping, name: str, is_init: bool) -> Any:
    """Return what two documents say of an op or block, argument by argument or parameter by parameter."""
    if is_init and name not in OPS:
        return _initializers_inside(known[name], value[name])
    both = [_by_parameter(each, name) if is_init else each[name] for each in (known, value)]
    return merged(*both) if all(isinstance(each, Mapping) for each in both) else value[name]


def _initializers_inside(known: Any, value: Any) -> Any:
    """Return what two documents say of the ops inside a block."""
    if not (isinstance(known, Mapping) and isinstance(value, Mapping)):
        return value
    result = merged(known, value)
    for op in value.keys() & known.keys():
        result[op] = _entries(known, value, op, is_init=True)
    return result


def _by_parameter(init: Mapping, name: str) -> Mapping:
    """Return the initializers of an op by parameter; one that stands alone is the weight's."""
    raw = init[name]
    if isinstance(raw, Mapping) and not (len(raw) == 1 and next(iter(raw)) in FUNCTIONS):
        return raw
    return under("weight", raw, init.key_spans[name], init.value_spans[name])


def _arguments(declared: Mapping, given: Mapping) -> Mapping:
    """Return the nearer document's arguments; a value keeps the type and bounds that the farther one declares."""
    result = merged(given)
    for name, value in given.items():
        if _is_declaration(declared.get(name)) and not _is_declaration(value):
            result[name] = _with_default(declared[name], value, given.value_spans[name])
    return result


def _is_declaration(value: Any) -> bool:
    return (isinstance(value, Mapping) and "type" in value) or (isinstance(value, str) and value in TYPES)


def _with_default(declaration: Any, value: Any, span: Span) -> Mapping:
    # A copy, since the tree of the farther document stays as it was read.
    changed = merged(declaration) if isinstance(declaration, Mapping) else Mapping(span.file)
    if not isinstance(declaration, Mapping):
        changed["type"] = declaration
    changed.put("default", value, span)
    return changed
