"""Bounds of the integers that reach a step: those of the inputs, and of positions that ops count."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from netspec.diagnostics import Code, Diagnostic, Note, Span, SpecError
from netspec.ir import Graph, Node
from netspec.language.model import Document
from netspec.ops.constant import Constant
from netspec.sizes import stated
from netspec.syntax.yaml import locate


class Bound(NamedTuple):
    """Between which integers those in a value are, and which value and place it comes from."""

    below: int
    """No integer is as large."""
    source: str
    span: Span
    is_input: bool = False
    least: int = 0
    constant: Constant | None = None
    """What has these integers, of which the bounds are then no more than an estimate."""

    def within(self, limit: int) -> Bound | None:
        """Return the exact bounds if they are not from zero to below a limit; None where they are, or are unknown."""
        if self.constant is None or (self.least >= 0 and self.below <= limit):
            return self if self.below > limit else None
        exact = self.constant.extremes()
        if exact is None or (exact[0] >= 0 and exact[1] < limit):
            return None
        return self._replace(least=exact[0], below=exact[1] + 1)


def check_integers(document: Document, graph: Graph) -> None:
    """Raise SpecError NS0505 for each op whose operand may hold integers beyond its range."""
    known = {
        each.name: Bound(each.high, each.name, _place(document, each.name), is_input=True)
        for each in graph.inputs
        if each.high is not None
    }
    wrong: dict[Span, Diagnostic] = {}
    for node in graph:
        if isinstance(node.op, Constant) and node.dtype == "int64":
            least, most = node.op.bounds()
            if isfinite(least) and isfinite(most):
                known[node.path] = Bound(int(most) + 1, node.label, node.span, least=int(least), constant=node.op)
            continue
        if all(each.dtype == "float" for each in node.results) and not known.keys() & node.inputs:
            continue
        types = tuple(map(graph.type_of, node.inputs))
        bounds = tuple(map(known.get, node.inputs))
        for position, bound in enumerate(bounds):
            limit = node.op.integers_below(position, *(each.shape for each in types)) if bound else None
            if bound and limit is not None and (outside := bound.within(stated(limit))):
                wrong.setdefault(node.span, _outside(node, outside, stated(limit)))
        below = node.op.bound_results(tuple(each and each.below for each in bounds), *types)
        for value, number in zip(node.values, below, strict=False):
            if number is not None:
                same = (bound for bound in bounds if bound and bound.below == number)
                known[value] = next(same, Bound(number, value, node.span))
    if wrong:
        raise SpecError(wrong.values())


def _place(document: Document, name: str) -> Span:
    return locate(document.tree, ("input", name, "high") if name in (document.input or ()) else ("input", "high"))


def _outside(node: Node, bound: Bound, limit: int) -> Diagnostic:
    field, most = node.op.limit_field, bound.below - 1
    wider = f"`{field}: {bound.below}`" if field else f"an axis of at least {bound.below}"
    found, note = f"are below {bound.below}", f"integers below {bound.below}"
    if bound.constant is not None:
        found, note = f"go from {bound.least} to {most}", f"integers from {bound.least} to {most}"
    help_text = f"make both the same: {wider}, or `high: {limit}`" if bound.is_input else f"give it {wider}"
    if bound.least < 0:
        help_text = f"add {-bound.least} to them, since they count from 0"
    message = f"{node.op.name} takes integers below {limit}, and those of `{bound.source}` {found}"
    return Diagnostic(Code.DTYPE_MISMATCH, message, node.span, help=help_text, notes=(Note(bound.span, note),))
