"""Exit codes, also of internal errors, interrupts and streams that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.command_line import GOOD, Run


@pytest.mark.parametrize(
    ("arguments", "expected", "said"),
    [
        (["check", "good.yaml"], 0, ""),
        (["check", "bad.yaml"], 1, "error[NS0301]"),
        (["check", "wrong.yaml"], 1, "expected 1,563 params, and the network has 1,562"),
        (["summary", "wrong.yaml"], 1, "error[NS0602]"),
        (["check", "missing.yaml"], 2, "error[NS0001]"),
        (["check", "."], 2, "error[NS0002]: '.' is a folder, not a file"),
        (["check", "vgg16"], 0, ""),
        (["check", "folder.yaml"], 2, "error[NS0002]: 'folder.yaml' is a folder, not a file"),
        (["check"], 2, "Missing argument"),
        (["check", "good.yaml", "--set", "width"], 2, "'width' is not KEY=VALUE"),
        (["check", "good.yaml", "--what"], 2, "No such option"),
        (["chekc", "good.yaml"], 2, "no command 'chekc', did you mean 'check'?"),
        (["explain", "NS9999"], 2, "there is no error code 'NS9999'"),
        (["ops", "cnov"], 2, "did you mean 'conv'?"),
        (["check", "huge.yaml"], 3, "error[NS0703]"),
        (["build", "good.yaml", "--max-memory", "1kB", "--no-run"], 3, "tiny needs 6.1 KiB for parameters, and 1000 B"),
        (["build", "good.yaml", "--max-memory", "7kB"], 3, "for parameters and the values of a batch of 1"),
        (["build", "good.yaml", "--max-memory", "many"], 2, "'many' is no size"),
        (["draw", "good.yaml", "-o", "net.png"], 2, "does not end in .svg or .dot"),
    ],
)
def test_exit_codes(netspec: Run, arguments: list[str], expected: int, said: str) -> None:
    for folder in ("vgg16", "folder.yaml"):
        Path(folder).mkdir()
    code, _, err = netspec(*arguments)
    assert code == expected
    assert said in err
    assert bool(err) == bool(said)


@pytest.mark.parametrize("switch", ["option", "environment", "neither"])
def test_an_internal_error_asks_for_a_report(netspec: Run, monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
    def fail(*arguments: object) -> None:
        raise KeyError("wires")

    monkeypatch.setattr("netspec.pipeline.lower", fail)
    monkeypatch.delenv("NETSPEC_TRACEBACK", raising=False)
    if switch == "environment":
        monkeypatch.setenv("NETSPEC_TRACEBACK", "1")
    code, out, err = netspec("check", "good.yaml", *(["--traceback"] if switch == "option" else []))
    assert (code, out) == (70, "")
    assert "internal error: KeyError: 'wires'" in err
    assert "please report it" in err
    assert ("Traceback" in err) == (switch != "neither")


def test_an_interrupt_is_no_error(netspec: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("netspec.pipeline.lower", interrupt)
    assert netspec("summary", "good.yaml") == (130, "", "interrupted\n")


def test_a_file_that_may_not_be_read_is_not_taken_for_a_misspelled_one(
    netspec: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("netspec.diagnostics.sources.os.open", refuse)
    code, _, err = netspec("check", "good.yaml")
    assert (code, "cannot read 'good.yaml': permission denied" in err, "did you mean" in err) == (2, True, False)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_change_no_exit_code(closed: str) -> None:
    command = f"{sys.executable} -m netspec check lenet5_modern {closed}; echo $?"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0", "")


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="needs POSIX pipes")
def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m netspec summary densenet121 --depth 9 --json | head -c 10; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ('{\n  "gener0\n', "")


def test_a_full_disk_is_no_internal_error() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "netspec", "explain", "NS0301"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (2, b"Error: cannot write: no space is left\n")


@pytest.mark.parametrize("arguments", [["build", "nothing"], ["build", "--nothing"], ["nothing"]])
def test_the_exit_code_is_right_where_standard_error_is_full(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "netspec", *arguments], stderr=full, check=False)
    assert done.returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9, 1.2, 1.5])
def test_an_interrupted_build_leaves_all_of_its_files_or_none(delay: float, tmp_path: Path) -> None:
    text = "netspec: 1\nname: long\ninput: [4]\nnetwork: [{repeat: 2000, body: [{linear: 4 + index % 7}, relu]}]\n"
    (tmp_path / "long.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "netspec", "build", "long.yaml", "--no-run"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay)
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    written = sorted(each.name for each in (tmp_path / "build" / "long").glob("*"))
    # While Python still imports the command line, it ends by the signal itself.
    assert (code, written) in [(0, ["long.json", "long.py", "long.svg"]), (130, []), (-signal.SIGINT, [])]


@pytest.mark.slow
def test_builds_into_one_folder_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(GOOD, encoding="utf-8")
    command = [sys.executable, "-m", "netspec", "build", "tiny.yaml", "--no-run"]
    processes = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert sorted(each.name for each in (tmp_path / "build" / "tiny").iterdir()) == ["tiny.json", "tiny.py", "tiny.svg"]
