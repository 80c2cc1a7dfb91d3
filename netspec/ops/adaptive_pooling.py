"""Pooling to a fixed output size, whatever the input size."""

from fractions import Fraction
from typing import ClassVar

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import check_axes, spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import OpenPerAxis
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.ops.windows import shortest
from netspec.sizes.shape import Shape, per_axis, show, stated_shape


class GlobalPool(Op):
    """The base class of pools over the whole map."""

    family = "pooling"
    torch_name: ClassVar[tuple[str, str]]
    """The first part of torch's module and function, up to the rank."""
    samples = (Sample({}, ((4, 7, 7),)), Sample({}, ((4, 7),)), Sample({}, ((4, 2, 3, 4),)))
    invalid_samples = (Sample({}, ((4,),)),)

    def infer_shape(self, *shapes: Shape) -> Shape:
        return (shapes[0][0],) + (1,) * spatial_rank(self.name, shapes[0])

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(f"nn.{self.torch_name[0]}{len(shapes[0]) - 1}d(1)")

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch(f"F.{self.torch_name[1]}{len(shapes[0]) - 1}d({{0}}, 1)")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((SAME, *(None,) * (len(shapes[0]) - 1)),)


class GlobalAveragePool(GlobalPool, name="global_avgpool"):
    """Averages each channel over all positions.

    Formula: ``y[c] = mean of x[c] over all positions``

    Shape: ``C x H x W`` to ``C x 1 x 1``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- global_avgpool``

    Source: torch.nn.AdaptiveAvgPool2d(1); Lin et al. 2013, arXiv:1312.4400.
    """

    torch_name = ("AdaptiveAvgPool", "adaptive_avg_pool")


class GlobalMaxPool(GlobalPool, name="global_maxpool"):
    """Computes the maximum of each channel over all positions.

    Formula: ``y[c] = max of x[c] over all positions``

    Shape: ``C x H x W`` to ``C x 1 x 1``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- global_maxpool``

    Source: torch.nn.AdaptiveMaxPool2d(1).
    """

    torch_name = ("AdaptiveMaxPool", "adaptive_max_pool")


class AdaptivePool(Op):
    """The base class of adaptive pools: window i is ``floor(i * size / out)`` to ``ceil((i + 1) * size / out)``."""

    family = "pooling"
    open_arguments = frozenset({"out"})
    primary = "out"
    torch_name: ClassVar[tuple[str, str]]
    of_all: ClassVar[type[GlobalPool]]
    """The op for a single window, which is the whole map."""
    samples = (
        Sample({"out": 6}, ((4, 13, 13),)),
        Sample({"out": [2, 3]}, ((4, 6, 6),)),
        Sample({"out": 7}, ((4, 3, 3),)),
        Sample({"out": 5}, ((4, 9),)),
        Sample({"out": [1, 2, 2]}, ((4, 4, 5, 6),)),
    )
    invalid_samples = (Sample({"out": 2}, ((4,),)), Sample({"out": [2, 2]}, ((4, 9),)))

    out: OpenPerAxis = Field(
        description="Size of each axis of the result, in elements; one number for all, or one per axis."
    )

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        rank = spatial_rank(self.name, shape)
        check_axes(self.name, "size", self.out, rank)
        sizes = per_axis(self.out, rank)
        if any(size < 1 for size in sizes):
            raise ShapeError(
                f"{self.name} leaves nothing of {show(shape)}", help="use a larger size", code=Code.INVALID_WINDOW
            )
        return (shape[0], *sizes)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        arguments = (Argument("output_size", shortest(self.out), positional=True, field="out"),)
        return Torch(f"nn.{self.torch_name[0]}{len(shapes[0]) - 1}d({{arguments}})", arguments)

    def emit_function(self, *shapes: Shape) -> Torch:
        arguments = (Argument("output_size", shortest(self.out), positional=True, field="out"),)
        return Torch(f"F.{self.torch_name[1]}{len(shapes[0]) - 1}d({{0}}, {{arguments}})", arguments)

    def canonical(self, *shapes: Shape) -> Op:
        out = shortest(self.out)
        # With one window it is a global pool.
        return self.of_all() if out == 1 else self.with_fields(out=out)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        sizes, outs = stated_shape(shapes[0][1:]), stated_shape(per_axis(self.out, len(shapes[0]) - 1))
        return ((SAME, *(_window(size, out) for size, out in zip(sizes, outs, strict=True))),)

    def abbreviate(self, shape: Shape) -> str:
        return f"to {show(per_axis(self.out, len(shape) - 1))}"


def _window(size: int, out: int) -> Window | None:
    """Return the window of the elements from ``floor(o * size / out)`` to ``ceil((o + 1) * size / out) - 1``."""
    if out == 1:
        return None
    # Windows that do not divide the axis overlap, and differ in length by one element. The line
    # between their ends is exact at whole numbers; aten's AdaptivePooling.h computes the same floor and ceiling.
    if size % out == 0:
        return Window(0, size // out - 1, size // out)
    return Window(Fraction(1 - out, out), Fraction(size - 1, out), Fraction(size, out))


class AdaptiveAveragePool(AdaptivePool, name="adaptive_avgpool"):
    """Averages windows that are chosen so that the output has a given size.

    Formula: ``y[i] = mean of x[floor(i * size / out) : ceil((i + 1) * size / out)]``, per axis.

    Shape: ``C x H x W`` to ``C x out x out``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes, or another number of sizes than axes.

    Example: ``- adaptive_avgpool: 6``

    Source: torch.nn.AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d.
    """

    of_all = GlobalAveragePool
    torch_name = ("AdaptiveAvgPool", "adaptive_avg_pool")


class AdaptiveMaxPool(AdaptivePool, name="adaptive_maxpool"):
    """Computes the maximum of windows that are chosen so that the output has a given size.

    Formula: ``y[i] = max of x[floor(i * size / out) : ceil((i + 1) * size / out)]``, per axis.

    Shape: ``C x H x W`` to ``C x out x out``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes, or another number of sizes than axes.

    Example: ``- adaptive_maxpool: [2, 2]``

    Source: torch.nn.AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d.
    """

    of_all = GlobalMaxPool
    torch_name = ("AdaptiveMaxPool", "adaptive_max_pool")
