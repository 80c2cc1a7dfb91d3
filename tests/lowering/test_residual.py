"""Shortcuts: their stride is the body's, at every size."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import netspec
from netspec.diagnostics import SpecError
from netspec.ir import Graph
from netspec.lowering import lower
from tests.support.documents import load_text
from tests.support.search import examples

Step = Any


def residual(size: list[int], body: list[Step], shortcut: str = "auto") -> Graph:
    return lower(load_text({"input": [4, *size], "network": [{"residual": {"body": body, "shortcut": shortcut}}]}))


@st.composite
def bodies(draw: Any) -> tuple[list[Step], list[int]]:
    """Return steps that round up, and the product of their strides per axis."""
    rank = draw(st.integers(1, 3))
    product, steps = [1] * rank, []
    for _ in range(draw(st.integers(1, 3))):
        stride = [draw(st.integers(1, 3)) for _ in range(rank)]
        product = [all_ * own for all_, own in zip(product, stride, strict=True)]
        half, gap = draw(st.integers(0, 2)), draw(st.integers(1, 3))
        window = {"kernel": 2 * half + 1, "stride": stride, "padding": half}
        windows: list[Step] = [
            {"conv": {"out": 6, **window, "dilation": gap, "padding": gap * half}},
            {"conv": {"out": 6, "kernel": half + 1, "stride": stride, "padding": "same_tf"}},
            *([{"maxpool": window}, {"avgpool": window}] if rank < 3 else []),
        ]
        gate = {"mul": ["x", ["global_avgpool", "sigmoid"]]}
        inside = {"add": [["relu"], [{"conv": {"out": "x.channels", "kernel": 1}}, "bn"]]}
        steps += [
            draw(st.sampled_from(windows)),
            *draw(st.sampled_from([[], ["relu"], [gate], [inside], [{"residual": ["relu"]}]])),
        ]
    return steps, product


@examples(80)
@given(bodies(), st.lists(st.integers(1, 20), min_size=3, max_size=3), st.sampled_from(["auto", "project", "pad"]))
def test_a_shortcut_has_the_stride_of_the_body_at_every_size(
    made: tuple[list[Step], list[int]], sizes: list[int], shortcut: str
) -> None:
    body, product = made
    graph = residual(sizes[: len(product)], body, shortcut)
    nodes = [node for node in graph if node.path == "downsample.0" or (node.op.name == "avgpool" and shortcut == "pad")]
    found = [node.op.stride for node in nodes if node.inputs[0] == "input"][-1:] or [1]
    assert [list(each) if isinstance(each, tuple) else [each] * len(product) for each in found] == [product]


@pytest.mark.parametrize("size", [16, 33, 64])
def test_resnet_has_the_strides_of_the_literature_at_every_size(size: int) -> None:
    graph = netspec.compile("resnet18", overrides={"input": f"[3, {size}, {size}]"})
    assert [node.op.stride for node in graph if node.path.endswith("downsample.0")] == [2, 2, 2]


@pytest.mark.parametrize(
    ("size", "body", "reason"),
    [
        ([8, 8], [{"conv": {"out": 4, "kernel": 3}}], "stride of 1 would give 4x8x8"),
        ([9], [{"conv": {"out": 4, "kernel": 3, "stride": 2}}], "stride of 2 would give 4x5"),
        ([8, 8], ["global_avgpool"], "no stride follows the body"),
        ([8, 8], [{"upsample": 2}], "no stride follows the body"),
        ([8, 4], [{"permute": [1, 3, 2]}], "no stride follows the body"),
        ([8, 8], ["flatten"], "keeps the number of axes"),
    ],
)
@pytest.mark.parametrize("shortcut", ["auto", "project", "pad", "pool_pad"])
def test_a_body_that_no_shortcut_follows_is_refused(
    size: list[int], body: list[Step], reason: str, shortcut: str
) -> None:
    with pytest.raises(SpecError, match="NS0508") as caught:
        residual(size, body, shortcut)
    assert reason in str(caught.value)


def test_what_strides_at_a_single_position_is_no_identity() -> None:
    body = [{"conv": {"out": 4, "kernel": 3, "stride": 2, "padding": 1}}]
    assert any(node.path == "downsample.0" for node in residual([1, 1], body))
    kept = [{"maxpool": {"kernel": 2}}, {"upsample": 2}]
    assert [node.op.name for node in residual([8, 8], kept)] == ["maxpool", "upsample", "add"]
