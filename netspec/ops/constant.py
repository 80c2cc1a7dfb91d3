"""The tensor that is computed from the indices of its own axes."""

from collections.abc import Iterator
from math import prod

from pydantic import Field

from netspec.diagnostics import Code
from netspec.limits import LimitExceededError
from netspec.ops.base import Op, Sample
from netspec.ops.constant_text import bounds_of, constant_dtype, constant_text, extremes_of, floats_in
from netspec.ops.fields import Sizes
from netspec.ops.formula_text import FormulaText, canonical_index_text, numbers_of
from netspec.ops.shape_error import ShapeError
from netspec.ops.stored import Stored
from netspec.ops.tensor_type import TensorType
from netspec.ops.torch_code import Argument, Torch
from netspec.sizes import at_stated_sizes
from netspec.sizes.shape import Shape

MOST_ELEMENTS = 20_000
"""The elements of a constant that are computed to see which integers it holds."""


class Constant(Stored, name="constant", declared=True):
    """A tensor whose elements follow from their indices; it is no part of the ``state_dict``.

    Formula: the one that is written, over the indices of its axes, which are whole numbers from 0

    Shape: a size for each axis; where one is open, the tensor is computed in each call.

    Cost: no parameters, no MACs.

    Source: torch.arange and torch's element-wise functions.
    """

    open_arguments = frozenset({"axes", "sizes"})
    samples = (
        Sample({"axes": {"q": 4, "k": 3}, "value": "where(k <= q, 0, -inf)"}, ()),
        Sample({"axes": {"t": 4, "i": 3}, "value": "sin(t * 100 ** (-i / 3))"}, ()),
        Sample({"axes": {"i": 4, "j": 4}, "value": "(i // 2 - j // 2 + 1) * 3 + i % 2 - j % 2 + 1"}, ()),
    )

    axes: Sizes = Field(description="The size of each axis, by the name of its index.")
    value: FormulaText = Field(description="The formula of an element, over the indices.")
    sizes: Sizes = Field((), description="Open sizes that the formula reads, by name.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return tuple(size for _, size in self.axes)

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self.bounds()
        return (TensorType(self.infer_shape(), constant_dtype(self.value)),)

    def bounds(self) -> tuple[float, float]:
        """Return numbers between which all elements are; raise ShapeError where they have no value."""
        try:
            return bounds_of(self.value, dict(at_stated_sizes(self.axes)), dict(at_stated_sizes(self.sizes)))
        except ZeroDivisionError:
            raise ShapeError(
                "a constant divides a whole number by what may be 0",
                help="as in `i // max(j, 1)`",
                code=Code.EVALUATION_FAILED,
            ) from None

    def extremes(self) -> tuple[int, int] | None:
        """Return the least and the greatest of its integers, or None where they are too many to look at each."""
        sizes = at_stated_sizes(self.axes)
        if prod(size for _, size in sizes) > MOST_ELEMENTS:
            return None
        try:
            return extremes_of(self.value, sizes, at_stated_sizes(self.sizes))
        except LimitExceededError:
            return None

    def canonical(self, *shapes: Shape) -> Op:
        # The names of its indices do not matter.
        names = {name: f"a{place}" for place, (name, _) in enumerate(self.axes, 1)}
        return self.with_fields(
            axes=tuple((names[name], size) for name, size in self.axes), value=canonical_index_text(self.value, names)
        )

    def always_module(self, operands: int) -> bool:
        return True  # it belongs to the module unless its size is open

    def allocates(self, training: bool) -> bool:
        return True

    def _arguments(self) -> Iterator[Argument]:
        yield from (Argument(f"size_{name}", size) for name, size in self.axes)
        yield from (Argument(name, size) for name, size in self.sizes)
        floats = floats_in(self.value)
        for name, number in numbers_of(self.value).items():
            yield Argument(name, float(number) if name in floats else number)

    def _text(self, in_forward: bool) -> Torch:
        axes, sizes = (tuple(name for name, _ in given) for given in (self.axes, self.sizes))
        return constant_text(self.value, axes, sizes, in_forward)._replace(arguments=tuple(self._arguments()))

    def emit_module(self, *shapes: Shape) -> Torch:
        return self._text(in_forward=False)

    def emit_function(self, *shapes: Shape) -> Torch:
        return self._text(in_forward=True)
