"""Documents from standard input."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from netspec.cli import run


def type_in(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))


@pytest.mark.parametrize("arguments", [["check"], ["summary"], ["source"], ["draw", "-o", "-"], ["build", "--no-run"]])
def test_a_document_may_come_from_standard_input(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("units.yaml").write_text("netspec: 1\nblocks: {unit: {body: [relu]}}\n")
    type_in(b"netspec: 1\nname: typed\nimport: [units.yaml]\ninput: [4]\nnetwork: [unit]\n", monkeypatch)
    assert run([*arguments, "-"]) == 0
    assert capsys.readouterr().out


def test_both_sides_of_a_difference_may_be_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(b"netspec: 1\nname: typed\ninput: [4]\nnetwork: [relu]\n", monkeypatch)
    assert run(["diff", "-", "-", "--exit-code"]) == 0


WRONG_INPUT = {
    b"netspec: 1\ninput: [4]\nnetwork: [rleu]\n": (1, "<stdin>:3:11: NS0301"),
    b"": (1, "<stdin>:1:1: NS0111"),
    b"title: na\xefve\n": (1, "<stdin>:1:10: NS0007"),
    b"#" * (2**20 + 1): (3, "NS0711"),
}


@pytest.mark.parametrize("text", WRONG_INPUT, ids=["step", "empty", "latin1", "large"])
def test_errors_of_standard_input_have_its_name(
    text: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = WRONG_INPUT[text]
    type_in(text, monkeypatch)
    assert run(["check", "-", "--format", "concise"]) == code
    assert said in capsys.readouterr().err
