"""The command line: output, exit codes, what is imported, and what happens when things go wrong."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from netspec.cli import run
from netspec.cli.group import COMMANDS, cli
from netspec.cli.options import read_memory
from netspec.diagnostics import Code
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.library import library
from netspec.ops import OPS

GOOD = """\
netspec: 1
name: tiny
args: {width: 4}
variants: {wide: {width: 8}}
input: [3, 8, 8]
network:
  - conv: {out: width, kernel: 3}
  - flatten
  - linear: 10
expect: {params: 1562}
"""
BAD = GOOD.replace("flatten", "flaten")
WRONG = GOOD.replace("1562", "1563")
HUGE = "netspec: 1\ninput: [1, 2000000, 2000000]\nnetwork: [relu]\n"

Result = tuple[int, str, str]
Run = Callable[..., Result]


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


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)


# what every command promises


def test_help_lists_every_command_with_what_it_does(netspec: Run) -> None:
    code, out, err = netspec("--help")
    assert (code, err) == (0, "")
    assert all(f"\n  {name} " in out and line in out for name, line in COMMANDS.items())


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


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (
            ["--help"],
            {"pydantic", "yaml", "rich", "networkx", "torch", "graphviz", "netspec.ops", "netspec.diagnostics.model"},
        ),
        (
            ["--version"],
            {"pydantic", "yaml", "rich", "networkx", "torch", "graphviz", "netspec.ops", "netspec.diagnostics.model"},
        ),
        (["check", "lenet5_modern", "googlenet"], {"torch", "networkx", "rich", "graphviz"}),
        (["summary", "lenet5_modern"], {"torch", "networkx", "rich", "graphviz"}),
        (["draw", "lenet5_modern", "-o", "-"], {"torch", "networkx", "rich"}),
        (["list"], {"torch", "networkx", "rich", "graphviz", "netspec.lowering"}),
        (["ops"], {"torch", "networkx", "rich", "graphviz"}),
    ],
)
def test_commands_import_only_what_they_need(arguments: list[str], forbidden: set[str]) -> None:
    script = (
        "import sys\nfrom netspec.cli import run\n"
        f"code = run({arguments!r})\nprint(code, *sorted(set(sys.modules) & {forbidden!r}), file=sys.stderr)"
    )
    assert python("-c", script).stderr == "0\n"


def test_the_package_runs_as_a_program() -> None:
    done = python("-m", "netspec", "check", "lenet5_modern")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "ok  lenet5_modern  61,706 params  416,520 MACs",
            "    input 1 x H x W: H, W in 32..35, fixed by linear1 (line 22); output 10",
        ],
    )


# exit codes


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
def test_an_internal_error_says_whose_fault_it_is(netspec: Run, monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
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


# check


def test_check_reports_all_documents_and_exits_with_the_largest_code(netspec: Run) -> None:
    code, out, err = netspec("check", "bad.yaml", "good.yaml", "missing.yaml", "wrong.yaml")
    assert code == 2
    assert out.splitlines() == [
        f"ok  good.yaml  1,562 params  {4 * 27 * 36 + 1440:,} MACs",
        "    input 3 x H x W: H = W = 8, fixed by linear1 (line 9); output 10",
    ]
    assert [err.count(fault) for fault in ("NS0301", "NS0001", "NS0602")] == [1, 1, 1]


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
def test_faults_are_shown_in_every_format_on_standard_error(netspec: Run, format: str, start: str) -> None:
    for command in ("check", "summary"):
        code, out, err = netspec(command, "bad.yaml", "--format", format)
        assert (code, out) == (1, "")
        assert err.startswith(start)
        assert "\x1b" not in err


def test_structured_formats_are_whole_even_without_faults(netspec: Run) -> None:
    assert json.loads(netspec("check", "good.yaml", "--format", "sarif")[2])["version"] == "2.1.0"
    assert json.loads(netspec("check", "good.yaml", "--format", "json")[2]) == []
    assert netspec("check", "good.yaml", "--format", "github")[2] == ""


def test_overrides_and_variants(netspec: Run) -> None:
    assert "3,114 params" in netspec("check", "good.yaml", "--variant", "wide")[1]
    assert "3,114 params" in netspec("check", "good.yaml", "--set", "width=8")[1]
    smaller = netspec("check", "good.yaml", "--set", "width=2", "--set", "input=[1, 5, 5]")
    assert f"{2 * 10 + 18 * 10 + 10} params" in smaller[1]
    assert netspec("check", "good.yaml", "--set", "widht=8")[0] == 1


# summary, list, ops, explain


def test_summary_off_a_terminal_is_plain(netspec: Run) -> None:
    code, out, err = netspec("summary", "good.yaml", "--batch", "3", "--dtype", "float16")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert out.splitlines()[:2] == ["tiny", "tiny: input 3x8x8 -> output 10"]
    assert "float16, batch of 3" in out
    assert "FLOPs = 2 x MACs" in out


def test_summary_as_json_has_whole_numbers(netspec: Run) -> None:
    record = json.loads(netspec("summary", "good.yaml", "--json")[1])
    assert (record["name"], record["params"], record["macs"], record["flops"]) == ("tiny", 1562, 5328, 10656)
    assert (record["input"], record["output"]) == ([3, 8, 8], [10])
    assert [node["line"] for node in record["nodes"]] == [7, 8, 9]


def test_summary_can_be_sorted(netspec: Run) -> None:
    lines = netspec("summary", "good.yaml", "--sort", "memory")[1].splitlines()
    assert lines[2].split()[-1] == "memory"
    assert [line.split()[0] for line in lines[4:6]] == ["conv1", "linear1"]


def test_list_names_what_ships(netspec: Run) -> None:
    code, out, _ = netspec("list")
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("densenet121 "))
    assert "DenseNet-BC-121" in line
    assert "1608.06993" in line  # from the family that it extends
    names = [record["name"] for record in json.loads(netspec("list", "--json")[1])]
    assert names == sorted(names)


def test_ops_describes_the_whole_language(netspec: Run) -> None:
    from netspec.language.combinators import COMBINATORS
    from netspec.language.loading.library import library
    from netspec.ops import OPS

    listed = netspec("ops")[1]
    for name in (*OPS, *COMBINATORS, *library()):
        assert f"\n  {name} " in listed
        code, out, _ = netspec("ops", name)
        assert code == 0
        assert out.startswith(f"{name} (")
        for field in getattr({**OPS, **COMBINATORS}.get(name), "model_fields", ()):
            assert f"\n  {field}: " in out


def test_ops_shows_types_defaults_and_meanings(netspec: Run) -> None:
    out = netspec("ops", "conv")[1]
    assert "  stride: whole number >= 1 or list of whole numbers >= 1, default 1\n      Distance" in out
    assert "  padding_mode: zeros | reflect | replicate | circular, default zeros" in out
    assert "  kernel: whole number >= 1 or list of whole numbers >= 1, required" in out
    assert "  body: body, required, may stand alone" in netspec("ops", "residual")[1]


def test_ops_shows_blocks_as_documents_write_them(netspec: Run) -> None:
    out = netspec("ops", "bottleneck")[1]
    assert "\nExample: `- bottleneck: {out: 64}`\n" in out
    assert "  stride_first: bool, default false\n" in out
    assert "  gate: any, default null\n" in out
    assert "Example: `- {fractal: {columns: 3, out: 64}, from: [z, column]}`" in netspec("ops", "fractal")[1]
    assert "  poly                 PolyNet's poly-2, I + F + F², computed as I + (I + F)F, or with" in netspec("ops")[1]
    assert max(map(len, netspec("ops")[1].splitlines())) < 240


def test_explain_reads_the_pages(netspec: Run) -> None:
    assert netspec("explain", "ns0501") == (0, Code.SHAPE_MISMATCH.page.read_text(encoding="utf-8"), "")
    listed = netspec("explain")[1].splitlines()
    assert len(listed) == len(Code) and "NS0501  shapes do not agree" in listed
    assert "did you mean NS0301?" in netspec("explain", "NS301")[2]


def test_a_full_disk_is_no_internal_error() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "netspec", "list"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (2, b"Error: cannot write: no space is left\n")


# build and draw


def test_build_writes_three_files_runs_the_module_and_says_so(netspec: Run) -> None:
    code, out, err = netspec("build", "good.yaml", "--device", "cpu", "--batch", "2", "--seed", "3", "--channels-last")
    assert (code, err) == (0, "")
    assert sorted(path.name for path in Path("build/tiny").iterdir()) == ["tiny.json", "tiny.py", "tiny.svg"]
    assert json.loads(Path("build/tiny/tiny.json").read_text())["params"] == 1562
    assert "checked: all 3 shapes of one forward pass on cpu in float32, batch of 2, agree with the graph" in out
    assert "forward" in out.split("time: ")[1].splitlines()[0]


def test_build_runs_the_very_file_that_it_wrote(netspec: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from netspec.targets import torch as torch_source

    emit = torch_source.emit_torch
    other = ("nn.Linear(144, 10)", "nn.Linear(144, 11)")
    monkeypatch.setattr(torch_source, "emit_torch", lambda graph: emit(graph).replace(*other))
    code, _, err = netspec("build", "good.yaml", "--device", "cpu")
    assert code == 70
    assert "ShapeMismatch: linear1 gives 1x11, and the graph says 1x10" in err


def test_build_as_json(netspec: Run) -> None:
    record = json.loads(netspec("build", "good.yaml", "--device", "cpu", "--json", "--out", "here")[1])
    assert (record["device"], record["compared"], record["params"]) == ("cpu", 3, 1562)
    assert all(Path(file).is_file() for file in record["files"])
    assert Path(record["files"][0]) == Path("here/tiny/tiny.py")


def test_building_again_gives_the_same_bytes_and_foreign_files_stay(netspec: Run) -> None:
    assert netspec("build", "good.yaml", "--no-run")[0] == 0
    before = {path: path.read_bytes() for path in Path("build/tiny").iterdir()}
    assert netspec("build", "good.yaml", "--no-run")[0] == 0
    assert {path: path.read_bytes() for path in Path("build/tiny").iterdir()} == before
    Path("build/tiny/tiny.svg").write_text("mine")
    Path("build/tiny/tiny.py").unlink()
    code, _, err = netspec("build", "good.yaml", "--no-run")
    assert (code, "was not written by netspec" in err) == (2, True)
    assert not Path("build/tiny/tiny.py").exists()
    assert netspec("build", "good.yaml", "--no-run", "--force")[0] == 0
    assert Path("build/tiny/tiny.svg").read_bytes() == before[Path("build/tiny/tiny.svg")]


@pytest.mark.slow
def test_only_running_a_network_needs_torch(tmp_path: Path) -> None:
    net = "lenet5_modern"
    calls = {
        "check": [net], "summary": [net], "draw": [net], "diff": [net, "lenet5"], "compare": [net, "lenet5"],
        "list": [], "ops": ["conv"], "explain": ["NS0008"], "schema": [net], "new": ["mine"], "completion": ["bash"],
        "sizes": [net], "build": [net, "--no-run"], "source": [net],
    }  # fmt: skip
    assert calls.keys() == COMMANDS.keys()
    script = "import json, sys; sys.modules['torch'] = None  # as where it is not installed\n"
    script += "from netspec.cli import run; print([run(call) for call in json.loads(sys.argv[1])])"
    given = json.dumps([[name, *arguments] for name, arguments in calls.items()] + [["build", net, "--out", "run"]])
    done = python("-c", script, given, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == str([0] * len(calls) + [2])
    assert done.stderr.startswith("error[NS0008]: running a network needs torch") and not (tmp_path / "run").exists()


def test_a_missing_device_is_a_fault_of_usage(netspec: Run) -> None:
    code, _, err = netspec("build", "good.yaml", "--device", "nothing")
    assert code == 2
    assert "--device: torch knows no device 'nothing'; write auto, cpu, cuda, cuda:1 or cuda:0,cuda:1" in err
    code, _, err = netspec("build", "good.yaml", "--device", "vulkan")
    assert code == 2
    assert "--device: torch cannot compute on vulkan here: Could not run 'aten::empty.memory_format'" in err
    assert not Path("build").exists()


def test_a_seed_is_a_number_that_torch_takes(netspec: Run) -> None:
    code, _, err = netspec("build", "good.yaml", "--seed", "9" * 30)
    assert (code, "is not in the range 0<=x<=9223372036854775807" in err) == (2, True)


def test_draw(netspec: Run) -> None:
    assert netspec("draw", "good.yaml")[:2] == (0, "wrote tiny.svg\n")
    assert netspec("draw", "good.yaml", "-o", "tiny.dot", "--direction", "LR")[:2] == (0, "wrote tiny.dot\n")
    assert netspec("draw", "good.yaml", "-o", "tiny.dot")[0] == 0
    code, out, _ = netspec("draw", "good.yaml", "-o", "-")
    assert (code, out.startswith("<svg")) == (0, True)
    assert Path("tiny.svg").read_text().startswith(out.rstrip())
    assert netspec("draw", "good.yaml", "--open", "nowhere", "-o", "-")[0] == 2
    narrow = netspec("draw", "good.yaml", "--width", "50", "--engine", "embedded", "-o", "-")[1]
    assert 'width="50px"' in narrow


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("99", 99), ("1.5kB", 1500), ("16GiB", 2**34), ("16gib", 2**34), ("2G", 2 * 10**9), ("3 MB", 3 * 10**6)],
)
def test_sizes(text: str, size: int) -> None:
    assert read_memory(click.Context(cli), click.Option(["--max-memory"]), text) == size


@pytest.mark.parametrize("text", ["", "GiB", "1XB", "-", "1e999", "nan"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(click.BadParameter):
        read_memory(click.Context(cli), click.Option(["--max-memory"]), text)


# what a shell and a file system can do to a command


def test_names_reach_the_terminal_escaped(netspec: Run) -> None:
    for name in ("\x1b[31mred.yaml", "a\n::error::x.yaml", os.fsdecode(b"\xff.yaml")):
        Path(name).write_text(Path("good.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        code, out, err = netspec("check", name)
        assert (code, err) == (0, "") and out.startswith("ok  ") and all(map(str.isprintable, out.splitlines()))


def test_a_list_needs_no_brackets_in_a_shell(netspec: Run) -> None:
    spelled = [netspec("check", "good.yaml", "--set", f"input={text}") for text in ("[1, 5, 5]", "1,5,5", " 1, 5, 5 ")]
    assert spelled[0][0] == 0 and spelled[0] == spelled[1] == spelled[2]


@pytest.mark.parametrize("arguments", [["build", "nothing"], ["build", "--nothing"], ["nothing"]])
def test_the_exit_code_tells_where_standard_error_is_full(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "netspec", *arguments], stderr=full, check=False)
    assert done.returncode == 2


def test_edited_files_stay_and_nothing_is_written_half(netspec: Run) -> None:
    assert netspec("build", "good.yaml", "--no-run")[0] == 0
    module = Path("build/tiny/tiny.py")
    module.write_text(edited := module.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    code, _, err = netspec("build", "good.yaml", "--no-run")
    assert (code, "was changed since netspec wrote it" in err, module.read_text(encoding="utf-8")) == (2, True, edited)
    Path("build/tiny/tiny.svg").unlink()
    Path("build/tiny/tiny.svg").mkdir()
    assert netspec("build", "good.yaml", "--no-run", "--force")[0] == 2
    assert module.read_text(encoding="utf-8") == edited


def test_a_folder_that_is_a_link_is_not_followed(netspec: Run) -> None:
    Path("elsewhere").mkdir()
    Path("build").mkdir()
    Path("build/tiny").symlink_to("../elsewhere")
    assert netspec("build", "good.yaml", "--no-run")[0] == 2
    assert not list(Path("elsewhere").iterdir())


def test_a_number_type_that_torch_lacks_is_wrong_usage(netspec: Run) -> None:
    text = "netspec: 1\nname: half\ninput: [8, 8, 8]\nnetwork: [{conv: {out: 8, kernel: 1}}, {lrn: 5}]\n"
    Path("half.yaml").write_text(text, encoding="utf-8")
    code, _, err = netspec("build", "half.yaml", "--dtype", "float16", "--device", "cpu")
    assert code == 2 and "torch cannot compute half in float16 on cpu" in err


def test_no_description_shows_a_python_object(capsys: pytest.CaptureFixture[str]) -> None:
    for name in (*OPS, *COMBINATORS, *library()):
        assert run(["ops", name]) == 0
        text = capsys.readouterr().out
        assert not re.search(r"Pydantic|object at|<class|<netspec", text), text


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
