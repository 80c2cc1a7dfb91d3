"""An op with two results of different types, which the language does not have."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from netspec.ops import Op, Sample, ShapeError, TensorType


class TopK(Op):
    """The largest elements of a vector, and their positions in it."""

    name = "topk"
    family = "shape"
    samples = (Sample({"count": 2}, ((5,),)),)

    count: int = Field(description="How many.")

    def infer_shape(self, *shapes: Any) -> Any:
        (size,) = shapes[0]
        if self.count > size:
            raise ShapeError(f"topk takes {self.count} of {size} elements")
        return (self.count,)

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        shape = self.infer_shape(*(each.shape for each in operands))
        return TensorType(shape), TensorType(shape, "int64")

    def count_macs(self, *shapes: Any) -> int:
        return 0
