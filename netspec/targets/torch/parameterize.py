"""What differs between the scopes of one class: its constructor's arguments, and how the rest follows from them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netspec.language.names import is_forbidden
from netspec.ops.base import REQUIRED
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.reserved import CONSTRUCTOR, free_name, free_names, is_reserved

if TYPE_CHECKING:
    from netspec.targets.torch.classes import Describer
from netspec.targets.torch.plan import Group, Hole

INTO = frozenset({"in_channels", "num_features", "in_features"})
COUNTS = INTO | {"out_channels", "out_features", "normalized_shape", "num_channels", "groups", "num_groups"}
"""The arguments of torch that count channels: these may follow from one another by arithmetic."""

WINDOW = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})
SHORT = {"kernel_size": "kernel", "out_channels": "out", "out_features": "out", "p": "p"}
"""What specs call torch's arguments, for matching a block's own."""

CONTAINER_ATTRIBUTES = frozenset({"clear", "items", "keys", "pop", "update", "values"})
"""What ``nn.ModuleDict`` has beside the attributes of ``nn.Module``."""

SMALLEST_BASE = 8
LARGEST_FACTOR = 16


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a class's constructor, with its value in every scope of the class."""

    name: str
    values: tuple[Any, ...]
    counts: bool
    enters: bool = False
    """Whether it is the number of channels that enter the class."""

    @property
    def default(self) -> Any:
        """The value that most scopes have, or REQUIRED where none has the majority or it counts channels."""
        (usual, times), *_ = Counter(self.values).most_common(1)
        return usual if not self.counts and 2 * times > len(self.values) else REQUIRED

    @property
    def annotation(self) -> str:
        """The type of the argument."""
        kinds = {type(value) for value in self.values}
        if kinds == {tuple}:
            return f"tuple[{', '.join(['int'] * len(self.values[0]))}]"
        names = [name for kind, name in _TYPES.items() if kind in kinds]
        return " | ".join(names) if names else "object"


_TYPES = {bool: "bool", int: "int", float: "float", str: "str", tuple: "tuple[int, ...]", type(None): "None"}


def unify(group: Group, layout: Layout, describer: Describer) -> None:
    """Fill in the class's parameters and the text of every hole, and tell each scope its arguments."""
    columns = [tuple(holes) for holes in zip(*(each.holes for each in group.descriptions), strict=True)]
    bases = list(_bases(group, layout))
    used: dict[str, Parameter] = {}
    taken = CONSTRUCTOR | layout.reserved
    group.texts = [_text(column, bases, used, group, taken) for column in columns]
    ordered = [base for base in bases if base.name in used]
    ordered += [each for each in used.values() if each not in ordered]
    ordered.sort(key=lambda each: each.default is not REQUIRED)
    group.parameters = ordered
    for position, description in enumerate(group.descriptions):
        describer.arguments[description.scope.path] = [
            Hole(each.name, each.values[position], owner="counts" if each.counts else "", default=each.default)
            for each in ordered
        ]


def _bases(group: Group, layout: Layout) -> Iterator[Parameter]:
    """Yield what may become a parameter under a good name: the channels that enter, and the block's own arguments."""
    scopes = [each.scope for each in group.descriptions]
    entering = [next(iter(layout.borders[scope.path].entering)) for scope in scopes]
    channels = tuple(layout.graph.shape_of(path)[0] for path in entering)
    arguments = {name: tuple(_plain(scope.arguments.get(name)) for scope in scopes) for name in scopes[0].arguments}
    reserved = CONSTRUCTOR | layout.reserved
    safe = free_names(arguments, reserved)
    if len(set(channels)) > 1:
        # Where a block keeps its channels, one name serves both for what enters and for what leaves.
        kept = [name for name, values in arguments.items() if values == channels]
        arguments = {name: values for name, values in arguments.items() if name not in kept}
        name = free_name("channels" if kept else "in_channels", reserved, [safe[name] for name in arguments])
        yield Parameter(name, channels, True, enters=True)
    for name, values in arguments.items():
        if len(set(map(repr, values))) > 1 and all(_is_literal(value) for value in values):
            counts = all(type(value) is int and value >= SMALLEST_BASE for value in values)
            yield Parameter(safe[name], values, counts)


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _is_literal(value: Any) -> bool:
    return type(value) in (int, float, bool) or (isinstance(value, tuple) and all(map(_is_literal, value)))


