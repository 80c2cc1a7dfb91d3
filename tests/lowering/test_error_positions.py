"""Errors put into shipped networks at random: each must be found exactly where it was put, and nothing else be said.

Every kind of error is a function from a place in a document to the changed text, what may be said about it and where.
"""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from netspec.diagnostics import Diagnostic, Span, SpecError
from netspec.language import Document, load
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.files import shipped_folder
from netspec.language.model import Body, Step
from netspec.lowering import lower
from netspec.ops import OPS
from netspec.syntax.yaml import Mapping
from tests.support.invalid_documents import inside

SEED = 20
PER_DOCUMENT = 25
OF_EACH_KIND = 2

DOCUMENTS = (
    "families/densenet", "families/dpn", "families/fractalnet", "families/googlenet", "families/resnet",
    "families/shufflenet", "families/vgg", "alexnet_2gpu", "bilstm_classifier", "highway10_mnist", "inception_v4",
    "mobilenet_v2", "unet", "xception",
)  # fmt: skip


@dataclass(frozen=True)
class Injection:
    """A changed document, and the one diagnostic that it deserves; without a column the line is enough."""

    text: str
    line: int
    column: int | None
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A document's text, and the spans of the steps that its network really expands."""

    text: str
    executed: frozenset[Span]

    def slice(self, span: Span) -> str:
        return self.text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]

    def edit(self, span: Span, new: str) -> str:
        """Return the text with a one-line span replaced."""
        lines = self.text.splitlines()
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + new + line[span.end_column - 1 :]
        return "\n".join(lines) + "\n"


def walk(body: Body) -> Iterator[Step]:
    """Yield the steps of a body and of the bodies inside it."""
    for step in body:
        yield step
        inner = [value for value in step.arguments.values() if isinstance(value, Body)]
        inner += [operand.value for operand in step.operands if isinstance(operand.value, Body)]
        for each in inner:
            yield from walk(each)


def misspelled(word: str) -> str:
    """Return a word with two letters too many, which resembles it and nothing else."""
    return f"{word[:2]}qz{word[2:]}"


# kinds of errors


def misspell_step(step: Step, source: Source) -> Injection | None:
    if source.slice(step.span) != step.key or step.kind == "argument":
        return None
    return Injection(source.edit(step.span, misspelled(step.key)), step.span.line, step.span.column, ("NS0301",))


def misspell_argument(step: Step, source: Source) -> Injection | None:
    known = OPS[step.key].model_fields if step.key in OPS else ()
    for name, span in step.arguments.key_spans.items():
        if name in known and source.slice(span) == name:
            return Injection(source.edit(span, misspelled(name)), span.line, span.column, ("NS0306",))
    return None


def misspell_step_key(step: Step, source: Source) -> Injection | None:
    for name, span in step.places.key_spans.items():
        if name in ("name", "when", "expect", "share") and source.slice(span) == name:
            return Injection(source.edit(span, misspelled(name)), span.line, span.column, ("NS0301",))
    return None


def expressions(step: Step, source: Source) -> Iterator[tuple[Span, str]]:
    """Yield the expressions of a step that stand in one line without quotes."""
    words = OPS[step.key].words if step.key in OPS else lambda field: frozenset[str]()
    for name, value in step.arguments.items():
        span = step.arguments.value_spans.get(name)
        if span and isinstance(value, str) and step.kind in ("op", "merge") and value not in words(name):
            yield span, value
    for name in ("when",):
        if isinstance(step.places.get(name), str):
            yield step.places.value_spans[name], step.places[name]


def misspell_name(step: Step, source: Source) -> Injection | None:
    for span, text in expressions(step, source):
        match = re.search(r"(?<![.\w])[a-z_]+\b(?!\()", text)
        if match and source.slice(span) == text and match[0] not in ("x", "input", "and", "or", "not", "if", "else"):
            place = span._replace(column=span.column + match.start(), end_column=span.column + match.end())
            return Injection(source.edit(place, f"{match[0]}_qz"), place.line, place.column, ("NS0402", "NS0309"))
    return None


def break_expression(step: Step, source: Source) -> Injection | None:
    for span, text in expressions(step, source):
        if source.slice(span) == text and "'" not in text:
            return Injection(source.edit(span, f"{text} +"), span.line, None, ("NS0401",))
    return None


def misspell_attribute(step: Step, source: Source) -> Injection | None:
    for span, text in expressions(step, source):
        match = re.search(r"\b[a-z_]+\.(channels|height|width)", text)
        if match and source.slice(span) == text:
            place = span._replace(column=span.column + match.start(1), end_column=span.column + match.end(1))
            column = span.column + match.start()
            return Injection(source.edit(place, misspelled(match[1])), place.line, column, ("NS0402",))
    return None


