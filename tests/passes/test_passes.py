"""Passes: pure, idempotent, leaving a graph that holds what every graph must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from netspec.ir import Graph, verify
from netspec.language import load
from netspec.lowering import lower
from netspec.passes import PIPELINE, run
from netspec.passes.explicit_padding import explicit_padding
from netspec.sizes.shape import show
from netspec.targets.torch.runtime import build_module

DOCUMENT = """\
netspec: 1
name: padded
input: [3, 33, 32]
network:
  - conv: {out: 8, kernel: 3, stride: 2, padding: same_tf}
  - maxpool: {kernel: 3, stride: 2, padding: same_tf}
  - sequential:
      - conv: {out: 8, kernel: 4, padding: [[1, 2], [0, 1]], padding_mode: reflect}
      - relu
    name: inner
  - avgpool: {kernel: 3, stride: 1, padding: 1}
"""

PADDED = """\
conv1@pad pad 3x35x33 <- input
conv1 conv 8x17x16 <- conv1@pad
maxpool1@pad pad 8x19x17 <- conv1
maxpool1 maxpool 8x9x8 <- maxpool1@pad
inner.0@pad pad 8x12x9 <- maxpool1
inner.0 conv 8x9x6 <- inner.0@pad
inner.1 relu 8x9x6 <- inner.0
avgpool1 avgpool 8x9x6 <- inner.1
"""


def listing(graph: Graph) -> str:
    """Return the nodes of a graph, a line each."""
    return "".join(f"{node.path} {node.op.name} {show(node.shape)} <- {', '.join(node.inputs)}\n" for node in graph)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    path = tmp_path / "padded.yaml"
    path.write_text(DOCUMENT)
    return lower(load(path))


def test_padding_becomes_a_step_of_its_own(graph: Graph) -> None:
    assert listing(explicit_padding(graph)) == PADDED


def test_padded_values_are_those_of_padding_by_hand(graph: Graph) -> None:
    module = build_module(run(graph), device="cpu", seed=0).eval()
    x = torch.randn(2, 3, 33, 32)
    y = F.conv2d(F.pad(x, (0, 1, 1, 1)), module.conv1.weight, module.conv1.bias, stride=2)
    y = F.max_pool2d(F.pad(y, (0, 1, 1, 1), value=-torch.inf), 3, 2)
    weights = dict(module.named_parameters())
    y = F.conv2d(F.pad(y, (0, 1, 1, 2), mode="reflect"), weights["inner.0.weight"], weights["inner.0.bias"])
    torch.testing.assert_close(module(x), F.avg_pool2d(y.relu(), 3, 1, 1))


@pytest.mark.parametrize("each", PIPELINE, ids=lambda each: each.__name__)
@pytest.mark.parametrize("name", ["padded", "xception", "googlenet", "densenet121", "alexnet_2gpu"])
def test_every_pass_is_pure_and_idempotent(each, name: str, graph: Graph) -> None:  # type: ignore[no-untyped-def]
    before = graph if name == "padded" else lower(load(name))
    listed = listing(before)
    after = each(before)
    verify(after)
    assert listing(before) == listed
    assert listing(each(after)) == listing(after)
    assert after.params == before.params and after.macs == before.macs
