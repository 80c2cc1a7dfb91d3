"""A module that was built at one size computes, at every other legal one, what the module built there computes."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given

import netspec
from netspec.analysis import symbolic_types
from netspec.ir import Graph
from netspec.sizes import at, describe_sizes
from netspec.targets.torch import emit_torch
from tests.support.documents import build, compile_text
from tests.support.op_forms import operand
from tests.support.random_sequences import sequences
from tests.support.search import examples

CONV = {"conv": {"out": 8, "kernel": 3, "stride": 2, "padding": 1}}

DOCUMENTS: dict[str, dict[str, Any]] = {
    "positions from the end": {
        "input": [4, 12, 10],
        "network": [{"slice": {"axis": 2, "start": 1, "stop": -1}}, {"slice": {"axis": 3, "start": -4}}],
    },
    "what is left over": {"input": [4, 6, 6], "network": [{"reshape": [2, -1]}, {"permute": [2, 1]}, {"linear": 3}]},
    "the size of a label": {
        "input": [3, 16, 16],
        "network": [
            CONV | {"as": "early"},
            CONV,
            {"upsample": {"size": "[early.height, early.width]"}},
            {"add": ["x", "early"]},
        ],
    },
    "a size behind padding that a later step makes a number": {
        "input": [3, 16, 16],
        "network": [
            {"conv": {"out": 3, "kernel": 3, "stride": 2, "padding": "same_tf"}, "as": "half"},
            {"rearrange": "c h w -> (h w) c"},
            {"rearrange": {"pattern": "(h w) c -> c h w", "h": "half.height"}},
            {"upsample": {"size": "[2 * half.height, 2 * half.width]"}},
            {"add": ["x", "input"]},
        ],
    },
    "half of a map": {
        "input": [3, 16, 16],
        "network": [CONV, {"slice": {"axis": 2, "stop": "x.height // 2"}}, {"adaptive_avgpool": ["x.height", 2]}],
    },
    "a window over the map": {
        "input": [3, 16, 16],
        "network": [CONV, {"avgpool": {"kernel": "[x.height, x.width]", "stride": 1}}, "flatten", {"linear": 2}],
    },
    "an argument of a block": {
        "input": [3, 20, 20],
        "blocks": {
            "crop": {
                "args": {"height": "int"},
                "body": [
                    {"slice": {"axis": 2, "start": "(x.height - height) // 2", "stop": "(x.height + height) // 2"}},
                    "relu",
                ],
            }
        },
        "network": [CONV | {"as": "wide"}, {"conv": {"out": 4, "kernel": 3}}, {"crop": {"height": "wide.height // 2"}}],
    },
    "a name that means something else inside a block": {
        "input": [3, 20, 41],
        "blocks": {
            "middle": {
                "args": {"height": "int", "width": 4},
                "body": [
                    {"conv": {"out": 4, "kernel": [3, 1]}},
                    {"slice": {"axis": 2, "start": "(x.height - height) // 2", "stop": "(x.height + height) // 2"}},
                    {"slice": {"axis": 3, "start": "x.width - width - 1", "stop": "-1"}},
                ],
            }
        },
        "network": [
            CONV | {"as": "x2"},
            {"middle": {"height": "x.height - 4"}},
            {"middle": {"height": "x2.height // 3", "width": "x.width // 2"}},
        ],
    },
    "the input of the network inside a block": {
        "input": [3, 9, 9],
        "blocks": {"grow": {"args": {"to": "int"}, "body": [{"upsample": {"size": "[to, 5]"}}]}},
        "network": [CONV, CONV, {"grow": {"to": "3 * input.height // 5"}}],
    },
    "a block that is used at two sizes": {
        "input": [3, 16, 16],
        "blocks": {
            "pyramid": {
                "inputs": ["small", "large"],
                "body": [
                    {"upsample": {"size": "[large.height, large.width]"}, "from": "small"},
                    {"add": ["x", "large"]},
                    {"conv": {"out": 8, "kernel": 1}},
                ],
            }
        },
        "network": [
            CONV | {"as": "c1"},
            CONV | {"as": "c2"},
            CONV | {"as": "c3"},
            {"pyramid": None, "from": ["c3", "c2"], "as": "p2"},
            {"pyramid": None, "from": ["p2", "c1"]},
        ],
    },
    "padding": {
        "input": [3, 16, 16],
        "network": [CONV | {"as": "c"}, {"pad": {"sides": [["c.height", 0], [0, "c.width // 2"]]}}, CONV],
    },
    "padding by what a stride leaves over": {
        "input": [3, 18, 16],
        "network": [
            {"conv": {"out": 4, "kernel": [3, 2], "stride": 2, "padding": "same_tf"}},
            {"maxpool": {"kernel": 3, "stride": 2, "padding": "same_tf"}},
            {"conv": {"out": 4, "kernel": 1, "stride": 2, "padding": "same_tf"}},
        ],
    },
    "windows with gaps between them": {
        "input": [3, 40, 33],
        "network": [
            {"avgpool": {"kernel": 2, "stride": 4, "padding": "same_tf"}},
            {"conv": {"out": 4, "kernel": 2, "dilation": 2, "stride": 5, "padding": "same_tf"}},
        ],
    },
    "a shared layer that pads by size": {
        "input": [3, 18, 16],
        "network": [{"conv": {"out": 3, "kernel": 3, "stride": 2, "padding": "same_tf"}, "share": "a"}] * 3,
    },
    "attention of a sequence": {
        "input": [12, 8],
        "network": [
            {"rearrange": {"pattern": "l (heads d) -> heads l d", "heads": 2}, "as": "q"},
            {"attend": {"of": ["q", "q", "q"], "causal": True}, "as": "causal"},
            {"matmul": {"of": ["q", "q"], "transpose_b": True}, "as": "bias"},
            {"attend": {"query": "causal", "key": "q", "value": "q", "bias": "bias"}},
        ],
    },
    "positions of a sequence": {
        "input": {"shape": [12], "dtype": "int64", "high": 20},
        "network": [{"embedding": {"num": 20, "dim": 6}}, {"position_embedding": 100}],
    },
    "the length of a sequence, whose axes are as long": {
        "input": [6, 6],
        "network": [{"rearrange": "c l -> l c"}, {"formula": "x / x.length"}, {"slice": {"stop": "x.length - 1"}}],
    },
    "a token in front, and the last one cut off": {
        "input": {"shape": [6], "dtype": "int64", "high": 20},
        "tensors": {"first": {"shape": [1, 8], "init": "ones", "batch": True}},
        "network": [
            {"embedding": {"num": 20, "dim": 8}},
            {"concat": {"of": ["first", "x"], "axis": 1}},
            {"slice": {"axis": 1, "stop": -1}},
            {"slice": {"axis": 1, "start": -3}},
        ],
    },
    "constants": {
        "input": [4, 9, 7],
        "blocks": {
            "marked": {
                "tensors": {
                    "rows": {
                        "axes": {"c": 1, "i": "input.height", "j": "input.width"},
                        "value": "where(i < input.height // 2, i / (input.width + 1), -j)",
                    },
                    "flags": {
                        "axes": {"c": "input.channels", "i": "input.height", "j": 1},
                        "value": "(c + i) % 2 > 0",
                    },
                },
                "body": [{"formula": "where(flags, x + rows, x)"}],
            },
        },
        "network": [CONV, {"marked": None}, {"avgpool": {"kernel": 2}}, {"marked": None}],
    },
    "sequences": {
        "input": {"shape": [12], "dtype": "int64", "high": 20},
        "network": [
            {"embedding": {"num": 20, "dim": 6}},
            {"permute": [2, 1]},
            {"slice": {"axis": 2, "start": "x.length // 3"}},
            {"conv": {"out": 4, "kernel": 3}},
        ],
    },
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_module_is_the_same_at_every_size(case: str) -> None:
    assert compare_at_every_size(DOCUMENTS[case]) > 1


@examples(40, suppress_health_check=list(HealthCheck))
@given(sequences())
def test_a_module_on_sequences_is_the_same_at_every_length(content: dict[str, Any]) -> None:
    assert compare_at_every_size(content) > 1


def compare_at_every_size(content: dict[str, Any]) -> int:
    """Assert that a module computes at other sizes what the one built there does; return how many were tried."""
    graph = compile_text(content)
    module = build(graph).eval()
    tried = 0
    for sizes in _legal_sizes(graph, most=3):
        other = compile_text({**content, "input": _resized(content["input"], graph, sizes)})
        there = build(other).eval()
        there.load_state_dict(module.state_dict())
        (entering,) = other.inputs
        shape = (2, *entering.shape)
        x = operand(entering.dtype, shape)
        torch.testing.assert_close(module(x), there(x))
        expected = {path: at_sizes(value.shape, sizes) for path, value in symbolic_types(graph).items()}
        assert expected == {path: value.shape for path, value in symbolic_at_stated(other).items()}
        tried += 1
    return tried


def _legal_sizes(graph: Graph, most: int) -> list[dict[str, int]]:
    """Return some sizes that are legal, the smallest and the stated ones among them."""
    draw = random.Random(graph.name)
    stated = graph.sizes.stated
    smallest = {name: graph.sizes.domain(name).minimum or 1 for name in stated}
    drawn = [{name: draw.randint(smallest[name], 2 * size) for name, size in stated.items()} for _ in range(100)]
    legal = [sizes for sizes in (smallest, *drawn) if graph.sizes.broken(sizes) is None]
    return legal[:most]


def test_padding_by_what_a_stride_leaves_over_takes_every_size() -> None:
    graph = compile_text(DOCUMENTS["padding by what a stride leaves over"])
    assert describe_sizes(graph.sizes) == ["H, W any"]
    assert emit_torch(graph).count("pad_same(x, ") == 2, "a window of one element needs no padding"


def test_sizes_are_computed_as_the_document_writes_them() -> None:
    """A map that is cropped by the same number at every size would else be another class than the others."""
    source = netspec.source("unet")
    assert source.count("class Crop(") == source.count("class Crop") == 1
    assert "x[:, :, (x.shape[2] - up.shape[2]) // 2:(x.shape[2] + up.shape[2]) // 2]" in source


SILENT: list[tuple[list[Any], int, str]] = [
    ([{"slice": {"axis": 2, "start": 2, "stop": -2}}], 4, "height >= 5"),
    ([CONV, {"relu": None, "when": "input.height > 8"}], 8, "height >= 9"),
    (
        [
            CONV | {"as": "c"},
            {"maxpool": {"kernel": 2}, "from": "input"},
            {"conv": {"out": 8, "kernel": 1}},
            {"add": ["x", "c"]},
        ],
        17,
        "",
    ),
]
"""Steps at whose other sizes torch raises nothing, or only where an axis is not 1; the line that refuses them."""


@pytest.mark.parametrize(("steps", "height", "needs"), SILENT)
def test_sizes_that_torch_would_not_refuse_are_refused(steps: list[Any], height: int, needs: str) -> None:
    graph = compile_text({"input": [3, 16, 16], "network": steps})
    assert f'"sample needs {needs}' in emit_torch(graph)
    module = build(graph).eval()
    with pytest.raises(AssertionError, match=f"sample needs {needs}"):
        module(torch.randn(2, 3, height, 16, dtype=torch.float64))
    legal = torch.randn(2, 3, 20, 16, dtype=torch.float64)
    torch.testing.assert_close(torch.fx.symbolic_trace(module)(legal), module(legal))


def test_sizes_that_a_layer_refuses_need_no_line() -> None:
    steps = [{"slice": {"axis": 2, "start": 1}}, {"conv": {"out": 4, "kernel": 7}}, "flatten", {"linear": 2}]
    assert "torch._assert" not in emit_torch(compile_text({"input": [3, 16, 16], "network": steps}))


@pytest.mark.slow
def test_padding_by_size_is_traced_and_exported() -> None:
    graph = compile_text(DOCUMENTS["windows with gaps between them"])
    module = build(graph).eval()
    example = torch.randn(2, 3, 200, 166, dtype=torch.float64)
    sizes = {2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    exported = torch.export.export(module, (example,), dynamic_shapes=(sizes,)).module()
    traced = torch.fx.symbolic_trace(module)
    for height, width in ((200, 166), (241, 187)):
        x = torch.randn(2, 3, height, width, dtype=torch.float64)
        torch.testing.assert_close(traced(x), module(x))
        torch.testing.assert_close(exported(x), module(x))


def test_padding_is_a_number_where_its_size_is_fixed() -> None:
    steps = [*DOCUMENTS["padding by what a stride leaves over"]["network"], "flatten", {"linear": 2}]
    graph = compile_text({"input": [3, 16, 16], "network": steps})
    assert describe_sizes(graph.sizes) == ["H, W in 9..16"]
    assert "pad_same" in emit_torch(graph), "8 rows are left of 9 to 16, padded or not"
    fixed = compile_text({"input": [3, 16, 16], "network": [{"reshape": [3, 16, 16]}, *steps]})
    assert "pad_same" not in emit_torch(fixed)
    assert emit_torch(fixed).count("F.pad(x, ") == 2


def test_what_training_alone_fixes_is_no_number_in_evaluation() -> None:
    conv = {"conv": {"out": 4, "kernel": 3, "stride": 2, "padding": "same_tf"}}
    training = {"output": {"name": "aux", "train_only": True, "body": ["flatten", {"linear": 2}]}, "from": "input"}
    graph = compile_text({"input": [3, 16, 16], "network": [training, conv]})
    assert describe_sizes(graph.sizes, "training") == ["H = W = 16"]
    assert "pad_same" in emit_torch(graph)


def test_padding_that_a_mean_leaves_out_is_a_number() -> None:
    """Only torch's own padding is not counted, and torch takes numbers."""
    pool = {"avgpool": {"kernel": 5, "stride": 4, "padding": "same_tf", "count_include_pad": False}}
    graph = compile_text({"input": [3, 15, 15], "network": [pool]})
    assert describe_sizes(graph.sizes) == ["H, W % 4 == 3"]


