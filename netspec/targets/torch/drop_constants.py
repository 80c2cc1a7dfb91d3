"""Constants that nothing reads: a step that reads one may be left out in some calls of a block."""

from __future__ import annotations

from netspec.ir import Graph, Rewriter
from netspec.ops.constant import Constant
from netspec.passes import Pass


class DropConstants(Pass, name="drop_constants"):
    """Erases the constants that nothing reads."""

    def run(self, graph: Graph) -> Graph:
        """Return the graph without these constants."""
        constants = [node for node in graph if isinstance(node.op, Constant)]
        returned = {each.node for each in graph.outputs}
        unread = [node for node in constants if not graph.consumers()[node.path] and node.path not in returned]
        if not unread:
            return graph
        rewriter = Rewriter(graph)
        for node in unread:
            rewriter.erase(node)
        return rewriter.apply()
