"""Where a step stands while a document is expanded: its scope, its names, the values and variables it can see."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Namespace
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from netspec.errors import Frame
from netspec.expr import Value
from netspec.graph import Dtype, Initializer, Scope
from netspec.lower.naming import Namer
from netspec.reader import Mapping
from netspec.shape import Shape
from netspec.spec.model import Block, Step, StepKind

if TYPE_CHECKING:
    from netspec.lower.builder import Builder


@dataclass(frozen=True, slots=True)
class Wire:
    """One value on its way: the path of the node that computes it, its shape and dtype."""

    path: str
    shape: Shape
    dtype: Dtype = "float"


Flow = tuple[Wire, ...] | None
"""What a step takes and gives: usually one value. None stands for a value unknown because of an earlier fault."""


@dataclass(slots=True)
class Shared:
    """A module that steps share: where it lives and how often it has been used."""

    module: str
    uses: int = 1
    init: tuple[tuple[str, Initializer], ...] = ()
    """How the first step starts it."""
    enclosed: str = ""
    """The shared sub-module that it was first used in, which steps outside cannot reach into."""


@dataclass(slots=True)
class Context:
    """Everything a step can see. Bodies inside a body get a copy with their own labels and variables."""

    builder: Builder
    scope: Scope
    namer: Namer
    variables: dict[str, Any]
    labels: dict[str, Flow]
    namespace: Namespace[str, Block]
    defaults: Mapping
    constants: dict[str, Any]
    """The document's own arguments, which ``defaults`` are evaluated in."""
    frames: tuple[Frame, ...] = ()
    shares: dict[str, Shared] = field(default_factory=dict)
    device: int | None = None
    init: dict[str, tuple[tuple[str, Initializer], ...]] = field(default_factory=dict)
    """Initialization rules of a used document, by op."""
    heads: bool = True
    """False inside a used document, whose side heads are left out."""

    def inner(self, **changes: Any) -> Context:
        """Return the context of a body inside this one; what is labelled there stays there."""
        return replace(self, variables=dict(self.variables), labels=dict(self.labels), **changes)

    def see(self, flow: Flow) -> None:
        """Make a flow the value that expressions call ``x``."""
        self.variables["x"] = shown(flow)

    def label(self, name: str, flow: Flow) -> None:
        """Give a flow a name for later steps and their expressions."""
        self.labels[name] = flow
        self.variables[name] = shown(flow)


class UnknownValue:
    """What expressions would see of a value that is unknown because of an earlier fault."""


UNKNOWN = UnknownValue()


def shown(flow: Flow) -> Value | list[Value] | UnknownValue:
    """Return what expressions see of a flow: one value, or a list of several."""
    if flow is None:
        return UNKNOWN
    values = [Value(wire.shape) for wire in flow]
    return values[0] if len(values) == 1 else values


Lowering = Callable[[Step, Any, Flow, Context], Flow]
LOWERINGS: dict[str, Lowering] = {}
"""How each combinator is expanded, by its word."""


def lowers(key: str) -> Callable[[Lowering], Lowering]:
    """Register the function that expands a combinator."""

    def register(function: Lowering) -> Lowering:
        LOWERINGS[key] = function
        return function

    return register


Expansion = Callable[[Step, Flow, Context], Flow]
KINDS: dict[StepKind, Expansion] = {}
"""How each kind of step is expanded."""


def lowers_kind(kind: StepKind) -> Callable[[Expansion], Expansion]:
    """Register the function that expands a kind of step."""

    def register(function: Expansion) -> Expansion:
        KINDS[kind] = function
        return function

    return register
