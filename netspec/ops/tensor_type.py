"""The type of a value: what an op needs to know of its operands, and infers for its results."""

from typing import NamedTuple

from netspec.dtypes import Dtype
from netspec.sizes.shape import Shape, show


class TensorType(NamedTuple):
    """The shape of one example, channels first and without the batch, and the dtype of its elements.

    Example:
        >>> print(TensorType((64, 56, 56)), TensorType((128,), "int64"))
        64x56x56 128 int64
    """

    shape: Shape
    dtype: Dtype = "float"

    def __str__(self) -> str:
        return show(self.shape) if self.dtype == "float" else f"{show(self.shape)} {self.dtype}"
