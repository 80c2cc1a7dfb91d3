"""Dense blocks as a loop: layers that differ in evenly growing numbers only, each concatenated to what entered it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from netspec.ir import Node, Scope
from netspec.targets.torch.layout import Item
from netspec.targets.torch.plan import Construct, Description, Hole, Loop

if TYPE_CHECKING:
    from netspec.targets.torch.classes import Describer


def dense_loop(scope: Scope, describer: Describer) -> Description | None:
    """Return the description of a dense block whose layers differ in evenly growing numbers only."""
    items = describer.layout.items[scope.path]
    layers, joints = items[::2], items[1::2]
    if scope.kind != "dense" or len(layers) < 2 or len(layers) != len(joints):
        return None
    if not describer.layout.placement.is_settled(scope):
        return None
    if not all(_is_joint(layer, joint, describer) for layer, joint in zip(layers, joints, strict=True)):
        return None
    numbering = _numbering([layer.name for layer in layers])
    rows = [describer.arguments[layer.path] for layer in layers]
    if numbering is None or len({id(describer.groups[layer.path]) for layer in layers}) != 1:
        return None
    steps = [_step([row[index].value for row in rows]) for index in range(len(rows[0]))]
    if None in steps:
        return None
    group = describer.groups[layers[0].path]
    holes = [*rows[0], *(Hole("growth", step, owner="counts") for step in steps), Hole("layers", len(layers))]
    loop = Loop(Construct(group=group, stop=len(rows[0])), *numbering)
    structure = ("dense", id(group), numbering, tuple(step == 0 for step in steps))
    return Description(scope, structure, holes, [], [], (0,), (1,), ("",), (), False, loop)


def _is_joint(layer: Item, joint: Item, describer: Describer) -> bool:
    """Return whether a dense layer is a class of its own, whose result is then concatenated with what entered it."""
    if not isinstance(layer, Scope) or layer.path not in describer.groups or layer.path != layer.module:
        return False
    border = describer.layout.borders[layer.path]
    inputs = (*border.entering, *border.leaving)
    return isinstance(joint, Node) and joint.op.name == "concat" and joint.inputs == inputs and len(inputs) == 2


def _numbering(names: list[str]) -> tuple[str, int] | None:
    """Return the prefix and first number of names that count up by one, or None when they do not."""
    prefix = names[0].rstrip("0123456789")
    number = names[0][len(prefix) :]
    if not number or names != [f"{prefix}{int(number) + index}" for index in range(len(names))]:
        return None
    return prefix, int(number)


def _step(values: list[Any]) -> int | None:
    """Return by how much equally spaced values grow; zero for equal ones, None for any others."""
    if all(value == values[0] for value in values):
        return 0
    if not all(type(value) is int for value in values):
        return None
    step: int = values[1] - values[0]
    evenly = all(later - earlier == step for earlier, later in itertools.pairwise(values))
    return step if evenly else None
