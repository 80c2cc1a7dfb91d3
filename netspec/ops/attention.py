"""Attention. The batch is the first axis, as everywhere."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch, check_sequence
from netspec.ops.fields import Flag, Positive, Probability
from netspec.ops.traits import SAME, Windows
from netspec.sizes import Size
from netspec.sizes.shape import Shape, show


class Attention(Op, name="attention"):
    """Averages the values for each query, weighted by the similarity of their keys to it: multi-head attention.

    Formula: ``y = softmax(Q K^T / sqrt(C / heads)) V`` per head, with ``Q``, ``K``, ``V`` and the result each
    multiplied by a trainable matrix.

    Shape: one operand ``L x C`` (self-attention), or query ``L x C``, key ``S x A``, value ``S x B``; to ``L x C``.

    Cost: ``C * (2 * C + A + B)`` weights and ``4 * C`` biases; one MAC per weight and position, and ``2 * L * S * C``.

    Raises: ShapeError for anything but sequences of vectors, when the heads do not divide C, when key and value differ
    in length, or for two operands.

    Example: ``- attention: {heads: 8}``

    Source: torch.nn.MultiheadAttention; Vaswani et al. 2017, arXiv:1706.03762.
    """

    family = "sequence"
    primary = "heads"
    operands = (1, 3)
    depends_on_mode = True
    samples = (
        Sample({"heads": 2}, ((6, 8),)),
        Sample({"heads": 4, "bias": False, "dropout": 0.1}, ((6, 8),)),
        Sample({"heads": 2}, ((6, 8), (5, 8), (5, 8))),
        Sample({"heads": 2}, ((6, 8), (5, 3), (5, 4))),
    )
    invalid_samples = (
        Sample({"heads": 3}, ((6, 8),)),
        Sample({"heads": 2}, ((8,),)),
        Sample({"heads": 2}, ((6, 8), (5, 8))),
        Sample({"heads": 2}, ((6, 8), (5, 8), (4, 8))),
        Sample({"heads": 2}, ((6, 8), (5, 8), (5,))),
    )

    heads: Positive = Field(description="Number of heads, which divide the features.")
    dropout: Probability = Field(0.0, description="Probability that an attention weight is dropped in training.")
    bias: Flag = Field(True, description="Whether the four projections have biases.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        if len(shapes) not in (1, 3):
            raise ShapeError(
                f"attention takes one operand, or query, key and value, got {len(shapes)}",
                help="name the value twice where it is the key too",
                code=Code.INVALID_OPERANDS,
            )
        for position, shape in enumerate(shapes):
            check_sequence("attention", shape, position)
        query = shapes[0]
        if query[1] % self.heads:
            raise ShapeError(
                f"attention with {self.heads} heads needs features that {self.heads} divides, and has {query[1]:d}",
                help=f"make the features a multiple of {self.heads}",
                operand=0,
                code=Code.INDIVISIBLE_CHANNELS,
            )
        if len(shapes) == 3 and shapes[1][0] != shapes[2][0]:
            raise ShapeError(
                f"attention needs a value for each key: {show(shapes[1])} and {show(shapes[2])}",
                help="give both the same number of steps",
                operand=2,
            )
        return query

    @property
    def strided(self) -> bool:
        return True  # torch keeps the steps in front of the batch

    def _operands(self, shapes: tuple[Shape, ...]) -> tuple[Shape, Shape, Shape]:
        return (shapes[0], shapes[1], shapes[2]) if len(shapes) == 3 else (shapes[0],) * 3

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        (_, features), (_, key), (_, value) = self._operands(shapes)
        parameters: dict[str, Shape] = {}
        # torch.nn.MultiheadAttention keeps one packed matrix where query, key and value are equally wide, and three
        # matrices otherwise; the biases are packed in both cases.
        if key == value == features:
            parameters["layer.in_proj_weight"] = (3 * features, features)
        else:
            parameters["layer.q_proj_weight"] = (features, features)
            parameters["layer.k_proj_weight"] = (features, key)
            parameters["layer.v_proj_weight"] = (features, value)
        if self.bias:
            parameters["layer.in_proj_bias"] = (3 * features,)
        parameters["layer.out_proj.weight"] = (features, features)
        if self.bias:
            parameters["layer.out_proj.bias"] = (features,)
        return parameters

    def count_macs(self, *shapes: Shape) -> Size:
        (steps, features), (keys, key), (_, value) = self._operands(shapes)
        # The projections of the query and of the result, those of key and value, and then two products of matrices:
        # query with key, and the weights with the value.
        return features * (2 * steps * features + keys * (key + value) + 2 * steps * keys)

    def emit_module(self, *shapes: Shape) -> Torch:
        (_, features), (_, key), (_, value) = self._operands(shapes)
        arguments = (
            Argument("embed_dim", features, positional=True),
            Argument("num_heads", self.heads, positional=True, field="heads"),
            Argument("dropout", self.dropout, 0.0),
            Argument("bias", self.bias, True),
            Argument("kdim", None if key == features else key, None),
            Argument("vdim", None if value == features else value, None),
        )
        layer = "nn.MultiheadAttention({arguments}, batch_first=True)"
        return Torch(f"Attention({layer})", arguments, layer="attention")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        # A position of the result reads its own query, and every key and value.
        everything: Windows = (None, None)
        return (everything,) if len(shapes) == 1 else ((SAME, None), everything, everything)

    def abbreviate(self, shape: Shape) -> str:
        return f"{self.heads} heads"
