"""What the parts of a network are called in pictures and tables, and what a block consists of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from netspec.ir import Node, Scope
from netspec.sizes.shape import Shape, show

MOST_PARTS = 3
"""A group with more different parts is described by their number."""

_WORDS = {"network": "Network", "output": "Head", "dense": "dense"}


def describe(scope: Scope) -> tuple[str, str]:
    """Return what a block is called, and what is in it where it has no name of its own."""
    word = scope.block or _WORDS.get(scope.kind, "")
    return word, "" if scope.block else _contents(scope)


def _contents(scope: Scope) -> str:
    """Return what a group consists of, as in ``3 x bottleneck`` or ``Dropout, Linear``."""
    layers = list(scope.scopes) if scope.kind == "dense" else []
    if layers and not layers[0].block:
        return f"{len(layers)} layers"
    items = layers or scope.items
    labels = [type(item.op).__name__ if isinstance(item, Node) else item.block for item in items]
    parts = [(label, len(list(equal))) for label, equal in groupby(labels)]
    if len(parts) > MOST_PARTS or not all(labels) or scope.kind == "output":
        return f"{sum(1 for _ in scope.walk())} ops"
    return ", ".join(label if count == 1 else f"{count} x {label}" for label, count in parts)


def scope_name(scope: Scope) -> str:
    """Return the name of a block as a picture shows it; empty for the network."""
    return shown_name(scope.name, scope.parent) if scope.parent else ""


def shown_name(name: str, scope: Scope | None) -> str:
    """Return a name as a picture shows it: a bare number has the name of what it counts in front."""
    around = scope
    while name[:1].isdigit() and around is not None and around.parent is not None:
        name = f"{around.name}.{name}"
        around = around.parent
    return name


def name_run(first: str, last: str) -> str:
    """Return the names of a run: ``layer1.0`` to ``layer1.5`` are ``layer1.0..5``.

    Example:
        >>> name_run("inception4b", "inception4d"), name_run("unit9", "unit10"), name_run("left", "lower")
        ('inception4b..d', 'unit9..10', 'left..lower')
    """
    if first == last:
        return first
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    while shared and _sort(first[shared - 1]) == _sort(last[shared : shared + 1]):
        shared -= 1
    return f"{first}..{last[shared:] or last}"


def _sort(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "lower" if character.islower() else "upper" if character.isupper() else character


def show_change(entering: Sequence[Shape], leaving: Sequence[Shape]) -> str:
    """Return what a run does to its value: channels where they differ, else sizes."""
    if not entering or not leaving:
        return ""
    before, after = entering[0], leaving[0]
    if before[0] != after[0]:
        return f"{before[0]}->{after[0]}"
    return f"{show(before)}->{show(after)}" if before != after else ""
