"""The generated module as torch's tools see it: saved, copied, traced, compiled, exported, trained, moved."""

from __future__ import annotations

import copy
import io
import pickle
import shutil
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from netspec.analysis.memory import measure_memory
from netspec.dtypes import FLOAT_BYTES
from netspec.ir import Graph
from netspec.language import load
from netspec.lowering import lower
from netspec.targets.torch import emit_torch
from netspec.targets.torch.runtime import (
    DeviceError,
    ShapeMismatch,
    build_module,
    example_inputs,
    load_class,
    use_channels_last,
    verify_forward,
)
from netspec.views.summary.table import summarize
from tests.support.documents import OWN, compile_text, find, inputs_of

NETWORKS: dict[str, dict[str, Any]] = {
    **{name: {} for name in OWN},
    "lenet5_modern": {},
    "resnet18": {"input": [3, 32, 32]},
    "googlenet": {"input": [3, 96, 96], "head_pool": {"adaptive_avgpool": 4}},
    "shufflenet_g3": {"input": [3, 64, 64]},
    "fractalnet20_cifar10": {"blocks": 2, "widths": [8, 12]},
    "swapout20_cifar": {"depth": 8, "widths": [8, 16, 32]},
    "resnet20_cifar_binary": {"depth": 8},
    "bilstm_classifier": {
        "vocabulary": 50,
        "features": 8,
        "hidden": 4,
        "input": {"shape": [7], "dtype": "int64", "high": 50},
    },
}
"""Networks with everything that tools stumble over: heads, shared weights, layers that torch lacks, whole numbers."""

DYNAMO = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
"""torch's compilers warn of their own doings."""


def graph_of(name: str) -> Graph:
    return lower(load(find(name), overrides=NETWORKS[name]))


def built(graph: Graph, **options: Any) -> nn.Module:
    return build_module(graph, **{"device": "cpu", "seed": 0, **options})


