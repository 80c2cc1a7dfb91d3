"""Distances to fixed vectors, which a document can draw."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Drawings, Positive
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import Windows
from netspec.ops.windows import all_of
from netspec.sizes.shape import Shape, show


class RadialBasis(Op, name="rbf"):
    """Computes the squared euclidean distance of a vector to each of some fixed vectors.

    Formula: ``y[i] = sum((x - centers[i]) ** 2)``

    Shape: ``... x C`` to ``... x out``; a feature vector is ``C``.

    Cost: no parameters, since the centers are not trained; no MACs, since nothing is multiplied by a weight.

    Raises: ShapeError for an image that has not been flattened (more than two axes), or when the drawn centers are not
    ``out`` vectors of ``C`` numbers.

    Example: ``- rbf: 10``

    Source: LeCun et al. 1998, section II.B. The centers are of -1 and 1, and kept in the module's state.
    """

    family = "linear"
    primary = "out"
    counts_as_layer = True
    channel_fields = frozenset({"out"})
    verbatim = frozenset({"centers"})
    samples = (
        Sample({"out": 10}, ((16,),)),
        Sample({"out": 3}, ((5, 16),)),
        Sample({"out": 3, "centers": "#. .# ##\n.# .. #."}, ((4,),)),
    )
    invalid_samples = (
        Sample({"out": 10}, ((16, 4, 4),)),
        Sample({"out": 3, "centers": "#. .#"}, ((2,),)),
        Sample({"out": 2, "centers": "#. .#"}, ((4,),)),
    )

    out: Positive = Field(description="Number of fixed vectors.")
    centers: Drawings | None = Field(
        None,
        description="The vectors, drawn side by side in lines of text: a line has one word of each, where `#` is 1 and "
        "`.` is -1. Without them the signs are random.",
    )

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) > 2:
            raise ShapeError(
                f"rbf takes a vector or a sequence of vectors, got {show(shape)}",
                help="put `flatten` before it",
                operand=0,
                code=Code.UNSUPPORTED_SHAPE,
            )
        if self.centers:
            self._check_centers(self.centers, shape)
        return (*shape[:-1], self.out)

    def _check_centers(self, lines: tuple[str, ...], shape: Shape) -> None:
        words = lines[0].split()
        if len(words) != self.out:
            raise ShapeError(
                f"rbf draws {len(words)} vectors in `centers`, and has {self.out} outputs",
                help=f"use `out: {len(words)}`",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        size = len(lines) * len(words[0])
        if size != shape[-1]:
            raise ShapeError(
                f"rbf draws vectors of {size} numbers in `centers`, and takes vectors of {shape[-1]:d}",
                help="a vector is as long as the last axis",
                operand=0,
            )

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        arguments = (
            Argument("features", shapes[0][-1], positional=True, counts="in_channels"),
            Argument("out", self.out, positional=True, counts="channels"),
            Argument("centers", self.centers, None),
        )
        return Torch("RadialBasis({arguments})", arguments, layer="radial_basis")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (all_of(len(shapes[0]) - 1, shapes[0]),)
