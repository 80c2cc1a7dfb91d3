"""The values in scope: tensors with a shape, numbers, strings, lists, null, and opaque objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netspec.diagnostics import NetspecError
from netspec.dtypes import Dtype
from netspec.limits import spend
from netspec.sizes import Dim, Ratio, Size
from netspec.sizes.shape import AXIS_NAMES, axis_named
from netspec.syntax.expr.error import MAX_DEPTH, MAX_INTEGER, MAX_ITEMS, ExpressionError, beyond

ATTRIBUTES = ("channels", "shape", "rank", "height", "width", "length", "depth", "features")
# Types are compared exactly: a subclass of int could define arithmetic of its own.
OPEN = frozenset({Dim, Ratio})
"""The types of open sizes, and of their fractions."""
NUMBERS = OPEN | {int, float, bool}
PLAIN = NUMBERS | {str, list, type(None)}

_WAYS = {
    bool: "write [a, b] for a list",
    int: "write [a, b] for a list",
    float: "int(...), round(...) and // give integers",
    str: "words can only be compared, with == or in",
    list: "take one of its items, as in items[0], or len(items)",
    dict: "give each of its entries an argument of its own",
    type(None): "ask for it first, as in `0 if a is null else a`",
}
"""Help lines for converting a value of the wrong kind."""
KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "a list",
    dict: "a mapping",
    type(None): "null",
    Dim: "an integer",
    Ratio: "a float",
}


class Unknown:
    """What a scope holds for a value that an error left unknown; reading it raises AlreadyReported."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


class Missing:
    """What a scope holds for a name without a value; reading it raises the error that says why."""

    def __init__(self, error: ExpressionError) -> None:
        self.error = error

    def __repr__(self) -> str:
        return "missing"


class AlreadyReported(NetspecError):
    """A value depends on one that an error, which is reported already, left unknown."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor in scope, with its shape: channels first, no batch.

    Raises:
        ExpressionError: an axis is read that a value of this rank does not have.

    Example:
        >>> from netspec.syntax.expr import evaluate
        >>> x = Value((64, 28, 28))
        >>> x.channels, x.rank, x.width
        (64, 2, 28)
        >>> evaluate("x.channels * x.shape[1]", {"x": x})
        1792
    """

    shape: tuple[Size, ...]
    dtype: Dtype = "float"

    @property
    def channels(self) -> Size:
        """The size of the first axis."""
        if not self.shape:
            raise ExpressionError("no channels in a value without axes", help="it is a single number per example")
        return self.shape[0]

    @property
    def rank(self) -> int:
        """The number of axes after the channels."""
        return len(self.shape) - 1

    @property
    def features(self) -> Size:
        """The size of the last axis."""
        return self._size("features")

    @property
    def length(self) -> Size:
        """The axis after the channels, at rank 1, or the first axis of a sequence."""
        return self._size("length")

    @property
    def depth(self) -> Size:
        """The first axis after the channels, at rank 3."""
        return self._size("depth")

    @property
    def height(self) -> Size:
        """The last axis but one, at rank 2 or 3."""
        return self._size("height")

    @property
    def width(self) -> Size:
        """The last axis, at rank 2 or 3."""
        return self._size("width")

    def _size(self, axis: str) -> Size:
        index = axis_named(axis, self.shape)
        if index is None:
            known = ", ".join((*(name for name in AXIS_NAMES if axis_named(name, self.shape) is not None), "shape"))
            raise ExpressionError(f"no {axis} in a value of shape {self}", help=f"it has {known}")
        return self.shape[index]

    def __str__(self) -> str:
        return "x".join(format(size, "d") for size in self.shape) or "()"


def kind_of(value: object) -> str:
    """Return the name of a value's kind, for messages.

    Example:
        >>> kind_of(3), kind_of(None), kind_of(Value((64, 7, 7)))
        ('an integer', 'null', 'a value of shape 64x7x7')
    """
    if isinstance(value, Value):
        return f"a value of shape {value}"
    kinds = (words for kind, words in KINDS.items() if isinstance(value, kind))
    return next(kinds, f"a {type(value).__name__.lower()}")


def mismatch(need: str, value: object) -> ExpressionError:
    """Return the error for a value of the wrong kind."""
    help = "read one of its sizes, such as x.channels" if isinstance(value, Value) else _WAYS.get(type(value), "")
    return ExpressionError(f"{need}, not {kind_of(value)}", help=help)


def plain(value: Any, levels: int = MAX_DEPTH) -> Any:
    """Return a value of the scope as operations expect it: exact types, tuples as lists, opaque objects unchanged."""
    if value is None or type(value) is bool:
        return value
    if isinstance(value, int):
        return bounded(int(value))
    if isinstance(value, float):
        return bounded(float(value))
    if isinstance(value, str):
        return str(value)
    if not isinstance(value, (list, tuple)):
        return value
    if not levels:
        raise beyond(f"the list is nested deeper than the {MAX_DEPTH} levels allowed")
    if len(value) > MAX_ITEMS:
        raise beyond(f"the list has more than the {MAX_ITEMS:,} items allowed")
    spend(len(value))
    return [
        # fast path: nearly all items are small integers
        item if type(item) is int and -MAX_INTEGER <= item <= MAX_INTEGER else plain(item, levels - 1)
        for item in value
    ]


def passed(value: Any) -> Any:
    """Return the value of a single name as an expression: the scope's own object, bounded and never a tuple."""
    return plain(value) if isinstance(value, (int, float, tuple)) else value


def bounded(number: Any) -> Any:
    """Return a result of arithmetic unless it is too large, not finite or not real.

    Example:
        >>> bounded(2**53)
        9007199254740992
    """
    if type(number) is int:
        if -MAX_INTEGER <= number <= MAX_INTEGER:
            return number
        raise beyond("the integer is beyond 2**53")
    if type(number) in OPEN:
        # A formula is bounded at its stated sizes.
        bounded(number.stated)
        return number
    if type(number) is complex:
        raise ExpressionError("this power of a negative number is not real", help="use abs(...), or a whole exponent")
    if not math.isfinite(number):
        raise beyond("the number is not finite")
    return number


def limited(items: list[Any]) -> list[Any]:
    """Return the list unless it has, with the lists within it, more items than allowed."""
    weigh(items)
    return items


def weigh(items: list[Any]) -> int:
    """Count the items of a list and of the lists within it; stop with an error where there are too many."""
    weight = len(items)
    spend(weight)
    for inner in [item for item in items if type(item) is list]:
        weight += weigh(inner)
        if weight > MAX_ITEMS:
            break
    if weight > MAX_ITEMS:
        raise beyond(f"the list has more than the {MAX_ITEMS:,} items allowed")
    return weight


def need_numbers(user: str, values: Sequence[object]) -> None:
    """Raise an error unless all values are integers, floats or booleans."""
    if not NUMBERS.issuperset(map(type, values)):
        raise mismatch(f"{user} needs numbers", next(value for value in values if type(value) not in NUMBERS))


def need_integers(user: str, values: Sequence[object]) -> None:
    """Raise an error unless all values are integers (booleans count, as in Python) or sizes."""
    for value in values:
        if not isinstance(value, (int, Dim)):
            raise mismatch(f"{user} needs integers", value)
