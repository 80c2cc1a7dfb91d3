"""The fixture that runs commands in a folder with documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from netspec.cli import run
from tests.support.command_line import BAD, GOOD, HUGE, WRONG, Result, Run


@pytest.fixture
def netspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command in a folder with some documents: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name, text in (("good", GOOD), ("bad", BAD), ("wrong", WRONG), ("huge", HUGE)):
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = run(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call
