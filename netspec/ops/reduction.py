"""Reductions over axes: mean, sum, maximum, minimum, norm and variance."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.adaptive_pooling import GlobalAveragePool, GlobalMaxPool
from netspec.ops.axes import axis_indices
from netspec.ops.base import Op, Sample
from netspec.ops.channel_pooling import ChannelAveragePool, ChannelMaxPool
from netspec.ops.fields import Axes, Flag
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import Windows
from netspec.ops.windows import reduced
from netspec.sizes.shape import Shape

_TORCH = {
    "mean": "torch.mean({0}, {arguments})",
    "sum": "torch.sum({0}, {arguments})",
    "max": "torch.amax({0}, {arguments})",
    "min": "torch.amin({0}, {arguments})",
    "norm": "torch.linalg.vector_norm({0}, {arguments})",
    "var": "torch.var({0}, {arguments})",
}
FUNCTIONS = tuple(_TORCH)


class Reduce(Op, name="reduce"):
    """Computes one number of all elements along some axes: their mean, sum, maximum, minimum, norm or variance.

    Axes go by name (`channels`, `length`, `depth`, `height`, `width`, `features`) or by number, with the batch as
    axis 0. The norm is the square root of the sum of squares, and the variance the mean of squared distances to the
    mean, as normalization has it.

    Formula: ``y[c] = mean over i, j of x[c, i, j]`` for the example below.

    Shape: the axes are dropped, or with `keep` they have size 1.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis, when one is given twice, or for none or several of the functions.

    Example: ``- reduce: {mean: [height, width]}``

    Source: torch.mean, torch.sum, torch.amax, torch.amin, torch.linalg.vector_norm and torch.var.
    """

    family = "pooling"
    primary = "mean"
    axis_fields = frozenset(FUNCTIONS)
    # The gradient of a maximum reads the result, that of a norm too.
    keeps_output = True
    samples = (
        Sample({"mean": ["height", "width"]}, ((4, 3, 5),)),
        Sample({"sum": "features", "keep": True}, ((3, 4, 5),)),
        Sample({"max": [1, -1]}, ((4, 3, 5),)),
        Sample({"min": ["length"]}, ((4, 6),)),
        Sample({"norm": "channels", "keep": True}, ((4, 3, 5),)),
        Sample({"norm": [2, 3]}, ((4, 3, 5),)),
        Sample({"var": ["depth", "height", "width"], "keep": True}, ((2, 3, 4, 5),)),
        Sample({"mean": ["width", "height"], "keep": True}, ((4, 3, 5),)),
        Sample({"max": "channels", "keep": True}, ((4, 3, 5),)),
        Sample({"mean": 1}, ((4,),)),
    )
    invalid_samples = (
        Sample({"mean": "height"}, ((4, 5),)),
        Sample({"mean": 0}, ((4, 5),)),
        Sample({"mean": [2, "features"]}, ((4, 5),)),
        Sample({"mean": 1, "sum": 2}, ((4, 5),)),
        Sample({}, ((4, 5),)),
    )

    mean: Axes | None = Field(None, description="The axes over which the mean is taken.")
    sum: Axes | None = Field(None, description="The axes over which the sum is taken.")
    max: Axes | None = Field(None, description="The axes along which the largest element is taken.")
    min: Axes | None = Field(None, description="The axes along which the smallest element is taken.")
    norm: Axes | None = Field(None, description="The axes over which the euclidean norm is taken.")
    var: Axes | None = Field(None, description="The axes over which the variance is taken.")
    keep: Flag = Field(False, description="Whether the axes stay, with size 1.")

    def function(self) -> str:
        """Return the one function that is given; raise ShapeError for none or several."""
        given = [name for name in FUNCTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ShapeError(
                f"reduce takes one of {', '.join(FUNCTIONS)}, and has {' and '.join(given) or 'none'}",
                help="as in `reduce: {mean: [height, width]}`",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        return given[0]

    def indices(self, shape: Shape) -> tuple[int, ...]:
        """Return the indices of the axes that are reduced, in order."""
        return axis_indices("reduce", getattr(self, self.function()), shape)

    def infer_shape(self, *shapes: Shape) -> Shape:
        dropped = self.indices(shapes[0])
        sizes = enumerate(shapes[0])
        return tuple(1 if index in dropped else size for index, size in sizes if self.keep or index not in dropped)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        function, indices, rank = self.function(), self.indices(shapes[0]), len(shapes[0]) - 1
        if self.keep and 1 <= rank <= 3 and function in ("mean", "max"):
            if indices == tuple(range(1, rank + 1)):
                return GlobalAveragePool() if function == "mean" else GlobalMaxPool()
            if indices == (0,):
                return ChannelAveragePool() if function == "mean" else ChannelMaxPool()
        return self.with_fields(**{function: tuple(index + 1 for index in indices)})

    def without_batch(self, alone: tuple[bool, ...], *shapes: Shape) -> Op:
        return BatchlessReduce.model_validate(self.model_dump())

    def emit_function(self, *shapes: Shape) -> Torch:
        return self._text(shapes[0], first_axis=1)

    def _text(self, shape: Shape, first_axis: int) -> Torch:
        """Return the code, in which the first axis of a shape has a number."""
        function = self.function()
        axes = tuple(index + first_axis for index in self.indices(shape))
        # The second argument of torch.linalg.vector_norm is its order.
        arguments = [Argument("dim", axes if len(axes) > 1 else axes[0], positional=function != "norm", field=function)]
        if function == "var":
            arguments.append(Argument("correction", 0, 1))
        return Torch(_TORCH[function], (*arguments, Argument("keepdim", self.keep, False, field="keep")))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (reduced(self.indices(shapes[0]), len(shapes[0]), self.keep),)

    def abbreviate(self, shape: Shape) -> str:
        return self.function()


class BatchlessReduce(Reduce):
    """A reduction of a tensor that is the same for all examples and has no batch axis."""

    # Not registered: it is no word of a document.
    name = "batchless_reduce"

    def stretches_operand(self, position: int) -> bool:
        return True

    def emit_function(self, *shapes: Shape) -> Torch:
        return self._text(shapes[0], first_axis=0)
