"""Recurrent layers. The batch is the first axis, as everywhere."""

from typing import ClassVar, Literal

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import check_sequence
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Flag, Positive, Probability
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.sizes import Size
from netspec.sizes.shape import Shape, elements


class Recurrent(Op):
    """The base class of recurrent layers: gates over the input of a step and the state of the step before."""

    family = "sequence"
    primary = "hidden"
    channel_fields = frozenset({"hidden"})
    depends_on_mode = True
    keeps_output = True
    gates: ClassVar[int]
    """The number of gates, each with a matrix for the input and one for the state."""
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
        "sequence", description="Whether to return the outputs of all steps, or the last state of each direction."
    )

    @property
    def strided(self) -> bool:
        return self.output == "sequence"  # torch keeps the steps in front of the batch

    @property
    def directions(self) -> int:
        """The number of directions in which each layer reads the sequence."""
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
    """Runs a long short-term memory over a sequence.

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
    """Runs gated recurrent units over a sequence.

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
    """Runs plain recurrent units over a sequence.

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

    nonlinearity: Literal["tanh", "relu"] = Field("tanh", description="Activation function of the new state.")

    def _arguments(self, features: Size) -> tuple[Argument, ...]:
        return (*super()._arguments(features), Argument("nonlinearity", self.nonlinearity, "tanh"))
