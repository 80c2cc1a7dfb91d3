"""Diagnostics: the golden cases in ``errors/``, the page of each code, and that nothing that can be said lacks either.

A golden file is Markdown; ``pytest --update-golden`` writes what netspec now says about each of its documents.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from netspec.diagnostics import Code, Diagnostic, LimitError, SpecError, nearest
from netspec.syntax.yaml.parser_errors import _RULES
from tests.support.invalid_documents import (
    PACKAGE,
    Case,
    answered,
    compile_case,
    diagnose,
    read_case,
    read_cases,
    shown,
)
from tests.support.search import sample
from tests.support.uncommon_errors import UNCOMMON

HERE = Path(__file__).parent
FILES = sorted((HERE / "errors").glob("*.md"))
PAGES = {code.value: code.page for code in Code}

MAKERS = frozenset(
    {"report", "Diagnostic", "ShapeError", "ExpressionError", "PydanticCustomError"}
    | {"beyond", "mismatch", "too_long", "unknown_label", "unknown_argument", "_wrong", "_error_at"}
    | {"report_at", "fatal_at", "limit_at"}
)
"""What makes a diagnostic."""

UNREACHED = {
    "ops/adaptive_pooling.py: ShapeError(f'{self.name} leaves nothing of {show(shape)}', help='use a larger si": (
        "an argument of the op is an open size there, which no document can write yet"
    ),
    "ops/resampling.py: ShapeError('pad adds elements, and takes none away', help='`slice` does that', c": (
        "an argument of the op is an open size there, which no document can write yet"
    ),
    "syntax/expr/error.py: ExpressionError(f'this has no value: {cause}')": "whatever Python may still raise one day",
    "syntax/expr/error.py: beyond('the expression is nested too deep', NAMED)": (
        "the depth is bounded far below Python's"
    ),
    "syntax/yaml/parser_errors.py: Diagnostic(Code.INVALID_YAML, f'invalid yaml: {problem}', _span(file, gave_up), ": (
        "every complaint of today's parser has its rule"
    ),
}
"""Calls that no document can reach, with the reason."""


def all_cases() -> Iterator[Case]:
    for path in FILES:
        yield from read_cases(path)


# every message has a document


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_said(path: Path, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    text = path.read_text(encoding="utf-8")
    for number, case in enumerate(read_cases(path)):
        folder = tmp_path / str(number)
        diagnostics = diagnose(case, folder)
        assert diagnostics, f"nothing is said about '{case.title}'"
        for diagnostic in diagnostics:
            check_manners(diagnostic)
        text = text.replace(case.text, answered(case, shown(case, diagnostics, folder)))
    golden(f"../diagnostics/errors/{path.name}", text)


def test_limits_have_an_error_of_their_own(tmp_path: Path) -> None:
    """The exit code hangs on it: 3 for what a limit refuses, 1 for an error."""
    for number, case in enumerate(sample([*all_cases()])):
        try:
            compile_case(case, tmp_path / str(number))
        except SpecError as error:
            assert isinstance(error, LimitError) == error.diagnostics[0].code.startswith("NS07"), case.title


def check_manners(diagnostic: Diagnostic) -> None:
    """Assert what every diagnostic keeps to: lower case, no full stop, a help line, a place that is there."""
    for text in (diagnostic.message, diagnostic.help, diagnostic.label):
        assert not text.endswith((".", "!", " ")), text
        assert not text[:1].isupper(), text
    assert diagnostic.help, diagnostic.message
    assert "  " not in diagnostic.message, diagnostic.message
    if span := diagnostic.span:
        assert (span.line, span.column) <= (span.end_line, span.end_column)


@pytest.mark.slow
def test_every_call_is_reached(tmp_path: Path) -> None:
    sites = find_sites()
    with tracing(sites) as reached:
        for number, case in enumerate([*all_cases(), *(read_page(code)[0] for code in PAGES)]):
            if case.files:
                diagnose(case, tmp_path / str(number))
        for name, provoke in UNCOMMON.items():
            folder = tmp_path / name
            folder.mkdir()
            provoke(folder)
    missed = {
        f"{path.relative_to(PACKAGE)}: {text}" for (path, line), text in sites.items() if (path, line) not in reached
    }
    assert missed == set(UNREACHED)


def find_sites() -> dict[tuple[Path, int], str]:
    """Return every call that makes a diagnostic: the file and line where it begins, and its text."""
    sites = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "layers" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and is_maker(node.func):
                line = node.func.lineno if isinstance(node.func, ast.Name) else node.func.end_lineno
                sites[path, line or 0] = ast.unparse(node)[:80]
    return sites


def is_maker(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in MAKERS - {"report"}
    if not isinstance(function, ast.Attribute):
        return False
    is_error = function.attr == "of" and ast.unparse(function.value) in ("SpecError", "LimitError")
    return is_error or function.attr in MAKERS


@contextmanager
def tracing(sites: dict[tuple[Path, int], str]) -> Iterator[set[tuple[Path, int]]]:
    """Record which of the lines are executed."""
    lines: dict[str, set[int]] = {}
    for path, line in sites:
        lines.setdefault(str(path), set()).add(line)
    reached: set[tuple[Path, int]] = set()
    wanted: dict[CodeType, set[int]] = {}

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in wanted:
            known = lines.get(code.co_filename, set())
            wanted[code] = {line for *_, line in code.co_lines() if line in known}
        return step if wanted[code] else None

    def step(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line" and frame.f_lineno in wanted[frame.f_code]:
            # A line that was reached is not looked for any more, which is what keeps this quick.
            wanted[frame.f_code].discard(frame.f_lineno)
            reached.add((Path(frame.f_code.co_filename), frame.f_lineno))
        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield reached
    finally:
        sys.settrace(before)


def test_every_rule_of_the_parser_has_its_document(tmp_path: Path) -> None:
    helps = set()
    for number, case in enumerate(read_cases(HERE / "errors" / "syntax.md")):
        helps |= {(each.help, shape(each.message)) for each in diagnose(case, tmp_path / str(number))}
    assert {(rule.help, shape(rule.message)) for rule in _RULES} <= helps


def shape(message: str) -> str:
    return re.sub(r"'.*?'|\{.*?\}+", "*", message)


# every code has a page


def read_page(code: str) -> tuple[Case, str]:
    text = PAGES[code].read_text(encoding="utf-8")
    return read_case(text), text


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert sorted(PAGES.values()) == sorted((PACKAGE / "diagnostics" / "pages").iterdir())
    assert all(re.fullmatch(r"NS\d{4}", code) for code in Code) and list(Code) == sorted(Code)


def test_every_code_is_used() -> None:
    package = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert set(re.findall(r"\bCode\.([A-Z0-9_]+)", package)) == {code.name for code in Code}


@pytest.mark.parametrize("code", PAGES)
def test_page(code: str, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    case, text = read_page(code)
    title, empty, *_ = text.splitlines()
    prose = text.split("\n\n")[1]
    assert re.fullmatch(rf"# {code}: [a-z`].*[^.]", title)
    assert empty == ""
    assert prose[0].isupper() or prose[0] == "`"
    assert len(prose.split()) > 15, "say what it is and why it is refused"
    folder = tmp_path / "fail"
    folder.mkdir()
    diagnostics = diagnose(case, folder) if case.files else UNCOMMON[code](folder)
    assert {each.code for each in diagnostics} == {code}
    answer = shown(case, diagnostics, folder)
    assert case.answer, "show what netspec says"
    if case.files:
        assert case.mended, "show a mended document"
        assert diagnose(case, tmp_path / "mended", mended=True) == ()
    golden(f"../../netspec/diagnostics/pages/{code}.md", answered(case, answer))


def test_the_uncommon_errors_are_those_without_a_document() -> None:
    assert set(UNCOMMON) >= {code for code in PAGES if not read_page(code)[0].files}


# suggestions


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("Conv", ["conv", "bn"], "conv"),
        ("cnov", ["conv", "bn"], "conv"),
        ("kernel_size", ["out", "kernel", "stride"], "kernel"),
        ("maxpol", ["maxpool", "avgpool"], "maxpool"),
        ("zzz", ["conv"], None),
    ],
)
def test_nearest(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == (f"did you mean '{meant}'?" if meant else "")
