"""The programs in ``examples/``: each runs, and does what it is there to show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from netspec.pipeline import compile_graph

EXAMPLES = Path(__file__).parent.parent / "examples"
SAYS = {
    "train.py": r"right: (9\d|100)%\n",
    "fine_tune.py": r"not loaded: fc\.weight, fc\.bias\ntrained: fc\.weight, fc\.bias\n",
    "ten_crop.py": r"269,722 parameters, 405,510,400 MACs\nsum of the scores: 1\.000\nmirrored: True\n",
    "siamese.py": r"62,233 parameters, .*\nparts: lenet5_modern1, linear1\nsymmetric: True\n",
}
"""What every program prints among other things."""
PARTS = {"gated_op.py", "gated_layer.py"}
"""Modules that are used by a document; ``test_plugins.py`` uses them."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SAYS)
def test_program(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[name], done.stdout), done.stdout
    losses = [float(loss) for loss in re.findall(r"(?:loss|output) (\d+\.\d+)", done.stdout)]
    assert not losses or losses[-1] < losses[0]


def test_every_file_is_run_and_described() -> None:
    programs = {path.name for path in EXAMPLES.glob("*.py")}
    assert programs == set(SAYS) | PARTS
    described = set(re.findall(r"\]\(([\w.]+)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    assert described == {path.name for path in EXAMPLES.iterdir() if path.is_file()} - {
        "README.md", "striped.yaml", "gated_layer.py",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["siamese.yaml", "striped.yaml"])
def test_document(name: str) -> None:
    graph = compile_graph(EXAMPLES / name)
    assert len(graph) > 5 and graph.warnings == ()