def _resized(given: Any, graph: Graph, sizes: dict[str, int]) -> Any:
    (entering,) = graph.inputs
    shape = list(at_sizes(entering.symbolic_type.shape, sizes))
    return {**given, "shape": shape} if isinstance(given, dict) else shape


def symbolic_at_stated(graph: Graph) -> Any:
    types = {path: type for node in graph for path, type in zip(node.values, node.results, strict=True)}
    return {**{each.name: each.type for each in graph.inputs}, **types}


def at_sizes(shape: Any, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(at(size, sizes) for size in shape)


def test_what_is_asked_between_ops_decides_and_what_ops_ask_is_needed() -> None:
    steps = [{"conv": {"out": 4, "kernel": 3}}, {"relu": None, "when": "x.height > 8"}, "flatten", {"linear": 2}]
    graph = compile_text({"input": [3, 16, 5], "network": steps})
    asked = {(guard.kind, guard.reason.subject) for guard in graph.sizes.guards}
    assert {("needs", "conv1"), ("chosen", ""), ("fixes", "linear1")} <= asked


@pytest.mark.slow
def test_what_a_module_asserts_is_exported() -> None:
    """The check of a size is part of the exported program, for the sizes that the network takes and no others."""
    steps = [{"slice": {"axis": 2, "start": 3, "stop": 9}}, CONV]
    module = build(compile_text({"input": [4, 12, 12], "network": steps})).eval()
    height = torch.export.Dim("height", min=9, max=64)
    example = torch.randn(1, 4, 12, 12, dtype=torch.float64)
    exported = torch.export.export(module, (example,), dynamic_shapes=({2: height},)).module()
    x = torch.randn(1, 4, 20, 12, dtype=torch.float64)
    torch.testing.assert_close(exported(x), module(x))
    with pytest.raises(AssertionError, match="needs height >= 9"):
        module(torch.randn(1, 4, 8, 12, dtype=torch.float64))
