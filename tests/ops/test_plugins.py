"""Ops of others: named on the command line or registered by an installed package, never loaded by a document."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from netspec.analysis import measure, receptive_fields
from netspec.cli import run
from netspec.diagnostics import SpecError
from netspec.ir import Graph
from netspec.ops import OPS, PluginError, load_plugin
from netspec.ops.plugins import GROUP, load_installed
from netspec.pipeline import compile_graph
from netspec.targets.torch import emit_torch
from netspec.targets.torch.runtime import build_module
from netspec.views.diagram.folding import fold
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples"
OP = str(EXAMPLES / "gated_op.py")

TWICE = """\
from netspec.ops import Argument, Op, Sample, Torch

class Twice(Op, name="twice"):
    family = "activation"
    samples = (Sample({}, ((4,),)),)

    def infer_shape(self, *shapes):
        return shapes[0]

    def count_macs(self, *shapes):
        return 0

    def emit_function(self, *shapes):
        return Torch("{0} * 2")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgotten_ops: None) -> Path:
    """Run in a folder of its own, and forget afterwards what was registered."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_the_ops_of_a_file_are_built_and_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["build", str(EXAMPLES / "gated.yaml"), "--plugin", OP, "--out", ".", "--device", "cpu", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert (code, record["params"], record["compared"]) == (0, 5466, 9)
    source = (folder / "gated" / "gated.py").read_text(encoding="utf-8")
    assert "class ChannelGate(nn.Module):" in source and "F.relu(x - 0.1).square()" in source
    assert "netspec" not in source.partition('"""\n\nimport torch')[2].rpartition("\n# ")[0]


