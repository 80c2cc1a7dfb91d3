"""The types of the arguments of ops, each with a single message for invalid values.

A type accepts a number, a list or one of its words; the message says what is expected. The words of a type are its
``Literal`` members: there, a plain string is a word and not an expression.

A type whose name starts with ``Open`` also accepts an open size. All others need a plain number, so an open size is
fixed before validation.
"""

from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import Field, GetCoreSchemaHandler, GetPydanticSchema, PlainValidator, Strict, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from netspec.sizes import Dim, Size
from netspec.sizes.shape import MOST_AXES

LARGEST = 2**31 - 1
"""The largest number that an argument may be: torch's kernels count in 32 bits, and nothing larger fits into memory."""

# Strict everywhere: pydantic would accept `true` as 1 and the text "3" as 3, and hide a mistake of the author.

Positive = Annotated[int, Strict(), Field(ge=1, le=LARGEST)]
"""A whole number of at least one: channels, features, groups, layers."""
Count = Annotated[int, Strict(), Field(ge=0, le=LARGEST)]
Bits = Annotated[int, Strict(), Field(ge=1, le=64)]
"""The bits of a stored number."""
Integer = Annotated[int, Strict(), Field(ge=-LARGEST, le=LARGEST)]
Flag = Annotated[bool, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
PositiveNumber = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]
Probability = Annotated[float, Strict(), Field(ge=0, le=1)]
Survival = Annotated[float, Strict(), Field(gt=0, le=1)]
"""The probability that something is kept; at zero nothing would be trained."""


