"""Products of two values that are summed over axes by name."""

import string
from functools import lru_cache
from typing import Annotated

from pydantic import Field, Strict

from netspec.diagnostics import Code
from netspec.ops.base import Op, Sample
from netspec.ops.pattern_op import PatternOp
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Torch
from netspec.ops.traits import SAME, Windows
from netspec.sizes import Size
from netspec.sizes.shape import Shape, elements, show
from netspec.syntax.pattern import ELLIPSIS, Pattern, PatternError, read


class Einsum(PatternOp, name="einsum"):
    """Multiplies two values along axes with names, and sums over those that the result lacks.

    The batch is no part of the pattern.

    Formula: ``y[h, q, k] = sum over d of a[h, q, d] * b[h, k, d]`` for the example below.

    Shape: the axes right of the arrow; a name has the same size in both values.

    Cost: no parameters; one MAC per combination of the names, where a name of both values is summed over. A name of
    one value alone is summed over before, and without a sum there are only products, which do not count.

    Raises: ShapeError when a value has another number of axes, or a name two sizes.

    Example: ``- einsum: {pattern: "h q d, h k d -> h q k", of: [query, key]}``

    Source: torch.einsum.
    """

    family = "merge"
    primary = "pattern"
    operands = (2, 2)
    samples = (
        Sample({"pattern": "h q d, h k d -> h q k"}, ((2, 3, 4), (2, 5, 4))),
        Sample({"pattern": "h q k, h k d -> q h d"}, ((2, 3, 5), (2, 5, 4))),
        Sample({"pattern": "n, m -> n m"}, ((3,), (4,))),
        Sample({"pattern": "c l, c l -> l"}, ((3, 5), (3, 5))),
        Sample({"pattern": "row inner, inner column -> column row"}, ((3, 4), (4, 5))),
        Sample({"pattern": "b l d, l b -> b"}, ((2, 5, 4), (5, 2))),
    )
    invalid_samples = (
        Sample({"pattern": "q d, k d -> q k"}, ((3, 4), (5, 3))),
        Sample({"pattern": "q d, k d -> q k"}, ((3, 4), (5, 4, 2))),
    )

    pattern: Annotated[str, Strict()] = Field(description="The axes of both values, an arrow, and those of the result.")

    # Cached: each analysis asks for every node, and a network repeats its patterns.
    @classmethod
    @lru_cache(maxsize=1024)
    def read(cls, text: str) -> Pattern:
        """Return the pattern of a text; raise PatternError for one that this op does not take."""
        pattern = read(text)
        if len(pattern.operands) != 2:
            side = pattern.operands[-1]
            raise PatternError("einsum takes two values", side.offset, side.length, 'as in "q d, k d -> q k"')
        for side in (*pattern.operands, pattern.result):
            for axis in side.axes:
                if len(axis.names) != 1 or axis.names == (ELLIPSIS,) or side.has_brackets(axis):
                    help_text = "`rearrange` takes axes apart and joins them"
                    raise PatternError("an axis of einsum is one name", axis.offset, axis.length, help_text)
        known = {name for side in pattern.operands for name in side.names}
        for name in pattern.result.names:
            if name not in known:
                is_word = len(name) > 1 and set(name) <= set("".join(known))
                help_text = f"axes stand apart by blanks: `{' '.join(name)}`" if is_word else "`tile` adds axes"
                raise PatternError(f"`{name}` is missing on the left", pattern.places[name], len(name), help_text)
        return pattern

    def fit(self, shapes: tuple[Shape, ...]) -> dict[str, Size]:
        """Return the size of each name; raise ShapeError where the values do not fit the pattern."""
        sizes: dict[str, Size] = {}
        for position, (side, shape) in enumerate(zip(self.read(self.pattern).operands, shapes, strict=True)):
            if len(side.axes) != len(shape):
                raise ShapeError(
                    f"einsum has a pattern for {len(side.axes)} axes, and {show(shape)} has {len(shape)}",
                    help="the batch is no part of a pattern",
                    operand=position,
                    code=Code.PATTERN_MISMATCH,
                ).marking(side.offset, side.length)
            for axis, size in zip(side.axes, shape, strict=True):
                (name,) = axis.names
                if name in sizes and sizes[name] != size:
                    raise ShapeError(
                        f"einsum has {sizes[name]:d} and {size:d} for `{name}`",
                        help="a name has the same size in both values",
                        operand=position,
                        code=Code.PATTERN_MISMATCH,
                    ).marking(axis.offset, axis.length)
                sizes.setdefault(name, size)
        return sizes

    def infer_shape(self, *shapes: Shape) -> Shape:
        sizes = self.fit(shapes)
        return tuple(sizes[name] for name in self.read(self.pattern).result.names)

    def count_macs(self, *shapes: Shape) -> Size:
        sizes, pattern = self.fit(shapes), self.read(self.pattern)
        left, right = (set(side.names) for side in pattern.operands)
        result = set(pattern.result.names)
        if left & right <= result:
            return 0
        return elements(tuple(size for name, size in sizes.items() if name in result or name in left & right))

    def canonical(self, *shapes: Shape) -> Op:
        short = dict(zip(self.read(self.pattern).names, string.ascii_letters, strict=False))
        return self.with_fields(pattern=self._written(short, " "))

    def _written(self, short: dict[str, str], between: str) -> str:
        pattern = self.read(self.pattern)
        left, right, result = (
            between.join(short[name] for name in side.names) for side in (*pattern.operands, pattern.result)
        )
        return f"{left}, {right} -> {result}"

    def _letters(self) -> dict[str, str]:
        """Return a letter for each name, its own first where that is free, and one for the batch."""
        letters: dict[str, str] = {}
        for name in sorted(self.read(self.pattern).names, key=len):
            letters[name] = next(each for each in (*name, *string.ascii_letters) if self._is_free(each, letters))
        free = (each for each in ("b", *string.ascii_letters) if self._is_free(each, letters))
        return {**letters, "": next(free)}

    @staticmethod
    def _is_free(letter: str, letters: dict[str, str]) -> bool:
        return letter.isalpha() and letter not in letters.values()

    def emit_function(self, *shapes: Shape) -> Torch:
        letters = self._letters()
        pattern = self.read(self.pattern)
        sides = ["".join(letters[name] for name in ("", *side.names)) for side in (*pattern.operands, pattern.result)]
        return Torch(f'torch.einsum("{sides[0]}, {sides[1]} -> {sides[2]}", {{0}}, {{1}})')

    @property
    def strided(self) -> bool:
        return True  # the result of a product of matrices, with its axes in the order of the pattern

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        pattern = self.read(self.pattern)
        places = {name: place for place, name in enumerate(pattern.result.names)}
        return tuple(
            tuple(SAME._replace(axis=places[name]) if name in places else None for name in side.names)
            for side in pattern.operands
        )

    def abbreviate(self, shape: Shape) -> str:
        return self.pattern if len(self.pattern) < 30 else ""
