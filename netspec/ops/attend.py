"""Attention. The batch is the first axis, as everywhere."""

from math import isclose, prod, sqrt
from typing import Literal

from pydantic import Field

from netspec.diagnostics import Code
from netspec.dtypes import Dtype
from netspec.ops.base import Op, Sample
from netspec.ops.broadcasting import broadcasts_to
from netspec.ops.fields import Flag, PositiveNumber, Probability
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Windows
from netspec.sizes import Size
from netspec.sizes.shape import Shape, show

Masks = Literal["none", "mask", "bias", "mask_and_bias"]
"""What stands behind queries, keys and values."""


class Attend(Op, name="attend"):
    """Averages the values for each query, weighted by how similar their keys are to it: scaled dot-product attention.

    Formula: ``y[i] = sum over j of softmax over j (scale * q[i] . k[j] + bias[i, j]) * v[j]``, of the keys for which
    ``mask[i, j]`` is true, with ``causal`` of those up to ``j = i``. Without a key for it, a query gives zero.

    Shape: queries ``... x L x D``, keys ``... x S x D`` and values ``... x S x E`` to ``... x L x E``. Of the axis
    before ``L``, the heads, keys and values may have fewer, each for as many heads of the queries. ``mask`` and
    ``bias`` are ``... x L x S``, in which an axis of size 1 stretches.

    Cost: no parameters; a MAC per query, key and feature of each head, and one per query, value and feature.

    Raises: ShapeError for anything but sequences of vectors, when their axes do not fit, or when a mask does not.

    Example: ``- attend: {of: [query, keys, values], causal: true}``

    Source: torch.nn.functional.scaled_dot_product_attention; Vaswani et al. 2017, arXiv:1706.03762.
    """

    family = "merge"
    operands = (3, 5)
    operand_names = ("query", "key", "value")
    optional_operands = ("mask", "bias")
    keeps_output = True
    samples = (
        Sample({}, ((6, 8), (6, 8), (6, 8))),
        Sample({"causal": True}, ((2, 6, 8), (2, 5, 8), (2, 5, 3))),
        Sample({"scale": 0.5}, ((4, 6, 8), (2, 5, 8), (2, 5, 8))),
        Sample({"masks": "bias"}, ((2, 6, 8), (2, 5, 8), (2, 5, 8), (1, 6, 5))),
        Sample({"masks": "mask"}, ((4, 6, 8), (1, 5, 8), (1, 5, 8), (1, 1, 5))),
        Sample({"masks": "mask", "causal": True}, ((2, 5, 8), (2, 5, 8), (2, 5, 8), (1, 1, 5))),
        Sample({"masks": "mask_and_bias", "scale": 2.0}, ((2, 6, 8), (2, 5, 8), (2, 5, 4), (1, 6, 5), (2, 6, 5))),
        Sample({"masks": "bias", "causal": True}, ((3, 2, 4, 8), (3, 2, 5, 8), (3, 2, 5, 8), (1, 2, 4, 5))),
        Sample({"dropout": 0.1}, ((2, 6, 8), (2, 6, 8), (2, 6, 8))),
    )
    invalid_samples = (
        Sample({}, ((8,), (8,), (8,))),
        Sample({}, ((6, 8), (5, 8), (4, 8))),
        Sample({}, ((6, 8), (5, 7), (5, 8))),
        Sample({}, ((2, 6, 8), (5, 8), (5, 8))),
        Sample({}, ((4, 6, 8), (3, 5, 8), (3, 5, 8))),
        Sample({}, ((4, 6, 8), (2, 5, 8), (4, 5, 8))),
        Sample({}, ((3, 4, 6, 8), (2, 4, 5, 8), (2, 4, 5, 8))),
        Sample({}, ((6, 8), (6, 8), (6, 8), (6, 6))),
        Sample({"masks": "bias"}, ((6, 8), (6, 8), (6, 8))),
        Sample({"masks": "bias"}, ((2, 6, 8), (2, 6, 8), (2, 6, 8), (6, 6))),
        Sample({"masks": "bias"}, ((2, 6, 8), (2, 5, 8), (2, 5, 8), (2, 6, 4))),
    )

    causal: Flag = Field(False, description="Whether a query reads only the keys up to its own position.")
    scale: PositiveNumber | None = Field(None, description="Factor of the scores; 1 / sqrt(D) by default.")
    dropout: Probability = Field(0.0, description="Probability that a weight of the average is dropped in training.")
    masks: Masks = Field(
        "none",
        description="What follows the values where the operands are a list: a mask of booleans, a bias that is added "
        "to the scores, or both. Operands by name say it themselves.",
    )

    def with_optional(self, *names: str) -> "Attend":
        return self.with_fields(masks="_and_".join(names) or "none")

    def optional_names(self) -> tuple[str, ...]:
        return () if self.masks == "none" else tuple(self.masks.split("_and_"))

    def stretches_operand(self, position: int) -> bool:
        return position >= 3  # a mask or a bias

    def operand_dtypes(self, position: int) -> tuple[Dtype, ...]:
        return ("bool",) if position == 3 and "mask" in self.masks else ("float",)

    def infer_shape(self, *shapes: Shape) -> Shape:
        self._check_operands(*shapes)
        query, key, value, *masks = shapes
        expected = (*query[:-1], key[-2])
        for position, mask in enumerate(masks, 3):
            name = self.optional_names()[position - 3]
            if len(mask) != len(expected) or not all(map(broadcasts_to, mask, expected)):
                raise ShapeError(
                    f"attend needs a {name} that fits {show(expected)}, got {show(mask)}",
                    help=f"as in `rearrange: l -> {'1 ' * (len(query) - 1)}l`, for one of each key",
                    operand=position,
                )
        return (*query[:-1], value[-1])

    def _check_operands(self, *shapes: Shape) -> None:
        taken = 3 + len(self.optional_names())
        if len(shapes) != taken:
            raise ShapeError(
                f"attend with these `masks` takes {taken} operands, got {len(shapes)}",
                help="give them by name, as in `attend: {query: q, key: k, value: v, mask: known}`",
                code=Code.INVALID_OPERANDS,
            )
        query, key, value = shapes[:3]
        for position, (name, shape) in enumerate(zip(self.operand_names, (query, key, value), strict=True)):
            if len(shape) < 2 or len(shape) != len(query):
                raise ShapeError(
                    f"attend takes sequences of vectors behind the same axes, and its {name} is {show(shape)}",
                    help='as in `rearrange: {pattern: "l (heads d) -> heads l d", heads: 8}`',
                    operand=position,
                    code=Code.UNSUPPORTED_SHAPE,
                )
        if key[-1] != query[-1]:
            raise ShapeError(
                f"attend needs keys as long as the queries: {show(query)} and {show(key)}",
                help="give both the same number of features",
                operand=1,
            )
        if key[:-1] != value[:-1]:
            raise ShapeError(
                f"attend needs a value for each key: {show(key)} and {show(value)}",
                help="give both the same heads and steps",
                operand=2,
            )
        if query[:-3] != key[:-3] or (len(query) > 2 and query[-3] != key[-3] and query[-3] % key[-3] != 0):
            raise ShapeError(
                f"attend needs keys for the heads of the queries: {show(query)} and {show(key)}",
                help="give both the same heads, or the keys a number that divides that of the queries",
                operand=1,
            )

    @staticmethod
    def groups(query: Shape, key: Shape) -> Size:
        """Return how many heads of the queries read the same keys."""
        return query[-3] // key[-3] if len(query) > 2 and query[-3] != key[-3] else 1

    def count_macs(self, *shapes: Shape) -> Size:
        query, key, value = shapes[:3]
        return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])

    @property
    def strided(self) -> bool:
        return True  # torch's kernels for devices keep the heads behind the steps

    # In training the weights are dropped, if at all.
    @property
    def depends_on_mode(self) -> bool:  # type: ignore[override]
        return self.dropout > 0

    def always_module(self, operands: int) -> bool:
        # torch takes one mask, and none beside `is_causal`.
        return operands > 4 or (self.causal and operands > 3)

    def _arguments(self, query: Shape, key: Shape) -> tuple[Argument, ...]:
        return Argument("scale", self.scale, None), Argument("enable_gqa", self.groups(query, key) != 1, False)

    def emit_module(self, *shapes: Shape) -> Torch:
        arguments = (
            Argument("causal", self.causal, False),
            Argument("masks", self.optional_names(), ()),
            Argument("dropout", self.dropout, 0.0),
            *self._arguments(*shapes[:2]),
        )
        return Torch("Attend({arguments})", arguments, layer="attend")

    def emit_function(self, *shapes: Shape) -> Torch | None:
        if self.always_module(len(shapes)):
            return None
        given = "attn_mask={3}, " if len(shapes) > 3 else ""
        arguments = (Argument("is_causal", self.causal, False), *self._arguments(*shapes[:2]))
        if self.dropout:
            given += "dropout_p={dropout} if self.training else 0.0, "
            arguments = (Argument("dropout", self.dropout), *arguments)
        return Torch(f"F.scaled_dot_product_attention({{0}}, {{1}}, {{2}}, {given}{{arguments}})", arguments)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        query, key = shapes[:2]
        leading: Windows = (SAME,) * (len(query) - 2)
        heads = leading if self.groups(query, key) == 1 else (*leading[:-1], None)
        masks: tuple[Windows, ...] = ((*leading, SAME, None),) * (len(shapes) - 3)
        return (*leading, SAME, None), (*heads, None, None), (*heads, None, SAME), *masks

    def canonical(self, *shapes: Shape) -> Op:
        usual = self.scale is not None and isclose(self.scale, 1 / sqrt(int(shapes[0][-1])))
        return self.with_fields(scale=None) if usual else self

    def abbreviate(self, shape: Shape) -> str:
        return "causal" if self.causal else ""