def evaluate(module: nn.Module, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """Return the outputs of evaluation."""
    with torch.no_grad():
        return tree_leaves(module.eval()(*inputs))


def assert_same_outputs(found: nn.Module, expected: nn.Module, inputs: tuple[Tensor, ...], exact: bool = True) -> None:
    tolerance = {"rtol": 0, "atol": 0} if exact else {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(evaluate(found, inputs), evaluate(expected, inputs), **tolerance)


def floats(graph: Graph) -> tuple[Tensor, ...]:
    return inputs_of(graph, dtype=torch.float32)


FEW = (*OWN, "lenet5_modern", "googlenet", "fractalnet20_cifar10")


@pytest.fixture(params=NETWORKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    return graph_of(request.param)


# saving and copying


def test_pickle_and_copy(graph: Graph) -> None:
    module, inputs = built(graph), floats(graph)
    for twin in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module), copy.copy(module)):
        assert type(twin) is type(module)
        assert_same_outputs(twin, module, inputs)
    twin = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.fill_(0.123)
    assert all(not torch.equal(each, torch.full_like(each, 0.123)) for each in module.parameters())


def test_state_dicts_go_from_one_build_to_another(graph: Graph) -> None:
    module, twin, inputs = built(graph), built(graph, seed=1), floats(graph)
    twin.load_state_dict(module.state_dict(), strict=True)
    assert_same_outputs(twin, module, inputs)


LOAD = """
import pickle, sys, torch
modules, expected = torch.load(sys.argv[1], weights_only=False)
for module, (inputs, outputs) in zip(modules, expected):
    with torch.no_grad():
        found = torch.utils._pytree.tree_leaves(module.eval()(*inputs))
    torch.testing.assert_close(found, outputs)
print("loaded", len(modules))
"""


@pytest.mark.slow
def test_another_process_can_load(tmp_path: Path) -> None:
    modules, expected = [], []
    for name in (*OWN, "lenet5_modern", "fractalnet20_cifar10"):
        graph = graph_of(name)
        module, inputs = built(graph), floats(graph)
        modules.append(module)
        expected.append((inputs, evaluate(module, inputs)))
    module, inputs = built(graph_of("resnet18")), (torch.ones(1, 64, 8, 8),)
    modules.append(module.layer1)  # a part, which other parts go on with
    expected.append((inputs, evaluate(module.layer1, inputs)))
    modules.append(module.layer1[0])
    expected.append((inputs, evaluate(module.layer1[0], inputs)))
    torch.save((modules, expected), tmp_path / "modules.pt")
    command = [sys.executable, "-c", LOAD, str(tmp_path / "modules.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == f"loaded {len(modules)}\n", done.stderr


def test_the_same_source_gives_the_same_class() -> None:
    graph = graph_of("lenet5_modern")
    assert type(built(graph)) is type(built(graph)) is load_class(emit_torch(graph))
    assert type(built(graph)) is not type(built(graph_of("resnet18")))


def test_a_source_that_fails_leaves_nothing_behind() -> None:
    source = emit_torch(graph_of("lenet5_modern")) + "\nraise RuntimeError\n"
    for _ in range(2):
        with pytest.raises(RuntimeError):
            load_class(source)


def test_tracebacks_show_the_generated_lines() -> None:
    module = built(graph_of("lenet5_modern"))
    with pytest.raises(RuntimeError) as caught:
        module(torch.zeros(1, 7, 32, 32))
    assert any("self.conv1(x)" in str(line.line) for line in traceback.extract_tb(caught.value.__traceback__))


# tracing and compiling


def test_symbolic_trace(graph: Graph) -> None:
    module, inputs = built(graph).eval(), floats(graph)
    if any(scope.kind == "scan" for scope in graph.root.descend()):
        # A symbolic tensor has no length; `torch.export` takes that of its example.
        with pytest.raises(torch.fx.proxy.TraceError, match="iterate"):
            torch.fx.symbolic_trace(module)
        return
    assert_same_outputs(torch.fx.symbolic_trace(module), module, inputs)


@pytest.mark.slow
@DYNAMO
def test_export(graph: Graph) -> None:
    module, inputs = built(graph).eval(), floats(graph)
    assert_same_outputs(_Evaluated(torch.export.export(module, inputs).module()), module, inputs, exact=False)


class _Evaluated(nn.Module):
    """An exported program is in evaluation already, and refuses to be told so."""

    def __init__(self, program: Any) -> None:
        super().__init__()
        self.run = [program]

    def forward(self, *inputs: Tensor) -> Any:
        return self.run[0](*inputs)


@pytest.mark.slow
@DYNAMO
def test_compile_as_one_graph(graph: Graph) -> None:
    module, inputs = built(graph).eval(), floats(graph)
    torch._dynamo.reset()
    # Without being told, dynamo refuses torch's own recurrent layers.
    with torch._dynamo.config.patch(allow_rnn=True):
        assert_same_outputs(torch.compile(module, fullgraph=True, backend="eager"), module, inputs)


@pytest.mark.slow
@DYNAMO
def test_compile_training_as_one_graph() -> None:
    graph = graph_of("googlenet")
    module, inputs = built(graph).train(), floats(graph)
    torch._dynamo.reset()
    result = torch.compile(module, fullgraph=True, backend="eager")(*inputs)
    assert type(result).__name__ == "GoogLeNetOutput"


@DYNAMO
@pytest.mark.full
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler here")
def test_compile_for_real() -> None:
    graph = graph_of("lenet5_modern")
    module, inputs = built(graph).eval(), floats(graph)
    torch._dynamo.reset()
    assert_same_outputs(torch.compile(module, fullgraph=True), module, inputs, exact=False)


# training


def test_training_reaches_every_parameter(graph: Graph) -> None:
    module, inputs = built(graph).train(), floats(graph)
    before = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    result = module(*inputs)
    assert_outputs(result, graph, training=True)
    leaves = [leaf for leaf in tree_leaves(result) if leaf.requires_grad]
    sum((leaf.float() * torch.randn_like(leaf)).sum() for leaf in leaves).backward()
    trained = [(name, each) for name, each in module.named_parameters() if each.requires_grad]
    gradients = {name: parameter.grad for name, parameter in trained}
    assert [name for name, each in gradients.items() if each is None or not each.isfinite().all()] == []
    optimizer.step()
    moved = [name for name, parameter in module.named_parameters() if not torch.equal(parameter, before[name])]
    assert {*moved} <= {name for name, _ in trained}
    assert len(moved) > len(trained) / 2  # paths that chance left out of this step stay as they were
    assert_outputs(module.eval()(*inputs), graph, training=False)


def assert_outputs(result: Any, graph: Graph, training: bool) -> None:
    """Assert that a lone output is a tensor, and that several are a named tuple in the graph's order."""
    ordered = sorted(graph.outputs, key=lambda output: output.train_only)
    names = [each.name for each in ordered if training or not each.train_only]
    shapes = {each.name: graph.shape_of(each.node) for each in graph.outputs}
    if len(names) == 1:
        assert isinstance(result, Tensor) and tuple(result.shape[1:]) == shapes[names[0]]
        return
    assert result._fields[: len(names)] == tuple(names)
    assert [tuple(each.shape[1:]) for each in result[: len(names)]] == [shapes[name] for name in names]
    assert all(each is None for each in result[len(names) :])


def test_loss_weights_are_those_of_the_document() -> None:
    assert built(graph_of("towers")).loss_weights == {"score": 1.0, "filter": 1.0, "early": 0.3}


@pytest.mark.parametrize("name", FEW)
def test_a_seed_gives_the_same_weights(name: str) -> None:
    graph = graph_of(name)
    weights = [[each.clone() for each in built(graph, seed=seed).parameters()] for seed in (0, 0, 1)]
    assert all(map(torch.equal, weights[0], weights[1]))
    assert not all(map(torch.equal, weights[0], weights[2]))


# types, layouts and devices


@pytest.mark.parametrize("dtype", FLOAT_BYTES)
def test_every_dtype_builds_and_has_a_size(dtype: str) -> None:
    graph = graph_of("lenet5_modern")
    memory = measure_memory(graph, dtype)
    parameters = list(build_module(graph, device="cpu", dtype=dtype).parameters())
    assert {each.dtype for each in parameters} == {getattr(torch, dtype)}
    assert sum(each.numel() * each.itemsize for each in parameters) == memory.parameters
    assert dtype in "\n".join(map(str, summarize(graph, dtype=dtype).figures))


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_dtype(name: str, dtype: torch.dtype) -> None:
    graph = graph_of(name)
    if dtype == torch.bfloat16 and any(node.op.name == "lrn" for node in graph):
        pytest.skip("torch has no response normalization in bfloat16 on the CPU")
    module = built(graph, dtype=dtype)
    assert {each.dtype for each in module.parameters()} == {dtype}
    outputs = evaluate(module, example_inputs(graph, module, batch=2))
    assert {each.dtype for each in outputs if each.is_floating_point()} == {dtype}
    verify_forward(module, graph)


@pytest.mark.parametrize("name", FEW)
def test_channels_last(name: str) -> None:
    graph = graph_of(name)
    plain, module = built(graph), use_channels_last(built(graph), graph)
    weights = [each for each in module.parameters() if each.dim() == 4]
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in weights)
    assert_same_outputs(module, plain, floats(graph), exact=False)


def test_channels_last_in_three_dimensions() -> None:
    graph = compile_text({"input": [2, 4, 4, 4], "network": [{"conv": {"out": 3, "kernel": 3}}]})
    (weight, _) = use_channels_last(built(graph), graph).parameters()
    assert weight.is_contiguous(memory_format=torch.channels_last_3d)


def test_unknown_types_and_missing_devices_are_refused() -> None:
    graph = graph_of("lenet5_modern")
    with pytest.raises(ValueError, match="unknown dtype 'float8'"):
        build_module(graph, dtype="float8")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="no CUDA device"):
            build_module(graph, device="cuda")
        assert {each.device.type for each in build_module(graph, device="auto").parameters()} == {"cpu"}


# comparing shapes with a real pass

WRONG = [
    ("padding=1", "padding=2", "conv1 has shape 1x2x8x8, and the graph says 1x2x6x6"),
    ("x = F.relu(x, inplace=True)", "x = F.relu(F.relu(x))", "flatten1 has shape 1x2x6x6, and the graph says 1x72"),
    ("x = F.relu(x, inplace=True)", "x = x", "relu1 has shape 1x72, and the graph says 1x2x6x6"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_a_wrong_shape_is_seen(old: str, new: str, message: str, tmp_path: Path) -> None:
    step = {"conv": {"out": 2, "kernel": 3, "padding": 1}}
    graph = compile_text({"input": [2, 6, 6], "network": [step, "relu", "flatten", "softmax"]})
    path = tmp_path / "wrong.py"
    path.write_text(emit_torch(graph).replace(old, new))
    assert verify_forward(built(graph), graph) == 4
    with pytest.raises(ShapeMismatch, match=message):
        verify_forward(build_module(graph, device="cpu", source=path), graph)


def test_a_pickle_names_no_file() -> None:
    buffer = io.BytesIO()
    torch.save(built(graph_of("lenet5_modern")), buffer)
    assert str(Path.cwd()).encode() not in buffer.getvalue()
