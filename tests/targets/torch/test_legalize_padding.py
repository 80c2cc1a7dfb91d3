"""Padding written out for torch: the values are those of padding by hand.

What a graph becomes stands in ``tests/golden/passes/legalize_padding.md``.
"""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

import netspec
from netspec.diagnostics import SpecError
from netspec.ir import verify
from netspec.ir.text import print_graph
from netspec.targets.torch import emit_torch
from netspec.targets.torch.pipeline import TORCH_PASSES, legalize
from netspec.targets.torch.runtime import build_module, verify_forward
from tests.support.differential import compare
from tests.support.documents import OWN, compile_text, find, load_text

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

SHARED = """\
netspec: 1
name: shared
input: [3, 32, 32]
network:
  - conv: {out: 3, kernel: 3, stride: 2, padding: same_tf}
    share: a
  - pad: {sides: [[0, 1], [0, 1]]}
  - conv: {out: 3, kernel: 3, stride: 2, padding: same_tf}
    share: a
"""
"""A layer whose padding comes to other numbers with another size: 0 and 1 from 32, 1 and 1 from 17."""


def test_padded_values_are_those_of_padding_by_hand() -> None:
    graph = compile_text(DOCUMENT)
    module = build_module(graph, device="cpu", seed=0).eval()
    x = torch.randn(2, 3, 33, 32)
    y = F.conv2d(F.pad(x, (0, 1, 1, 1)), module.conv1.weight, module.conv1.bias, stride=2)
    y = F.max_pool2d(F.pad(y, (0, 1, 1, 1), value=-torch.inf), 3, 2)
    weights = dict(module.named_parameters())
    y = F.conv2d(F.pad(y, (0, 1, 1, 2), mode="reflect"), weights["inner.0.weight"], weights["inner.0.bias"])
    torch.testing.assert_close(module(x), F.avg_pool2d(y.relu(), 3, 1, 1))
    assert verify_forward(module, graph) == len(graph) + 3, "paddings are compared too"


def test_a_shared_layer_is_padded_outside_where_its_uses_differ() -> None:
    graph = compile_text(SHARED)
    assert emit_torch(graph).count("nn.Conv2d(") == 1
    compare(load_text(SHARED), training=True)


def test_a_shared_layer_that_pads_alike_pads_itself() -> None:
    graph = compile_text(SHARED.replace("same_tf", "1"))
    assert legalize(graph) is graph


def test_a_mean_that_leaves_padding_out_cannot_be_shared_where_its_uses_differ() -> None:
    pool = "avgpool: {kernel: 3, stride: 1, padding: same_tf, count_include_pad: false}"
    text = SHARED.replace("conv: {out: 3, kernel: 3, stride: 2, padding: same_tf}", pool)
    assert legalize(compile_text(text)), "both pad by one"
    other = text.replace("kernel: 3, stride: 1", "kernel: 5, stride: 3").replace("[0, 1], [0, 1]", "[1, 1], [1, 1]")
    other = other.replace("32, 32", "33, 33")  # both sides get 1 from 33, and 2 from 13
    with pytest.raises(SpecError, match="'avgpool1' is shared by steps that pad differently"):
        emit_torch(compile_text(other))


@pytest.mark.parametrize("name", ["xception", "googlenet", "densenet121", "alexnet_2gpu", *OWN])
def test_the_pass_leaves_its_graph_and_has_nothing_to_do_after_itself(name: str) -> None:
    graph = netspec.compile(find(name))
    text = print_graph(graph)
    after = TORCH_PASSES.run(graph)
    verify(after)
    assert print_graph(graph) == text
    assert TORCH_PASSES.run(after) is after
    assert (after.params, after.macs) == (graph.params, graph.macs)
    kept = [node for node in graph if node.path in after.by_path]
    gone = {node.op.name for node in graph if node not in kept}
    assert gone <= {"constant", "slice"}, "only constants that nothing reads go, and what one chunk gives"
    assert [node.span for node in kept] == [after[node.path].span for node in kept]
