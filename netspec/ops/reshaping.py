"""Ops that rearrange elements without computing anything."""

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import axis_index
from netspec.ops.base import Op, Sample
from netspec.ops.fields import AxisNumber, Integer, OpenInteger, Positive
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.sizes import Dim, Size, stated
from netspec.sizes.shape import MOST_AXES, Shape, elements, show


class Reshaping(Op):
    """The base class of ops that only rearrange elements."""

    family = "shape"
    input_dtype = "any"
    moves_elements = True
    may_alias = True
    keeps_input = False

    def allocates(self, training: bool) -> bool:
        return False

    def count_macs(self, *shapes: Shape) -> int:
        return 0


class Flatten(Reshaping, name="flatten"):
    """Flattens all elements of an example into one vector.

    Formula: ``y[(c * H + h) * W + w] = x[c, h, w]``, the last axis running fastest.

    Shape: any to the product of its sizes.

    Cost: no parameters, no MACs.

    Example: ``- flatten``

    Source: torch.nn.Flatten.
    """

    keeps_order = True
    samples = (Sample({}, ((4, 3, 3),)), Sample({}, ((4,),)))

    def infer_shape(self, *shapes: Shape) -> Shape:
        return (elements(shapes[0]),)

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.Flatten()")

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.flatten({0}, 1)")


