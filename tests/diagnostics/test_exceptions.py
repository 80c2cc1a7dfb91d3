"""The tree of exceptions is the one that its module draws, and a collector knows when to stop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import netspec
from netspec.diagnostics import MOST_ERRORS, Code, Collector, Frame, LimitError, Span, SpecError, TooManyErrors, errors
from netspec.diagnostics.collector import MOST_WARNINGS

PACKAGE = Path(netspec.__file__).parent
SPAN = Span("net.yaml", 1, 1, 1, 2)


def drawn() -> dict[str, str]:
    """Return the parent of each exception in the drawing."""
    parents, stack = {}, ["Exception"]
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"    ([\u2502\u251c\u2514\u2500 ]*)([A-Z]\w+) ", line):
            depth = len(match[1]) // 4
            stack[depth + 1 :] = [match[2]]
            parents[match[2]] = stack[depth]
    return parents


def defined() -> dict[str, str]:
    """Return the parent of each exception that leaves its module; limits and sizes stand below the tree."""
    parents: dict[str, str] = {}
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] not in ("limits.py", "sizes"):
            parents |= re.findall(r"^ *class (\w+)\(([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    builtin = {"Exception", "RuntimeError", "ValueError", "TypeError", "AssertionError"}
    found = {name: parent for name, parent in parents.items() if parent in builtin}
    while more := {name: parent for name, parent in parents.items() if parent in found and name not in found}:
        found |= more
    return {name: parent for name, parent in found.items() if not name.startswith("_")}


def test_the_drawing_is_the_tree() -> None:
    assert drawn() == defined()


def test_a_collector_stops_after_so_many_errors() -> None:
    collector = Collector()
    collector.report(Code.UNKNOWN_STEP, "first", SPAN)
    with pytest.raises(TooManyErrors) as caught:
        while True:
            collector.report(Code.UNKNOWN_STEP, "again", SPAN)
    assert len(collector.errors) == MOST_ERRORS
    assert [each.message for each in caught.value.diagnostics] == ["first", "again"]


def test_a_collector_keeps_so_many_warnings() -> None:
    collector = Collector()
    for number in range(2 * MOST_WARNINGS):
        collector.report(Code.UNUSED_ARGUMENT, f"warning {number}", SPAN)
    collector.raise_errors()
    assert [each.message for each in collector.warnings] == [f"warning {number}" for number in range(MOST_WARNINGS)]


def test_a_collector_keeps_the_first_chain() -> None:
    collector = Collector()
    inner, outer = (Frame("a", "unit", SPAN),), (Frame("b", "unit", SPAN),)
    for chain in (inner, outer):
        with collector.catch(chain):
            raise SpecError.of(Code.UNKNOWN_STEP, "again", SPAN)
    with pytest.raises(SpecError) as caught:
        collector.raise_errors()
    assert [each.chain for each in caught.value.diagnostics] == [inner]


@pytest.mark.parametrize("kind", [LimitError, TooManyErrors])
def test_what_must_end_a_run_is_not_caught(kind: type[SpecError]) -> None:
    collector = Collector()
    with pytest.raises(kind), collector.catch():
        raise kind.of(Code.NETWORK_TOO_LARGE, "too much", SPAN)
    collector.raise_errors()


def test_nothing_is_left_out_without_an_error() -> None:
    collector = Collector()
    with pytest.raises(RuntimeError, match="none was found"):
        collector.expect_error()
    collector.report(Code.UNKNOWN_STEP, "unknown step 'cnov'")
    collector.expect_error()
