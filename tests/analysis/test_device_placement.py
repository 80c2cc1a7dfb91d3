"""Networks on several devices: where weights go, what travels, and that nothing else of the file changes.

There are no two devices here. torch's fake tensors know their device and refuse to compute across two, so a network
of fake weights shows whether its forward moves what it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_leaves

import netspec
from netspec.analysis.device_placement import place
from netspec.ir import Graph
from netspec.targets.torch.runtime import build_module, choose_devices, verify_forward
from tests.support.documents import compile_text

CONV = {"conv": {"out": 4, "kernel": 3, "padding": 1}}
BN = {"bn": {"affine": False}}
UNITS: dict[str, Any] = {"unit": {"args": {"out": 4}, "body": [{"conv": {"out": "out", "kernel": 1}}, "bn", "relu"]}}

DOCUMENTS: dict[str, list[Any]] = {
    "a chain": [CONV, {**CONV, "device": 1}, "relu", BN, {**CONV, "device": 2}, "global_avgpool"],
    "the first elsewhere": [{**CONV, "device": 1}, "bn", CONV],
    "branches": [{"concat": [[{**CONV, "device": 1}, "relu"], [CONV], [{"softmax": {"axis": 1}, "device": 2}]]}, CONV],
    "a merge of others": [{**CONV, "as": "a"}, {**CONV, "device": 1, "as": "b"}, {"add": ["a", "b"]}, BN],
    "a shortcut": [{"residual": {"body": [{**CONV, "device": 1}, "bn"], "after": "relu"}, "name": "unit"}, CONV],
    "a block on each": [{"unit": {}, "name": "first"}, {"unit": {"out": 8}, "name": "second", "device": 1}, "unit"],
    "a block across": [{"across": {}, "name": "one"}, {"across": {}, "name": "two"}],
    "a named list": [{"foreach": {"i": "range(4)"}, "name": "layers", "body": [{**CONV, "device": "i // 2"}]}],
    "a dense block": [
        {"dense": {"layers": 3, "body": [{"unit": {}}]}, "name": "dense"},
        {"foreach": {"i": [0]}, "body": [{"dense": {"layers": 2, "body": ["bn", {**CONV, "device": 1}]}}]},
        CONV,
    ],
    "shared weights": [{**CONV, "share": "a", "device": 1}, CONV, {**CONV, "share": "a"}],
    "a joint": [{"join": {"of": [[CONV], [{**CONV, "device": 1}]], "drop_path": 0.2}}, CONV],
    "an auxiliary output": [
        CONV,
        {"output": {"name": "side", "body": ["flatten", {"linear": 2}], "train_only": True}, "device": 1},
        "flatten",
        {"linear": 2},
    ],
    "several values": [{**CONV, "as": "a"}, {**CONV, "as": "b"}, {"pair": {}, "from": ["a", "b"], "as": ["c", "d"]},
                       {"concat": ["c", "d"]}, CONV],
}  # fmt: skip
BLOCKS = {
    **UNITS,
    "across": {"body": [CONV, {**CONV, "device": 1}, "relu"]},
    "pair": {
        "inputs": ["left", "right"],
        "outputs": ["left", "both"],
        "body": [
            {**CONV, "from": "left", "device": 1, "as": "left"},
            {"concat": ["left", "right"]},
            {**CONV, "device": 2, "as": "both"},
        ],
    },
}


def graph_of(name: str, devices: bool = True) -> Graph:
    document = {"input": [4, 6, 6], "blocks": BLOCKS, "network": DOCUMENTS[name]}
    return compile_text(document if devices else without_devices(document))


def without_devices(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_devices(each) for key, each in value.items() if key != "device"}
    return [without_devices(each) for each in value] if isinstance(value, list) else value


def scatter(network: nn.Module, graph: Graph) -> None:
    """Replace all weights by fake ones on the fake devices that the steps name."""
    weights = {node.module: place(graph).values[node.path] for node in reversed(list(graph))}
    for path, module in network.named_modules():
        owner = next((path[: len(each)] for each in weights if f"{path}.".startswith(f"{each}.")), None)
        for tensors in (module._parameters, module._buffers):
            for name, tensor in tensors.items():
                assert owner is not None, f"{path} has weights and is no layer"
                there = f"cuda:{weights[owner]}"
                if tensor is not None:
                    tensors[name] = faked(tensor, there)


def faked(tensor: Tensor, device: str) -> Any:
    fake = torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
    return nn.Parameter(fake, requires_grad=False) if isinstance(tensor, nn.Parameter) else fake


def run_scattered(graph: Graph, training: bool = False) -> list[torch.device]:
    """Return the devices of what a scattered network gives; raise where a line computes across two."""
    network = build_module(graph, device="cpu").train(training)
    with torch.no_grad(), FakeTensorMode():
        scatter(network, graph)
        inputs = [torch.empty(2, *each.shape, device="cuda:0") for each in graph.inputs]
        return [each.device for each in tree_leaves(network(*inputs))]


@pytest.mark.parametrize(("name", "training"), [*((name, False) for name in DOCUMENTS), ("an auxiliary output", True)])
def test_nothing_is_computed_across_devices(name: str, training: bool) -> None:
    graph = graph_of(name)
    placement = place(graph)
    assert placement.is_split
    outputs = [each for each in graph.outputs if training or not each.train_only]
    expected = [torch.device(f"cuda:{placement.values[each.node]}") for each in outputs]
    assert run_scattered(graph, training) == expected


def test_the_oracle_notices_a_value_that_stays_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netspec.analysis.device_placement.Placement.moves", lambda *_: ())
    with pytest.raises(RuntimeError, match="device"):
        run_scattered(graph_of("a chain"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_on_one_device_nothing_changes(name: str) -> None:
    graph, plain = graph_of(name), graph_of(name, devices=False)
    network, expected = (build_module(each, device="cpu", seed=0).eval() for each in (graph, plain))
    expected.load_state_dict(network.state_dict(), strict=True)
    images = torch.randn(2, 4, 6, 6)
    with torch.no_grad():
        torch.testing.assert_close(network(images), expected(images), rtol=0, atol=0)
    assert verify_forward(network, graph) == verify_forward(expected, plain)


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_tools_take_networks_that_cross(name: str) -> None:
    network, images = build_module(graph_of(name), device="cpu", seed=0).eval(), torch.randn(2, 4, 6, 6)
    with torch.no_grad():
        expected = network(images)
        torch.testing.assert_close(torch.fx.symbolic_trace(network)(images), expected)
        torch.testing.assert_close(torch.export.export(network, (images,)).module()(images), expected)


@pytest.mark.zoo
def test_towers_travel_where_they_meet(tmp_path: Path) -> None:
    graph = netspec.compile("alexnet_2gpu")
    source = netspec.source(graph)
    crossing = [line.strip() for line in source.splitlines() if ".to(" in line]
    assert len(crossing) == 6, "each tower is entered and left three times, at blocks that share their classes"
    assert "tower2 = self.tower2(x.to(next(self.tower2.parameters()).device))" in source
    assert run_scattered(netspec.compile("alexnet_2gpu")) == [torch.device("cuda:0")]
    assert ".to(" not in netspec.source("alexnet_grouped")


# choosing devices


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("cpu", ["cpu"]),
        ("cpu,meta", ["cpu", "meta"]),
        ("cpu, meta", ["cpu", "meta"]),
        (["meta", torch.device("cpu")], ["meta", "cpu"]),
        (torch.device("meta"), ["meta"]),
    ],
)
def test_devices_by_name(names: Any, expected: Sequence[str]) -> None:
    assert [str(each) for each in choose_devices(names, 2)] == expected


@pytest.mark.parametrize(
    ("there", "named", "expected"),
    [
        (0, 2, ["cpu"]),
        (1, 2, ["cuda"]),
        (4, 2, ["cuda:0", "cuda:1"]),
        (2, 3, ["cuda:0", "cuda:1"]),
        (4, 1, ["cuda"]),
    ],
)
def test_auto_takes_as_many_as_are_named_and_there(
    there: int, named: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    monkeypatch.setattr(torch, "empty", lambda *sizes, device: device)  # there is no driver behind them
    assert [str(each) for each in choose_devices("auto", named)] == expected


@pytest.mark.zoo
def test_layers_go_to_the_devices_that_their_steps_name() -> None:
    network = netspec.build("alexnet_2gpu", device=["cpu", "meta"])
    devices = {name: parameter.device.type for name, parameter in network.named_parameters()}
    assert all((device == "meta") == ("tower2" in name) for name, device in devices.items())
    elsewhere = netspec.build("lenet5_modern", device=["cpu", "meta"])
    assert {parameter.device.type for parameter in elsewhere.parameters()} == {"cpu"}
