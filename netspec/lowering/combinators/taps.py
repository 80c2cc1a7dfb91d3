"""The values inside a used document that it gives instead of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netspec.diagnostics import Code, Span, SpecError, nearest
from netspec.language.model import Step
from netspec.lowering.builder import join
from netspec.lowering.context import Context
from netspec.lowering.operands import labelled
from netspec.lowering.values import Values
from netspec.syntax import expr
from netspec.syntax.yaml import locate


@dataclass(frozen=True, slots=True)
class Taps:
    """The steps of a document that are tapped, by their path in its module tree or their label.

    ``context`` is that of the document's steps.
    """

    names: list[str]
    step: Step
    context: Context

    def are_reached(self) -> bool:
        """Return whether all of them are expanded, so that no later step is needed."""
        return all(self._is_computed(name) or name in self.context.labels for name in self.names)

    def values(self) -> Values:
        """Return the values in the order of the names.

        Raises: SpecError NS0313 with every name that no step has; AlreadyReported when an error left a value unknown.
        """
        wrong = [name for name in self.names if not self._is_path(name) and name not in self.context.labels]
        if wrong and self.context.builder.collector.errors:
            raise expr.AlreadyReported  # what a wrong step should give is missing too
        if wrong:
            raise SpecError(each for name in wrong for each in self._unknown(name).diagnostics)
        return tuple(value for name in self.names for value in self._values_of(name))

    def _is_path(self, name: str) -> bool:
        graph, path = self.context.builder.graph, join(self.context.scope.path, name)
        return path in graph.nodes or path in graph.scopes

    def _is_computed(self, name: str) -> bool:
        graph, path = self.context.builder.graph, join(self.context.scope.path, name)
        # A scope is known from its first step on, and has outputs after its last one.
        return path in graph.nodes or (path in graph.scopes and bool(graph.scopes[path].outputs))

    def _values_of(self, name: str) -> Any:
        builder, path = self.context.builder, join(self.context.scope.path, name)
        if not self._is_path(name):
            return labelled(name, None, self.context, self._place(name))
        node = builder.graph.nodes.get(path)
        paths = node.values if node is not None else builder.graph.scopes[path].outputs
        if not all(each in builder.values for each in paths) or not paths:
            raise expr.AlreadyReported
        return tuple(builder.values[each] for each in paths)

    def _unknown(self, name: str) -> SpecError:
        scope = self.context.scope
        known = [item.path[len(scope.path) + 1 :] for item in scope.items]
        help_text = nearest(name, [*known, *self.context.labels]) or f"it has {', '.join(known)}"
        message = f"{scope.block} has no step '{name}'"
        return SpecError.of(Code.UNKNOWN_LABEL, message, self._place(name), help=help_text)

    def _place(self, name: str) -> Span:
        return locate(self.step.arguments, ("taps", self.names.index(name)))
