"""What differs between the scopes of one class: its constructor's arguments, and how the rest follows from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from netspec.language.names import is_forbidden
from netspec.ops.base import REQUIRED
from netspec.targets.torch.document import literal
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.plan import ClassPlan, GeneratedClass, Parameter, Slot, Statement
from netspec.targets.torch.reserved import CONSTRUCTOR, free_name, free_names, is_reserved

INTO = frozenset({"in_channels", "num_features", "in_features"})
COUNTS = INTO | {"out_channels", "out_features", "normalized_shape", "num_channels", "groups", "num_groups"}
"""The arguments of torch that count channels: these may follow from one another by arithmetic."""

WINDOW = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})
MEANINGS = WINDOW | {"kernel", "groups"}
"""Names that mean one thing, so that no other argument follows from what is called so."""
SHORT = {"kernel_size": "kernel", "out_channels": "out", "out_features": "out", "p": "p"}
"""What specs call torch's arguments, for matching a block's own."""

CONTAINER_ATTRIBUTES = frozenset({"clear", "items", "keys", "pop", "update", "values"})
"""What ``nn.ModuleDict`` has beside the attributes of ``nn.Module``."""

SMALLEST_BASE = 8
LARGEST_FACTOR = 16

Column = tuple[Slot, ...]
"""The same slot of all scopes of a class."""


def parameterize(number: int, plans: Sequence[ClassPlan], layout: Layout) -> GeneratedClass:
    """Return the class of plans of one structure: its constructor's arguments, and the text of every slot."""
    made = _Parameterizer(plans, layout)
    texts = tuple(made.text(column) for column in zip(*(plan.slots for plan in plans), strict=True))
    stored = tuple(made.stored.items())
    return GeneratedClass(number, tuple(plans), made.parameters(), texts, stored, _common_statements(plans))


def _common_statements(plans: Sequence[ClassPlan]) -> tuple[Statement, ...]:
    """Return the statements of the first plan, without a device where other plans run on another one.

    The lines that call such a class still tell.
    """
    rows = zip(*(plan.statements for plan in plans), strict=True)
    return tuple(row[0] if len({each.device for each in row}) == 1 else replace(row[0], device=None) for row in rows)


class _Parameterizer:
    """Finds a text for one slot after the other; what one needs, those behind it can follow from."""

    def __init__(self, plans: Sequence[ClassPlan], layout: Layout) -> None:
        self.stored: dict[str, str] = {}
        self._used: dict[str, Parameter] = {}
        self._reserved = CONSTRUCTOR | layout.reserved
        self._bases = list(_bases(plans, layout, self._reserved)) if len(plans) > 1 else []
        self._members = {member.attribute.name for member in plans[0].members}

    def parameters(self) -> tuple[Parameter, ...]:
        """Return what the texts refer to: the block's own arguments first, those with a default last."""
        ordered = [base for base in self._bases if base.name in self._used]
        ordered += [each for each in self._used.values() if each not in ordered]
        return tuple(sorted(ordered, key=lambda each: each.default is not REQUIRED))

    def text(self, column: Column) -> str:
        """Return the text of a slot: its value where all scopes have the same, else what gives each its own."""
        slot = column[0]
        values = tuple(each.value for each in column)
        if all_alike(values):
            return literal(slot.value)
        if slot.in_place:
            return "False"  # what one scope of a class may not overwrite, none does
        text = self._followed(slot, values) or self._joined(slot, values) or self._new(slot, values)
        return self._kept(text, slot) if slot.in_function else text

    def _followed(self, slot: Slot, values: tuple[Any, ...]) -> str:
        """Return how the values follow from one parameter, or nothing."""
        known = _preferred(slot.name, counts(slot), [*self._bases, *self._used.values()])
        # What is the same reads better than a multiple of something nearer.
        for base in sorted(known, key=lambda base: base.values != values):
            text = _multiple(values, base, counts(slot))
            if text:
                self._used.setdefault(base.name, base)
                return text
        return ""

    def _joined(self, slot: Slot, values: tuple[Any, ...]) -> str:
        """Return how the values follow from two parameters, or nothing."""
        if not counts(slot) or len(values) < 3:
            return ""
        counting = [each for each in self._used.values() if each.counts]
        joined = (_sum(values, left, right) for left, right in itertools.permutations(counting, 2))
        return next(filter(None, joined), "")

    def _new(self, slot: Slot, values: tuple[Any, ...]) -> str:
        """Return the name of a new parameter that is given the values."""
        name = _unused_name(slot, {*self._used, *(base.name for base in self._bases)}, self._reserved)
        self._used[name] = Parameter(name, values, counts(slot))
        return name

    def _kept(self, text: str, slot: Slot) -> str:
        """Return the text as ``forward`` may use it: what a function needs is kept on ``self``."""
        for name, known in self.stored.items():
            if known == text:
                return f"self.{name}"
        name = text if text.isidentifier() and not is_forbidden(text) else f"{slot.owner}_{slot.name}"
        number = 2
        while name in self.stored or name in self._members or name in CONTAINER_ATTRIBUTES:
            name, number = f"{slot.owner}_{slot.name}{number}", number + 1
        self.stored[name] = text
        return f"self.{name}"


