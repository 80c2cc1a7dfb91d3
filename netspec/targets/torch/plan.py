"""The immutable records of class plans; later stages make new ones.

A ``ClassPlan`` is one scope as a class: the members that its constructor makes, the lines of its ``forward``, and its
slots, which are the values in which scopes of one structure may differ. Plans of one structure become one
``GeneratedClass``, in which every slot has a text. Nothing here has a name of its own yet; that takes all classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from netspec.ir import Initializers, Scope
from netspec.ops import Torch
from netspec.ops.torch_code import REQUIRED
from netspec.sizes.shape import Shape


class Slot(NamedTuple):
    """One value of one scope, and the argument that it is passed for."""

    name: str
    value: Any
    expression: str = ""
    """The value as the document writes it, if it is an argument of a step."""
    owner: str = ""
    """The callee of the argument, for a parameter's name if that of the argument is taken."""
    counts: bool = False
    """Whether the value counts channels or layers, so that it may be derived from others by arithmetic."""
    operand: int | None = None
    """The number of the value whose channels it counts, if any."""
    is_in_channels: bool = False
    """Whether it is the number of input channels, as torch's ``in_channels`` is."""
    required: bool = False
    """Whether a parameter for it has no default: readers expect to see it even if most calls pass the same value."""
    in_function: bool = False
    in_place: bool = False
    """Whether this is torch's ``inplace``, which the layout decides, and not a block's argument of that name."""


@dataclass(frozen=True, slots=True)
class TorchCall:
    """A module or a function of torch; ``slots`` are the positions of its arguments among the plan's slots."""

    torch: Torch
    slots: range


@dataclass(frozen=True, slots=True)
class Sequential:
    """An ``nn.Sequential`` that is no class of its own."""

    parts: tuple[Construct, ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """An instance of another generated class, by that class's number."""

    number: int
    slots: range


Construct = TorchCall | Sequential | Nested
"""The right side of ``self.conv1 =``."""


class Attribute(NamedTuple):
    """Where a member is: its name, and the path of the module that holds it, empty for the class itself."""

    home: str
    name: str

    @property
    def path(self) -> str:
        """The path inside the class."""
        return f"{self.home}.{self.name}" if self.home else self.name


@dataclass(frozen=True, slots=True)
class Member:
    """One attribute of a class and its construction."""

    attribute: Attribute
    construct: Construct
    is_buffer: bool = False
    """Whether it is a tensor that is neither trained nor saved."""


class Moves(NamedTuple):
    """The operands, by position, that must be moved to another device."""

    operands: tuple[int, ...] = ()
    to_weights: bool = False
    """Whether that is the device of the member's weights, or else of the first operand."""


Edge = Literal["", "list", "element", "state", "next_state", "collected"]
"""What a line of a scan's ``forward`` does at the edge of a round; ``list`` makes the list that a round adds to."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of ``forward``: its results and operands, by position among the class's values, and the callee."""

    results: tuple[int, ...]
    operands: tuple[int, ...]
    called: Attribute | TorchCall
    hints: tuple[str, ...]
    """The names that the document or the op suggests for the results; empty texts where they suggest none."""
    shape: Shape
    training_only: bool
    merges: bool
    device: int | None
    moves: Moves
    is_stored: bool = False
    """Whether the value is an attribute, which needs no line."""
    edge: Edge = ""

    @property
    def reads(self) -> tuple[int, ...]:
        """The operands whose values the line reads: handing a state on replaces the one before, which it names."""
        return self.operands[:1] if self.edge == "next_state" else self.operands


@dataclass(frozen=True, slots=True)
class Loop:
    """The layers of a dense block: one construct whose arguments grow by a step, repeated.

    The slots of its class are the first layer's arguments, then their steps, then the number of layers.
    """

    layer: Nested
    prefix: str
    first: int


@dataclass(frozen=True, slots=True)
class OwnInitializers:
    """The initializers of a step for the parameters of a member, by the member's path inside the class.

    ``zero_rows`` names the attribute of the member that holds the index of a parameter's zero row.
    """

    path: str
    rules: Initializers
    zero_rows: tuple[tuple[str, str], ...]
    is_stored: bool = False
    """Whether the member is the parameter itself."""


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """One scope as a class."""

    scope: Scope
    slots: tuple[Slot, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    members: tuple[Member, ...] = ()
    statements: tuple[Statement, ...] = ()
    input_hints: tuple[str, ...] = ("",)
    initializers: tuple[OwnInitializers, ...] = ()
    """The members with initializers of their own step."""
    is_sequential: bool = False
    loop: Loop | None = None

    @property
    def growth(self) -> tuple[Slot, ...]:
        """The steps by which the arguments of a loop's layers grow."""
        count = len(self.loop.layer.slots) if self.loop else 0
        return self.slots[count : 2 * count]


@dataclass(frozen=True)
class Parameter:
    """An argument of a class's constructor, with its value in every scope of the class."""

    name: str
    values: tuple[Any, ...]
    counts: bool
    is_in_channels: bool = False
    """Whether it is the number of input channels of the class."""
    required: bool = False
    """Whether it has no default even if most scopes have the same: readers expect to see numbers of channels."""
    arguments: tuple[str, ...] = ()
    """The arguments of the document's block that have these values."""

    @cached_property
    def default(self) -> Any:
        """The value that most scopes have, or REQUIRED where none has the majority."""
        # A default omits what most calls would repeat; without a majority it would be misleading.
        (usual, times), *_ = Counter(self.values).most_common(1)
        return usual if not self.required and 2 * times > len(self.values) else REQUIRED

    @property
    def annotation(self) -> str:
        """The type of the argument."""
        kinds = {type(value) for value in self.values}
        if kinds == {tuple} and len({len(value) for value in self.values}) == 1:
            return f"tuple[{', '.join(['int'] * len(self.values[0]))}]"
        names = [name for kind, name in _TYPES.items() if kind in kinds]
        return " | ".join(names) if names else "object"


_TYPES = {bool: "bool", int: "int", float: "float", str: "str", tuple: "tuple[int, ...]", type(None): "None"}


@dataclass(frozen=True, slots=True)
class GeneratedClass:
    """One class of the file: the plans of its scopes, its constructor's arguments, and the expression of every slot."""

    number: int
    plans: tuple[ClassPlan, ...]
    parameters: tuple[Parameter, ...]
    texts: tuple[str, ...]
    stored: tuple[tuple[str, str], ...]
    """The attributes of ``self`` that store constructor arguments for ``forward``, with their expressions."""
    statements: tuple[Statement, ...]
    """The statements of the first scope, without devices that differ between the scopes."""

    @property
    def first(self) -> ClassPlan:
        """The scope whose shapes are shown in comments."""
        return self.plans[0]

    def texts_of(self, slots: range) -> tuple[str, ...]:
        """Return the expressions of some slots."""
        return self.texts[slots.start : slots.stop]

    def instances(self) -> Iterator[tuple[str, Instance]]:
        """Yield the path of every scope of the class with what it passes to the constructor."""
        for position, plan in enumerate(self.plans):
            values = tuple(each.values[position] for each in self.parameters)
            yield plan.scope.path, Instance(self.number, self.parameters, values)


@dataclass(frozen=True, slots=True)
class Instance:
    """A scope in the enclosing class: the number of its class, and its constructor's arguments."""

    number: int
    parameters: tuple[Parameter, ...]
    values: tuple[Any, ...]
