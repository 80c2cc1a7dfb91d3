"""Two ops of one's own: an activation that is one line of torch, and a layer with parameters."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from netspec.ops import Argument, Op, Sample, Torch

Shape = tuple[int, ...]


class SquaredReLU(Op, name="squared_relu"):
    """Squares what is positive.

    Formula: ``y = max(x - threshold, 0) ** 2``

    Shape: any, unchanged.

    Cost: no parameters; no MACs.

    Example: ``- squared_relu``

    Source: So et al. 2021, Primer.
    """

    family = "activation"
    primary = "threshold"
    samples = (Sample({}, ((4, 3, 3),)), Sample({"threshold": 0.5}, ((5,),)))

    threshold: float = Field(0.0, ge=0, description="What is subtracted first.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_function(self, *shapes: Shape) -> Torch:
        if not self.threshold:
            return Torch("F.relu({0}).square()", calls=2)
        return Torch("F.relu({0} - {threshold}).square()", (Argument("threshold", self.threshold),), calls=3)


class ChannelGate(Op, name="channel_gate"):
    """Multiplies each channel by a trainable number between zero and one.

    Formula: ``y[c] = sigmoid(weight[c]) * x[c]``

    Shape: any, unchanged.

    Cost: one parameter per channel; no MACs.

    Example: ``- channel_gate``

    Source: an example.
    """

    family = "normalization"
    samples = (Sample({}, ((4, 3, 3),)),)

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        channels, *axes = shapes[0]
        return {"weight": (channels, *(1 for _ in axes))}

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        channels, *axes = shapes[0]
        arguments = Argument("channels", channels, positional=True, counts="in_channels"), Argument("axes", len(axes))
        layer = Path(__file__).with_name("gated_layer.py")
        return Torch("ChannelGate({arguments})", arguments, layer=str(layer))