@pytest.mark.parametrize("command", [["ops", "channel_gate"], ["schema"], ["summary", str(EXAMPLES / "gated.yaml")]])
def test_every_command_takes_them(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--plugin", OP]) == 0
    assert "channel_gate" in capsys.readouterr().out.replace("unit ", "channel_gate")


@pytest.mark.slow
@torch.no_grad()
def test_ten_crops_are_the_corners_the_middle_and_their_mirror_images() -> None:
    network = build_module(compile_graph(EXAMPLES / "ten_crop.yaml"), device="cpu", seed=0).eval()
    single = build_module(compile_graph("resnet20_cifar"), device="cpu", seed=1).eval()
    single.load_state_dict(dict(zip(single.state_dict(), network.state_dict().values(), strict=True)))
    image = torch.randn(2, 3, 40, 40)
    corners = [(0, 0), (0, 8), (8, 0), (8, 8), (4, 4)]
    crops = [image[:, :, top : top + 32, left : left + 32] for top, left in corners]
    scores = [F.softmax(single(crop), 1) for square in crops for crop in (square, square.flip(-1))]
    assert torch.allclose(network(image), torch.stack(scores).mean(0), atol=1e-6)


def test_a_module_beside_the_document_is_found_by_name(folder: Path) -> None:
    (folder / "my_ops.py").write_text(TWICE, encoding="utf-8")
    (folder / "net.yaml").write_text("netspec: 1\ninput: [4]\nnetwork: [twice]\n", encoding="utf-8")
    with pytest.raises(SpecError):
        compile_graph("net.yaml")
    load_plugin("my_ops")
    load_plugin("my_ops")  # twice is as good as once
    assert [node.op.name for node in compile_graph("net.yaml")] == ["twice"]


def test_a_document_alone_loads_nothing(folder: Path) -> None:
    (folder / "my_ops.py").write_text("raise SystemExit('loaded')", encoding="utf-8")
    for text in (
        "netspec: 1\ninput: [4]\nnetwork: [my_ops]\n",
        "netspec: 1\nplugin: my_ops\ninput: [4]\nnetwork: [relu]\n",
        "netspec: 1\nimport: [my_ops.py]\ninput: [4]\nnetwork: [relu]\n",
    ):
        (folder / "net.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(SpecError):
            compile_graph("net.yaml")


INVALID = {
    "no such module": (None, "No module named"),
    "not Python": ("class", "invalid syntax"),
    "a name that is taken": (TWICE.replace("twice", "relu"), "two ops are called 'relu'"),
    "a name that is no word": (TWICE.replace('"twice"', '"Two-Times"'), "lowercase word"),
    "no family": (TWICE.replace('    family = "activation"\n', ""), "needs a `family`"),
    "no samples": (TWICE.replace("    samples = (Sample({}, ((4,),)),)\n", ""), "needs `samples`"),
    "a sample that is refused": (
        TWICE.replace("return shapes[0]", "raise ShapeError('no')").replace("Torch\n", "ShapeError, Torch\n"),
        "refuses its own sample: no",
    ),
    "no text": (TWICE.replace("emit_function", "emit"), "needs `emit_module` or `emit_function`"),
    "no cost": (TWICE.replace("count_macs", "count"), "abstract"),
    "weights without a module": (
        TWICE + "    def list_parameters(self, *shapes):\n        return {'weight': shapes[0]}\n",
        "so it needs `emit_module`",
    ),
}


@pytest.mark.parametrize("what", INVALID)
def test_an_invalid_module_is_refused_by_name(what: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, reason = INVALID[what]
    if text is not None:
        (folder / "my_invalid.py").write_text(text, encoding="utf-8")
    with pytest.raises(PluginError, match=reason):
        load_plugin("my_invalid")
    sys.modules.pop("my_invalid", None)
    assert run(["ops", "--plugin", "my_invalid.py" if text else "my_invalid"]) == 2
    assert "my_invalid" in capsys.readouterr().err


def install(folder: Path, module: str, text: str) -> None:
    """Lay out a package as an installer leaves it."""
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    record = folder / f"{module}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", encoding="utf-8")
    (record / "entry_points.txt").write_text(f"[{GROUP}]\nops = {module}\n", encoding="utf-8")


def test_an_installed_package_brings_its_ops(folder: Path) -> None:
    install(folder, "my_package", TWICE)
    (folder / "net.yaml").write_text("netspec: 1\ninput: [4]\nnetwork: [twice]\n", encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "netspec", "check", "net.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ok  net.yaml  0 params  0 MACs\n    input 4; output 4\n"), done.stderr


def test_a_broken_package_is_left_out_with_a_warning(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(folder, "my_broken", TWICE + "1 / 0\n")
    monkeypatch.syspath_prepend(folder)
    with pytest.warns(RuntimeWarning, match="the ops of my_broken are left out: division by zero"):
        load_installed()
    assert "twice" not in OPS


def test_the_example_is_documented_like_an_op_that_ships() -> None:
    spec = importlib.util.spec_from_file_location("my_gated", OP)
    assert spec and spec.loader
    load_plugin(OP)
    for name in ("squared_relu", "channel_gate"):
        text = OPS[name].__doc__ or ""
        assert all(f"{section}:" in text for section in ("Shape", "Cost", "Example", "Source"))


# what the compiler knows about an op, it knows from the op

DILATE = """\
from pydantic import Field

from netspec.ops import SAME, Argument, Op, Sample, Torch
from netspec.ops.fields import Padding, PerAxis, Positive
from netspec.ops.windows import SlidingWindow

class Dilate(Op, name="dilate"):
    family = "convolution"
    counts_as_layer = True
    channel_fields = frozenset({"lanes"})
    padding_identity = "lowest"
    samples = (Sample({"kernel": 3, "padding": 1}, ((2, 5, 5),)),)

    kernel: PerAxis = Field(description="Size of the window.")
    padding: Padding = Field(0, description="Elements that never win.")
    lanes: Positive = Field(1, description="Follows the channels.")

    @property
    def window(self):
        return SlidingWindow(self.kernel, padding=self.padding)

    def infer_shape(self, *shapes):
        return (shapes[0][0], *self.window.sizes("dilate", shapes[0]))

    def count_macs(self, *shapes):
        return 0

    def padding_around(self, shape):
        return self.window.pairs(shape)

    def receptive_windows(self, *shapes):
        return ((SAME, *self.window.reads(shapes[0])),)

    def emit_module(self, *shapes):
        padding = self.window.torch_padding(shapes[0])
        return Torch("nn.MaxPool2d({arguments}, stride=1)", (
            Argument("kernel_size", self.kernel, positional=True), Argument("padding", padding, 0)))
"""

DILATED = """\
netspec: 1
name: dilated
input: [2, 6, 6]
blocks:
  step:
    args: {lanes: int}
    body: [{dilate: {kernel: 3, padding: 1, lanes: lanes}}, tanh, {dilate: {kernel: 1}}, tanh]
network:
  - foreach: {lanes: [1, 2, 3]}
    body: [{step: {lanes: lanes}}]
  - dilate: {kernel: 3, padding: [[2, 0], [0, 2]]}
"""


@pytest.fixture
def dilated(folder: Path) -> Graph:
    (folder / "my_dilate.py").write_text(DILATE, encoding="utf-8")
    (folder / "dilated.yaml").write_text(DILATED, encoding="utf-8")
    load_plugin("my_dilate")
    return compile_graph("dilated.yaml")


def test_the_layers_of_others_count_towards_the_depth(dilated: Graph) -> None:
    assert measure(dilated).depth == 7


def test_blocks_that_differ_in_what_follows_the_channels_are_drawn_as_one(dilated: Graph) -> None:
    assert max(box.times for box in fold(dilated).boxes) == 3


def test_padding_of_the_ops_of_others_is_written_out_with_what_never_counts(dilated: Graph) -> None:
    x = y = -1 - torch.rand(1, 2, 6, 6)
    for _ in range(3):
        y = F.max_pool2d(y, 3, 1, 1).tanh().tanh()
    y = F.max_pool2d(F.pad(y, (0, 2, 2, 0), value=-torch.inf), 3, 1)
    assert torch.equal(build_module(dilated, device="cpu")(x), y)


def test_the_receptive_field_of_the_ops_of_others_is_followed(dilated: Graph) -> None:
    assert receptive_fields(dilated)[dilated.outputs[0].node] == (9, 9)


STRETCH = """\
from pathlib import Path

from pydantic import Field

from netspec.ops import Argument, Op, Sample, Torch

class Stretch(Op, name="stretch"):
    family = "linear"
    primary = "to"
    samples = (Sample({"to": 6}, ((4, 3),)),)
    to: int = Field(description="Channels that leave.")

    def infer_shape(self, *shapes):
        return (self.to, *shapes[0][1:])

    def list_parameters(self, *shapes):
        return {"weight": (self.to, shapes[0][0])}

    def count_macs(self, *shapes):
        return 0

    def emit_module(self, *shapes):
        return Torch("Stretch({arguments})", layer=str(Path(__file__).with_name("my_layer.py")), arguments=(
            Argument("wide", shapes[0][0], positional=True, counts="in_channels"),
            Argument("deep", self.to, positional=True, field="to", counts="channels")))
"""

LAYER = """\
import torch
from torch import nn


class Stretch(nn.Module):
    def __init__(self, wide: int, deep: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(deep, wide))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("oc,bc...->bo...", self.weight, x)
"""

STRETCHED = """\
netspec: 1
input: [4, 3]
blocks:
  twice: {body: [{stretch: "2 * x.channels"}, relu, {stretch: x.channels}]}
network: [{twice: {}}, {twice: {}}, {twice: {}}]
"""


def test_channels_of_the_ops_of_others_follow_from_one_another(folder: Path) -> None:
    (folder / "my_stretch.py").write_text(STRETCH, encoding="utf-8")
    (folder / "my_layer.py").write_text(LAYER, encoding="utf-8")
    (folder / "stretched.yaml").write_text(STRETCHED, encoding="utf-8")
    load_plugin("my_stretch")
    source = emit_torch(compile_graph("stretched.yaml"))
    assert "def __init__(self, in_channels: int) -> None:" in source
    assert "Stretch(in_channels, 2 * in_channels)" in source
    assert "Stretch(2 * in_channels, 2 * in_channels)" in source
