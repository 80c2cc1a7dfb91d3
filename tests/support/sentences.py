"""Documents of a few lines, which hold a sentence of the language to its word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import netspec
from netspec.diagnostics import SpecError
from tests.support.markdown import complete

CONV = "conv: {out: 4, kernel: 1}"

FAMILY = """
netspec: 1
name: family
args: {width: {type: int, default: 8, min: 4}, layers: [1, 2], act: relu}
variants: {wide: {width: 16}, "34": {layers: [3, 4]}}
defaults: {conv: {bias: false}}
input: [3, 8, 8]
blocks: {unit: {args: {out: int}, body: [{conv: {out: out, kernel: 1}}]}}
network:
  - foreach: {n: layers}
    body: [{repeat: n, body: [{unit: width}]}]
  - {$act: , expect: [width, x.height, x.width]}
expect: {params: 152}
"""
"""A document with arguments, variants and totals."""


def write(folder: Path, text: str, name: str = "net.yaml") -> Path:
    """Write a document, or the part of one, and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(complete(text.strip("\n") + "\n"), encoding="utf-8")
    return path


def error_of(path: Path, **options: Any) -> SpecError:
    """Return what compiling a document raises."""
    with pytest.raises(SpecError) as caught:
        netspec.compile(path, **options)
    return caught.value


def rows(text: str) -> list[str]:
    """Return lines without the blanks that align them."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]