def _text(
    column: tuple[Hole, ...],
    bases: list[Parameter],
    used: dict[str, Parameter],
    group: Group,
    reserved: frozenset[str],
) -> str | None:
    """Return the text of a hole, or None where it has the same value in all scopes."""
    values = tuple(hole.value for hole in column)
    if len(set(map(repr, values))) == 1:
        return None
    name = column[0].name
    if column[0].in_place:
        return "False"  # what one scope of a class may not overwrite, none does
    counts = name in COUNTS or column[0].owner == "counts"
    # What is the same reads better than a multiple of something nearer.
    likely = sorted(_preferred(name, counts, [*bases, *used.values()]), key=lambda base: base.values != values)
    for base in likely:
        text = _follows(values, base, counts)
        if text is not None:
            used.setdefault(base.name, base)
            return _stored(text, column[0], group)
    for left, right in itertools.permutations([*used.values()], 2):
        joined = _joins(values, left, right, counts)
        if joined is not None:
            return _stored(joined, column[0], group)
    parameter = Parameter(_unused_name(column[0], {*used, *(base.name for base in bases)}, reserved), values, counts)
    used[parameter.name] = parameter
    return _stored(parameter.name, column[0], group)


def _preferred(name: str, counts: bool, bases: list[Parameter]) -> list[Parameter]:
    """Return the parameters that a hole may follow from, the likeliest first."""
    short = SHORT.get(name, name)
    if name in WINDOW or not counts:
        return [base for base in bases if base.name in (short, name) or not (base.enters or base.name in _MEANINGS)]
    same = [base for base in bases if base.name in (short, name)]
    entering = [base for base in bases if base.enters]
    rest = [base for base in bases if base not in same and base not in entering]
    return [*entering, *same, *rest] if name in INTO else [*same, *rest, *entering]


_MEANINGS = WINDOW | {"kernel", "groups"}


def _follows(values: tuple[Any, ...], base: Parameter, counts: bool) -> str | None:
    """Return how the values follow from a parameter: equal, a multiple, or a quotient."""
    if repr(values) == repr(base.values):
        return base.name
    if not (counts and base.counts and all(type(value) is int for value in values)):
        return None
    pairs = list(zip(values, base.values, strict=True))
    factor = pairs[0][0] // pairs[0][1]
    if 2 <= factor <= LARGEST_FACTOR and all(value == factor * of for value, of in pairs):
        return f"{factor} * {base.name}"
    divisor = pairs[0][1] // pairs[0][0] if pairs[0][0] else 0
    if 2 <= divisor <= LARGEST_FACTOR and all(of == divisor * value for value, of in pairs):
        return f"{base.name} // {divisor}"
    return None


def _joins(values: tuple[Any, ...], left: Parameter, right: Parameter, counts: bool) -> str | None:
    """Return how the values follow from two parameters: their difference or their sum."""
    if not (counts and left.counts and right.counts and len(values) >= 3):
        return None
    rows = list(zip(values, left.values, right.values, strict=True))
    if all(value == a - b for value, a, b in rows):
        return f"{left.name} - {right.name}"
    return f"{left.name} + {right.name}" if all(value == a + b for value, a, b in rows) else None


def _unused_name(hole: Hole, taken: set[str], reserved: frozenset[str]) -> str:
    if hole.name not in taken and not is_reserved(hole.name, reserved):
        return hole.name
    owner = hole.owner if hole.owner and hole.owner != "counts" and not hole.owner[0].isdecimal() else "other"
    name = f"{owner}_{hole.name}"
    number = 2
    while name in taken or is_reserved(name, reserved):
        name, number = f"{owner}_{hole.name}{number}", number + 1
    return name


def _stored(text: str, hole: Hole, group: Group) -> str:
    """Return the text as ``forward`` may use it: what a function needs is kept on ``self``."""
    if not hole.in_function:
        return text
    for name, known in group.stored.items():
        if known == text:
            return f"self.{name}"
    members = {member.name for member in group.first.members}
    name = text if text.isidentifier() and not is_forbidden(text) else f"{hole.owner}_{hole.name}"
    number = 2
    while name in group.stored or name in members or name in CONTAINER_ATTRIBUTES:
        name, number = f"{hole.owner}_{hole.name}{number}", number + 1
    group.stored[name] = text
    return f"self.{name}"
