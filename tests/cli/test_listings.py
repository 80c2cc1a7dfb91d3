"""`netspec summary`, `list`, `ops` and `explain`: what they print, for people and as JSON."""

from __future__ import annotations

import json
import re

import pytest

from netspec.cli import run
from netspec.diagnostics import Code
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.library import library
from netspec.ops import OPS
from tests.support.command_line import Run


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


@pytest.mark.zoo
def test_list_names_what_ships(netspec: Run) -> None:
    code, out, _ = netspec("list")
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("densenet121 "))
    assert "DenseNet-BC-121" in line
    assert "1608.06993" in line  # from the family that it extends
    records = json.loads(netspec("list", "--json")[1])
    accuracies = {record["name"]: record["published"] for record in records}
    assert accuracies["resnet18"]["top1"] == 69.76 and "ImageNet 69.76 %" in out
    # The document that it extends has an accuracy, which is another network's.
    assert accuracies["plain18"] is None
    names = [record["name"] for record in records]
    assert names == sorted(names)


def test_ops_describes_the_whole_language(netspec: Run) -> None:

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
    assert "  body: body, required, may be written alone" in netspec("ops", "residual")[1]


def test_ops_shows_blocks_as_documents_write_them(netspec: Run) -> None:
    out = netspec("ops", "bottleneck")[1]
    assert "\nExample: `- bottleneck: {out: 64}`\n" in out
    assert "  stride_first: bool, default false\n" in out
    assert "  gate: any, default null\n" in out
    assert "Example: `- {fractal: {columns: 3, out: 64}, from: [z, column]}`" in netspec("ops", "fractal")[1]
    assert "  poly                 PolyNet's poly-2, I + F + F², computed as I + (I + F)F, or with" in netspec("ops")[1]
    assert max(map(len, netspec("ops")[1].splitlines())) < 240


def test_no_description_shows_a_python_object(capsys: pytest.CaptureFixture[str]) -> None:
    for name in (*OPS, *COMBINATORS, *library()):
        assert run(["ops", name]) == 0
        text = capsys.readouterr().out
        assert not re.search(r"Pydantic|object at|<class|<netspec", text), text


def test_explain_reads_the_pages(netspec: Run) -> None:
    assert netspec("explain", "ns0501") == (0, Code.SHAPE_MISMATCH.page.read_text(encoding="utf-8"), "")
    listed = netspec("explain")[1].splitlines()
    assert len(listed) == len(Code) and "NS0501  shapes do not agree" in listed
    assert "did you mean NS0301?" in netspec("explain", "NS301")[2]
