"""docs/idioms.md: each row of its tables computes in a document what it computes in PyTorch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

import netspec

PAGE = Path(__file__).parent.parent / "docs" / "idioms.md"
INPUTS = re.compile(r"^Of [^:]*: `(x: .*)`$")
CELL = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    """One row: the shapes of the inputs by name, and what is written in PyTorch and in a document."""

    inputs: dict[str, list[int]]
    python: str
    steps: str

    def __str__(self) -> str:
        return self.python

    @property
    def document(self) -> str:
        """The right side as a whole document, whose current value is ``x`` to begin with."""
        steps = (
            self.steps[1:-1] if self.steps.startswith("[") else f"{{{self.steps}}}" if ":" in self.steps else self.steps
        )
        inputs = {"first" if name == "x" else name: shape for name, shape in self.inputs.items()}
        return f"netspec: 1\ninput: {inputs}\nnetwork: [{{from: first}}, {steps}]\n"


def rows(page: str) -> Iterator[Row]:
    """Yield the rows of all tables that say what their inputs are."""
    inputs: dict[str, list[int]] = {}
    for line in page.splitlines():
        if line.startswith("## "):
            inputs = {}
        elif match := INPUTS.match(line):
            inputs = yaml.safe_load(f"{{{match[1]}}}")
        elif inputs and line.startswith("| `"):
            python, steps, *_ = CELL.findall(line)
            yield Row(inputs, python, steps)


ROWS = list(rows(PAGE.read_text(encoding="utf-8")))


def test_the_page_has_rows() -> None:
    assert len(ROWS) > 60
    assert len({row.python + row.steps for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_both_sides_are_the_same(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "idiom.yaml"
    path.write_text(row.document, encoding="utf-8")
    module = netspec.build(path, device="cpu", seed=0).eval()
    values = {name: torch.randn(2, *shape) for name, shape in row.inputs.items()}
    scope = {**values, "torch": torch, "nn": nn, "F": functional}
    expected = eval(row.python, scope)
    with torch.no_grad():
        if not isinstance(expected, nn.Module):
            torch.testing.assert_close(first(module(*values.values())), expected)
            return
        assert count(module) == count(expected)
        assert first(module(values["x"])).shape == first(expected.eval()(values["x"])).shape


def first(result: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Return the result, or of a recurrence its outputs."""
    return result if isinstance(result, Tensor) else result[0]


def count(module: nn.Module) -> int:
    """Return the number of trainable numbers."""
    return sum(each.numel() for each in module.parameters())
