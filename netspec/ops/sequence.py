"""Ops on sequences of vectors: recurrent layers and attention. The batch is the first axis, as everywhere."""

from typing import ClassVar, Literal

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch
from netspec.ops.fields import Flag, Positive, Probability
from netspec.ops.traits import SAME, Windows
from netspec.sizes import Size
from netspec.sizes.shape import Shape, elements, show


def check_sequence(op: str, shape: Shape, operand: int = 0) -> None:
    """Raise ShapeError unless the value is a sequence of vectors."""
    if len(shape) != 2:
        raise ShapeError(
            f"{op} takes a sequence of vectors, got {show(shape)}",
            help="its axes are the steps and the features; `permute: [2, 1]` turns channels first into that",
            operand=operand,
            code=Code.UNSUPPORTED_SHAPE,
        )


class Recurrent(Op):
    """What recurrent layers share: gates that see the input of a step and the state after the step before."""

    family = "sequence"
    primary = "hidden"
    channel_fields = frozenset({"hidden"})
    depends_on_mode = True
    keeps_output = True
    gates: ClassVar[int]
    """How many matrices a layer has for each of input and state."""
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"hidden": 5}, ((7, 4),)),
        Sample({"hidden": 5, "layers": 2, "bidirectional": True, "output": "last"}, ((3, 4),)),
        Sample({"hidden": 3, "layers": 2, "bias": False, "dropout": 0.2}, ((4, 6),)),
        Sample({"hidden": 3, "output": "last"}, ((4, 6),)),
    )
    invalid_samples = (
        Sample({"hidden": 5}, ((4,),)),
        Sample({"hidden": 5}, ((4, 3, 3),)),
        Sample({"hidden": 5, "dropout": 0.5}, ((7, 4),)),
    )

    hidden: Positive = Field(description="Number of features of the state, per direction.")
    layers: Positive = Field(1, description="Number of layers, each on the outputs of the one below.")
    bidirectional: Flag = Field(False, description="Whether each layer also reads the sequence from its end.")
    dropout: Probability = Field(0.0, description="Probability that a feature is dropped between two layers.")
    bias: Flag = Field(True, description="Whether gates have trainable constants; as in torch, two for each.")
    output: Literal["sequence", "last"] = Field(
        "sequence", description="Whether the outputs of all steps leave, or the last state of each direction."
    )

    @property
    def strided(self) -> bool:
        return self.output == "sequence"  # torch keeps the steps in front of the batch

    @property
    def directions(self) -> int:
        """How many times each layer reads the sequence."""
        return 2 if self.bidirectional else 1

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_sequence(self.name, shape)
        # torch.nn.LSTM only warns here, that "dropout option adds dropout after all but last recurrent layer".
        if self.dropout and self.layers == 1:
            raise ShapeError(
                f"{self.name} has one layer, and its dropout acts between layers",
                help="put a `dropout` after it, or give it more layers",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        features = self.hidden * self.directions
        return (shape[0], features) if self.output == "sequence" else (features,)

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        rows = self.gates * self.hidden
        parameters: dict[str, Shape] = {}
        for layer in range(self.layers):
            features = shapes[0][1] if layer == 0 else self.hidden * self.directions
            for direction in ("", "_reverse")[: self.directions]:
                suffix = f"l{layer}{direction}"
                parameters[f"layer.weight_ih_{suffix}"] = (rows, features)
                parameters[f"layer.weight_hh_{suffix}"] = (rows, self.hidden)
                # torch.nn.RNN's source: "Second bias vector included for CuDNN compatibility. Only one bias vector is
                # needed in standard definition." Both are trained, so both count.
                if self.bias:
                    parameters[f"layer.bias_ih_{suffix}"] = (rows,)
                    parameters[f"layer.bias_hh_{suffix}"] = (rows,)
        return parameters

    def count_macs(self, *shapes: Shape) -> Size:
        # A step multiplies each weight once; biases only add.
        matrices = (shape for name, shape in self.list_parameters(*shapes).items() if "weight" in name)
        return shapes[0][0] * sum(map(elements, matrices))

    def _arguments(self, features: Size) -> tuple[Argument, ...]:
        return (
            Argument("input_size", features, positional=True),
            Argument("hidden_size", self.hidden, positional=True, field="hidden"),
            Argument("num_layers", self.layers, 1, positional=True, field="layers"),
            Argument("bias", self.bias, True),
            Argument("dropout", self.dropout, 0.0),
            Argument("bidirectional", self.bidirectional, False),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        wrapper = "SequenceOutput" if self.output == "sequence" else "LastState"
        layer = f"nn.{self.name.upper()}({{arguments}}, batch_first=True)"
        return Torch(f"{wrapper}({layer})", self._arguments(shapes[0][1]), layer="recurrent")

    def receptive_windows(self, *shapes: Shape) -> None:
        return None

    def abbreviate(self, shape: Shape) -> str:
        layers = f", {self.layers} layers" if self.layers > 1 else ""
        return f"{self.hidden}{layers}{', both ways' if self.bidirectional else ''}"


class LSTM(Recurrent, name="lstm"):
    """Reads a sequence with a long short-term memory.

    Formula: ``c = f * c + i * g`` and ``h = o * tanh(c)``; i, f, o are sigmoids and g is a tanh of
    ``W x + b + V h + d``, each with its own matrices.

    Shape: ``L x C`` to ``L x hidden``, or to ``hidden`` with ``output: last``; twice that if bidirectional.

    Cost: per layer and direction ``4 * hidden * (C + hidden)`` weights and ``8 * hidden`` biases; one MAC per weight
    and step.

    Raises: ShapeError for anything but a sequence of vectors, or for dropout with a single layer.

    Example: ``- lstm: {hidden: 128, layers: 2, bidirectional: true, output: last}``

    Source: torch.nn.LSTM; Hochreiter and Schmidhuber 1997.
    """

    gates = 4


class GRU(Recurrent, name="gru"):
    """Reads a sequence with gated recurrent units.

    Formula: ``h = (1 - z) * n + z * h``; r and z are sigmoids of ``W x + b + V h + d``, and
    ``n = tanh(W x + b + r * (V h + d))``, each with its own matrices.

    Shape: ``L x C`` to ``L x hidden``, or to ``hidden`` with ``output: last``; twice that if bidirectional.

    Cost: per layer and direction ``3 * hidden * (C + hidden)`` weights and ``6 * hidden`` biases; one MAC per weight
    and step.

    Raises: ShapeError for anything but a sequence of vectors, or for dropout with a single layer.

    Example: ``- gru: {hidden: 64, output: last}``

    Source: torch.nn.GRU; Cho et al. 2014, arXiv:1406.1078.
    """

    # torch.nn.GRU applies the reset gate after the matrix, and says that this "subtly differs from the original paper".
    gates = 3


class RNN(Recurrent, name="rnn"):
    """Reads a sequence with plain recurrent units.

    Formula: ``h = tanh(W x + b + V h + d)``, or relu instead of tanh.

    Shape: ``L x C`` to ``L x hidden``, or to ``hidden`` with ``output: last``; twice that if bidirectional.

    Cost: per layer and direction ``hidden * (C + hidden)`` weights and ``2 * hidden`` biases; one MAC per weight and
    step.

    Raises: ShapeError for anything but a sequence of vectors, or for dropout with a single layer.

    Example: ``- rnn: {hidden: 32, nonlinearity: relu}``

    Source: torch.nn.RNN; Elman 1990.
    """

    gates = 1
    samples = (*Recurrent.samples, Sample({"hidden": 3, "nonlinearity": "relu"}, ((4, 6),)))

    nonlinearity: Literal["tanh", "relu"] = Field("tanh", description="What squashes the new state.")

    def _arguments(self, features: Size) -> tuple[Argument, ...]:
        return (*super()._arguments(features), Argument("nonlinearity", self.nonlinearity, "tanh"))


class Attention(Op, name="attention"):
    """Lets each position of the query take from all positions of the value, as much as its key is like the query.

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

    heads: Positive = Field(description="Number of groups of features that attend on their own.")
    dropout: Probability = Field(0.0, description="Probability that a position is not looked at in training.")
    bias: Flag = Field(True, description="Whether the four matrices come with trainable constants.")

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
