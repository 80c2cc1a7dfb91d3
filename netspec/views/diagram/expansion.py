"""Which blocks of a picture are expanded: by depth, by name, or all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netspec.diagnostics import nearest
from netspec.ir import Graph, Scope
from netspec.views.describe import list_parts
from netspec.views.diagram.options import DetailOptions

WIDEST = 8
"""A scope with more parallel blocks than this is expanded one level later than others."""

MOST_SHOWN = 64
"""With more items than this in expanded scopes, groups without a short description stay collapsed."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """The expanded scopes by path, and those among them that were named in the options."""

    expanded: frozenset[str]
    named: frozenset[str]


def choose_expansion(graph: Graph, detail: DetailOptions) -> Expansion:
    """Return which scopes are expanded.

    A depth of 0 shows the network as one box, 1 its top-level blocks, 2 their contents. Named scopes are always
    expanded, with all scopes around them. A very wide scope is expanded a level later, and a group without a
    description a level earlier, while the picture is small.

    Raises: ValueError for a name that no scope has.
    """
    scopes = {scope.path: scope for scope in graph.root.descend() if scope.path}
    named = frozenset(_known(name, scopes) for name in detail.open)
    expanded = {each.path for name in named for each in scopes[name].ascend()}
    most = len(scopes) + 2 if detail.expand_all else detail.depth
    stack = [(graph.root, 0, 0)]
    wrappers = _wrappers(graph.root)
    while stack:
        scope, level, height = stack.pop()
        if height > detail.deepest:
            expanded.discard(scope.path)
            continue
        is_wrapper = scope.path in wrappers and detail.depth > 0 and not _is_wide(scope)
        if level + _is_wide(scope) < most or is_wrapper:
            expanded.add(scope.path)
        is_level = not is_wrapper and innermost(scope) is scope
        stack.extend((inner, level + is_level, height + 1) for inner in scope.scopes)
    return Expansion(frozenset(expanded | _unclear_groups(graph.root, expanded, detail.deepest)), named)


def _unclear_groups(root: Scope, expanded: set[str], deepest: int) -> set[str]:
    """Return the collapsed groups inside expanded scopes that have neither a block's name nor a short list of parts.

    They are added level by level, until the next level would make the picture too large.
    """
    found: set[str] = set()
    shown = 0
    level = [root] if root.path in expanded else []
    for _ in range(deepest + 1):
        inside = {scope: innermost(scope) for scope in level}
        shown += sum(len(inner.items) for inner in inside.values())
        if shown > MOST_SHOWN:
            break
        for scope, inner in inside.items():
            found.update(each.path for each in inner.ascend() if each.path.startswith(scope.path))
        level = [
            inner
            for around in inside.values()
            for inner in around.scopes
            if inner.path in expanded or _is_unclear(inner)
        ]
    return found


def innermost(scope: Scope) -> Scope:
    """Return the innermost group of nested scopes that each hold nothing else, or the scope itself."""
    inner = scope
    while len(inner.items) == 1:
        (only,) = inner.items
        if not isinstance(only, Scope) or only.block:
            break
        inner = only
    return inner


def _is_unclear(scope: Scope) -> bool:
    # The layers of a dense block are one box, with their number.
    is_layer = scope.parent is not None and scope.parent.kind == "dense"
    return scope.kind == "group" and not is_layer and not list_parts(scope) and not _is_wide(scope)


def _is_wide(scope: Scope) -> bool:
    """Return whether a scope has more parallel blocks than fit into a picture."""
    beside = Counter(inner.inputs for inner in scope.scopes)
    return max(beside.values(), default=0) > WIDEST


def _known(name: str, scopes: dict[str, Scope]) -> str:
    if name in scopes:
        return name
    hint = nearest(name, scopes) or f"blocks are {', '.join([*scopes][:8]) or 'none'}"
    raise ValueError(f"no block {name!a} to open; {hint}")


def _wrappers(root: Scope) -> frozenset[str]:
    """Return the paths of the scopes that do not count as a level, such as ``features`` and ``classifier``.

    Expanding only such a scope would show little more than its frame, so its contents are expanded with it.
    """
    counts = _count_nodes(root)
    found: list[Scope] = []
    stack = [root]
    while stack:
        outer = stack.pop()
        inner = [scope for scope in outer.scopes if scope.kind != "output"]
        wrappers = _only_deep_block(outer, inner, counts) or _large_groups(root, inner, counts)
        # A network of one or two groups, as an encoder and a decoder, is shown as their contents.
        if not wrappers and not found and len(inner) <= 2:
            wrappers = [scope for scope in inner if scope.kind == "group"]
        found += wrappers
        stack += wrappers
    return frozenset(scope.path for scope in found)


def _only_deep_block(outer: Scope, inner: Sequence[Scope], counts: Mapping[Scope, int]) -> list[Scope]:
    """Return the block with most of the enclosing scope, if no other has blocks inside, as each level of a U-Net."""
    deep = [scope for scope in inner if any(True for _ in scope.scopes)]
    if len(deep) != 1 or "group" in (outer.kind, deep[0].kind):
        return []
    return deep if _is_most(deep[0], outer, counts) else []


def _large_groups(root: Scope, inner: Sequence[Scope], counts: Mapping[Scope, int]) -> list[Scope]:
    """Return the groups with most of the network in them."""
    return [scope for scope in inner if scope.kind == "group" and _is_most(scope, root, counts)]


def _is_most(scope: Scope, enclosing: Scope, counts: Mapping[Scope, int]) -> bool:
    """Return whether a scope holds more than three quarters of an enclosing one."""
    return 4 * counts[scope] > 3 * counts[enclosing]


def _count_nodes(root: Scope) -> dict[Scope, int]:
    """Return how many nodes each scope has, at any depth."""
    counts: dict[Scope, int] = {}
    for scope in reversed(list(root.descend())):  # inner scopes before outer ones
        counts[scope] = sum(counts[item] if isinstance(item, Scope) else 1 for item in scope.items)
    return counts
