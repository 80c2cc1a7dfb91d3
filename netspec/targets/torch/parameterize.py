"""Differences between the scopes of a class: its constructor's arguments, and expressions over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from netspec.language.names import MODULE_ATTRIBUTES
from netspec.ops.torch_code import REQUIRED
from netspec.targets.torch.channels import Channels, channels_of
from netspec.targets.torch.document import literal
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.plan import ClassPlan, GeneratedClass, Parameter, Slot, Statement
from netspec.targets.torch.reserved import CONSTRUCTOR, FreeNames, free_name, free_names
from netspec.targets.torch.search import Search
from netspec.targets.torch.translate import Derived, Vocabulary, all_alike

CONTAINER_ATTRIBUTES = frozenset({"clear", "items", "keys", "pop", "update", "values"})
"""The attributes of ``nn.ModuleDict`` besides those of ``nn.Module``."""

SMALLEST_BASE = 8
"""An argument of at least this value may be a number of channels, from which others are derived by arithmetic."""

Column = tuple[Slot, ...]
"""The same slot of all scopes of a class."""


def parameterize(number: int, plans: Sequence[ClassPlan], layout: Layout) -> GeneratedClass:
    """Return the class of equal plans: its constructor's arguments, and the expression of every slot."""
    # Nothing differs in a class of one scope: all values are literals.
    if len(plans) == 1:
        texts = tuple(literal(slot.value) for slot in plans[0].slots)
        return GeneratedClass(number, tuple(plans), (), texts, (), plans[0].statements)
    parameterizer = _Parameterizer(plans, layout)
    texts = tuple(map(parameterizer.text, zip(*(plan.slots for plan in plans), strict=True)))
    stored = tuple((name, text) for text, name in parameterizer.stored.items())
    return GeneratedClass(number, tuple(plans), parameterizer.parameters(), texts, stored, _common_statements(plans))


def _common_statements(plans: Sequence[ClassPlan]) -> tuple[Statement, ...]:
    """Return the statements of the first plan, without devices that differ between the plans.

    The lines that call such a class still name the device.
    """
    rows = zip(*(plan.statements for plan in plans), strict=True)
    return tuple(row[0] if len({each.device for each in row}) == 1 else replace(row[0], device=None) for row in rows)


class _Parameterizer:
    """Finds an expression for each slot in turn; later slots may be derived from earlier ones."""

    def __init__(self, plans: Sequence[ClassPlan], layout: Layout) -> None:
        self.stored: dict[str, str] = {}
        """The attributes that store expressions for ``forward``, by expression."""
        self._used: dict[str, Parameter] = {}
        arguments = _block_arguments(plans)
        self._bases = list(_bases(plans, arguments, layout))
        constants = {name: values[0] for name, values in arguments.items() if all_alike(values)}
        self._vocabulary = Vocabulary(self._bases, constants)
        self._search = Search(self._bases)
        self._names = FreeNames({*CONSTRUCTOR, *layout.reserved, *(base.name for base in self._bases)})
        entering = next((Derived(base.name, (base,)) for base in self._bases if base.is_in_channels), None)
        self._channels = Channels(plans, layout, entering)
        self._made: list[Derived] = []
        """The expressions of the slots before this one."""
        members = (member.attribute.name for member in plans[0].members)
        self._attributes = FreeNames({*members, *CONTAINER_ATTRIBUTES, *MODULE_ATTRIBUTES})

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the parameters in use: the block's own arguments first, those with a default last."""
        ordered = [base for base in self._bases if base.name in self._used]
        ordered += [each for each in self._used.values() if each not in ordered]
        # Python requires parameters with a default after those without.
        return tuple(sorted(ordered, key=lambda each: each.default is not REQUIRED))

    def text(self, column: Column) -> str:
        """Return the expression of a slot: a literal if all scopes have the same value, else one over parameters."""
        slot = column[0]
        values = tuple(each.value for each in column)
        derived = self._derived(slot, values)
        self._made.append(derived)
        for parameter in derived.parameters:
            self._used.setdefault(parameter.name, parameter)
        if derived.parameters:
            self._search.add(slot, values, derived)
        return self._kept(derived.text, slot) if derived.parameters and slot.in_function else derived.text

    def _derived(self, slot: Slot, values: tuple[Any, ...]) -> Derived:
        """Return the expression of a slot: that of the document, one that a search finds, or a new parameter."""
        if all_alike(values):
            return Derived(literal(slot.value), ())
        if slot.in_place:
            # All scopes of a class share its text, so it works in place in all of them or in none.
            return Derived("False", ())
        found = self._vocabulary.translate(slot.expression, values) if slot.expression else None
        if found is None and slot.operand is not None:
            found = self._channels.find(slot.operand, values, self._made)
        return found or self._search.find(slot, values) or self._new(slot, values)

    def _new(self, slot: Slot, values: tuple[Any, ...]) -> Derived:
        """Return a new parameter with these values."""
        owner = slot.owner if slot.owner and not slot.owner[0].isdecimal() else "other"
        name = self._names.take(slot.name if self._names.is_free(slot.name) else f"{owner}_{slot.name}")
        return Derived(name, (Parameter(name, values, slot.counts, required=slot.required),))

    def _kept(self, text: str, slot: Slot) -> str:
        """Return the expression as used in ``forward``, where constructor arguments are stored on ``self``."""
        if text not in self.stored:
            is_name = text.isidentifier() and self._attributes.is_free(text)
            self.stored[text] = self._attributes.take(text if is_name else f"{slot.owner}_{slot.name}")
        return f"self.{self.stored[text]}"


def _block_arguments(plans: Sequence[ClassPlan]) -> dict[str, tuple[Any, ...]]:
    """Return the values of the arguments of each scope's block, or of its enclosing block, by name."""
    blocks = [plan.scope.enclosing_block.arguments for plan in plans]
    names = [name for name in blocks[0] if all(name in arguments for arguments in blocks)]
    return {name: tuple(_plain(arguments[name]) for arguments in blocks) for name in names}


def _bases(plans: Sequence[ClassPlan], arguments: dict[str, tuple[Any, ...]], layout: Layout) -> Iterator[Parameter]:
    """Yield candidates for parameters with good names: the input channels, and the block's own arguments."""
    live = [layout.live[plan.scope.path] for plan in plans]
    channels = channels_of([layout.graph.shape_of(next(iter(each.live_ins))) for each in live])
    given = channels_of([layout.graph.shape_of(next(iter(each.live_outs))) for each in live])
    reserved = CONSTRUCTOR | layout.reserved
    safe = free_names(arguments, reserved)
    kept: list[str] = []
    if channels is not None and not all_alike(channels):
        # A class that keeps its number of channels needs one parameter for both input and output.
        kept = [name for name, values in arguments.items() if values == channels]
        others = [safe[name] for name in arguments if name not in kept]
        name = free_name("channels" if kept or given == channels else "in_channels", reserved, others)
        yield Parameter(name, channels, counts=True, is_in_channels=True, required=True, arguments=tuple(kept))
    for name, values in arguments.items():
        if name not in kept and not all_alike(values) and all(map(_is_literal, values)):
            counts = all(type(each) is int and each >= SMALLEST_BASE for each in values)
            yield Parameter(safe[name], values, counts, required=counts, arguments=(name,))


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _is_literal(value: Any) -> bool:
    return type(value) in (int, float, bool) or (isinstance(value, tuple) and all(map(_is_literal, value)))
