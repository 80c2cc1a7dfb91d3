"""Lines that are moved to another column: the error stands at the line that was moved, not where YAML gives up."""

from __future__ import annotations

from pathlib import Path

import pytest

from netspec.diagnostics import SpecError
from netspec.pipeline import compile_graph

LINES = """netspec: 1
name: shifted
args:
  width: 8
  times: 2
  act: relu
input: [4, 8, 8]
blocks:
  unit:
    args:
      out: int
      keep: 0.5
      size: 3
    body:
      - residual:
          body:
            - conv:
                out: out
                kernel: size
                padding: 1
            - bn
            - relu
          after: relu
      - dropout: keep
        name: drop
network:
  - conv:
      out: width
      kernel: 3
      padding: 1
    name: stem
  - bn
  - relu
  - maxpool:
      kernel: 2
      stride: 2
    name: pool
    as: pooled
  - repeat: times
    body:
      - unit: width
      - tanh
      - sigmoid
  - concat:
      - x
      - pooled
      - [relu]
  - add:
      left: [relu]
      right: [tanh]
      other: [mish]
  - global_avgpool
  - flatten
  - linear: 10
""".splitlines()

TIES = {("    as: pooled", 2): 37}
"""Moves after which another line could as well be the wrong one, which is named."""
SENSIBLE = {("      - sigmoid", -4)}
"""Moves that make another document."""


def indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def movable() -> list[int]:
    """Return the lines without others inside them, but for the first."""
    pairs = zip(LINES[1:], [*LINES[2:], ""], strict=True)
    return [at for at, (line, below) in enumerate(pairs, start=1) if indent(below) <= indent(line)]


@pytest.mark.parametrize("by", [-6, -4, -3, -2, -1, 1, 2, 3, 4, 6])
def test_the_line_that_was_moved_is_the_one_that_is_named(by: int, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    for at in movable():
        line = LINES[at]
        column = indent(line) + by
        if column < 0 or (line, by) in SENSIBLE:
            continue
        path.write_text("\n".join([*LINES[:at], f"{' ' * column}{line.lstrip()}", *LINES[at + 1 :]]))
        with pytest.raises(SpecError) as raised:
            compile_graph(path)
        spans = [each.span for each in raised.value.diagnostics]
        assert next(span.line for span in spans if span) == TIES.get((line, by), at + 1), (line, raised.value)
