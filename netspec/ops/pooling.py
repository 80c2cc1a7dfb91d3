"""Pooling over windows: the largest, the mean or the norm."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Flag, Padding, PerAxis, PositiveNumber
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument
from netspec.ops.window_pool import PaddedPool, WindowPool
from netspec.ops.windows import SlidingWindow, effective_dilation, shortest
from netspec.sizes.shape import Shape


class MaxPool(PaddedPool, name="maxpool"):
    """Computes the maximum of each window.

    Formula: ``y = max of x over the window``; padding never wins.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv`, rounded up with ``ceil`` as torch does.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit, when the padding is more than half of it, or when ``ceil`` meets
    padding that differs between the two sides of an axis.

    Example: ``- maxpool: {kernel: 3, stride: 2, padding: 1}``

    Source: torch.nn.MaxPool1d, MaxPool2d, MaxPool3d.
    """

    padding_identity = "lowest"
    torch_name = ("MaxPool", "max_pool")
    samples = (
        Sample({"kernel": 3, "stride": 2, "padding": 1}, ((4, 9, 9),)),
        Sample({"kernel": 3, "stride": 2, "ceil": True}, ((4, 12, 12),)),
        Sample({"kernel": [3, 2], "stride": [1, 2], "padding": [1, 0], "dilation": [2, 1]}, ((4, 9, 8),)),
        Sample({"kernel": 3, "stride": 2, "padding": "same_tf"}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 1, "padding": "same"}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 2, "padding": "auto"}, ((4, 8, 8),)),
        Sample({"kernel": 2}, ((4, 9),)),
        Sample({"kernel": 2}, ((4, 5, 6, 7),)),
    )
    invalid_samples = (
        Sample({"kernel": 9}, ((4, 7, 7),)),
        Sample({"kernel": 3}, ((4,),)),
        Sample({"kernel": 3, "padding": 2}, ((4, 7, 7),)),
        Sample({"kernel": [2, 2, 2]}, ((4, 7, 7),)),
        Sample({"kernel": 2, "padding": "auto"}, ((4, 7, 7),)),
        Sample({"kernel": 3, "stride": 2, "padding": [[0, 1], [0, 1]], "ceil": True}, ((4, 8, 8),)),
    )

    padding: Padding = Field(0, description="Elements added around the input; they are never the largest.")
    dilation: PerAxis = Field(1, description="Distance between two elements of a window.")

    @property
    def window(self) -> SlidingWindow:
        """What is pooled together."""
        return super().window._replace(dilation=self.dilation)

    def canonical(self, *shapes: Shape) -> Op:
        return super().canonical(*shapes).with_fields(dilation=effective_dilation(self.dilation, self.kernel))

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        *others, ceil = super().torch_arguments(shape)
        return *others, Argument("dilation", shortest(self.dilation), 1), ceil


class AveragePool(PaddedPool, name="avgpool"):
    """Averages each window.

    Formula: ``y = sum of x over the window / number of elements``; padding counts as zeros, unless
    ``count_include_pad`` is false: then only elements of the input are counted. What ``ceil`` adds is never counted.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv` without dilation, rounded up with ``ceil``.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit, when the padding is more than half of it, or when padding that
    differs between the two sides of an axis meets ``ceil`` or is not to be counted.

    Example: ``- avgpool: {kernel: 3, stride: 1, padding: 1, count_include_pad: false}``

    Source: torch.nn.AvgPool1d, AvgPool2d, AvgPool3d.
    """

    torch_name = ("AvgPool", "avg_pool")
    samples = (
        Sample({"kernel": 2}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 2, "padding": 1, "ceil": True}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 1, "padding": 1, "count_include_pad": False}, ((4, 8, 8),)),
        Sample({"kernel": [1, 3], "stride": [1, 2], "padding": [0, 1]}, ((4, 8, 9),)),
        Sample({"kernel": 3, "stride": 2, "padding": "same_tf"}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 1, "padding": "same_tf", "count_include_pad": False}, ((4, 8, 8),)),
        Sample({"kernel": 5, "stride": 3}, ((4, 17),)),
        Sample({"kernel": 2, "ceil": True, "count_include_pad": False}, ((4, 5, 6, 7),)),
    )
    invalid_samples = (
        Sample({"kernel": 9}, ((4, 7, 7),)),
        Sample({"kernel": 3}, ((4,),)),
        Sample({"kernel": 3, "padding": 2}, ((4, 7, 7),)),
        Sample({"kernel": 3, "stride": 2, "padding": "same_tf", "count_include_pad": False}, ((4, 8, 8),)),
        Sample({"kernel": 3, "padding": 1}, ((4, 2, 3, 3),)),
    )

    padding: Padding = Field(0, description="Zeros added around the input.")
    count_include_pad: Flag = Field(True, description="Whether padding counts as elements of the mean.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        result = super().infer_shape(shape)
        if len(shape) == 4 and not self.explicit_padding(shape):
            self.check_volume(shape)
        if not self.count_include_pad:
            self._check_count(shape)
        return result

    def _check_count(self, shape: Shape) -> None:
        """Raise ShapeError for padding that must not be counted but is, since it becomes an op of its own."""
        pairs = self.padding_around(shape)
        if any(before != after for before, after in pairs):
            raise ShapeError(
                "avgpool cannot leave padding out of the mean when it differs between the sides of an axis: "
                + ", ".join(f"{before:d} and {after:d}" for before, after in pairs),
                help="count it with `count_include_pad: true`, or give both sides the same",
                code=Code.INVALID_WINDOW,
            )
        # Only torch's own padding is left out of the mean, and that is a number.
        for before, _ in pairs:
            int(before)

    @property
    def padding_counts(self) -> bool:
        return self.count_include_pad

    def canonical(self, *shapes: Shape) -> Op:
        # Whether padding is counted has no effect without padding.
        padded = self.window.torch_padding(shapes[0])
        return super().canonical(*shapes).with_fields(count_include_pad=self.count_include_pad if padded else True)

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        counted = Argument("count_include_pad", self.count_include_pad, True)
        return *super().torch_arguments(shape), counted


class NormPool(WindowPool, name="lp_pool"):
    """Computes the p-norm of each window.

    Formula: ``y = (sum of x ** norm over the window) ** (1 / norm)``; an odd norm is for what is not negative.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv` without padding, rounded up with ``ceil``.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit.

    Example: ``- lp_pool: {norm: 2, kernel: 3, stride: 2}``

    Source: torch.nn.LPPool1d, LPPool2d, LPPool3d.
    """

    torch_name = ("LPPool", "lp_pool")
    samples = (
        Sample({"norm": 2, "kernel": 3, "stride": 2}, ((4, 9, 9),)),
        Sample({"norm": 1, "kernel": [2, 3], "ceil": True}, ((4, 9, 9),)),
        Sample({"norm": 2, "kernel": 2}, ((4, 9),)),
        Sample({"norm": 4.0, "kernel": 2}, ((4, 4, 5, 6),)),
    )
    invalid_samples = (Sample({"norm": 2, "kernel": 9}, ((4, 7, 7),)), Sample({"norm": 2, "kernel": 3}, ((4,),)))

    norm: PositiveNumber = Field(description="The exponent: 1 is the sum, 2 the Euclidean norm.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        result = super().infer_shape(*shapes)
        self.check_volume(shapes[0])
        return result

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        return Argument("norm_type", self.norm, positional=True, field="norm"), *super().torch_arguments(shape)
