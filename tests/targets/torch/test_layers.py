"""The layers that torch lacks: what they compute, and that every tool that takes a module takes them."""

from __future__ import annotations

import ast
import copy
import pickle
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netspec.ops import OPS
from netspec.targets.torch.layer_source import FOLDER
from netspec.targets.torch.layers.attend import Attend
from netspec.targets.torch.layers.binary_convolution import BinaryConv1d, BinaryConv2d, BinaryConv3d, binarize
from netspec.targets.torch.layers.channel_affine import ChannelAffine
from netspec.targets.torch.layers.drop_path import DrawColumn, Join
from netspec.targets.torch.layers.recurrent import LastState, SequenceOutput
from netspec.targets.torch.layers.stochastic_depth import StochasticDepth
from netspec.targets.torch.layers.swapout import Swapout
from tests.support import chance

FILES = sorted(path for path in FOLDER.glob("*.py"))


class Wrapped(nn.Module):
    """A layer as networks use it: called from a forward, with the operands it needs."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer


class One(Wrapped):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


class Two(Wrapped):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x, x * 2)


class Three(Wrapped):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x, x * 2, x + 1)


class Masked(Wrapped):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x, x * 2, x + 1, x[:, :1] > -1, x)


class Fractal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.draw = DrawColumn(3, mode="row")
        self.join = Join(0.3, mode="row", column=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.join(x, x * 2, x * 4, self.draw(x))


IMAGE, SEQUENCE = (4, 6, 5, 5), (4, 7, 8)
NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "binary 1d": (One(BinaryConv1d(7, 4, 3, padding=1, padding_mode="circular")), SEQUENCE),
    "binary 2d": (One(BinaryConv2d(6, 4, 3, groups=2, padding="same")), IMAGE),
    "binary 3d": (One(BinaryConv3d(3, 4, 2, stride=2, bias=False)), (2, 3, 4, 4, 4)),
    "affine": (One(ChannelAffine(6, axes=2)), IMAGE),
    "affine without bias": (One(ChannelAffine(7, axes=1, bias=False)), SEQUENCE),
    "depth": (One(StochasticDepth(0.7)), IMAGE),
    "depth by row": (One(StochasticDepth(0.7, "row", rescale=True)), IMAGE),
    "swapout": (Two(Swapout(0.5, 0.8)), IMAGE),
    "join": (Three(Join(0.15)), IMAGE),
    "join by row": (Two(Join(0.15, mode="row")), SEQUENCE),
    "fractal": (Fractal(), IMAGE),
    "sequence": (One(SequenceOutput(nn.GRU(8, 3, batch_first=True))), SEQUENCE),
    "last": (One(LastState(nn.LSTM(8, 3, 2, bidirectional=True, batch_first=True))), SEQUENCE),
    "attend": (Three(Attend(causal=True, dropout=0.5, scale=2.0)), (4, 2, 7, 8)),
    "attend with masks": (Masked(Attend(causal=True, masks=("mask", "bias"))), (4, 2, 7, 7)),
}
RANDOM = {"attend", "depth", "depth by row", "swapout", "join", "join by row", "fractal"}
"""Only these are other networks in training; capturing the others in both modes would prove nothing more."""
CASES = pytest.mark.parametrize("name", NETWORKS)
CAPTURES = pytest.mark.parametrize(
    ("name", "training"),
    [(name, mode) for name in NETWORKS for mode in ((False, True) if name in RANDOM else (False,))],
)
MODES = pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])


def network(name: str, training: bool) -> tuple[nn.Module, torch.Tensor]:
    module, shape = NETWORKS[name]
    chance.seed(0)
    return copy.deepcopy(module).train(training), torch.randn(shape)


def same(one: Any, other: Any, x: torch.Tensor) -> bool:
    """Return whether two modules give the same with the same random numbers."""
    results = []
    for module in (one, other):
        chance.seed(1)
        results.append(module(x))
    return torch.allclose(*results, atol=1e-6)


# tools


@CASES
@MODES
def test_fx_traces_it(name: str, training: bool) -> None:
    module, x = network(name, training)
    assert same(torch.fx.symbolic_trace(module), module, x)


@pytest.mark.filterwarnings("ignore:The tensor attributes .*_flat_weights")  # torch says that of its own nn.LSTM
@pytest.mark.slow
@CAPTURES
def test_export_takes_it_with_any_batch(name: str, training: bool) -> None:
    module, x = network(name, training)
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("batch", min=2, max=64)},))
    assert exported.module()(torch.cat([x, x])).shape[0] == 2 * x.shape[0]
    assert training or same(exported.module(), module, x)


@pytest.mark.slow
@CAPTURES
def test_compile_takes_it_in_one_graph(name: str, training: bool) -> None:
    module, x = network(name, training)
    torch._dynamo.reset()
    with torch._dynamo.config.patch(allow_rnn=True):  # without it torch refuses its own nn.LSTM
        assert same(torch.compile(module, fullgraph=True, backend="eager"), module, x)


@CASES
def test_copies_are_the_same(name: str) -> None:
    module, x = network(name, training=True)
    assert same(pickle.loads(pickle.dumps(module)), module, x)
    assert same(copy.deepcopy(module), module, x)


@CASES
@MODES
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_dtype_stays(name: str, training: bool, dtype: torch.dtype) -> None:
    module, x = network(name, training)
    result = module.to(dtype)(x.to(dtype))
    assert result.dtype == dtype and result.isfinite().all()


@CASES
@MODES
def test_gradient_reaches_input_and_weights(name: str, training: bool) -> None:
    module, x = network(name, training)
    result = module(x.requires_grad_())
    (result * torch.randn_like(result)).sum().backward()
    assert all(each.grad is not None and each.grad.isfinite().all() for each in (x, *module.parameters()))


@pytest.mark.parametrize("name", [name for name, (_, shape) in NETWORKS.items() if shape == IMAGE])
@MODES
def test_channels_last_stays(name: str, training: bool) -> None:
    module, x = network(name, training)
    last = x.contiguous(memory_format=torch.channels_last)
    result = module.to(memory_format=torch.channels_last)(last)
    assert result.is_contiguous(memory_format=torch.channels_last)
    assert (name == "swapout" and training) or same(module, lambda last: module(last.contiguous()), last)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@CASES
@MODES
def test_gpu_takes_it(name: str, training: bool) -> None:
    module, x = network(name, training)
    assert module.cuda()(x.cuda()).is_cuda


# binary convolution


def test_binary_filters_have_two_values() -> None:
    chance.seed(0)
    weight = torch.randn(8, 6, 3, 3)
    weight[0, 0, 0, 0] = 0.0
    binary = binarize(weight, (1, 2, 3))
    for row, rounded in zip(weight, binary, strict=True):
        scale = row.abs().mean()
        assert set(rounded.unique().tolist()) == {-scale.item(), scale.item()}
        assert torch.equal(rounded > 0, row >= 0)


def test_binary_gradient_goes_straight_through() -> None:
    layer = BinaryConv2d(6, 4, 3, stride=2, padding=1)
    x = torch.randn(2, 6, 7, 7)
    rounded = binarize(layer.weight, (1, 2, 3)).detach().requires_grad_()
    expected = F.conv2d(x, rounded, layer.bias, stride=2, padding=1)
    result = layer(x)
    assert torch.equal(result, expected)
    (result**2).sum().backward()
    (expected**2).sum().backward()
    assert torch.equal(layer.weight.grad, rounded.grad)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_binary_convolution_loads_what_a_convolution_saved(rank: int) -> None:
    plain = getattr(nn, f"Conv{rank}d")(4, 6, 3)
    binary = getattr(import_module("netspec.targets.torch.layers.binary_convolution"), f"BinaryConv{rank}d")(4, 6, 3)
    binary.load_state_dict(plain.state_dict())
    axes = tuple(range(1, rank + 2))
    x = torch.randn(2, 4, *[5] * rank)
    plain.weight.data = torch.where(plain.weight >= 0, 1, -1) * plain.weight.abs().mean(axes, keepdim=True)
    assert torch.allclose(binary(x), plain(x), atol=1e-6)


# chance

DRAWS = 4000


def is_near(share: float, expected: float, draws: int = DRAWS) -> bool:
    """Return whether a share of many draws is within five standard deviations of what is expected."""
    return abs(share - expected) <= 5 * max(expected * (1 - expected) / draws, 1e-12) ** 0.5


@pytest.mark.parametrize("rescale", [False, True])
def test_stochastic_depth_keeps_whole_rows(rescale: bool) -> None:
    chance.seed(0)
    x = torch.randn(DRAWS, 2, 3)
    layer = StochasticDepth(0.7, "row", rescale)
    y = layer(x)
    kept = (y != 0).flatten(1)
    assert torch.equal(kept.all(1), kept.any(1))
    assert is_near(kept.all(1).double().mean().item(), 0.7)
    assert torch.allclose(y[kept.all(1)], x[kept.all(1)] / (0.7 if rescale else 1.0))
    assert torch.allclose(layer.eval()(x), x * (1.0 if rescale else 0.7))


def test_stochastic_depth_keeps_whole_batches() -> None:
    chance.seed(0)
    x = torch.randn(3, 2).abs() + 1
    layer = StochasticDepth(0.3)
    results = [layer(x) for _ in range(DRAWS)]
    assert all(torch.equal(y, x) or not y.any() for y in results)
    assert is_near(sum(bool(y.any()) for y in results) / DRAWS, 0.3)
    assert torch.equal(StochasticDepth(1.0)(x), x)


def test_swapout_decides_for_each_element() -> None:
    chance.seed(0)
    layer = Swapout(keep_skip=0.9, keep_branch=0.4)
    y = layer(torch.full((DRAWS,), 1.0), torch.full((DRAWS,), 2.0))
    for value, expected in ((0.0, 0.1 * 0.6), (1.0, 0.9 * 0.6), (2.0, 0.1 * 0.4), (3.0, 0.9 * 0.4)):
        assert is_near((y == value).double().mean().item(), expected)
    assert torch.allclose(layer.eval()(torch.ones(1), torch.full((1,), 2.0)), torch.tensor(0.9 * 1 + 0.4 * 2))


def joined(join: Join, column: torch.Tensor | None = None, examples: int = DRAWS) -> torch.Tensor:
    """Return the join of three operands, whose mean tells which of them survived."""
    operands = [torch.full((examples, 2), value) for value in (1.0, 10.0, 100.0)]
    return join(*operands, *(() if column is None else (column,)))


MEANS = {
    survivors: sum(survivors) / len(survivors)
    for count in (1, 2, 3)
    for survivors in combinations((1.0, 10.0, 100.0), count)
}


@pytest.mark.parametrize("drop", [0.0, 0.15, 0.5, 1.0])
def test_join_takes_the_mean_of_what_survives(drop: float) -> None:
    chance.seed(0)
    result = joined(Join(drop, mode="row"))
    assert torch.equal(result[:, 0], result[:, 1])
    for survivors, mean in MEANS.items():
        expected = (1 - drop) ** len(survivors) * drop ** (3 - len(survivors))
        if len(survivors) == 1:
            expected += drop**3 / 3
        assert is_near(torch.isclose(result[:, 0], torch.tensor(mean)).double().mean().item(), expected), survivors


def test_join_samples_one_mask_per_batch() -> None:
    chance.seed(0)
    results = [joined(Join(0.5), examples=3) for _ in range(50)]
    assert all(torch.equal(result, result[:1].expand(3, 2)) for result in results)
    assert len({result[0, 0].item() for result in results}) > 4


def test_join_follows_the_column() -> None:
    chance.seed(0)
    column = torch.tensor([0.0, 1.0, 2.0, 3.0, -1.0])
    result = joined(Join(0.0, mode="row", column=True), column, examples=5)
    assert result[:, 0].tolist() == pytest.approx([100.0, 10.0, 1.0, 37.0, 37.0])
    assert joined(Join(0.9, column=True).eval(), column, examples=5)[:, 0].tolist() == [37.0] * 5


@pytest.mark.parametrize(("columns", "p"), [(4, 0.5), (3, 1.0), (1, 0.25)])
def test_columns_are_drawn_evenly(columns: int, p: float) -> None:
    chance.seed(0)
    layer = DrawColumn(columns, p, mode="row")
    drawn = layer(torch.zeros(DRAWS, 3))
    for value in range(-1, columns):
        expected = p / columns if value >= 0 else 1 - p
        assert is_near((drawn == value).double().mean().item(), expected)
    assert drawn.shape == (DRAWS,) and set(drawn.tolist()) <= set(range(-1, columns))
    assert layer.eval()(torch.zeros(3, 2)).tolist() == [-1.0] * 3


def test_a_batch_is_one_column() -> None:
    chance.seed(0)
    draws = [DrawColumn(4)(torch.zeros(3, 2)).tolist() for _ in range(100)]
    assert all(len(set(draw)) == 1 for draw in draws)
    assert {draw[0] for draw in draws} == {-1.0, 0.0, 1.0, 2.0, 3.0}


# sequences


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_last_state_is_where_each_direction_ends(kind: type[nn.LSTM]) -> None:
    layer = kind(4, 3, 2, bidirectional=True, batch_first=True)
    x = torch.randn(2, 6, 4)
    outputs = SequenceOutput(layer)(x)
    expected = torch.cat([outputs[:, -1, :3], outputs[:, 0, 3:]], 1)
    assert torch.allclose(LastState(layer)(x), expected)
    single = kind(4, 3, batch_first=True)
    assert torch.allclose(LastState(single)(x), SequenceOutput(single)(x)[:, -1])


def test_channel_affine_acts_on_channels() -> None:
    layer = ChannelAffine(2, axes=2)
    x = torch.randn(3, 2, 4, 4)
    assert torch.equal(layer(x), x)
    layer.weight.data, layer.bias.data = torch.tensor([2.0, 3.0]), torch.tensor([0.5, -1.0])
    assert torch.allclose(layer(x), torch.stack([x[:, 0] * 2 + 0.5, x[:, 1] * 3 - 1], 1))


# files


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_can_be_pasted_after_the_three_imports(path: Path) -> None:
    tree = ast.parse(path.read_text())
    allowed = {"import torch", "from torch import nn", "from torch.nn import functional as F"}
    docstring, *statements = tree.body
    assert isinstance(docstring, ast.Expr)
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            assert ast.unparse(statement) in allowed
        else:
            assert isinstance(statement, (ast.ClassDef, ast.FunctionDef)), ast.unparse(statement)


def test_every_layer_is_used_and_named_once() -> None:
    templates: dict[str, str] = {}
    for op in OPS.values():
        for sample in op.samples:
            text = op(**sample.arguments).emit_module(*sample.inputs)
            if text and text.layer:
                templates[text.template.partition("(")[0]] = text.layer
    classes = {
        statement.name: path.stem
        for path in FILES
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.ClassDef)
    }
    rankless = {"BinaryConv1d": "binary_convolution", "BinaryConv3d": "binary_convolution"}
    assert templates | rankless == classes
