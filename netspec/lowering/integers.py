"""Bounds of the integers that reach a step: those of the inputs, and of positions that ops count."""

from __future__ import annotations

from typing import NamedTuple

from netspec.diagnostics import Code, Diagnostic, Note, Span, SpecError
from netspec.ir import Graph, Node
from netspec.language.model import Document
from netspec.sizes import stated
from netspec.syntax.yaml import locate


class Bound(NamedTuple):
    """The exclusive upper bound of the integers in a value, and which value and place it comes from."""

    below: int
    source: str
    span: Span
    is_input: bool = False


def check_integers(document: Document, graph: Graph) -> None:
    """Raise SpecError NS0505 for each op whose operand may hold integers beyond its range."""
    known = {
        each.name: Bound(each.high, each.name, _place(document, each.name), is_input=True)
        for each in graph.inputs
        if each.high is not None
    }
    wrong: dict[Span, Diagnostic] = {}
    for node in graph:
        if all(each.dtype == "float" for each in node.results) and not known.keys() & node.inputs:
            continue
        types = tuple(map(graph.type_of, node.inputs))
        bounds = tuple(map(known.get, node.inputs))
        for position, bound in enumerate(bounds):
            limit = node.op.integers_below(position, *(each.shape for each in types)) if bound else None
            if bound and limit is not None and bound.below > stated(limit):
                wrong.setdefault(node.span, _too_large(node, bound, stated(limit)))
        below = node.op.bound_results(tuple(each and each.below for each in bounds), *types)
        for value, number in zip(node.values, below, strict=False):
            if number is not None:
                same = (bound for bound in bounds if bound and bound.below == number)
                known[value] = next(same, Bound(number, value, node.span))
    if wrong:
        raise SpecError(wrong.values())


def _place(document: Document, name: str) -> Span:
    return locate(document.tree, ("input", name, "high") if name in (document.input or ()) else ("input", "high"))


def _too_large(node: Node, bound: Bound, limit: int) -> Diagnostic:
    field = node.op.limit_field
    wider = f"`{field}: {bound.below}`" if field else f"an axis of at least {bound.below}"
    return Diagnostic(
        Code.DTYPE_MISMATCH,
        f"{node.op.name} takes integers below {limit}, and those of `{bound.source}` are below {bound.below}",
        node.span,
        help=f"make both the same: {wider}, or `high: {limit}`" if bound.is_input else f"give it {wider}",
        notes=(Note(bound.span, f"integers below {bound.below}"),),
    )
