"""The total stride of a body: the product of the strides of its steps, per axis.

It cannot be computed from the sizes: at 1x1 a stride of two leaves 1x1, but the shortcut needs the stride for the
module to accept larger inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from netspec.ir import Node
from netspec.lowering.values import Value
from netspec.ops import SAME, Op
from netspec.sizes.shape import Shape, stated_shape

Move = tuple[int, int | Fraction] | None
"""The axis of the operand that an axis of a value follows, with the stride; None if it follows none."""
Moves = tuple[Move, ...]


def product_of_strides(
    entered: Value, branch: Value, body: Iterable[Node], shape_of: Callable[[str], Shape]
) -> tuple[int | Fraction | None, ...]:
    """Return the stride of a body per axis besides the channels; None where there is none, as after a `global_avgpool`.

    ``body`` are its nodes in order; ``shape_of`` returns the shape of any value that they read.
    """
    moves: dict[str, Moves] = {entered.path: tuple((axis, 1) for axis in range(len(entered.shape)))}
    for node in body:
        # A node that does not depend on the body's operand, such as one that reads another label, has no stride to it.
        if any(path in moves for path in node.inputs):
            operands = [(stated_shape(shape_of(path)), moves.get(path)) for path in node.inputs]
            for value, kind in zip(node.values, node.results, strict=True):
                moves[value] = _moves(node.op, operands, stated_shape(kind.shape))
    result = moves.get(branch.path, (None,) * len(branch.shape))
    return tuple(
        move[1] if move is not None and move[0] == axis else None for axis, move in enumerate(result) if axis > 0
    )


def _moves(op: Op, operands: list[tuple[tuple[int, ...], Moves | None]], result: tuple[int, ...]) -> Moves:
    """Return the stride of each axis of a result, where all operands that have one agree."""
    shapes = [shape for shape, _ in operands]
    windows = op.receptive_windows(*shapes)
    if windows is None or (not windows and any(len(shape) not in (0, len(result)) for shape in shapes)):
        return (None,) * len(result)
    if not windows and op.keeps_order and shapes[0] != result:
        return (None,) * len(result)
    found: list[set[Move]] = [set() for _ in result]
    readings = windows or tuple((SAME,) * len(shape) for shape in shapes)
    for (shape, moves), reading in zip(operands, readings, strict=True):
        for axis, (window, move) in enumerate(zip(reading, moves or (), strict=False)):
            if window is None or move is None:
                continue
            target = axis if window.axis is None else window.axis
            if window != SAME or shape[axis] == result[target]:  # a broadcast axis has no stride
                found[target].add((move[0], move[1] * window.stride))
    return tuple(next(iter(each)) if len(each) == 1 else None for each in found)
