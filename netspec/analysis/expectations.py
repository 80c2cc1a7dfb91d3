"""The totals that a document quotes from its paper, compared with those of the network."""

from __future__ import annotations

from netspec.analysis.costs import measure
from netspec.diagnostics import Code, Diagnostic, SpecError
from netspec.ir import Graph
from netspec.language import Document


def check_expectations(document: Document, graph: Graph) -> None:
    """Compare the totals in a document's ``expect:`` with those of its graph.

    A document with overrides is not compared: it is another network than the one that its figures belong to.

    Raises: SpecError NS0602 with every total that differs.
    """
    if not document.pinned or not document.expect:
        return
    totals = measure(graph)
    found = [
        _difference(document, key, wanted, getattr(totals, key))
        for key, wanted in document.expect.items()
        if wanted is not None and wanted != getattr(totals, key)
    ]
    if found:
        raise SpecError(found)


def _difference(document: Document, key: str, wanted: int, found: int) -> Diagnostic:
    return Diagnostic(
        Code.UNEXPECTED_TOTALS,
        f"expected {wanted:,} {key}, and the network has {found:,}",
        document.expect.value_spans[key],
        label=f"{abs(found - wanted):,} too {'few' if found > wanted else 'many'}",
        help="`netspec summary` shows what each part of the network adds",
    )
