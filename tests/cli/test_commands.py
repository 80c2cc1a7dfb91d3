"""What every command promises: help, light imports, and torch only where a network runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from netspec.cli.failures import ERRORS, INTERNAL, INTERRUPTED, LIMIT, USAGE
from netspec.cli.group import COMMANDS, cli
from tests.support.command_line import Run, loaded, python
from tests.support.paths import ROOT


def test_help_lists_every_command_with_what_it_does(netspec: Run) -> None:
    code, out, err = netspec("--help")
    assert (code, err) == (0, "")
    assert all(f"\n  {name} " in out and line in out for name, line in COMMANDS.items())


def test_help_and_readme_say_what_each_exit_code_means(netspec: Run) -> None:
    help_text, readme = netspec("--help")[1], (ROOT / "README.md").read_text(encoding="utf-8")
    codes = [0, ERRORS, USAGE, LIMIT, INTERNAL, INTERRUPTED]
    for text in (help_text[help_text.index("Exit codes") :], readme[readme.index("exit with 0") :]):
        assert re.findall(r"\b\d+\b", text)[:6] == [*map(str, codes)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_says_the_same_in_the_list(netspec: Run, name: str) -> None:
    code, out, _ = netspec(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: netspec {name}")
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert all(getattr(parameter, "help", "") for parameter in command.params if isinstance(parameter, click.Option))


def test_version(netspec: Run) -> None:
    assert netspec("--version")[:2] == (0, "netspec 0.1.0\n")


HEAVY = {"torch", "networkx", "rich"}
WITHOUT_DOCUMENTS = HEAVY | {"graphviz", "pydantic", "yaml", "netspec.ops", "netspec.diagnostics.model"}
FORBIDDEN: list[tuple[list[str], set[str]]] = [
    (["--help"], WITHOUT_DOCUMENTS),
    (["--version"], WITHOUT_DOCUMENTS),
    (["list"], HEAVY | {"graphviz", "netspec.lowering"}),
    (["ops"], HEAVY | {"graphviz"}),
    (["check", "lenet5_modern", "googlenet"], HEAVY | {"graphviz"}),
    (["summary", "lenet5_modern"], HEAVY | {"graphviz"}),
    (["diff", "lenet5_modern", "alexnet"], HEAVY | {"graphviz"}),
    (["compare", "lenet5_modern", "-o", "-"], HEAVY | {"graphviz"}),
    (["draw", "lenet5_modern", "-o", "-"], HEAVY),
]
"""Commands, those that need the least first, and what must not be loaded after each."""


def test_commands_import_only_what_they_need() -> None:
    steps = [(f"assert run({arguments!r}) == 0", modules) for arguments, modules in FORBIDDEN]
    assert loaded([("from netspec.cli import run", WITHOUT_DOCUMENTS), *steps]) == [[]] * (len(steps) + 1)


def test_the_package_runs_as_a_program() -> None:
    done = python("-m", "netspec", "check", "lenet5_modern")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "ok  lenet5_modern  61,706 params  416,520 MACs",
            "    input 1 x H x W: H, W in 32..35, fixed by linear1 (line 22); output 10",
        ],
    )


@pytest.mark.slow
def test_only_running_a_network_needs_torch(tmp_path: Path) -> None:
    net = "lenet5_modern"
    calls = {
        "check": [net], "summary": [net], "draw": [net], "diff": [net, "lenet5"], "compare": [net, "lenet5"],
        "list": [], "ops": ["conv"], "explain": ["NS0008"], "schema": [net], "new": ["mine"], "completion": ["bash"],
        "build": [net, "--no-run"], "source": [net], "sizes": [net],
    }  # fmt: skip
    assert calls.keys() == COMMANDS.keys()
    script = "import json, sys; sys.modules['torch'] = None  # as where it is not installed\n"
    script += "from netspec.cli import run; print([run(call) for call in json.loads(sys.argv[1])])"
    given = json.dumps([[name, *arguments] for name, arguments in calls.items()] + [["build", net, "--out", "run"]])
    done = python("-c", script, given, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == str([0] * len(calls) + [2])
    assert done.stderr.startswith("error[NS0008]: running a network needs torch") and not (tmp_path / "run").exists()
