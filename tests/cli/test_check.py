"""`netspec check`: what it reports in every format, and the settings and names that it takes from a shell."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.command_line import Run


def test_check_reports_all_documents_and_exits_with_the_largest_code(netspec: Run) -> None:
    code, out, err = netspec("check", "bad.yaml", "good.yaml", "missing.yaml", "wrong.yaml")
    assert code == 2
    assert out.splitlines() == [
        f"ok  good.yaml  1,562 params  {4 * 27 * 36 + 1440:,} MACs",
        "    input 3 x H x W: H = W = 8, fixed by linear1 (line 9); output 10",
    ]
    assert [err.count(each) for each in ("NS0301", "NS0001", "NS0602")] == [1, 1, 1]


def test_check_as_json(netspec: Run) -> None:
    code, out, _ = netspec("check", "good.yaml", "bad.yaml", "--json")
    good, bad = json.loads(out)
    assert code == 1
    sizes = "input 3 x H x W: H = W = 8, fixed by linear1 (line 9); output 10"
    assert good == {
        "spec": "good.yaml", "ok": True, "name": "tiny", "params": 1562, "macs": 5328, "sizes": sizes, "diagnostics": []
    }  # fmt: skip
    assert (bad["ok"], bad["diagnostics"][0]["code"], bad["diagnostics"][0]["place"]["line"]) == (False, "NS0301", 8)


@pytest.mark.parametrize(
    ("format", "start"),
    [("text", "error[NS0301]"), ("concise", "bad.yaml:8:"), ("json", "["), ("github", "::error"), ("sarif", "{")],
)
def test_errors_are_shown_in_every_format_on_standard_error(netspec: Run, format: str, start: str) -> None:
    for command in ("check", "summary"):
        code, out, err = netspec(command, "bad.yaml", "--format", format)
        assert (code, out) == (1, "")
        assert err.startswith(start)
        assert "\x1b" not in err


def test_structured_formats_are_whole_even_without_errors(netspec: Run) -> None:
    assert json.loads(netspec("check", "good.yaml", "--format", "sarif")[2])["version"] == "2.1.0"
    assert json.loads(netspec("check", "good.yaml", "--format", "json")[2]) == []
    assert netspec("check", "good.yaml", "--format", "github")[2] == ""


def test_overrides_and_variants(netspec: Run) -> None:
    assert "3,114 params" in netspec("check", "good.yaml", "--variant", "wide")[1]
    assert "3,114 params" in netspec("check", "good.yaml", "--set", "width=8")[1]
    smaller = netspec("check", "good.yaml", "--set", "width=2", "--set", "input=[1, 5, 5]")
    assert f"{2 * 10 + 18 * 10 + 10} params" in smaller[1]
    assert netspec("check", "good.yaml", "--set", "widht=8")[0] == 1


def test_a_list_needs_no_brackets_in_a_shell(netspec: Run) -> None:
    spelled = [netspec("check", "good.yaml", "--set", f"input={text}") for text in ("[1, 5, 5]", "1,5,5", " 1, 5, 5 ")]
    assert spelled[0][0] == 0 and spelled[0] == spelled[1] == spelled[2]


def test_names_reach_the_terminal_escaped(netspec: Run) -> None:
    for name in ("\x1b[31mred.yaml", "a\n::error::x.yaml", os.fsdecode(b"\xff.yaml")):
        Path(name).write_text(Path("good.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        code, out, err = netspec("check", name)
        assert (code, err) == (0, "") and out.startswith("ok  ") and all(map(str.isprintable, out.splitlines()))


def test_what_was_typed_reaches_the_terminal_escaped(netspec: Run) -> None:
    typed = "a\x1b[31m\n::error b"
    for command in (
        ("explain", typed),
        ("ops", typed),
        ("new", typed),
        ("list", typed),
        ("check", "good.yaml", "--set", typed),
        ("check", "good.yaml", "--plugin", typed),
        ("draw", "good.yaml", "-o", f"{typed}.jpg"),
    ):
        code, out, err = netspec(*command)
        assert (code, out) == (2, "") and all(map(str.isprintable, err.splitlines())), command
        assert "\n::error" not in err


def test_names_of_written_files_are_escaped(netspec: Run) -> None:
    code, out, _ = netspec("draw", "good.yaml", "-o", "a\n::error b.svg")
    assert (code, out) == (0, "wrote a\\n::error b.svg\n")
