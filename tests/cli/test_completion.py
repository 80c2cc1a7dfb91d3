"""What a shell offers behind a word of a command, by click's own classes and by the script in a real bash."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from netspec.cli import run
from netspec.cli.group import COMMANDS, cli
from netspec.cli.options import FORMATS
from netspec.diagnostics import Code
from netspec.dtypes import FLOAT_BYTES
from netspec.language.loading.files import shipped_names

DOCUMENT = """netspec: 1
input: [3, 8, 8]
args:
  width: 8
  bias: {type: bool, default: true, description: "whether there are biases,\\ntoo"}
variants:
  wide: {width: 16}
  widest: {width: 32}
network:
  - foreach: {stage: [1, 2]}
    body:
      - sequential: [{conv: {out: width, kernel: 1, bias: bias}}, {sequential: [relu, gelu], name: end}]
        name: stage{stage}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(DOCUMENT, encoding="utf-8")
    Path("broken.yaml").write_text("netspec: 1\nnetwork: [rleu]\n", encoding="utf-8")
    return tmp_path


def offers(words: str) -> list[CompletionItem]:
    """Return what is offered for the last word of a command; an empty one where the text ends with a space."""
    *before, incomplete = words.split(" ")
    return ShellComplete(cli, {}, "netspec", "_NETSPEC_COMPLETE").get_completions(before, incomplete)


def words_of(found: list[CompletionItem]) -> list[str]:
    return [each.value for each in found if each.type == "plain"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", [*COMMANDS]),
        ("che", ["check"]),
        ("build --chan", ["--channels-last"]),
        ("summary lenet5_m", ["lenet5_modern"]),
        ("summary ", [*shipped_names()]),
        ("new mine --from lenet5_m", ["lenet5_modern"]),
        ("ops bottl", ["bottleneck"]),
        ("explain ", [*Code]),
        ("explain ns060", [code for code in Code if code.startswith("NS060")]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("check --format ", [*FORMATS]),
        ("build net.yaml --dtype ", [*FLOAT_BYTES]),
        ("source net.yaml --target ", ["torch", "equations"]),
        # settings
        ("build net.yaml --set ", ["width=", "bias=", "input="]),
        ("draw net.yaml --depth 2 --set w", ["width="]),
        ("build net.yaml --set width=8 --set b", ["bias="]),
        ("check net.yaml densenet121 --set gr", ["growth="]),
        ("diff densenet121 net.yaml --set-a gr", ["growth="]),
        ("diff densenet121 net.yaml --set-b w", ["width="]),
        ("build --set ", []),
        ("build missing --set ", []),
        ("build broken.yaml --set ", []),
        # variants
        ("summary net.yaml --variant ", ["wide", "widest"]),
        ("compare resnet18 net.yaml --variant wides", ["widest"]),
        ("diff net.yaml resnet18 --variant-a ", ["wide", "widest"]),
        ("diff resnet18 net.yaml --variant-a ", []),
        ("diff resnet18 net.yaml --variant-b ", ["wide", "widest"]),
        # blocks of a picture, a level at a time
        ("draw net.yaml --open ", ["stage1", "stage2"]),
        ("draw net.yaml --variant wide --open stage1", ["stage1"]),
        ("draw net.yaml --open stage2.", ["stage2.end"]),
        ("draw densenet121 --open features.trans", [f"features.transition{number}" for number in (1, 2, 3)]),
        ("draw broken.yaml --open ", []),
        # devices
        ("build net.yaml --device c", ["cpu", "cuda", "cuda:0", "cuda:1"]),
        ("build net.yaml --device cuda:0,cuda:", ["cuda:0,cuda:0", "cuda:0,cuda:1"]),
    ],
)
def test_offers(words: str, expected: list[str]) -> None:
    assert words_of(offers(words)) == expected


@pytest.mark.parametrize(
    "words",
    ["summary ", "draw net.yaml -o ", "source net.yaml -o ", "compare net.yaml -o ", "check --plugin ", "schema -o "],
)
def test_where_a_file_may_stand_the_shell_offers_its_files_first(words: str) -> None:
    found = offers(words)
    assert found[0].type == "file"
    # click's script for bash forgets what stands before an offer of files.
    assert all(each.type == "plain" for each in found[1:])


def test_a_setting_is_explained_in_one_line() -> None:
    assert {each.value: each.help for each in offers("build net.yaml --set ")} == {
        "width=": "default 8",
        "bias=": "whether there are biases, too",
        "input=": "shape of the input",
    }


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("completion", shell)) == 0
    assert f"_NETSPEC_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_is_offered_reaches_each_shell(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "netspec build net.yaml --set"
    monkeypatch.setenv("COMP_WORDS", f"{line} wi" if shell != "fish" else line)
    monkeypatch.setenv("COMP_CWORD", "4" if shell != "fish" else "wi")
    kind = get_completion_class(shell)
    assert kind is not None
    text = kind(cli, {}, "netspec", "_NETSPEC_COMPLETE").complete()
    assert "width=" in text and "bias" not in text


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_fills_in_what_is_offered(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = folder / "netspec"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netspec "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    run(("completion", "bash"))
    script = f"""{capsys.readouterr().out}
        compopt() {{ echo "$@"; }}
        COMP_WORDS=(netspec build net.yaml --set wi) COMP_CWORD=4
        _netspec_completion "{command}"
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["-o nospace", "width="], done.stderr