class Reshape(Reshaping, name="reshape"):
    """Reshapes an example, keeping the order of its elements.

    Formula: ``flatten(y) = flatten(x)``

    Shape: any to the given one; a single -1 is the size that remains.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the number of elements differs, or when more than one size is -1.

    Example: ``- reshape: [256, 4, 4]``

    Source: torch.reshape.
    """

    primary = "shape"
    open_arguments = frozenset({"shape"})
    keeps_order = True
    channel_fields = frozenset({"shape"})
    samples = (
        Sample({"shape": [4, 2, 2]}, ((16,),)),
        Sample({"shape": [-1, 6]}, ((4, 3, 3),)),
        Sample({"shape": [36]}, ((4, 3, 3),)),
    )
    invalid_samples = (
        Sample({"shape": [5, 2]}, ((16,),)),
        Sample({"shape": [-1, 5]}, ((16,),)),
        Sample({"shape": [-1, -1]}, ((16,),)),
        Sample({"shape": [0, 4]}, ((16,),)),
    )

    shape: Annotated[tuple[OpenInteger, ...], Field(min_length=1, max_length=MOST_AXES)] = Field(
        description="The sizes of the result, without the batch; one of them may be -1."
    )

    def infer_shape(self, *shapes: Shape) -> Shape:
        total, known = elements(shapes[0]), prod(size for size in self.shape if not _is_rest(size))
        free = sum(map(_is_rest, self.shape))
        if free > 1 or any(size < 1 for size in self.shape if not _is_rest(size)):
            raise ShapeError(
                f"reshape needs sizes of at least 1 and at most one -1, and has {_listed(self.shape)}",
                help="-1 is the size that remains",
                code=Code.INVALID_AXIS,
            )
        if total % known or (not free and total != known):
            raise ShapeError(
                f"reshape cannot make {_listed(self.shape)} of {show(shapes[0])}: that has {total:d} elements",
                help="use -1 for one of the sizes",
                operand=0,
                code=Code.INVALID_AXIS,
            )
        return tuple(total // known if _is_rest(size) else size for size in self.shape)

    def canonical(self, *shapes: Shape) -> Op:
        shape = self.infer_shape(*shapes)
        # A shape to a vector, or without -1, is replaced by the inferred one: equal ops, however they are written.
        return Flatten() if len(shape) == 1 else self.with_fields(shape=shape)

    def emit_module(self, *shapes: Shape) -> Torch | None:
        shape = self.infer_shape(*shapes)
        if len(shape) == 1:
            return Torch("nn.Flatten()")
        if len(shapes[0]) == 1:
            return Torch("nn.Unflatten({arguments})", self._arguments(shape))
        return None

    def emit_function(self, *shapes: Shape) -> Torch:
        shape = self.infer_shape(*shapes)
        if len(shape) == 1:
            return Torch("torch.flatten({0}, 1)")
        if len(shapes[0]) == 1:
            return Torch("torch.unflatten({0}, {arguments})", self._arguments(shape))
        # torch.reshape would need the size of the batch, or -1 for it, which could then not be used for an axis.
        return Torch("torch.unflatten(torch.flatten({0}, 1), {arguments})", self._arguments(shape), calls=2)

    def _arguments(self, shape: Shape) -> tuple[Argument, ...]:
        if any(isinstance(size, Dim) for size in shape):
            shape = tuple(given if _is_rest(given) else size for given, size in zip(self.shape, shape, strict=True))
        return (Argument("dim", 1, positional=True), Argument("unflattened_size", shape, positional=True))

    def abbreviate(self, shape: Shape) -> str:
        return f"to {show(self.infer_shape(shape))}"


def _is_rest(size: Size) -> bool:
    """Return whether a size is the sentinel -1, the inferred one, without comparing an open size with it."""
    return not isinstance(size, Dim) and size == -1


def _listed(sizes: Shape) -> str:
    return f"[{', '.join(f'{size:d}' for size in sizes)}]"


class Permute(Reshaping, name="permute"):
    """Permutes the axes.

    Formula: ``y.shape[i] = x.shape[axes[i]]``

    Shape: the sizes in the new order. Axes are torch's: the batch is axis 0 and stays in front, the channels are 1.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the axes are not each of 1 to n once.

    Example: ``- permute: [2, 3, 1]``

    Source: torch.permute.
    """

    primary = "axes"
    samples = (Sample({"axes": [2, 3, 1]}, ((4, 3, 5),)), Sample({"axes": [2, 1]}, ((4, 3),)))
    invalid_samples = (
        Sample({"axes": [0, 1]}, ((4, 3),)),
        Sample({"axes": [1, 1]}, ((4, 3),)),
        Sample({"axes": [2, 1]}, ((4, 3, 5),)),
    )

    axes: Annotated[tuple[Integer, ...], Field(min_length=1, max_length=MOST_AXES)] = Field(
        description="For each axis of the result, the number of the operand's axis."
    )

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if sorted(self.axes) != list(range(1, len(shape) + 1)):
            raise ShapeError(
                f"permute needs each axis of {show(shape)} once, and has {list(self.axes)}",
                help=f"the batch is axis 0 and stays; this value has axes 1 to {len(shape)}",
                operand=0,
                code=Code.INVALID_AXIS,
            )
        return tuple(shape[axis - 1] for axis in self.axes)

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.permute({0}, {dims})", (Argument("dims", (0, *self.axes)),))

    @property
    def strided(self) -> bool:
        # The identity changes nothing; any other permutation only changes the strides.
        return self.axes != tuple(range(1, len(self.axes) + 1))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (tuple(Window(0, 0, 1, self.axes.index(axis)) for axis in range(1, len(self.axes) + 1)),)

    def abbreviate(self, shape: Shape) -> str:
        return ",".join(map(str, self.axes))


class Slice(Reshaping, name="slice"):
    """Slices an axis, the channels by default.

    Formula: ``y = x[start:stop:step]`` along the axis

    Shape: the axis becomes ``ceil((stop - start) / step)``; negative positions count from the end.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis, when a position is outside of it, or when nothing is left.

    Example: ``- slice: {start: 0, stop: 64}``

    Source: torch.Tensor indexing.
    """

    checks_sizes = False
    axis_fields = frozenset({"axis"})
    open_arguments = frozenset({"start", "stop"})
    channel_fields = frozenset({"start", "stop"})
    samples = (
        Sample({"stop": 2}, ((4, 3, 3),)),
        Sample({"axis": 2, "start": 1, "stop": -1}, ((4, 5, 3),)),
        Sample({"axis": -1, "step": 2}, ((4, 5, 3),)),
        Sample({"start": -3}, ((9,),)),
    )
    invalid_samples = (
        Sample({"stop": 5}, ((4, 3, 3),)),
        Sample({"start": 2, "stop": 2}, ((4, 3, 3),)),
        Sample({"start": -5}, ((4,),)),
        Sample({"axis": 2}, ((4,),)),
    )

    axis: AxisNumber = Field(1, description="The axis to slice; the batch is axis 0, the channels are axis 1.")
    start: OpenInteger = Field(0, description="The first position.")
    stop: OpenInteger | None = Field(None, description="The position after the last; by default the end.")
    step: Positive = Field(1, description="Distance between two positions.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        index = axis_index("slice", self.axis, shape)
        start, stop = self.positions(shape)
        return (*shape[:index], -(-(stop - start) // self.step), *shape[index + 1 :])

    def positions(self, shape: Shape) -> tuple[Size, Size]:
        """Return the first position and the one behind the last, counted from the front."""
        size = shape[axis_index("slice", self.axis, shape)]
        start = self.start + size if self.start < 0 else self.start
        stop = size if self.stop is None else self.stop + size if self.stop < 0 else self.stop
        # torch clips positions that are out of range, and may return an empty value; here either is an error of the
        # document.
        if not 0 <= start < stop <= size:
            end = size if self.stop is None else self.stop
            raise ShapeError(
                f"slice cannot take {self.start:d} to {end:d} of axis {self.axis}, which has {size:d} elements",
                help=f"positions go from 0 to {size:d}, and the first is smaller than the last",
                operand=0,
                code=Code.INVALID_AXIS,
            )
        return start, stop

    def canonical(self, *shapes: Shape) -> Op:
        index = axis_index("slice", self.axis, shapes[0])
        start, stop = self.positions(shapes[0])
        return self.with_fields(axis=index + 1, start=start, stop=stop)

    def emit_function(self, *shapes: Shape) -> Torch:
        index = axis_index("slice", self.axis, shapes[0])
        # A number of channels is fixed. Where the size is open, as the length of a sequence is, a position from the
        # end stays one at every size.
        are_channels = index == 0 and type(shapes[0][0]) is int
        start, stop = self.positions(shapes[0]) if are_channels else (self.start, self.stop)
        end = "" if self.stop is None else "{stop}"
        step = ":{step}" if self.step > 1 else ""
        ahead = ":, " * (index + 1)
        counts: Literal["", "positions"] = "positions" if are_channels else ""
        arguments = [
            Argument("start", start, counts=counts),
            *([Argument("stop", stop, counts=counts)] if end else []),
            Argument("step", self.step),
        ]
        return Torch(f"{{0}}[{ahead}{{start}}:{end}{step}]", tuple(arguments))

    @property
    def strided(self) -> bool:
        return self.axis != 1 or self.step != 1  # a range of the first axis is contiguous within an example

    @property
    def reorders(self) -> bool:
        return False

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        (shape,) = shapes
        index, start = axis_index("slice", self.axis, shape), stated(self.positions(shape)[0])
        same = (SAME,) * len(shape)
        return ((*same[:index], Window(start, start, self.step), *same[index + 1 :]),)

    def abbreviate(self, shape: Shape) -> str:
        start, stop = self.positions(shape)
        return f"{start:d}:{stop:d}" if self.step == 1 else f"{start:d}:{stop:d}:{self.step}"
