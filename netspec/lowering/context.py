"""The context of a step while a document is expanded: scope, names, labels and variables."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Namespace
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from netspec.diagnostics import Frame
from netspec.ir import Initializer, Scope
from netspec.language.model import Block
from netspec.lowering.builder import Builder
from netspec.lowering.layers import Layer
from netspec.lowering.naming import Namer
from netspec.lowering.values import Value, Values, visible
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping


@dataclass(slots=True)
class Shared:
    """A module that steps share: its path, and how many steps have used it so far."""

    module: str
    uses: int = 1
    init: tuple[tuple[str, Initializer], ...] = ()
    """The initializers that its first step declares."""
    rules: dict[str, tuple[tuple[str, Initializer], ...]] = field(default_factory=dict)
    """The initializers by op that its first step declares, if that calls a block."""
    enclosed: str = ""
    """The shared sub-module that it is part of, which steps outside cannot reach into."""


@dataclass(slots=True)
class Context:
    """Everything in scope for a step. Nested bodies add their own labels and variables to those around them."""

    builder: Builder
    scope: Scope
    namer: Namer
    # Two mappings with nearly the same keys: expressions read shapes, and steps refer to values.
    variables: dict[str, Any]
    labels: dict[str, Values]
    """The values that steps can refer to by name."""
    namespace: Namespace[str, Block]
    defaults: Mapping
    constants: dict[str, Any]
    """The document's own arguments, which ``defaults`` are evaluated in."""
    frames: tuple[Frame, ...] = ()
    shares: dict[str, Shared] = field(default_factory=dict)
    outer_labels: tuple[Namespace[str, Values], ...] = ()
    """The labels of the enclosing blocks: an argument may be computed from the size of such a value."""
    device: int | None = None
    init: dict[str, tuple[tuple[str, Initializer], ...]] = field(default_factory=dict)
    """Initialization rules of a used document or of the calls of blocks around, by op."""
    counter: str = ""
    """A variable of the innermost enclosing loop that distinguishes its iterations."""
    keeps_outputs: bool = True
    """False inside a used document, whose auxiliary outputs are omitted."""

    def inner(self, **changes: Any) -> Context:
        """Return the context of an inner body, whose labels end with it."""
        # `dataclasses.replace` looks up each field anew, and bodies are many.
        copied = dict(zip(_FIELDS, _values_of(self), strict=True))
        copied.update(variables=Layer(below=self.variables), labels=Layer(below=self.labels))
        copied.update(changes)
        return Context(**copied)

    def enter(
        self, variables: dict[str, Any], values: tuple[Value, ...], names: Iterable[str], **changes: Any
    ) -> Context:
        """Return the context of the body of a block or document: its own arguments, and its operands by their names."""
        # A copy: looking a name up in layers takes longer, and binding the arguments has taken as long as copying them.
        inside = {**variables, "input": expr.Value(*values[0].type)}
        labels: dict[str, Values] = {"input": values}
        inner = self.inner(variables=inside, labels=labels, outer_labels=(self.labels, *self.outer_labels), **changes)
        for name, value in zip(names, values, strict=False):
            inner.label(name, (value,))
        return inner

    def set_current(self, values: Values) -> None:
        """Make values the current ones, which expressions call ``x``."""
        self.variables["x"] = visible(values)

    def label(self, name: str, values: Values) -> None:
        """Label values for later steps and their expressions."""
        self.labels[name] = values
        self.variables[name] = visible(values)


_FIELDS = tuple(each.name for each in fields(Context))
_values_of = attrgetter(*_FIELDS)
