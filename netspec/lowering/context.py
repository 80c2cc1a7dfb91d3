"""The context of a step while a document is expanded: scope, names, labels and variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Namespace
from dataclasses import dataclass, field
from typing import Any

from netspec.diagnostics import Code, Frame, Span
from netspec.ir import Initializer, Scope, Ties
from netspec.language.model import Block, Step
from netspec.language.scope import label_left_out
from netspec.lowering.builder import Builder
from netspec.lowering.layers import Layer
from netspec.lowering.naming import Namer
from netspec.lowering.schedule import Schedule
from netspec.lowering.values import LeftOut, Value, Values, visible
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping


@dataclass(slots=True)
class Shared:
    """A module that steps share: its path, and how many steps have used it so far."""

    module: str
    uses: int = 1
    init: tuple[tuple[str, Initializer], ...] = ()
    """The initializers that its first step declares."""
    ties: Ties = ()
    """The weights that it takes from other modules."""
    rules: dict[str, tuple[tuple[str, Initializer], ...]] = field(default_factory=dict)
    """The initializers by op that its first step declares, if that calls a block."""
    enclosed: str = ""
    """The shared sub-module that it is part of, which steps outside cannot reach into."""


@dataclass
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
    document: Namespace[str, Block]
    """The blocks that the document itself can call, which its ``defaults`` and ``init`` name."""
    defaults: Mapping
    constants: dict[str, Any]
    """The document's own arguments, which ``defaults`` are evaluated in."""
    schedule: Schedule
    """What numbers the calls of the document for its ``defaults``."""
    frames: tuple[Frame, ...] = ()
    shares: dict[str, Shared] = field(default_factory=dict)
    outer_labels: tuple[Namespace[str, Values], ...] = ()
    """The labels of the enclosing blocks: an argument may be computed from the size of such a value."""
    device: int | None = None
    init: dict[str, tuple[tuple[str, Initializer], ...]] = field(default_factory=dict)
    """Initialization rules of a used document or of the calls of blocks around, by op."""
    block_init: dict[str, dict[str, tuple[tuple[str, Initializer], ...]]] = field(default_factory=dict)
    """The document's initialization rules for what is inside a block, by block and op."""
    counter: str = ""
    """A variable of the innermost enclosing loop that distinguishes its iterations."""
    is_done: Callable[[], bool] | None = None
    """Says that the steps which are left of this chain are not needed; bodies inside are not cut short."""
    in_scan: bool = False
    """True in the body of a scan, of which there is no value outside."""
    caller: tuple[Step, Context] | None = None
    """The step that calls the block around, and the context in which it stands."""
    keeps_outputs: bool = True
    """False inside a used document, whose auxiliary outputs are omitted."""

    def inner(self, **changes: Any) -> Context:
        """Return the context of an inner body, whose labels end with it."""
        # `dataclasses.replace` looks up each field anew, and bodies are many.
        inner = object.__new__(Context)
        own = {"variables": Layer(below=self.variables), "labels": Layer(below=self.labels), "is_done": None}
        inner.__dict__.update(self.__dict__ | own | changes)
        return inner

    def enter(
        self, variables: dict[str, Any], values: tuple[Value, ...], names: Iterable[str], **changes: Any
    ) -> Context:
        """Return the context of the body of a block or document: its own arguments, and its operands by their names."""
        # A copy: looking a name up in layers takes longer, and binding the arguments has taken as long as copying them.
        inside = {**variables, "input": visible(values[:1])}
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

    def collect(self, name: str, rounds: list[Values]) -> None:
        """Label the values of all rounds of a loop, which are a list in expressions however many they are."""
        known = [values for values in rounds if values is not None]
        is_known = len(known) == len(rounds)
        self.labels[name] = found = tuple(value for values in known for value in values) if is_known else None
        self.variables[name] = expr.UNKNOWN if found is None else list(found)

    def leave_out(self, name: str, span: Span) -> None:
        """Remember a label whose step is left out, unless an earlier step has it too."""
        if name in self.labels:
            return
        error = label_left_out(name, span, span)
        self.labels[name] = LeftOut(span)
        missing = expr.ExpressionError(error.message, help=error.help, code=Code.UNKNOWN_NAME)
        missing.notes = error.notes
        self.variables[name] = expr.Missing(missing)
