"""What ops share that lay a value out by a pattern: the sizes of its names, and the calls that follow."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import Field, model_validator

from netspec.diagnostics import Code
from netspec.ops.fields import Sizes
from netspec.ops.layout_chain import Groups, Link, chain, text_of
from netspec.ops.pattern_op import PatternOp
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.sizes import Size, stated
from netspec.sizes.shape import MOST_AXES, Shape, elements, show
from netspec.syntax.pattern import Axis, Pattern, PatternError, Side, read


class Patterned(PatternOp):
    """What ops share that lay a value out by a pattern."""

    new_names: ClassVar[bool] = False
    """Whether the result may have names that the operand lacks."""
    example: ClassVar[str] = 'rearrange: "c h w -> (h w) c"'
    family = "shape"
    open_arguments = frozenset({"sizes"})
    channel_fields = frozenset({"sizes"})
    input_dtype = "any"
    moves_elements = True
    may_alias = True
    keeps_input = False

    sizes: Sizes = Field((), description="The sizes of names in the pattern, each written as an argument: `p: 16`.")

    @model_validator(mode="before")
    @classmethod
    def _gather_sizes(cls, given: Any) -> Any:
        """Take arguments of other names for sizes."""
        if not isinstance(given, dict) or given.keys() <= cls.model_fields.keys():
            return given
        fields = {name: value for name, value in given.items() if name in cls.model_fields}
        others = {name: value for name, value in given.items() if name not in cls.model_fields}
        return {**fields, "sizes": {**dict(given.get("sizes", ())), **others}}

    def check(self, pattern: Pattern) -> None:
        self.check_sizes(pattern, dict(self.sizes))

    # Cached: each analysis asks for every node, and a network repeats its patterns.
    @classmethod
    @lru_cache(maxsize=1024)
    def read(cls, text: str) -> Pattern:
        """Return the pattern of a text; raise PatternError for one that this op does not take."""
        pattern = read(text)
        if len(pattern.operands) > 1:
            side = pattern.operands[1]
            raise PatternError(f"{cls.name} takes a single value", side.offset, side.length, "`einsum` takes several")
        cls.check_names(pattern)
        taken = next((name for name in pattern.names if name in cls.model_fields), None)
        if taken is not None:
            help_text = "choose another name for the axis"
            message = f"`{taken}` is an argument of {cls.name}"
            raise PatternError(message, pattern.places[taken], len(taken), help_text)
        return pattern

    @classmethod
    def check_names(cls, pattern: Pattern) -> None:
        """Raise PatternError for a name that is on one side alone."""
        left, right = pattern.operands[0], pattern.result
        for side, other, where in ((left, right, "right"), (right, left, "left")):
            lacking = [name for name in side.names if name not in other.names]
            if lacking and not (cls.new_names and side is right and lacking[0] in pattern.names):
                help_text = (
                    "`tile` adds axes" if side is right else "a rearrangement keeps every axis; `reduce` drops some"
                )
                if len(left.names) == len(right.names) == 1 < len(lacking[0]):
                    help_text = f"axes stand apart by blanks: `{' '.join(lacking[0])}`"
                message = f"`{lacking[0]}` is missing on the {where}"
                raise PatternError(message, pattern.places[lacking[0]], len(lacking[0]), help_text)

    @classmethod
    def check_sizes(cls, pattern: Pattern, given: Collection[str]) -> None:
        """Raise PatternError where a size neither is given nor follows from the others."""
        for axis in pattern.operands[0].axes:
            free = [name for name in axis.names if name not in given]
            if len(free) > 1:
                message = f"the sizes of `{free[0]}` and `{free[1]}` do not follow from their product"
                raise PatternError(message, axis.offset, axis.length, f"give one of them, as in `{free[-1]}: 2`")
        for name in pattern.result.names:
            if name not in pattern.operands[0].names and name not in given:
                message = f"the size of the new axis `{name}` is missing"
                raise PatternError(message, pattern.places[name], len(name), f"give it, as in `{name}: 2`")

    # sizes

    def sides(self, rank: int) -> tuple[Groups, Groups]:
        """Return the names of each axis on both sides, for an operand of that many axes."""
        return self._sides(self.pattern, rank)

    @classmethod
    @lru_cache(maxsize=1024)
    def _sides(cls, text: str, rank: int) -> tuple[Groups, Groups]:
        pattern = cls.read(text)
        left = pattern.operands[0]
        between = rank - len(left.axes) + 1
        return left.groups(between), pattern.result.groups(between)

    def fit(self, shape: Shape) -> dict[str, Size]:
        """Return the size of each name; raise ShapeError where the operand does not fit the pattern."""
        left = self.read(self.pattern).operands[0]
        least = len(left.axes) - left.has_ellipsis()
        if len(shape) < least or (len(shape) > least and not left.has_ellipsis()):
            raise ShapeError(
                f"{self.name} has a pattern for {least} axes{' or more' * left.has_ellipsis()}, "
                f"and {show(shape)} has {len(shape)}",
                help="the batch is no part of a pattern; `...` stands for any number of axes",
                operand=0,
                code=Code.PATTERN_MISMATCH,
            ).marking(left.offset, left.length)
        groups, _ = self.sides(len(shape))
        sizes = dict(self.sizes)
        for name, size in self.sizes:
            if size < 1:
                raise ShapeError(
                    f"{self.name} needs a size of at least 1 for `{name}`, not {size:d}",
                    help="the size depends on that of a value: check the expression",
                    code=Code.PATTERN_MISMATCH,
                ).marking(self.read(self.pattern).places[name], len(name))
        places = list(_places(left, len(groups)))
        for group, axis, size in zip(groups, places, shape, strict=True):
            self._fit_axis(group, axis, size, sizes)
        return sizes

    def _fit_axis(self, group: tuple[str, ...], axis: Axis, size: Size, sizes: dict[str, Size]) -> None:
        """Add the size that follows from one axis."""
        free = [name for name in group if name not in sizes]
        known = elements(tuple(sizes[name] for name in group if name in sizes))
        if known < 1 or (size % known if free else size != known):
            given = ", ".join(f"{name} = {sizes[name]:d}" for name in group if name in sizes) or "1"
            raise ShapeError(
                f"{self.name} cannot make {given} of an axis of {size:d}",
                help="a product of sizes is that of its axis" if len(group) > 1 else f"this axis has {size:d}",
                operand=0,
                code=Code.PATTERN_MISMATCH,
            ).marking(axis.offset, axis.length)
        for name in free[:1]:
            sizes[name] = size // known
        sizes.update(dict.fromkeys(free[1:], 1))

    def infer_shape(self, *shapes: Shape) -> Shape:
        sizes = self.fit(shapes[0])
        _, right = self.sides(len(shapes[0]))
        if len(right) > MOST_AXES:
            raise ShapeError(
                f"{self.name} gives {len(right)} axes, and a value has at most {MOST_AXES}",
                help="join axes in brackets",
                operand=0,
                code=Code.PATTERN_MISMATCH,
            )
        return tuple(elements(tuple(sizes[name] for name in group)) for group in right)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    # code

    def _links(self, rank: int) -> tuple[Link, ...]:
        return _chained(*self.sides(rank), tuple(name for name, _ in self.sizes))

    def _links_of_pattern(self) -> tuple[Link, ...]:
        return self._links(len(self.read(self.pattern).operands[0].axes))

    def emit_function(self, *shapes: Shape) -> Torch:
        links = self._links(len(shapes[0]))
        text = text_of(links)
        # Some words mean something else in a template, as `{arguments}` and torch's `inplace` do. None ends with `_`.
        arguments = tuple(Argument(f"{name}_", size, field=name) for name, size in self.sizes if f"{{{name}_}}" in text)
        return Torch(f"{{0}}{text}", arguments, calls=len(links))

    def allocates(self, training: bool) -> bool:
        return any(link.copies for link in self._links_of_pattern())

    @property
    def strided(self) -> bool:
        return self._is_view_by("transpose", "permute", "expand")

    @property
    def reorders(self) -> bool:
        return self._is_view_by("transpose", "permute")

    def _is_view_by(self, *calls: str) -> bool:
        return not self.allocates(False) and any(
            call in link.text for link in self._links_of_pattern() for call in calls
        )

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        sizes = self.fit(shapes[0])
        left, right = self.sides(len(shapes[0]))
        return (tuple(_window(group, right, sizes) for group in left),)

    def abbreviate(self, shape: Shape) -> str:
        text = f"to {show(self.infer_shape(shape))}"
        return text if len(text) < 30 else ""


@lru_cache(maxsize=1024)
def _chained(left: Groups, right: Groups, sized: tuple[str, ...]) -> tuple[Link, ...]:
    return chain(left, right, {name: f"{{{name}_}}" for name in sized})


def _window(group: tuple[str, ...], right: Groups, sizes: dict[str, Size]) -> Window | None:
    """Return what is read along an axis: a part of it where its first name is an axis of the result."""
    if not group or (group[0],) not in right:
        return None
    within = stated(elements(tuple(sizes[name] for name in group[1:])))
    axis = right.index((group[0],))
    return SAME._replace(axis=axis) if within == 1 else Window(0, within - 1, within, axis)


def _places(side: Side, axes: int) -> Iterator[Axis]:
    """Yield what is written for each of that many axes."""
    between = axes - len(side.axes) + 1
    for axis in side.axes:
        is_spread = axis.names == ("...",) and axis.length == len("...")
        yield from [axis] * (between if is_spread else 1)
