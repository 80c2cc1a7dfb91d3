"""Which blocks of a picture are open: by depth, by name, or all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from netspec.diagnostics import nearest
from netspec.ir import Graph, Scope

DEEPEST = 40
"""No more blocks than these are drawn inside each other."""


WIDEST = 8
"""Of a scope with more blocks than these side by side, only its name is wanted at first."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The open scopes by path, and those among them that were asked for by name."""

    opened: frozenset[str]
    named: frozenset[str]


def choose(graph: Graph, depth: int, names: Iterable[str], expand_all: bool, deepest: int = DEEPEST) -> Opening:
    """Return which scopes are open.

    A depth of 0 shows the network as one box, 1 its top-level blocks, 2 what is inside them. Named scopes are open in
    any case, and so is everything around them. What is very wide opens a level later.

    Raises: ValueError for a name that no scope has.
    """
    scopes = {scope.path: scope for scope in graph.root.descend() if scope.path}
    named = frozenset(_known(name, scopes) for name in names)
    opened = {path for name in named for path in _around(scopes[name])}
    unlimited = depth if not expand_all else len(scopes) + 2
    stack = [(graph.root, 0, 0)]
    wrappers = _wrappers(graph.root)
    while stack:
        scope, level, height = stack.pop()
        if height > deepest:
            opened.discard(scope.path)
            continue
        is_wrapper = scope.path in wrappers and depth > 0 and not _is_wide(scope)
        if level + _is_wide(scope) < unlimited or is_wrapper:
            opened.add(scope.path)
        stack.extend((inner, level + (not is_wrapper), height + 1) for inner in scope.scopes)
    return Opening(frozenset(opened), named)


def _is_wide(scope: Scope) -> bool:
    """Return whether more blocks stand side by side in a scope than a picture has room for."""
    beside = Counter(inner.inputs for inner in scope.scopes)
    return max(beside.values(), default=0) > WIDEST


def _known(name: str, scopes: dict[str, Scope]) -> str:
    if name in scopes:
        return name
    hint = nearest(name, scopes) or f"blocks are {', '.join([*scopes][:8]) or 'none'}"
    raise ValueError(f"no block {name!a} to open; {hint}")


def _around(scope: Scope) -> Iterable[str]:
    """Yield the paths of a scope and of all around it."""
    around: Scope | None = scope
    while around is not None:
        yield around.path
        around = around.parent


def _wrappers(root: Scope) -> frozenset[str]:
    """Return the paths of the scopes that are no level of their own, as ``features`` and ``classifier`` are not.

    That is a group with most of the network in it; a block with most of the network or block around it, and nothing
    beside it that could be opened any deeper, as each level of a U-Net; and each group of a network that has at most
    two top-level scopes.
    """
    found: set[str] = set()
    stack = [root]
    while stack:
        outer = stack.pop()
        inner = [scope for scope in outer.scopes if scope.kind != "output"]
        wrappers = [scope for scope in inner if scope.kind == "group" and _is_most(scope, root)]
        deep = [scope for scope in inner if any(True for _ in scope.scopes)]
        if len(deep) == 1 and "group" not in (outer.kind, deep[0].kind) and _is_most(deep[0], outer):
            wrappers = deep
        if not found and not wrappers and len(inner) <= 2:
            wrappers = [scope for scope in inner if scope.kind == "group"]
        found.update(scope.path for scope in wrappers)
        stack.extend(wrappers)
    return frozenset(found)


def _is_most(scope: Scope, around: Scope) -> bool:
    """Return whether a scope holds more than three quarters of one around it."""
    return 4 * sum(1 for _ in scope.walk()) > 3 * sum(1 for _ in around.walk())
