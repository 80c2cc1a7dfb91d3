"""What editors insert behind a word: filled as it stands it compiles, and no editor makes up a text of its own."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import netspec
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.library import library
from netspec.ops import OPS
from netspec.syntax.yaml import read
from netspec.tooling.block_example import example_call, example_document
from netspec.tooling.schema import document_schema
from tests.support.examples import compile_somewhere

NUMBERS = ("integer", "number")


@cache
def definitions() -> dict[str, Any]:
    return dict(document_schema()["definitions"])


def call_of(word: str) -> dict[str, Any]:
    """Return the schema of what stands behind a word."""
    places = (f"{kind}.{word}" for kind in ("op", "merge", "combinator", "block"))
    (place,) = (place for place in places if place in definitions())
    return dict(definitions()[place])


def snippet(schema: dict[str, Any]) -> str:
    (only,) = schema["defaultSnippets"]
    return str(only["body"])


def filled(text: str) -> str:
    """Return a snippet as an editor leaves it when nothing is changed at any stop."""
    stops = re.findall(r"(?<!\\)\$\{(\d+):", text)
    assert stops == [str(number + 1) for number in range(len(stops))], "the stops are numbered from left to right"
    return re.sub(r"\\([\\$}])", r"\1", re.sub(r"\$\{\d+:((?:[^\\}]|\\.)*)\}", r"\1", text))


def inserted(word: str) -> str:
    """Return the step that an editor inserts for a word, behind the dash."""
    call = call_of(word)
    text = filled(snippet(call)) if "defaultSnippets" in call else ""
    # Editors indent further lines like the one that they are inserted into.
    text = text.replace("\n", "\n  ")
    body = "\n    body: [relu]" if word in COMBINATORS and "body" in COMBINATORS[word].beside else ""
    return f"{word}:{'' if text.startswith(chr(10)) else ' '}{text}{body}"


@pytest.mark.parametrize("word", [*OPS, *COMBINATORS])
def test_what_is_inserted_for_an_op_or_combinator_compiles(word: str) -> None:
    compile_somewhere(inserted(word))


@pytest.mark.parametrize("word", library())
def test_what_is_inserted_for_a_block_compiles(word: str, tmp_path: Path) -> None:
    block = library()[word]
    labels = f"\n  from: [{', '.join(block.inputs)}]" if block.inputs else ""
    document = example_document(block).removesuffix(f"{example_call(block)}\n")
    (tmp_path / "net.yaml").write_text(f"{document}- {inserted(word)}{labels}\n", encoding="utf-8")
    assert netspec.compile(tmp_path / "net.yaml").outputs


@pytest.mark.parametrize("word", [*OPS, *COMBINATORS, *library()])
def test_an_editor_need_not_make_up_a_text(word: str) -> None:
    call = call_of(word)
    assert "properties" not in call, "an editor inserts each of the properties that stand beside a snippet"
    assert call.get("type", [""])[0] not in NUMBERS or "defaultSnippets" in call
    is_lone = any(each.get("const") == word for each in definitions()["words"]["anyOf"])
    if is_lone and "defaultSnippets" in call:
        assert snippet(call).startswith("\n"), "editors make one choice of two proposals in a line"


@pytest.mark.parametrize("word", [*OPS, *library()])
def test_the_number_that_is_inserted_for_an_argument_is_valid(word: str) -> None:
    fields = call_of(word).get("then", {}).get("properties", {})
    for name, schema in fields.items():
        if "defaultSnippets" in schema:
            value = read(filled(snippet(schema)), name)
            assert value >= schema["minimum"] if "minimum" in schema else value > 0
        elif schema.get("type", [""])[0] in NUMBERS and "default" not in schema:
            # Editors insert 0.
            assert schema.get("minimum", 0) <= 0, name
