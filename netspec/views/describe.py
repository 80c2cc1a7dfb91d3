"""Names and descriptions of the parts of a network in pictures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from netspec.ir import Graph, Node, Scope
from netspec.sizes import stated
from netspec.sizes.shape import Shape, show

Item = Node | Scope

MOST_PARTS = 3
"""A group with more different parts is described by its layers, or by its number of ops."""
FEW_NODES = 4
"""The largest unit without inner scopes that is collapsed by default."""
MOST_TEXT = 40
"""The length of a description in a table."""

_WORDS = {"network": "Network", "output": "Auxiliary output", "dense": "dense"}


def describe(scope: Scope) -> tuple[str, str]:
    """Return the name of a block, and the contents of a group without one."""
    if scope.block:
        return scope.block, ""
    return block_word(scope), list_parts(scope) or _list_layers(scope) or f"{sum(1 for _ in scope.traverse())} ops"


def block_word(scope: Scope) -> str:
    """Return the name of a block."""
    if scope.kind == "scan":
        return f"scan x{scope.rounds // (scope.parent.rounds if scope.parent else 1)}"
    return scope.block or _WORDS.get(scope.kind, "")


def list_parts(scope: Scope) -> str:
    """Return the contents of a group, as in ``3 x bottleneck`` or ``Dropout, Linear``; empty if that is not short."""
    layers = list(scope.scopes) if scope.kind == "dense" else []
    if layers and not layers[0].block:
        return f"{len(layers)} layers"
    labels = [type(item.op).__name__ if isinstance(item, Node) else item.block for item in layers or scope.items]
    return "" if scope.kind == "output" else _count_parts(labels)


def _list_layers(scope: Scope) -> str:
    """Return the layers and merges of a group, as in ``2 x Conv, Add``; empty if that is not short."""
    counted = [node for node in scope.traverse() if node.op.counts_as_layer or node.op.family == "merge"]
    return _count_parts([type(node.op).__name__ for node in counted])


def _count_parts(labels: Sequence[str]) -> str:
    parts = [(label, len(list(equal))) for label, equal in groupby(labels)]
    if len(parts) > MOST_PARTS or not all(labels):
        return ""
    return ", ".join(label if count == 1 else f"{count} x {label}" for label, count in parts)


def _repeated_block(scope: Scope) -> str:
    """Return the block that a scope repeats, with its count; empty if it holds anything else.

    Merges between blocks belong to them, as the concatenations of a dense block do.
    """
    blocks = [each.block for each in scope.scopes]
    families = {item.op.family for item in scope.items if isinstance(item, Node)}
    is_repeated = len(blocks) > 1 and len(set(blocks)) == 1 and families <= {"merge"}
    return f"{len(blocks)} x {blocks[0]}" if is_repeated and blocks[0] else ""


# tables


def describe_column(column: Sequence[Item], graph: Graph) -> str:
    """Return the description of the equal parts in a row of a table."""
    first = column[0]
    if isinstance(first, Node):
        return _op_text(first, graph)
    if first.kind != "block":
        if first.kind == "scan":
            return block_word(first)
        inside = _chain(first, graph)
        return inside if first.kind == "group" else f"{first.kind}: {inside}" if inside else first.kind
    weighted = [item for item in first.items if isinstance(item, Node) and item.op.counts_as_layer]
    if len(weighted) == 1 and len(first.items) <= FEW_NODES:
        return f"{first.block} {_drawn(weighted[0], graph)}".rstrip()
    shape = graph.shape_of(first.outputs[0]) if first.outputs else ()
    channels = stated(shape[0]) if shape else 0
    return describe_call([item for item in column if isinstance(item, Scope)], channels)


def _chain(scope: Scope, graph: Graph) -> str:
    """Return the contents of a group: a repeated block, or a short chain; anything else is better expanded."""
    repeated = _repeated_block(scope)
    if repeated or scope.kind != "group" or len(scope.items) > FEW_NODES:
        return repeated
    parts = [describe_column([item], graph) for item in scope.items]
    text = " > ".join(parts)
    return text if all(parts) and len(text) <= MOST_TEXT else ""


def _op_text(node: Node, graph: Graph) -> str:
    return f"{node.op.name} {_drawn(node, graph)}".rstrip()


def _drawn(node: Node, graph: Graph) -> str:
    return node.op.abbreviate(graph.shape_of((node.inputs or node.values)[0]))


def describe_call(scopes: list[Scope], channels: int) -> str:
    """Return a block's name with its most informative arguments, as far as there is room.

    Omitted are arguments that differ between the calls, neutral values such as ``stride: 1``, and channels, which are
    in the next column.
    """
    first = scopes[0]
    text = first.block
    for name, value in first.arguments.items():
        if value in (None, 0, 1, "", channels) or any(scope.arguments.get(name) != value for scope in scopes[1:]):
            continue
        part = f" {name}={_show_argument(name, value)}"
        if len(text) + len(part) <= MOST_TEXT:
            text += part
    return text


SIZES = frozenset({"kernel", "stride", "padding", "dilation", "size"})
"""The arguments that hold a size per axis; other lists are shown as lists."""


def _show_argument(name: str, value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return "x".join(map(str, value)) if name in SIZES else f"[{', '.join(map(str, value))}]"


# names


def scope_name(scope: Scope) -> str:
    """Return the name of a block as a picture shows it; empty for the network."""
    return shown_name(scope.name, scope.parent) if scope.parent else ""


def shown_name(name: str, scope: Scope | None) -> str:
    """Return a name as a picture shows it: a number has the name of its scope in front."""
    enclosing = scope
    while name[:1].isdigit() and enclosing is not None and enclosing.parent is not None:
        name = f"{enclosing.name}.{name}"
        enclosing = enclosing.parent
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
    # Numbers and words are not split: unit10..11, and not unit10..1.
    while shared and _sort(first[shared - 1]) == _sort(last[shared : shared + 1]):
        shared -= 1
    return f"{first}..{last[shared:] or last}"


def _sort(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "lower" if character.islower() else "upper" if character.isupper() else character


def show_change(entering: Sequence[Shape], leaving: Sequence[Shape]) -> str:
    """Return the change of a run's value: channels if they differ, else sizes."""
    if not entering or not leaving:
        return ""
    before, after = entering[0], leaving[0]
    if before[0] != after[0]:
        return f"{before[0]}->{after[0]}"
    return f"{show(before)}->{show(after)}" if before != after else ""
