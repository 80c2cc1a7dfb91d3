"""The rows of a summary: the tree of scopes down to a depth, with runs of identical units in one row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netspec.analysis import ScopeTotals, add_up, measure_scopes, receptive_fields
from netspec.ir import Graph, Node, Scope
from netspec.sizes.shape import show
from netspec.views.describe import FEW_NODES, describe_column
from netspec.views.summary.recurrence import Column, Item, Recurrence

DEPTH = 2

Sorting = Literal["params", "macs", "memory"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a node or scope, or ``count`` identical ones with their sums."""

    indent: int
    name: str
    what: str
    output: str
    totals: ScopeTotals
    receptive_field: str
    count: int = 1
    training_only: bool = False
    shared: bool = False
    first_of_training: bool = False
    """True at the top of an auxiliary output that exists in training only."""

    @property
    def params(self) -> int:
        """The parameters to show: those in training for an auxiliary output that exists only there."""
        return self.totals.training_params if self.training_only else self.totals.params

    @property
    def macs(self) -> int:
        """The MACs to show: those in training for an auxiliary output that exists only there."""
        return self.totals.training_macs if self.training_only else self.totals.macs


class RowBuilder:
    """Makes rows of a graph's parts; holds the facts that every row needs."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._totals = measure_scopes(graph)
        self._fields = receptive_fields(graph)
        self._training = graph.training_only

    def totals(self, item: Item) -> ScopeTotals:
        """Return the sums of a node or scope."""
        return self._totals[item]

    def row(self, column: Column, indent: int, name: str) -> Row:
        """Return the row of a column, which sums over its items and shows the last one's result."""
        last = column[-1]
        outputs = self._outputs(last)
        parent = last.parent if isinstance(last, Scope) else last.scope
        training = self._in_training_only(last)
        return Row(
            indent,
            name,
            describe_column(column, self._graph),
            ", ".join(show(self._graph.shape_of(path)) for path in outputs),
            add_up(self._totals[item] for item in column),
            self._receptive_field(outputs),
            len(column),
            training,
            isinstance(last, Node) and last.shared,
            training and not (parent and parent.parent and self._in_training_only(parent)),
        )

    def _outputs(self, item: Item) -> tuple[str, ...]:
        return item.outputs if isinstance(item, Scope) else item.values

    def _in_training_only(self, item: Item) -> bool:
        outputs = self._outputs(item)
        return bool(outputs) and all(path in self._training for path in outputs)

    def _receptive_field(self, outputs: tuple[str, ...]) -> str:
        fields = {self._fields.get(path, (1,)) for path in outputs}
        # Values with different receptive fields have no single one to show.
        if len(fields) != 1:
            return ""
        (field,) = fields
        return "all" if field is None else show(field) if field else "1"


def tree_rows(graph: Graph, depth: int | None = None) -> Iterator[Row]:
    """Yield the rows of the tree of scopes, outer before inner, down to a depth.

    Recurring steps are shown once, with their sums: runs of two or more equal units, and patterns of up to twelve steps
    that repeat four times or more. The default depth is two, and units of a few ops stay collapsed.
    """
    builder = RowBuilder(graph)
    recurrence = Recurrence(graph)
    # A stack and no recursion: scopes may nest deeper than Python's stack.
    levels = [recurrence.columns([graph.root])]
    while levels:
        for name, column in levels[-1]:
            yield builder.row(column, len(levels) - 1, name)
            scopes = [item for item in column if isinstance(item, Scope)]
            if scopes and len(levels) < (depth or DEPTH) and (depth or not is_unit(scopes[0])):
                levels.append(recurrence.columns(scopes))
                break
        else:
            levels.pop()


def is_unit(scope: Scope) -> bool:
    """Return whether a scope is a few ops that are seen as one, such as a convolution with its activation."""
    return len(scope.items) <= FEW_NODES and all(isinstance(item, Node) for item in scope.items)


def sorted_rows(graph: Graph, by: Sorting) -> list[Row]:
    """Return a row per node that has any of a quantity, the largest first."""
    builder = RowBuilder(graph)
    key = {"params": "training_params", "macs": "training_macs", "memory": "elements"}[by]
    amounts = {node: int(getattr(builder.totals(node), key)) for node in graph}
    # Sorting is stable, so that equal amounts stay in the order of the network.
    ranked = sorted((node for node in graph if amounts[node]), key=lambda node: -amounts[node])
    return [builder.row([node], 0, node.path) for node in ranked]
