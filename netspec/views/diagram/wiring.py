"""Edges between the boxes of a picture, and which of them are skip connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from netspec.diagnostics import Code, LimitError
from netspec.ir import Graph, Node
from netspec.views.diagram.model import Box, Edge, OpenBlock, View
from netspec.views.diagram.options import DetailOptions, Wiring

MOST_TRACED = 6_000
"""With more boxes than this, skip connections are not distinguished: finding them needs a bit per pair of boxes."""


def connect(graph: Graph, frame: OpenBlock, detail: DetailOptions) -> View:
    """Return the view with the edges between the boxes of a frame: one per value and box that reads it.

    Raises: LimitError when there are more of them than the picture may have.
    """
    boxes = list(frame.boxes())
    order = {box.id: number for number, box in enumerate(boxes)}
    found = list(islice(_find_edges(graph, boxes, order, detail.edges), detail.most_edges + 1))
    if len(found) > detail.most_edges:
        message = f"a picture of {graph.name} has more than {detail.most_edges:,} lines"
        help_text = "open fewer blocks, draw dense connections as `--edges running`, or raise `--max-edges`"
        raise LimitError.of(Code.PICTURE_TOO_LARGE, message, graph.root.span, help=help_text)
    successors: list[list[int]] = [[] for _ in boxes]
    for edge in found:
        successors[order[edge.tail]].append(order[edge.head])
    skipping = _skips(successors) if len(boxes) <= MOST_TRACED else frozenset()
    edges = tuple(
        Edge(edge.tail, edge.head, edge.value, edge.shape, True, edge.training_only)
        if (order[edge.tail], order[edge.head]) in skipping
        else edge
        for edge in found
    )
    return View(frame, edges, _stretch(successors))


def _find_edges(graph: Graph, boxes: Sequence[Box], order: Mapping[str, int], wiring: Wiring) -> Iterator[Edge]:
    """Yield the edges between different boxes, in the order in which their values are read."""
    owners = {value: box.id for box in boxes for path in box.nodes for value in graph[path].values}
    owners.update((each.name, f"input.{each.name}") for each in graph.inputs)
    training = graph.training_only
    readers = graph.consumers() if wiring == "full" else {}
    runs = {box.id for box in boxes if box.times > 1}
    seen: set[tuple[str, str]] = set()
    for node in graph:
        for value in _operands(graph, node, readers):
            tail, head = owners[value], owners[node.path]
            # A box of several siblings has one outgoing edge, although each sibling has a result.
            key = (tail if tail in runs else value, head)
            # The layers of a folded dense block and its concatenations read each other: backward edges are omitted.
            if order[tail] < order[head] and key not in seen:
                seen.add(key)
                yield Edge(tail, head, value, graph.shape_of(value), training_only=node.path in training)
    yield from _output_edges(graph, owners, order)


def _output_edges(graph: Graph, owners: Mapping[str, str], order: Mapping[str, int]) -> Iterator[Edge]:
    """Yield the edges to the boxes of outputs; a network with a single output has none."""
    for output in graph.outputs:
        head = f"output.{output.name}"
        if head in order:
            tail, shape = owners[output.node], graph.shape_of(output.node)
            yield Edge(tail, head, output.node, shape, training_only=output.train_only)


def _operands(graph: Graph, node: Node, readers: Mapping[str, Sequence[Node]]) -> Iterator[str]:
    """Yield the operands of a node; given ``readers``, those of dense concatenations one by one."""
    stack = list(reversed(node.inputs))
    while stack:
        path = stack.pop()
        inner = graph.by_path.get(path)
        if inner is not None and _continues(inner, node) and len(readers.get(path, ())) > 1:
            stack.extend(reversed(inner.inputs))
        else:
            yield path


def _continues(inner: Node, node: Node) -> bool:
    return node.op.concatenates and inner.op == node.op and inner.scope is node.scope


def _skips(successors: Sequence[Sequence[int]]) -> frozenset[tuple[int, int]]:
    """Return the edges whose ends are connected by another path too. Edges lead from lower numbers to higher ones."""
    # These are the edges that the transitive reduction leaves out (Aho, Garey and Ullman 1972). The boxes that each box
    # reaches are a bit set, so that a union is one operation.
    reached = [0] * len(successors)
    skipping: set[tuple[int, int]] = set()
    for box in range(len(successors) - 1, -1, -1):
        beyond = 0
        for head in successors[box]:
            beyond |= reached[head]
        for head in successors[box]:
            if beyond >> head & 1:
                skipping.add((box, head))
            reached[box] |= 1 << head
        reached[box] |= beyond
    return frozenset(skipping)


def _stretch(successors: Sequence[Sequence[int]]) -> int:
    """Return the sum of the edges' lengths in ranks, where the rank of a box is the longest path to it."""
    # Graphviz minimizes this sum by a network simplex (Gansner et al. 1993); longest paths give a quick estimate.
    ranks = [0] * len(successors)
    for box, heads in enumerate(successors):
        for head in heads:
            ranks[head] = max(ranks[head], ranks[box] + 1)
    return sum(ranks[head] - ranks[box] - 1 for box, heads in enumerate(successors) for head in heads)
