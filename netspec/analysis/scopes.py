"""The sums of parameters and MACs over each scope of a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from netspec.analysis.liveness import aliases
from netspec.ir import Graph, Node, Scope, analysis
from netspec.sizes import stated
from netspec.sizes.shape import elements


@dataclass(frozen=True, slots=True)
class ScopeTotals:
    """Sums over a scope. Auxiliary outputs for training alone are in ``training_params`` and ``training_macs`` only."""

    params: int
    training_params: int
    macs: int
    training_macs: int
    elements: int
    """The elements of all values in training; one that shares memory with its operand adds none."""
    nodes: int


def add_up(parts: Iterable[ScopeTotals]) -> ScopeTotals:
    """Return the sums over parts."""
    params = training_params = macs = training_macs = elements = nodes = 0
    for each in parts:
        params += each.params
        training_params += each.training_params
        macs += each.macs
        training_macs += each.training_macs
        elements += each.elements
        nodes += each.nodes
    return ScopeTotals(params, training_params, macs, training_macs, elements, nodes)


@analysis
def measure_scopes(graph: Graph) -> Mapping[Node | Scope, ScopeTotals]:
    """Return the sums of every scope, and of every node as the smallest part."""
    training, evaluated, shared = graph.training_only, graph.evaluated, aliases(graph, training=True)
    totals: dict[Node | Scope, ScopeTotals] = {
        node: ScopeTotals(
            params=node.params if node.module in evaluated else 0,
            training_params=node.params,
            macs=0 if node.path in training else node.macs,
            training_macs=node.macs,
            elements=0 if node.path in shared else sum(stated(elements(each.shape)) for each in node.results),
            nodes=1,
        )
        for node in graph
    }
    # `descend` yields outer scopes before inner ones, so in reverse every part is summed before its whole.
    for scope in reversed(list(graph.root.descend())):
        totals[scope] = add_up(totals[item] for item in scope.items)
    return MappingProxyType(totals)
