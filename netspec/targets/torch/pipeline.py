"""The passes that make a graph one that torch's layers can compute."""

from __future__ import annotations

from netspec.ir import Graph, analysis
from netspec.passes import PassManager
from netspec.targets.torch.legalize_padding import LegalizePadding

TORCH_PASSES = PassManager((LegalizePadding(),))


@analysis
def legalize(graph: Graph) -> Graph:
    """Return the graph as torch's layers can compute it: the source says that one, and the module is that one."""
    return TORCH_PASSES.run(graph)
