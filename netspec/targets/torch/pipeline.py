"""The passes that legalize a graph for torch's layers."""

from __future__ import annotations

from netspec.ir import Graph, analysis
from netspec.passes import PassManager
from netspec.targets.torch.chunk_slices import ChunkSlices
from netspec.targets.torch.drop_constants import DropConstants
from netspec.targets.torch.expand_stored import ExpandStored
from netspec.targets.torch.legalize_padding import LegalizePadding
from netspec.targets.torch.separate_bias import SeparateBias

TORCH_PASSES = PassManager((LegalizePadding(), SeparateBias(), DropConstants(), ChunkSlices(), ExpandStored()))


@analysis
def legalize(graph: Graph) -> Graph:
    """Return the legalized graph, from which source and module are generated."""
    return TORCH_PASSES.run(graph)
