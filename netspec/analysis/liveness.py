"""Which values share memory, and when each is used for the last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netspec.ir import Graph, Node, Scope, analysis


@dataclass(frozen=True, slots=True)
class Liveness:
    """What evaluation computes, in order, and the values that are no longer needed after each step of it.

    ``dying`` are their paths by position in ``order``. Inputs and outputs are not among them: the caller holds them.
    """

    order: tuple[Node, ...]
    dying: Mapping[int, tuple[str, ...]]


@analysis
def liveness(graph: Graph) -> Liveness:
    """Return when evaluation needs each value for the last time."""
    training, owners = graph.training_only, _owners(graph)
    order = tuple(node for node in graph if node.path not in training)
    last: dict[str, int] = {}
    ends = {scope.path: place for place, node in enumerate(order) for scope in _scans(node.scope)}
    for position, node in enumerate(order):
        # A view shares its operand's memory, which is freed after the last use of both; a value that is never read is
        # freed at once.
        last.update((owners[value], position) for value in node.values)
        last.update((owners[path], position) for path in node.inputs)
    # What a round reads from outside is read by all later rounds, too.
    for node in order if ends else ():
        for owner in {owners[path] for path in node.inputs}:
            inside = _scans(graph[owner].scope) if owner in graph.by_path else []
            entered = [ends[scope.path] for scope in _scans(node.scope) if scope not in inside]
            last[owner] = max(last[owner], *entered, 0)
    kept = {owners[output.node] for output in graph.outputs if not output.train_only}
    kept.update(each.name for each in graph.inputs)
    kept.update(node.path for node in order if _is_stored(node))
    dying: dict[int, list[str]] = {}
    for path, position in last.items():
        if path not in kept:
            dying.setdefault(position, []).append(path)
    return Liveness(order, {position: tuple(paths) for position, paths in dying.items()})


def _scans(scope: Scope) -> list[Scope]:
    return [each for each in scope.ascend() if each.kind == "scan"]


@analysis
def aliases(graph: Graph, training: bool) -> frozenset[str]:
    """Return the values that lie in the memory of their first operand or of the module, in training or in evaluation.

    Results of ops are assumed to be contiguous, unless their traits say otherwise.
    """
    shared: set[str] = set()
    strided: set[str] = set()
    # Element by element torch writes a result in the order of its operand; gaps are closed.
    reordered: set[str] = set()
    for node in graph:
        if not node.inputs:
            if _is_stored(node):
                shared.add(node.path)
            continue
        operand = node.inputs[0]
        # torch.Tensor.view needs elements without gaps for new axes, and torch.flatten copies where there are some.
        copies = node.op.keeps_order and not node.op.keeps_layout and operand in strided
        if not node.op.allocates(training) and not copies:
            shared.add(node.path)
        if node.op.reorders or (operand in reordered and (node.op.keeps_layout or node.path in shared)):
            reordered.add(node.path)
        if node.path in reordered or node.op.strided or (node.path in shared and operand in strided):
            strided.add(node.path)
    return frozenset(shared)


def _is_stored(node: Node) -> bool:
    """Return whether a value is part of the module, and not computed in each call."""
    return not node.inputs and node.symbolic is None


def _owners(graph: Graph) -> dict[str, str]:
    """Return for each value the one whose memory it lies in."""
    shared = aliases(graph, training=False)
    owners = {each.name: each.name for each in graph.inputs}
    for node in graph:
        for value in node.values:
            owners[value] = owners[node.inputs[0]] if node.path in shared and node.inputs else value
    return owners
