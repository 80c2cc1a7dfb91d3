"""Bounds of the integers that reach a step: those of the inputs, since ops move integers but do not change them."""

from __future__ import annotations

from netspec.diagnostics import Code, Diagnostic, Note, Span, SpecError
from netspec.ir import Graph, Input, Node
from netspec.language.model import Document
from netspec.syntax.yaml import locate


def check_integers(document: Document, graph: Graph) -> None:
    """Raise SpecError NS0505 for each op that integers of the inputs may reach and exceed its range."""
    known = {each.name: each for each in graph.inputs if each.high is not None}
    if not known:
        return
    wrong: dict[Span, Diagnostic] = {}
    for node in graph:
        entering = [known[path] for path in node.inputs if path in known]
        if not entering:
            continue
        largest = max(entering, key=lambda each: each.high or 0)
        limit = node.op.integers_below()
        if limit is not None and (largest.high or 0) > limit:
            wrong.setdefault(node.span, _too_large(node, largest, limit, document))
        if node.op.moves_elements:
            known[node.path] = largest
    if wrong:
        raise SpecError(wrong.values())


def _too_large(node: Node, source: Input, limit: int, document: Document) -> Diagnostic:
    keys = ("input", source.name, "high")
    place = locate(document.tree, keys if source.name in (document.input or ()) else ("input", "high"))
    return Diagnostic(
        Code.DTYPE_MISMATCH,
        f"{node.op.name} takes integers below {limit}, and those of `{source.name}` are below {source.high}",
        node.span,
        help=f"make both the same: `num: {source.high}`, or `high: {limit}`",
        notes=(Note(place, f"integers below {source.high}"),),
    )
