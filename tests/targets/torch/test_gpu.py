"""What only a CUDA device can show: the generated module runs there, in every precision and memory layout."""

from __future__ import annotations

import pytest
import torch

import netspec
from netspec.targets.torch.runtime import example_inputs, verify_forward

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]

NETWORKS = ("resnet18", "googlenet", "densenet121", "shufflenet_g3")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_shapes_on_the_device(name: str, dtype: str, channels_last: bool) -> None:
    graph = netspec.compile(name)
    module = netspec.build(graph, device="cuda", dtype=dtype, channels_last=channels_last)
    assert {parameter.device.type for parameter in module.parameters()} == {"cuda"}
    verify_forward(module, graph, batch=2)


@pytest.mark.parametrize("name", NETWORKS)
def test_device_and_cpu_agree(name: str) -> None:
    graph = netspec.compile(name)
    here = netspec.build(graph, device="cpu", seed=0).eval()
    there = netspec.build(graph, device="cuda", seed=1).eval()
    there.load_state_dict(here.state_dict())
    inputs = example_inputs(graph, here)
    with torch.no_grad():
        expected, found = here(*inputs), there(*(each.cuda() for each in inputs))
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are no two CUDA devices here")
def test_towers_on_two_devices() -> None:
    graph = netspec.compile("alexnet_2gpu")
    here = netspec.build(graph, device="cpu", seed=0).eval()
    there = netspec.build(graph, device="auto", seed=1).eval()
    assert {parameter.device.index for parameter in there.parameters()} == {0, 1}
    there.load_state_dict(here.state_dict())
    inputs = example_inputs(graph, here)
    with torch.no_grad():
        expected, found = here(*inputs), there(*(each.cuda() for each in inputs))
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=1e-4)