def _keep_open(kind: Any) -> GetPydanticSchema:
    """Return the annotation of a field that accepts the numbers of another type, and open sizes unchanged."""

    def keep(value: Any, check: Callable[[Any], Any]) -> Any:
        return value if isinstance(value, Dim) else check(value)

    def schema(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(keep, handler(kind))

    return GetPydanticSchema(schema)


OpenPositive = Annotated[Size, _keep_open(Positive)]
OpenInteger = Annotated[Size, _keep_open(Integer)]
"""As ``Integer``, or an open size: a position, a size of the result."""


def _sizes(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the schema of sizes by name, which are kept as pairs, since an op is a key of dictionaries."""
    pairs = core_schema.no_info_before_validator_function(
        lambda given: dict(given) if isinstance(given, (list, tuple)) else given,
        handler.generate_schema(dict[str, OpenPositive]),
    )
    kept = core_schema.no_info_after_validator_function(lambda given: tuple(given.items()), pairs)
    kept["serialization"] = core_schema.plain_serializer_function_ser_schema(dict)
    return kept


Sizes = Annotated[tuple[tuple[str, Size], ...], GetPydanticSchema(_sizes)]
"""Sizes by name, each a whole number of at least one or open."""


def _is_integer(value: object, least: int, open: bool = False) -> TypeGuard[int]:
    if open and isinstance(value, Dim):
        # at its stated size: other sizes are checked by the op itself, where the step is known
        return least <= value.stated <= LARGEST
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST


def _integers(least: int, expected: str, open: bool = False) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if _is_integer(value, least, open):
            return value
        # Three is the most spatial axes that a layer of torch has.
        entries = value if isinstance(value, (list, tuple)) and len(value) <= 3 else ()
        if entries and all(_is_integer(each, least, open) for each in entries):
            return tuple(entries)
        raise PydanticCustomError("netspec", "{expected}", {"expected": expected})

    return check


def _axis_schema(least: int) -> dict[str, Any]:
    number = {"type": "integer", "minimum": least}
    return {"anyOf": [number, {"type": "array", "items": number, "minItems": 1, "maxItems": 3}]}


# PlainValidator, and no union of types: for a union pydantic reports what is wrong with each member on its own.
_AT_LEAST_ONE = "expected a whole number of at least 1, or a list of one per axis"
PerAxis = Annotated[int | tuple[int, ...], PlainValidator(_integers(1, _AT_LEAST_ONE)), WithJsonSchema(_axis_schema(1))]
"""A whole number of at least one for all axes, or a list of one per axis: kernel, stride, dilation."""
SizePerAxis = Size | tuple[Size, ...]
OpenPerAxis = Annotated[
    SizePerAxis, PlainValidator(_integers(1, _AT_LEAST_ONE, open=True)), WithJsonSchema(_axis_schema(1))
]
"""As ``PerAxis``, or with open sizes: a size of the result, a window that depends on the map."""
OpenShift = Annotated[
    SizePerAxis,
    PlainValidator(_integers(-LARGEST, "expected a whole number, or a list of one per axis", open=True)),
    WithJsonSchema(_axis_schema(-LARGEST)),
]
"""A whole number for all axes, or a list of one per axis, each of which may stay open: how far elements move."""
PerAxisCount = Annotated[
    int | tuple[int, ...],
    PlainValidator(_integers(0, "expected a whole number of at least 0, or a list of one per axis")),
    WithJsonSchema(_axis_schema(0)),
]
"""As ``PerAxis``, but zero is allowed: padding that must be the same on both sides."""


def _check_factors(value: Any) -> Any:
    given = value if isinstance(value, (list, tuple)) else (value,)
    if 1 <= len(given) <= 3 and all(
        isinstance(each, (int, float)) and not isinstance(each, bool) and 0 < each <= LARGEST for each in given
    ):
        return tuple(value) if isinstance(value, (list, tuple)) else value
    raise PydanticCustomError("netspec", "expected a number greater than 0, or a list of one per axis")


_factor_schema = {"type": "number", "exclusiveMinimum": 0}
PerAxisFactor = Annotated[
    float | tuple[float, ...],
    PlainValidator(_check_factors),
    WithJsonSchema(
        {"anyOf": [_factor_schema, {"type": "array", "items": _factor_schema, "minItems": 1, "maxItems": 3}]}
    ),
]
"""A number greater than zero for all axes, or a list of one per axis: scale factors."""


PaddingValue = int | tuple[int, ...] | tuple[tuple[int, int], ...]
OpenPaddingValue = Size | tuple[Size, ...] | tuple[tuple[Size, Size], ...]


def _as_sides(value: Any, open: bool = False) -> Any:
    if _is_integer(value, 0, open):
        return value
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 3:
        return None
    if all(_is_integer(each, 0, open) for each in value):
        return tuple(value)
    pairs = all(isinstance(each, (list, tuple)) and len(each) == 2 for each in value)
    if pairs and all(_is_integer(side, 0, open) for each in value for side in each):
        return tuple((before, after) for before, after in value)
    return None


def _check_sides(value: Any) -> Any:
    sides = _as_sides(value, open=True)
    if sides is None:
        raise PydanticCustomError(
            "netspec",
            "expected a whole number of at least 0, a list of one per axis, or a list of [before, after] pairs",
        )
    return sides


_side_schema = {"type": "integer", "minimum": 0}
_sides_schema: dict[str, Any] = {
    "anyOf": [
        _side_schema,
        {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {"anyOf": [_side_schema, {"type": "array", "items": _side_schema, "minItems": 2, "maxItems": 2}]},
        },
    ]
}
OpenSides = Annotated[OpenPaddingValue, PlainValidator(_check_sides), WithJsonSchema(_sides_schema)]
"""How much is added around each axis: a number, one per axis, or [before, after] per axis; each may stay open."""


_PADDING_WORDS = ("auto", "same", "same_tf", "valid")


def _check_padding(value: Any) -> Any:
    # `same` is torch's rule, symmetric and only for stride 1. TensorFlow's SAME differs for every other stride, and
    # ported networks need it: hence two words.
    checked = value if value in _PADDING_WORDS else _as_sides(value)
    if checked is None:
        raise PydanticCustomError(
            "netspec",
            "expected a whole number of at least 0, a list of one per axis, a list of [before, after] pairs, "
            "'auto', 'same', 'same_tf' or 'valid'",
        )
    return checked


Padding = Annotated[
    PaddingValue | Literal["auto", "same", "same_tf", "valid"],
    PlainValidator(_check_padding),
    WithJsonSchema({"anyOf": [*_sides_schema["anyOf"], {"enum": list(_PADDING_WORDS)}]}),
]
"""Padding: a number, one per axis, [before, after] per axis, or a rule.

``auto`` keeps the size at stride 1, and is half the window's reach at any other; ``same`` is torch's rule, ``same_tf``
TensorFlow's, and ``valid`` is none.
"""


def _check_drawings(value: Any) -> Any:
    lines = value.splitlines() if isinstance(value, str) else value
    if isinstance(lines, (list, tuple)) and all(isinstance(line, str) for line in lines):
        rows = [line.split() for line in lines]
        # One width for all words: the drawings stand side by side, and none is longer than the others.
        sizes = {(len(row), len(word)) for row in rows for word in row}
        if len(sizes) == 1 and all(rows) and set("".join(map("".join, rows))) <= set("#."):
            return tuple(" ".join(row) for row in rows)
    raise PydanticCustomError("netspec", "expected lines of equally many, equally long words of `#` and `.`")


Drawings = Annotated[
    tuple[str, ...], PlainValidator(_check_drawings), WithJsonSchema({"type": "string", "pattern": r"^[#.\s]+$"})
]
"""Vectors of signs, drawn side by side: a line has one word of each, in which ``#`` is 1 and ``.`` is -1."""


AxisName = Literal["channels", "length", "depth", "height", "width", "features"]
_axis_number_or_name = {"anyOf": [{"enum": list(get_args(AxisName))}, {"type": "integer"}]}


def _is_axis(value: Any) -> bool:
    return _is_integer(value, -MOST_AXES - 1) or (isinstance(value, str) and value in get_args(AxisName))


def _check_axis(value: Any) -> Any:
    if _is_axis(value):
        return value
    raise PydanticCustomError("netspec", "expected the name or number of an axis")


def _check_axes(value: Any) -> Any:
    axes = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if 0 < len(axes) <= MOST_AXES and all(map(_is_axis, axes)):
        return axes
    raise PydanticCustomError("netspec", "expected names or numbers of axes")


AxisNumber = Annotated[int | AxisName, PlainValidator(_check_axis), WithJsonSchema(_axis_number_or_name)]
"""An axis: its number, with the batch as axis 0, or its name."""
Axes = Annotated[
    int | AxisName | tuple[int | AxisName, ...],
    PlainValidator(_check_axes),
    WithJsonSchema(
        {
            "anyOf": [
                *_axis_number_or_name["anyOf"],
                {"type": "array", "items": _axis_number_or_name, "minItems": 1, "maxItems": MOST_AXES},
            ]
        }
    ),
]
"""One axis or several, each its number or its name; kept as a tuple."""


def _check_normalized(value: Any) -> Any:
    if value == "channels" or _is_integer(value, 1):
        return value
    raise PydanticCustomError("netspec", "expected a whole number of at least 1, or 'channels'")


NormalizedAxes = Annotated[
    int | Literal["channels"],
    PlainValidator(_check_normalized),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "channels"}]}),
]
"""How many axes, from the last, are normalized together; or the first one."""


def words(annotation: Any) -> frozenset[str]:
    """Return the words that an annotation allows: the strings of all its ``Literal`` members.

    Example:
        >>> sorted(words(Padding))
        ['auto', 'same', 'same_tf', 'valid']
    """
    if get_origin(annotation) is Literal:
        return frozenset(word for word in get_args(annotation) if isinstance(word, str))
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return frozenset().union(*(words(part) for part in get_args(annotation)))
    return frozenset()
