"""The values inside a used document that it gives instead of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from netspec.diagnostics import MOST_ERRORS, Code, Diagnostic, Span, SpecError, nearest
from netspec.language.model import Step
from netspec.lowering.builder import join
from netspec.lowering.context import Context
from netspec.lowering.operands import labelled_values
from netspec.lowering.values import Value, Values
from netspec.syntax import expr
from netspec.syntax.yaml import locate


@dataclass(slots=True)
class Taps:
    """The steps of a document that are tapped, by their path in its module tree or their label.

    ``context`` is that of the document's steps.
    """

    names: list[str]
    step: Step
    context: Context
    _awaited: list[str] = field(init=False)
    """The names but for those at the end of the list that are expanded."""

    def __post_init__(self) -> None:
        self._awaited = list(self.names)

    def are_reached(self) -> bool:
        """Return whether all of them are expanded, so that no later step is needed."""
        # Asked after each step: looking all of them up would take steps times names.
        while self._awaited and (self._is_computed(self._awaited[-1]) or self._awaited[-1] in self.context.labels):
            self._awaited.pop()
        return not self._awaited

    def values(self) -> Values:
        """Return the values in the order of the names.

        Raises: SpecError NS0313 with every name that no step has; AlreadyReported when an error left a value unknown.
        """
        wrong = [place for place, name in enumerate(self.names) if not self._is_known(name)]
        if wrong and self.context.builder.collector.errors:
            raise expr.AlreadyReported  # what a wrong step should give is missing too
        if wrong:
            raise SpecError(self._unknown(wrong))
        return tuple(value for place, name in enumerate(self.names) for value in self._values_of(name, place))

    def _is_known(self, name: str) -> bool:
        return self._is_path(name) or name in self.context.labels

    def _is_path(self, name: str) -> bool:
        graph, path = self.context.builder.graph, join(self.context.scope.path, name)
        return path in graph.nodes or path in graph.scopes

    def _is_computed(self, name: str) -> bool:
        graph, path = self.context.builder.graph, join(self.context.scope.path, name)
        # A scope is known from its first step on, and has outputs after its last one.
        return path in graph.nodes or (path in graph.scopes and bool(graph.scopes[path].outputs))

    def _values_of(self, name: str, place: int) -> tuple[Value, ...]:
        builder, path = self.context.builder, join(self.context.scope.path, name)
        if not self._is_path(name):
            return labelled_values([name], None, self.context, self._span(place))
        node = builder.graph.nodes.get(path)
        paths = node.values if node is not None else builder.graph.scopes[path].outputs
        if not all(each in builder.values for each in paths) or not paths:
            raise expr.AlreadyReported
        builder.budget.count_operands(len(paths), self.context.frames, self._span(place))
        return tuple(builder.values[each] for each in paths)

    def _unknown(self, places: list[int]) -> Iterator[Diagnostic]:
        """Yield the errors of names that no step has, by their places in the list."""
        scope = self.context.scope
        steps = [item.path[len(scope.path) + 1 :] for item in scope.items]
        known = [*steps, *self.context.labels]
        for place in places[:MOST_ERRORS]:
            name = self.names[place]
            help_text = nearest(name, known) or f"it has {', '.join(steps)}"
            message = f"{scope.block} has no step '{name}'"
            yield Diagnostic(Code.UNKNOWN_LABEL, message, self._span(place), help=help_text)

    def _span(self, place: int) -> Span:
        return locate(self.step.arguments, ("taps", place))
