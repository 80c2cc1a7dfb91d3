"""`netspec build` and `draw`: the files that they write, the files that they leave alone, and the options of a run."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from netspec.cli.group import cli
from netspec.cli.options import read_memory
from netspec.targets.torch.verify_source import verify_source
from tests.support.command_line import Run


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
    monkeypatch.setattr(torch_source, "emit_torch", lambda graph, finish: finish(emit(graph).replace(*other)))
    code, _, err = netspec("build", "good.yaml", "--device", "cpu")
    assert code == 70
    assert "ShapeMismatch: linear1 has shape 1x11, and the graph says 1x10" in err


def test_the_file_is_verified_once_and_as_it_is_written(netspec: Run) -> None:
    verify_source.cache_clear()
    assert netspec("build", "good.yaml", "--device", "cpu")[0] == 0
    verify_source(Path("build/tiny/tiny.py").read_text(encoding="utf-8"))
    assert verify_source.cache_info().misses == 1


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


def test_a_missing_device_is_wrong_usage(netspec: Run) -> None:
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


def test_a_number_type_that_torch_lacks_is_wrong_usage(netspec: Run) -> None:
    text = "netspec: 1\nname: half\ninput: [8, 8, 8]\nnetwork: [{conv: {out: 8, kernel: 1}}, {lrn: 5}]\n"
    Path("half.yaml").write_text(text, encoding="utf-8")
    code, _, err = netspec("build", "half.yaml", "--dtype", "float16", "--device", "cpu")
    assert code == 2 and "torch cannot compute half in float16 on cpu" in err


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("99", 99), ("1.5kB", 1500), ("16GiB", 2**34), ("16gib", 2**34), ("2G", 2 * 10**9), ("3 MB", 3 * 10**6)],
)
def test_memory_sizes(text: str, size: int) -> None:
    assert read_memory(click.Context(cli), click.Option(["--max-memory"]), text) == size


@pytest.mark.parametrize("text", ["", "GiB", "1XB", "-", "1e999", "nan"])
def test_memory_sizes_that_are_none(text: str) -> None:
    with pytest.raises(click.BadParameter):
        read_memory(click.Context(cli), click.Option(["--max-memory"]), text)


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
