"""Warnings from end to end: in Python, in every format, with what commands make of them, and where there are none."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

import netspec
from netspec.cli import run
from netspec.diagnostics import Code
from netspec.diagnostics.render import FORMATS, Format, render
from netspec.ir import Rewriter
from netspec.language.loading.files import library_folder
from netspec.language.loading.library import library
from netspec.language.mentions import mentioned
from netspec.syntax.yaml import read_file

LOST = """\
netspec: 1
name: lost
args: {width: 4, depth: 2}
input: [3, 8, 8]
network:
  - {conv: {out: width, kernel: 1}, as: stem}
  - tanh
  - {relu: , from: stem}
"""
SAID = ["NS0803", "NS0801"]


@pytest.fixture(autouse=True)
def _documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lost.yaml").write_text(LOST)
    Path("good.yaml").write_text(LOST.replace(", depth: 2", "").replace("  - tanh\n", ""))


def test_a_graph_has_the_warnings_of_its_document() -> None:
    graph = netspec.compile("lost.yaml")
    assert [each.code for each in graph.warnings] == SAID
    assert [each.code for each in Rewriter(graph).apply().warnings] == SAID
    assert pickle.loads(pickle.dumps(graph)).warnings == copy.deepcopy(graph).warnings == graph.warnings
    assert [each.code for each in netspec.load("lost.yaml").warnings] == SAID[:1]
    assert netspec.compile("good.yaml").warnings == ()


def test_every_warning_is_one_by_its_number_too() -> None:
    assert {code for code in Code if code.severity == "warning"} == {code for code in Code if code.startswith("NS08")}


SHOWN = {
    "text": "warning[NS0801]: nothing uses the value of tanh\n --> lost.yaml:7:5\n",
    "concise": "lost.yaml:7:5: warning[NS0801] nothing uses the value of tanh (",
    "github": "::warning file=lost.yaml,line=7,col=5,endLine=7,endColumn=9,title=NS0801::nothing uses ",
    "json": '"severity": "warning"',
    "sarif": '"level": "warning"',
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_that_it_is_a_warning(name: Format) -> None:
    text = render(netspec.compile("lost.yaml").warnings, name)
    assert SHOWN[name] in text and "error" not in text


def test_warnings_have_a_colour_of_their_own() -> None:
    text = render(netspec.compile("lost.yaml").warnings, color=True)
    assert "\x1b[1;33mwarning[NS0801]\x1b[0m" in text and "\x1b[1;33m^^^^\x1b[0m" in text
    assert "\x1b[1;31m" not in text


COMMANDS = [
    ["check", "lost.yaml"],
    ["summary", "lost.yaml"],
    ["source", "lost.yaml"],
    ["draw", "lost.yaml", "-o", "lost.dot"],
    ["compare", "good.yaml", "lost.yaml"],
    ["diff", "good.yaml", "lost.yaml"],
    ["build", "lost.yaml", "--no-run"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_commands_show_warnings_and_go_on(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--format", "concise"]) == 0
    shown = capsys.readouterr()
    assert [line.partition("[")[2][:6] for line in shown.err.splitlines() if "warning" in line] == SAID
    assert shown.out


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_denied_warnings_refuse_a_document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(Path().rglob("*"))
    assert run([*arguments, "--deny-warnings", "--format", "json"]) == 1
    shown = capsys.readouterr()
    assert [each["code"] for each in json.loads(shown.err)] == SAID
    assert not shown.out and sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_a_command_with_several_documents_gives_one_list(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.yaml").write_text(LOST)
    assert run(["compare", "lost.yaml", "other.yaml", "--format", name]) == 0
    found = json.loads(capsys.readouterr().err)
    assert len(found if name == "json" else found["runs"][0]["results"]) == 2 * len(SAID)


def test_check_gives_programs_the_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "lost.yaml", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["ok"] and [each["severity"] for each in record["diagnostics"]] == ["warning"] * 2
    assert run(["check", "lost.yaml", "--json", "--deny-warnings"]) == 1
    (record,) = json.loads(capsys.readouterr().out)
    assert not record["ok"] and len(record["diagnostics"]) == 2


def test_denying_changes_nothing_for_other_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "good.yaml", "--deny-warnings"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", library())
def test_a_library_block_reads_what_it_takes(name: str) -> None:
    declared = read_file(library_folder() / f"{name}.yaml")["blocks"][name]
    names = mentioned({key: value for key, value in declared.items() if key != "inputs"})
    block = library()[name]
    assert {*block.parameters, *block.inputs} - names == set()
