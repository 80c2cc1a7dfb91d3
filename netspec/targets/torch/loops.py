"""Dense blocks as a loop: layers that differ in evenly growing numbers only, each concatenated to what entered it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from netspec.ir import Node, Scope
from netspec.targets.torch.layout import Item, Layout
from netspec.targets.torch.plan import ClassPlan, Instance, Loop, Nested, Slot


def plan_dense_loop(scope: Scope, layout: Layout, instances: Mapping[str, Instance]) -> ClassPlan | None:
    """Return the plan of a dense block whose layers differ in evenly growing numbers only."""
    layers = _dense_layers(scope, layout, instances)
    numbering = _numbering([layer.name for layer in layers]) if len(layers) >= 2 else None
    if numbering is None:
        return None
    made = [instances[layer.path] for layer in layers]
    columns = list(zip(*(each.arguments for each in made), strict=False))
    steps = [_step([slot.value for slot in column]) for column in columns]
    if len({each.number for each in made}) != 1 or None in steps:
        return None
    first = made[0].arguments
    growth = (Slot("growth", step, counts=True) for step in steps)
    loop = Loop(Nested(made[0].number, range(len(first))), *numbering)
    return ClassPlan(scope, (*first, *growth, Slot("layers", len(layers))), inputs=(0,), outputs=(1,), loop=loop)


def _dense_layers(scope: Scope, layout: Layout, instances: Mapping[str, Instance]) -> list[Scope]:
    """Return the layers of a dense block that are classes of their own, or nothing where it is not made of those."""
    items = layout.items[scope.path]
    layers, joints = items[::2], items[1::2]
    if scope.kind != "dense" or len(layers) != len(joints) or not layout.placement.is_settled(scope):
        return []
    found = [layer for layer in layers if isinstance(layer, Scope) and layer.path == layer.module]
    if len(found) < len(layers) or not all(layer.path in instances for layer in found):
        return []
    return found if all(map(_is_joint, joints, (layout.ends(layer) for layer in found))) else []


def _is_joint(joint: Item, ends: tuple[list[str], list[str]]) -> bool:
    """Return whether an item concatenates what a layer took with what it gave."""
    entering, leaving = ends
    inputs = (*entering, *leaving)
    return isinstance(joint, Node) and joint.op.concatenates and joint.inputs == inputs and len(inputs) == 2


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
