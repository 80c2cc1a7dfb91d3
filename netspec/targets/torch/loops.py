"""Dense blocks as a loop: layers that differ only in evenly growing numbers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from netspec.analysis.dense_layers import dense_layers
from netspec.ir import Scope
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.plan import ClassPlan, Instance, Loop, Nested, Slot


def plan_dense_loop(scope: Scope, layout: Layout, instances: Mapping[str, Instance]) -> ClassPlan | None:
    """Return the plan of a dense block whose layers differ in evenly growing numbers only."""
    layers = _dense_layers(scope, layout, instances)
    numbering = _numbering([layer.name for layer in layers]) if len(layers) >= 2 else None
    if numbering is None:
        return None
    found = [instances[layer.path] for layer in layers]
    steps = [_step(values) for values in zip(*(each.values for each in found), strict=False)]
    # Layers of several classes, or that grow unevenly, are unrolled.
    if len({each.number for each in found}) != 1 or None in steps:
        return None
    arguments = zip(found[0].parameters, found[0].values, strict=True)
    first = [Slot(each.name, value, counts=each.counts) for each, value in arguments]
    growth = (Slot("growth", step, counts=True) for step in steps)
    loop = Loop(Nested(found[0].number, range(len(first))), *numbering)
    return ClassPlan(scope, (*first, *growth, Slot("layers", len(layers))), inputs=(0,), outputs=(1,), loop=loop)


def _dense_layers(scope: Scope, layout: Layout, instances: Mapping[str, Instance]) -> list[Scope]:
    """Return the layers of a dense block if they are classes of their own, else nothing."""
    layers = [each.layer for each in dense_layers(scope)]
    if not layout.placement.is_settled(scope):
        return []
    return layers if all(_is_plain_call(layer, layout) and layer.path in instances for layer in layers) else []


def _is_plain_call(layer: Scope, layout: Layout) -> bool:
    """Return whether a layer has weights of its own, and no live-ins from outside of the block."""
    return layer.path == layer.module and layout.ends(layer) == (list(layer.inputs), list(layer.outputs))


def _numbering(names: list[str]) -> tuple[str, int] | None:
    """Return the prefix and first number of names that are numbered consecutively, or None."""
    prefix = names[0].rstrip("0123456789")
    number = names[0][len(prefix) :]
    if not number or names != [f"{prefix}{int(number) + index}" for index in range(len(names))]:
        return None
    return prefix, int(number)


def _step(values: tuple[Any, ...]) -> int | None:
    """Return the step of equally spaced values; zero for equal ones, None for any others."""
    if all(value == values[0] for value in values):
        return 0
    if not all(type(value) is int for value in values):
        return None
    step: int = values[1] - values[0]
    evenly = all(later - earlier == step for earlier, later in itertools.pairwise(values))
    return step if evenly else None