def numbers(step: Step, source: Source) -> Iterator[tuple[str, Span]]:
    for name, value in step.arguments.items():
        span = step.arguments.value_spans.get(name)
        if step.key in OPS and span and type(value) is int and source.slice(span) == str(value):
            yield name, span


def spoil_type(step: Step, source: Source) -> Injection | None:
    for _, span in numbers(step, source):
        if step.span in source.executed:
            return Injection(source.edit(span, "[[7]]"), span.line, span.column, ("NS0309",))
    return None


def spoil_bound(step: Step, source: Source) -> Injection | None:
    for name, span in numbers(step, source):
        if step.span in source.executed and name in ("out", "kernel", "stride", "groups"):
            return Injection(source.edit(span, "-1"), span.line, span.column, ("NS0309",))
    return None


def outgrow(step: Step, source: Source) -> Injection | None:
    for name, span in numbers(step, source):
        if step.span in source.executed and step.key in ("conv", "maxpool", "avgpool") and name == "kernel":
            return Injection(source.edit(span, "777"), step.span.line, step.span.column, ("NS0502",))
    return None


def remove_argument(step: Step, source: Source) -> Injection | None:
    fields = OPS[step.key].model_fields if step.key in OPS else {}
    for name in (name for name, info in fields.items() if info.is_required()):
        key, value = step.arguments.key_spans.get(name), step.arguments.value_spans.get(name)
        line = source.text.splitlines()[key.line - 1] if key else ""
        if key and value and key != step.span and key.line == value.end_line and line[key.column - 2] in "{ ":
            end = value.end_column + (2 if line[value.end_column - 1 : value.end_column + 1] == ", " else 0)
            text = source.edit(key._replace(end_column=end), "")
            return Injection(text, step.span.line, step.span.column, ("NS0307",))
    return None


def repeat_key(step: Step, source: Source) -> Injection | None:
    for name, value in step.arguments.value_spans.items():
        key = step.arguments.key_spans.get(name)
        line = source.text.splitlines()[value.line - 1]
        if (
            key
            and key != step.span
            and key.line == value.end_line
            and line[key.column - 2 : key.column - 1] == "{"
            and step.kind == "op"
        ):
            at = value._replace(column=value.end_column, end_column=value.end_column)
            text = source.edit(at, f", {name}: 1")
            return Injection(text, value.line, value.end_column + 2, ("NS0102",))
    return None


def spoil_pin(step: Step, source: Source) -> Injection | None:
    span = step.places.value_spans.get("expect")
    if span is None or span.line != span.end_line or step.span not in source.executed:
        return None
    return Injection(source.edit(span, "[7, 7, 7, 7]"), span.line, span.column, ("NS0601",))


def misspell_label(step: Step, source: Source) -> Injection | None:
    spans = [operand.span for operand in step.operands if isinstance(operand.value, str)]
    if isinstance(step.places.get("from"), str):
        spans.append(step.places.value_spans["from"])
    for span in spans:
        word = source.slice(span)
        return Injection(source.edit(span, misspelled(word)), span.line, span.column, ("NS0313",))
    return None


def forget_bracket(step: Step, source: Source) -> Injection | None:
    value = step.places.value_spans.get(step.key)
    if value is None or value.line != value.end_line or source.slice(value)[:1] not in ("{", "["):
        return None
    inside_another = source.text.splitlines()[value.line - 1][: value.column - 1].count("{")
    if inside_another:
        return None
    end = value._replace(column=value.end_column - 1)
    return Injection(source.edit(end, ""), value.line, value.column, ("NS0101",))


def add_sibling(step: Step, source: Source) -> Injection | None:
    value = step.places.value_spans.get(step.key)
    line = source.text.splitlines()[step.span.line - 1]
    is_item = line.lstrip().startswith(f"- {step.key}: ")
    if step.kind != "op" or value is None or value.line != value.end_line or not is_item:
        return None
    lines = source.text.splitlines()
    lines.insert(step.span.line, f"{' ' * (step.span.column - 1)}gelu:")
    return Injection("\n".join(lines) + "\n", step.span.line + 1, step.span.column, ("NS0303",))


KINDS: tuple[Callable[[Step, Source], Injection | None], ...] = (
    misspell_step, misspell_argument, misspell_step_key, misspell_name, break_expression, misspell_attribute,
    spoil_type, spoil_bound, outgrow, remove_argument, repeat_key, spoil_pin, misspell_label, forget_bracket,
    add_sibling,
)  # fmt: skip


