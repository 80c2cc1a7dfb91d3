"""Stochastic regularization: branches, elements and columns that are dropped at random in training."""

from typing import Literal

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Op, Sample
from netspec.ops.broadcasting import equal
from netspec.ops.fields import Flag, Positive, Probability, Survival
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import NOTHING, Windows
from netspec.sizes.shape import Shape, show

Mode = Literal["batch", "row"]


class StochasticDepth(Op, name="stochastic_depth"):
    """Drops a residual branch at random in training.

    Formula: ``y = mask * x``, the mask being 1 with probability survival and else 0; evaluation: ``y = survival * x``.
    With ``rescale``: ``y = mask / survival * x``; evaluation: ``y = x``.

    Shape: any, unchanged.

    Cost: no parameters, no MACs. The branch is computed in any case.

    Example: ``- stochastic_depth: {survival: 0.8, mode: row}``

    Source: Huang et al. 2016, arXiv:1603.09382; rescaled: torchvision.ops.StochasticDepth.
    """

    keeps_layout = True
    family = "regularization"
    primary = "survival"
    depends_on_mode = True
    may_alias = True
    keeps_input = False
    samples = (
        Sample({"survival": 0.8}, ((4, 3, 3),)),
        Sample({"survival": 0.5, "mode": "row"}, ((4, 3),)),
        Sample({"survival": 0.5, "mode": "row", "rescale": True}, ((5,),)),
        Sample({"survival": 1.0}, ((2, 3, 4, 5),)),
    )

    survival: Survival = Field(description="Probability that the branch is kept.")
    mode: Mode = Field("batch", description="Sample one mask per batch, or one per row.")
    # The paper multiplies by the probability in evaluation; torchvision and timm divide by it in training.
    rescale: Flag = Field(False, description="Divide by the probability in training, instead of multiplying later.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return shape

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        arguments = (
            Argument("survival", self.survival, positional=True),
            Argument("mode", self.mode, "batch"),
            Argument("rescale", self.rescale, False),
        )
        return Torch("StochasticDepth({arguments})", arguments, layer="stochastic_depth")

    def allocates(self, training: bool) -> bool:
        # With `rescale`, evaluation returns the operand itself.
        return training or not self.rescale

    def abbreviate(self, shape: Shape) -> str:
        return f"p={self.survival:g}"


class Swapout(Op, name="swapout"):
    """Adds a shortcut and a branch, whose elements are dropped independently at random.

    Formula: ``y = mask1 * skip + mask2 * branch``, element by element; evaluation: each mask is its probability.

    Shape: two equal shapes, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ.

    Example: ``- swapout: {of: {skip: x, branch: [{conv: {out: 16, kernel: 3, padding: 1}}]}, keep_branch: 0.8}``

    Source: Singh et al. 2016, arXiv:1605.06465.
    """

    keeps_layout = True
    family = "merge"
    operands = (2, 2)
    operand_names = ("skip", "branch")
    depends_on_mode = True
    keeps_input = False
    samples = (
        Sample({}, ((4, 3, 3), (4, 3, 3))),
        Sample({"keep_skip": 1.0, "keep_branch": 0.8}, ((5,), (5,))),
    )
    invalid_samples = (Sample({}, ((4, 3, 3), (4, 1, 1))),)

    keep_skip: Probability = Field(0.5, description="Probability that an element of the shortcut is kept.")
    keep_branch: Probability = Field(0.5, description="Probability that an element of the branch is kept.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return equal("swapout", *shapes)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        arguments = (
            Argument("keep_skip", self.keep_skip, 0.5),
            Argument("keep_branch", self.keep_branch, 0.5),
        )
        return Torch("Swapout({arguments})", arguments, layer="swapout")

    def abbreviate(self, shape: Shape) -> str:
        return f"p={self.keep_skip:g}, {self.keep_branch:g}"


class Join(Op, name="join"):
    """Averages the operands that survive drop-path; in evaluation, all of them.

    Formula: ``y = sum of mask[i] * x[i] / sum of mask[i]``, each mask being 0 with probability drop_path, but never all
    of them (local drop-path). With ``column`` the last operand is what `draw_column` gave: an example that has a
    column keeps only the operand of that column, the last one being column 0 (global drop-path).

    Shape: equal shapes, unchanged; the column is a scalar.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ, or when there is no column.

    Example: ``- join: {of: [shallow, deep], drop_path: 0.15}``

    Source: Larsson et al. 2016, arXiv:1605.07648. List the operands from the shallowest column to the deepest.
    """

    keeps_layout = True
    family = "merge"
    operands = (2, None)
    depends_on_mode = True
    keeps_input = False
    samples = (
        Sample({"drop_path": 0.15}, ((4, 3, 3), (4, 3, 3), (4, 3, 3))),
        Sample({}, ((5,), (5,))),
        Sample({"drop_path": 0.5, "mode": "row", "column": True}, ((4, 3), (4, 3), ())),
    )
    invalid_samples = (
        Sample({}, ((4, 3, 3), (4, 1, 1))),
        Sample({"column": True}, ((4, 3, 3), (4, 3, 3))),
    )

    drop_path: Probability = Field(0.0, description="Probability that an operand is dropped in training.")
    mode: Mode = Field("batch", description="Sample one mask per batch, or one per row.")
    column: Flag = Field(False, description="Whether the last operand is the column that `draw_column` gave.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        if self.column and shapes[-1] != ():
            raise ShapeError(
                f"join with a column needs it as its last operand, got {show(shapes[-1])}",
                help="label the result of `draw_column` and name it last",
                operand=len(shapes) - 1,
                code=Code.UNSUPPORTED_SHAPE,
            )
        return equal("join", *(shapes[:-1] if self.column else shapes))

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        arguments = (
            Argument("drop_path", self.drop_path, 0.0, positional=True),
            Argument("mode", self.mode, "batch"),
            Argument("column", self.column, False),
        )
        return Torch("Join({arguments})", arguments, layer="drop_path")

    def abbreviate(self, shape: Shape) -> str:
        return f"p={self.drop_path:g}" if self.drop_path else ""


class DrawColumn(Op, name="draw_column"):
    """Draws the column of a fractal network that is trained alone. Pass its output to every `join`.

    Formula: ``y = floor(columns * u)`` with probability p, u being uniform in 0 to 1, and else -1, which leaves it
    to the joins; evaluation: -1.

    Shape: any to a scalar: one number per example. Column 0 is the deepest.

    Cost: no parameters, no MACs.

    Example: ``- draw_column: {columns: 4, p: 0.5}``

    Source: Larsson et al. 2016, arXiv:1605.07648, global drop-path.
    """

    family = "regularization"
    primary = "columns"
    depends_on_mode = True
    keeps_input = False
    samples = (
        Sample({"columns": 4}, ((3, 8, 8),)),
        Sample({"columns": 3, "p": 1.0, "mode": "row"}, ((7,),)),
        Sample({"columns": 2, "p": 0.0}, ((7,),)),
    )

    columns: Positive = Field(description="Number of columns of the network's fractal blocks.")
    p: Probability = Field(0.5, description="Probability that a column is drawn.")
    mode: Mode = Field("batch", description="Whether all examples of a batch get the same, or each row its own.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return ()

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        arguments = (
            Argument("columns", self.columns, positional=True),
            Argument("p", self.p, 0.5),
            Argument("mode", self.mode, "batch"),
        )
        return Torch("DrawColumn({arguments})", arguments, layer="drop_path")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((NOTHING,) * len(shapes[0]),)