def counts(slot: Slot) -> bool:
    """Return whether a slot may follow from others by arithmetic."""
    return slot.counts or slot.name in COUNTS


def all_alike(values: tuple[Any, ...]) -> bool:
    """Return whether all values have the same text: 1 and 1.0 have not."""
    return len(values) == 1 or len(set(map(repr, values))) == 1


def _bases(plans: Sequence[ClassPlan], layout: Layout, reserved: frozenset[str]) -> Iterator[Parameter]:
    """Yield what may become a parameter under a good name: the channels that enter, and the block's own arguments."""
    scopes = [plan.scope for plan in plans]
    entering = [next(iter(layout.live[scope.path].entering)) for scope in scopes]
    channels = tuple(layout.graph.shape_of(path)[0] for path in entering)
    arguments = {name: tuple(_plain(scope.arguments.get(name)) for scope in scopes) for name in scopes[0].arguments}
    safe = free_names(arguments, reserved)
    if not all_alike(channels):
        # Where a block keeps its channels, one name serves both for what enters and for what leaves.
        kept = [name for name, values in arguments.items() if values == channels]
        arguments = {name: values for name, values in arguments.items() if name not in kept}
        name = free_name("channels" if kept else "in_channels", reserved, [safe[name] for name in arguments])
        yield Parameter(name, channels, True, enters=True)
    for name, values in arguments.items():
        if not all_alike(values) and all(_is_literal(value) for value in values):
            yield Parameter(safe[name], values, all(type(each) is int and each >= SMALLEST_BASE for each in values))


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _is_literal(value: Any) -> bool:
    return type(value) in (int, float, bool) or (isinstance(value, tuple) and all(map(_is_literal, value)))


def _preferred(name: str, counts: bool, bases: list[Parameter]) -> list[Parameter]:
    """Return the parameters that a slot may follow from, the likeliest first."""
    short = SHORT.get(name, name)
    if name in WINDOW or not counts:
        return [base for base in bases if base.name in (short, name) or not (base.enters or base.name in MEANINGS)]
    same = [base for base in bases if base.name in (short, name)]
    entering = [base for base in bases if base.enters]
    rest = [base for base in bases if base not in same and base not in entering]
    return [*entering, *same, *rest] if name in INTO else [*same, *rest, *entering]


def _multiple(values: tuple[Any, ...], base: Parameter, counts: bool) -> str:
    """Return how the values follow from a parameter, or nothing: they are equal, a multiple, or a quotient."""
    if repr(values) == repr(base.values):
        return base.name
    if not (counts and base.counts and all(type(value) is int for value in values)):
        return ""
    pairs = list(zip(values, base.values, strict=True))
    factor = pairs[0][0] // pairs[0][1]
    if 2 <= factor <= LARGEST_FACTOR and all(value == factor * of for value, of in pairs):
        return f"{factor} * {base.name}"
    divisor = pairs[0][1] // pairs[0][0] if pairs[0][0] else 0
    if 2 <= divisor <= LARGEST_FACTOR and all(of == divisor * value for value, of in pairs):
        return f"{base.name} // {divisor}"
    return ""


def _sum(values: tuple[Any, ...], left: Parameter, right: Parameter) -> str:
    """Return how the values follow from two parameters, or nothing: they are their difference or their sum."""
    rows = list(zip(values, left.values, right.values, strict=True))
    if all(value == a - b for value, a, b in rows):
        return f"{left.name} - {right.name}"
    return f"{left.name} + {right.name}" if all(value == a + b for value, a, b in rows) else ""


def _unused_name(slot: Slot, taken: set[str], reserved: frozenset[str]) -> str:
    if slot.name not in taken and not is_reserved(slot.name, reserved):
        return slot.name
    owner = slot.owner if slot.owner and not slot.owner[0].isdecimal() else "other"
    name = f"{owner}_{slot.name}"
    number = 2
    while name in taken or is_reserved(name, reserved):
        name, number = f"{owner}_{slot.name}{number}", number + 1
    return name