# the test


@cache
def read_source(name: str) -> tuple[Source, tuple[Step, ...]]:
    document = load(shipped_folder() / f"{name}.yaml")
    return Source(document.path.read_text(encoding="utf-8"), executed(document)), tuple(steps_of(document))


def steps_of(document: Document) -> Iterator[Step]:
    bodies = [document.network, *(block.body for block in document.blocks.values() if block.body)]
    for body in bodies:
        yield from (step for step in walk(body) if step.span.file == str(document.path))


def executed(document: Document) -> frozenset[Span]:
    graph = lower(document)
    return frozenset({node.span for node in graph} | {scope.span for scope in graph.root.descend()})


def injections(name: str) -> list[tuple[str, Injection]]:
    """Return errors of all kinds for a document, in an order that only the seed decides."""
    source, steps = read_source(name)
    every = [(kind.__name__, kind(step, source)) for kind in KINDS for step in steps]
    found = [(kind, injection) for kind, injection in every if injection]
    dice = random.Random(f"{SEED} {name}")
    dice.shuffle(found)
    # Some of each kind first, so that the rare ones are not crowded out.
    counts: Counter[str] = Counter()
    first, rest = [], []
    for kind, injection in found:
        counts[kind] += 1
        (first if counts[kind] <= OF_EACH_KIND else rest).append((kind, injection))
    return [*first, *rest][: max(PER_DOCUMENT, len(first))]


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of all shipped documents, of which a test may change one."""
    folder = tmp_path_factory.mktemp("project") / "specs"
    shutil.copytree(shipped_folder(), folder)
    return folder


def diagnose(folder: Path, name: str, text: str) -> tuple[Diagnostic, ...]:
    path = folder / f"{name}.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    try:
        with inside(folder), pytest.raises(SpecError) as caught:
            lower(load(Path(f"{name}.yaml")))
        return caught.value.diagnostics
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_errors_are_found_where_they_are(name: str, specs: Path) -> None:
    wrong = []
    for kind, injection in injections(name):
        diagnostics = diagnose(specs, name, injection.text)
        if not is_exact(diagnostics, injection):
            said = "; ".join(map(str, diagnostics))
            wrong.append(f"{kind} at {injection.line}:{injection.column}: {said}")
    assert not wrong, "\n".join(wrong)


def is_exact(diagnostics: tuple[Diagnostic, ...], injection: Injection) -> bool:
    """Return whether exactly one thing is said, with a code and at the place that are right, and what to do."""
    if len(diagnostics) != 1 or diagnostics[0].span is None:
        return False
    (only,) = diagnostics
    at_line = only.code in injection.codes and only.span.line == injection.line
    return at_line and injection.column in (None, only.span.column) and bool(only.help)


@pytest.mark.zoo
def test_every_kind_of_error_is_tried() -> None:
    tried = Counter(kind for name in DOCUMENTS for kind, _ in injections(name))
    assert set(tried) == {kind.__name__ for kind in KINDS}
    assert min(tried.values()) >= 2, tried
    assert tried.total() > 300


def test_a_wrong_place_would_be_noticed(specs: Path) -> None:
    kind, injection = injections("unet")[0]
    diagnostics = diagnose(specs, "unet", injection.text)
    assert is_exact(diagnostics, injection), kind
    assert not is_exact(diagnostics, replace(injection, line=injection.line + 1))
    assert not is_exact(diagnostics, replace(injection, column=(injection.column or 0) + 1))
    assert not is_exact(diagnostics, replace(injection, codes=("NS0999",)))


@pytest.mark.zoo
def test_suggestions_name_what_was_misspelled(specs: Path) -> None:
    """The nearest name is the right one for every op, combinator and argument that a document misspells."""
    missed = []
    for name in DOCUMENTS:
        source, steps = read_source(name)
        for step in steps:
            injection = misspell_step(step, source)
            if injection and (step.key in OPS or step.key in COMBINATORS):
                said = diagnose(specs, name, injection.text)
                if [each.help for each in said] != [f"did you mean '{step.key}'?"]:
                    missed.append(f"{step.key}: {'; '.join(map(str, said))}")
    assert missed == []


def test_edits_are_where_they_should_be() -> None:
    source = Source("a: 1\nbc: 2\n", frozenset())
    span = Span("net.yaml", 2, 1, 2, 3)
    assert source.slice(span) == "bc"
    assert source.edit(span, "xyz") == "a: 1\nxyz: 2\n"
    assert isinstance(load("resnet18").tree, Mapping)
