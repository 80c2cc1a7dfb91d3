"""The edges of a scan: what enters and leaves each round of a loop over a sequence.

A scan is a scope whose other nodes are computed once for each element. These nodes have no word of their own; a
document's ``scan`` makes them.
"""

from typing import Annotated

from pydantic import Field

from netspec.dtypes import Dtype
from netspec.ops.base import Op, Sample
from netspec.ops.broadcasting import equal
from netspec.ops.fields import OpenPositive
from netspec.ops.torch_code import Argument, Torch
from netspec.sizes.shape import MOST_AXES, Shape


class Edge(Op):
    """The base class of these nodes."""

    family = "sequence"
    input_dtype = "any"
    may_alias = True
    keeps_input = False

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def allocates(self, training: bool) -> bool:
        return False

    def receptive_windows(self, *shapes: Shape) -> None:
        # Through the state, a round depends on all rounds before it.
        return None


class Element(Edge, name="element", declared=True):
    """The element of a sequence that a round reads.

    Formula: ``y = x[t]`` in round t

    Shape: ``L x ...`` to what is behind the length.

    Cost: no parameters, no MACs.

    Source: torch.unbind.
    """

    moves_elements = True
    samples = (Sample({}, ((5, 4),)), Sample({}, ((3,),)))

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0][1:]

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("{0}.unbind(1)")


class State(Edge, name="state", declared=True):
    """The state that a round begins with: the initial one in the first round, then what the round before gave.

    Formula: ``y = x`` in the first round, or ``y = 0`` with ``zeros``

    Shape: any, unchanged, or that of the zeros.

    Cost: no parameters, no MACs.

    Source: torch.Tensor.new_zeros.
    """

    moves_elements = True
    open_arguments = frozenset({"zeros"})
    samples = (Sample({}, ((4,),)), Sample({"zeros": [5, 2]}, ((4,),)))

    zeros: Annotated[tuple[OpenPositive, ...], Field(min_length=1, max_length=MOST_AXES)] | None = Field(
        None, description="The shape of zeros to begin with; the operand says only their dtype and how many examples."
    )

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0] if self.zeros is None else self.zeros

    def allocates(self, training: bool) -> bool:
        return self.zeros is not None

    def emit_function(self, *shapes: Shape) -> Torch:
        if self.zeros is None:
            return Torch("{0}")
        sizes = (Argument(f"size{place}", size, positional=True) for place, size in enumerate(self.zeros, 1))
        return Torch("{0}.new_zeros({0}.shape[0], {arguments})", tuple(sizes))


class NextState(Edge, name="next_state", declared=True):
    """Hands a value to the next round, as the state of the second operand; the result is that after the last round.

    Formula: ``y = x`` of the last round

    Shape: two equal shapes, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ.
    """

    operands = (2, 2)
    samples = (Sample({}, ((4,), (4,))),)
    invalid_samples = (Sample({}, ((4,), (5,))),)

    def infer_shape(self, *shapes: Shape) -> Shape:
        return equal("next_state", *shapes)

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("{0}")


class Collected(Edge, name="collected", declared=True):
    """The values of all rounds, stacked along the length of the sequence, which is the second operand.

    What follows it are the scan's ``next_state``, on which later rounds depend.

    Formula: ``y[t] = x`` of round t

    Shape: any, with the length of the sequence in front.

    Cost: no parameters, no MACs.

    Source: torch.stack.
    """

    operands = (2, None)
    samples = (Sample({}, ((4,), (5, 3))), Sample({}, ((4, 2), (5,), (7,))))

    def operand_dtypes(self, position: int) -> tuple[Dtype, ...]:
        return ("float", "int64", "bool")

    def allocates(self, training: bool) -> bool:
        return True

    def infer_shape(self, *shapes: Shape) -> Shape:
        return (shapes[1][0], *shapes[0])

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.stack({1}, 1)")
