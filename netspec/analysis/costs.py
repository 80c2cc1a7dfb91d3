"""Totals of a network, under the names that a document's ``expect:`` uses for them."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import Graph, analysis

COUNTING_RULE = (
    "parameters without running statistics; 1 MAC = one multiply-accumulate of a convolution, linear layer or matmul; "
    "FLOPs = 2 x MACs; one example, in evaluation"
)
"""The counting conventions, printed wherever numbers are."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a whole network adds up to. The fields are those of ``expect:``.

    All of them count what evaluation uses, except ``nodes`` and those with ``training`` in their name.
    """

    params: int
    macs: int
    flops: int
    training_params: int
    training_macs: int
    depth: int
    nodes: int


@analysis
def measure(graph: Graph) -> Totals:
    """Return the totals of a graph."""
    macs = graph.macs
    return Totals(
        params=graph.params,
        macs=macs,
        flops=2 * macs,
        training_params=graph.training_params,
        training_macs=graph.training_macs,
        depth=count_depth(graph),
        nodes=len(graph),
    )


def count_depth(graph: Graph) -> int:
    """Return the number of convolutions and linear layers on the longest path to an output of evaluation."""
    depths = {each.name: 0 for each in graph.inputs}
    for node in graph:
        depth = max([depths[value] for value in node.inputs], default=0) + node.op.counts_as_layer
        for value in node.values:
            depths[value] = depth
    return max((depths[output.node] for output in graph.outputs if not output.train_only), default=0)
