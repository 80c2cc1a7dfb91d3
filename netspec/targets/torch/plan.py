"""What the source is made of before it is text: holes, members, lines, and the groups of scopes that share a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from netspec.ir import Initializer, Scope
from netspec.ops import Torch
from netspec.ops.base import REQUIRED
from netspec.sizes.shape import Shape


@dataclass(frozen=True, slots=True)
class Hole:
    """One value of one scope: what argument it fills, and which."""

    name: str
    value: Any
    in_function: bool = False
    owner: str = ""
    default: Any = REQUIRED
    in_place: bool = False
    """Whether this is torch's ``inplace``, which the layout decides, and not a block's argument of that name."""


@dataclass(slots=True)
class Construct:
    """What stands right of ``self.conv1 =``: a module's text, an ``nn.Sequential``, or another class's instance.

    ``start`` and ``stop`` delimit its holes among those of the class around it.
    """

    torch: Torch | None = None
    parts: tuple[Construct, ...] = ()
    group: Group | None = None
    start: int = 0
    stop: int = 0


@dataclass(slots=True)
class Member:
    """One attribute of a class. ``home`` is the path of the module it hangs in, when it is not directly on ``self``."""

    name: str
    construct: Construct
    home: str = ""


@dataclass(slots=True)
class Statement:
    """One line of ``forward``: results, by position among the class's values, of a call on operands."""

    results: tuple[int, ...]
    operands: tuple[int, ...]
    member: tuple[str, str] | None = None
    torch: Torch | None = None
    start: int = 0
    shape: Shape = ()
    hint: str = ""
    training_only: bool = False
    merges: bool = False
    device: int | None = None
    moves: tuple[int, ...] = ()
    """The operands, by their position, that live on another device than they are needed on."""
    moves_to_weights: bool = False
    """Whether that is where the member's weights are; else it is where the first operand is."""


@dataclass(slots=True)
class Description:
    """One scope as a class: its members, lines, holes, and the structure that it shares with its like."""

    scope: Scope
    structure: tuple[Any, ...]
    holes: list[Hole]
    members: list[Member]
    statements: list[Statement]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_hints: tuple[str, ...]
    init: tuple[tuple[str, tuple[tuple[str, Initializer], ...]], ...]
    is_sequential: bool
    loop: Loop | None = None


@dataclass(slots=True)
class Loop:
    """The layers of a dense block: one construct whose arguments grow by a step, repeated.

    The class's holes are the first layer's arguments, then their steps, then the number of layers.
    """

    construct: Construct
    prefix: str
    first: int


@dataclass(slots=True, eq=False)
class Group:
    """One class of the source: all scopes of one structure."""

    structure: tuple[Any, ...]
    descriptions: list[Description] = field(default_factory=list)
    name: str = ""
    parameters: list[Any] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    """The variable of each value in ``forward``."""
    returns: list[str] = field(default_factory=list)
    """For the network with side heads: the type and the lines that return its outputs."""

    @property
    def first(self) -> Description:
        """The scope that shapes in comments are taken from."""
        return self.descriptions[0]
