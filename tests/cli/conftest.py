"""The fixture that runs commands in a folder with documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import BAD, GOOD, HUGE, WRONG, Run


@pytest.fixture
def netspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Run) -> Run:
    """Run a command in a folder with some documents."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name, text in (("good", GOOD), ("bad", BAD), ("wrong", WRONG), ("huge", HUGE)):
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    return command
