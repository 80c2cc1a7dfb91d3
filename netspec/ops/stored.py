"""Tensors that are declared beside the steps: they belong to the module, and are no value of an example."""

from typing import ClassVar

from pydantic import Field

from netspec.ops.base import Op, Sample
from netspec.ops.fields import Flag, Positive
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import Windows
from netspec.sizes.shape import Shape


class Stored(Op):
    """The base class of declared tensors. They have no operands, and no word of a step."""

    family = "shape"
    operands = (0, 0)
    has_batch = False
    may_alias = True
    keeps_input = False

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ()


class Parameter(Stored, name="parameter", declared=True):
    """A trainable tensor, whose key in the ``state_dict`` is its own name.

    Formula: ``y = parameter``, the same for each example

    Shape: the one that is declared; ``batch`` stores it with a leading axis of 1.

    Cost: its elements; no MACs.

    Source: torch.nn.Parameter.
    """

    parameter: ClassVar[str] = "value"
    samples = (Sample({"shape": (4, 3)}, ()), Sample({"shape": (5,), "batch": True}, ()))

    shape: tuple[Positive, ...] = Field(description="The size of each axis.")
    batch: Flag = Field(False, description="Whether it is stored with a leading axis of size 1, as for a batch.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return self.shape

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        return {self.parameter: (1, *self.shape) if self.batch else self.shape}

    def emit_module(self, *shapes: Shape) -> Torch:
        sizes = tuple(
            Argument(f"size{axis}", size, positional=True, field=f"shape{axis}", counts="positions")
            for axis, size in enumerate(self.shape, 1)
        )
        one = "1, " if self.batch and sizes else "1" if self.batch else ""
        # A call of torch.empty without sizes would be refused.
        shape = f"{one}{{arguments}}" if sizes or one else "()"
        return Torch(f"nn.Parameter(torch.empty({shape}))", sizes)
