"""Every network with an independent implementation equals it: one structure, and one output for the same weights.

The implementations are named in the documents, under ``reference:``. Those of pytorchcv are compared by ``make test``,
those of torchvision and timm, which need an environment of their own, by ``make parity``. Those of transformers, which
trace otherwise, are compared in test_transformers.py.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import yaml
from torch import nn

import netspec
from docs.proofs import UNTRACED
from netspec.ir import Graph
from netspec.language import load
from netspec.language.loading.files import shipped_names
from netspec.targets.torch.runtime import build_module
from tests.support.matcher import Mismatch, assert_equal_networks, match, trace

SMALL = 64
"""The side of the images where a network takes any: numbers are compared for less work, the structure is the same."""


class Reference(NamedTuple):
    """An independent implementation: the library, its constructor and the constructor's arguments."""

    network: str
    library: str
    constructor: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.network}-{self.library}"


DOCUMENTS = {network: load(network) for network in shipped_names()}
NAMED = {network: document.reference for network, document in DOCUMENTS.items()}
"""What each document says under ``reference:``."""


def references() -> Iterator[Reference]:
    """Yield all that the documents name."""
    for network, libraries in NAMED.items():
        for library, named in libraries.items():
            if library in ("keys", "transformers"):
                continue
            ((constructor, arguments),) = named.items() if isinstance(named, dict) else [(named, {})]
            yield Reference(network, library, constructor, dict(arguments))


SLOW = ("preresnet1001_cifar",)
APART = ("torchvision", "timm")
"""The libraries that are tied to another build of torch."""


def marks_of(reference: Reference) -> tuple[pytest.MarkDecorator, ...]:
    """Return what keeps a comparison out of `make test`: another library, or a network that takes long."""
    elsewhere = (pytest.mark.parity,) if reference.library in APART else ()
    return (*elsewhere, pytest.mark.full) if reference.network in SLOW else elsewhere


TRACED = [each for each in references() if each.network not in UNTRACED]
REFERENCES = [pytest.param(each, id=str(each), marks=marks_of(each)) for each in TRACED]
LARGE = re.compile(
    r"polynet|inception_(resnet|v4)|vgg(11_bn|13|16|19)|zfnet_b|densenet(161|169|190|201|250|264)|preresnet1001"
    r"|dpn(98|107|131)|(preresnet|resnet)(152|200)|resnext(101_64x4d|29_16x64d)|efficientnet_b[4-7]"
)
"""Networks whose numbers take minutes on a small machine: `make parity` compares them, `make test` the structure."""

NUMBERS = [
    pytest.param(
        each, id=str(each), marks=pytest.mark.parity if each.library in APART or LARGE.match(each.network) else ()
    )
    for each in TRACED
]
KEYED = [name for name, libraries in NAMED.items() if libraries.get("keys") == "torchvision"]


def construct(reference: Reference) -> nn.Module:
    """Return the implementation without auxiliary outputs, which evaluation leaves out; skip without the library."""
    off = dict.fromkeys(reference.arguments.keys() & {"aux_logits", "aux_loss"}, False)
    arguments = {**reference.arguments, **off}
    make = {"pytorchcv": _pytorchcv, "torchvision": _torchvision, "timm": _timm}[reference.library]
    module: nn.Module = make(reference.constructor)(**arguments)
    return module.eval()


def _pytorchcv(name: str) -> Callable[..., nn.Module]:
    # The list of all models imports some that need torchvision, so the one file with this model is looked up.
    constructor: Callable[..., nn.Module] = getattr(importlib.import_module(f"pytorchcv.models.{_files()[name]}"), name)
    return constructor


@cache
def _files() -> dict[str, str]:
    package = importlib.util.find_spec("pytorchcv")
    if package is None or not package.submodule_search_locations:
        pytest.skip("pytorchcv is not installed")
    found: dict[str, str] = {}
    for path in sorted(Path(package.submodule_search_locations[0], "models").glob("*.py")):
        for name in re.findall(r"^(?:def|class) (\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(name, path.stem)
    return found


def _torchvision(name: str) -> Callable[..., nn.Module]:
    try:
        models = importlib.import_module("torchvision.models")
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"torchvision is not usable here: {error}")
    if hasattr(models.detection, name):
        return lambda **arguments: BeforeSelection(getattr(models.detection, name)(**arguments))
    places = (models, models.segmentation, models.video)
    constructor: Callable[..., nn.Module] = next(getattr(each, name) for each in places if hasattr(each, name))
    return constructor


class BeforeSelection(nn.Module):
    """What a detector of torchvision computes of an image, before it decodes and selects boxes."""

    def __init__(self, detector: Any) -> None:
        super().__init__()
        self.backbone, self.head = detector.backbone, detector.head

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.head(list(self.backbone(image).values()))
        return found["cls_logits"], found["bbox_regression"]


def _timm(name: str) -> Callable[..., nn.Module]:
    try:
        timm = importlib.import_module("timm")
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"timm is not usable here: {error}")
    return lambda **arguments: timm.create_model(name, pretrained=False, **arguments)


def compile_small(name: str, theirs: Callable[[], nn.Module]) -> Graph:
    """Return the network for small images where both structures take any size, else as the document says."""
    graph = netspec.compile(name)
    channels, *sides = graph.inputs[0].shape
    if len(sides) != 2 or sides[0] <= SMALL:
        return graph
    try:
        small = netspec.compile(name, overrides={"input": [channels, SMALL, SMALL]})
        with torch.device("meta"):
            theirs()(torch.zeros(1, channels, SMALL, SMALL))
    except (netspec.SpecError, RuntimeError, AssertionError):
        return graph
    same = small.params == graph.params and [node.op for node in small] == [node.op for node in graph]
    return small if same else graph


def for_any_size(module: nn.Module) -> nn.Module:
    """Let a last pooling over the whole map take any map, as ours does; the structure is compared without this."""
    features = getattr(module, "features", None)
    if isinstance(getattr(features, "final_pool", None), nn.AvgPool2d):
        features.final_pool = nn.AdaptiveAvgPool2d(1)  # type: ignore[union-attr]
    return module


def without_side_heads(module: nn.Module, graph: Graph) -> nn.Module:
    """Return the module without the members that only training uses."""
    for head in (output for output in graph.outputs if output.train_only):
        module.add_module(head.name, nn.Identity()) if hasattr(module, head.name) else None
        for name in [name for name, _ in module.named_children() if name == graph[head.node].scope.module]:
            setattr(module, name, nn.Identity())
    return module


def on_meta(reference: Reference) -> nn.Module:
    """Return the implementation without numbers."""
    try:
        with torch.device("meta"):
            return construct(reference)
    except NotImplementedError:
        return construct(reference).to("meta")  # torchvision's RegNet computes its widths by tensors


@pytest.mark.parametrize("reference", REFERENCES)
def test_structure_equals_the_reference(reference: Reference) -> None:
    graph = netspec.compile(reference.network)
    samples = torch.zeros(1, *graph.inputs[0].shape, device="meta")
    match(trace(build_module(graph, device="meta").eval(), samples), trace(on_meta(reference), samples))


@pytest.mark.parametrize("reference", NUMBERS)
def test_outputs_equal_the_reference(reference: Reference) -> None:
    graph = compile_small(reference.network, lambda: for_any_size(construct(reference)))
    small = graph.inputs[0].shape[-1] == SMALL
    theirs = for_any_size(construct(reference)) if small else construct(reference)
    # Constants have numbers, which are compared; weights get theirs afterwards.
    device = "cpu" if any(node.op.name == "constant" for node in graph) else "meta"
    ours = without_side_heads(build_module(graph, device=device), graph)
    assert_equal_networks(ours, theirs, graph.inputs[0].shape, batch=1)


SETTINGS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("settings.yaml").read_text(encoding="utf-8"))
"""Networks of pytorchcv that take another reading of a paper or another size: they are settings of ours."""


@pytest.mark.parametrize("row", SETTINGS, ids=[f"{row['network']}-{row['equals']}" for row in SETTINGS])
def test_other_readings_are_settings(row: dict[str, Any]) -> None:
    graph = netspec.compile(row["network"], overrides=row["settings"])
    samples = torch.zeros(1, *graph.inputs[0].shape, device="meta")
    with torch.device("meta"):
        theirs = construct(Reference(row["network"], "pytorchcv", row["equals"], {}))
    assert graph.params == sum(each.numel() for each in theirs.parameters())
    match(trace(build_module(graph, device="meta").eval(), samples), trace(theirs, samples))


@pytest.mark.parity
@pytest.mark.parametrize("name", KEYED)
def test_checkpoints_of_torchvision_load(name: str) -> None:
    (reference,) = (each for each in references() if (each.network, each.library) == (name, "torchvision"))
    theirs: nn.Module = _torchvision(reference.constructor)(**reference.arguments).eval()
    if hasattr(theirs, "transform_input"):
        theirs.transform_input = False
    graph = compile_small(name, lambda: construct(reference))
    ours = build_module(graph, device="cpu")
    # Positions that follow from sizes are computed in ours, and no part of its state.
    state = {key: value for key, value in theirs.state_dict().items() if not key.endswith("relative_position_index")}
    assert ours.state_dict().keys() == state.keys()
    ours.load_state_dict(state, strict=True)
    image = torch.randn(1, *graph.inputs[0].shape)
    with torch.no_grad():
        expected = theirs(image)
        expected = expected["out"] if isinstance(expected, dict) else expected
        torch.testing.assert_close(ours.eval()(image), expected, rtol=1e-4, atol=1e-5)


PUBLISHED = [name for name, each in DOCUMENTS.items() if each.published.get("source", "").startswith("torchvision")]


@pytest.mark.parity
@pytest.mark.parametrize("name", PUBLISHED)
def test_accuracy_of_torchvision_is_that_of_its_weights(name: str) -> None:
    """To the last digit that the document gives: torchvision keeps the figures beside the files."""
    (reference,) = (each for each in references() if (each.network, each.library) == (name, "torchvision"))
    weights = importlib.import_module("torchvision.models").get_model_weights(reference.constructor)["IMAGENET1K_V1"]
    measured, side = weights.meta["_metrics"]["ImageNet-1K"], weights.transforms.keywords["crop_size"]
    assert DOCUMENTS[name].published == {
        "dataset": "ImageNet",
        "top1": round(measured["acc@1"], 2),
        "top5": round(measured["acc@5"], 2),
        "source": f"torchvision's IMAGENET1K_V1, one crop of {side}x{side}",
    }


HEADS = {"output": "logits", "aux1": "aux_logits1", "aux2": "aux_logits2", "AuxLogits": "aux_logits"}
"""Our names of outputs that exist in training only, and torchvision's."""


@pytest.mark.parity
@pytest.mark.parametrize("name", ["googlenet_bn", "inception_v3"])
def test_side_heads_equal_torchvisions(name: str) -> None:
    (reference,) = (each for each in references() if (each.network, each.library) == (name, "torchvision"))
    theirs: nn.Module = _torchvision(reference.constructor)(**reference.arguments).eval()
    ours = build_module(graph := netspec.compile(name), device="cpu").eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    # Only the networks themselves are in training, so that they give all outputs; nothing in them leaves to chance.
    ours.training = theirs.training = True
    image = torch.randn(1, *graph.inputs[0].shape)
    with torch.no_grad():
        found, expected = ours(image)._asdict(), theirs(image)._asdict()
    assert {HEADS[key] for key in found} == expected.keys()
    for key, value in found.items():
        torch.testing.assert_close(value, expected[HEADS[key]], rtol=1e-4, atol=1e-5)


# the oracle notices what is planted into a document

PLANTED = {
    "a stride": ("resnet18", "stride: 2, padding: 3", "stride: 1, padding: 3"),
    "an eps": ("resnet18", "defaults: {conv: {bias: false}}", "defaults: {conv: {bias: false}, bn: {eps: 0.001}}"),
    "a pooling's padding": ("resnet18", "pool_padding: 1 ", "pool_padding: 0 "),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_difference_is_noticed(what: str, tmp_path: Path) -> None:
    name, written, planted = PLANTED[what]
    family = Path(load(name).network.span.file).read_text(encoding="utf-8")
    assert written in family
    path = tmp_path / "planted.yaml"
    path.write_text(re.sub(r"expect: \[.*\]", "", family.replace(written, planted)), encoding="utf-8")
    graph = netspec.compile(path, overrides={"input": [3, SMALL, SMALL]})
    (reference,) = (each for each in references() if (each.network, each.library) == (name, "pytorchcv"))
    with pytest.raises(Mismatch):
        assert_equal_networks(
            build_module(graph, device="meta"), for_any_size(construct(reference)), graph.inputs[0].shape
        )


def test_swapped_branches_are_noticed(tmp_path: Path) -> None:
    block = (Path(netspec.__file__).parent / "blocks" / "fire.yaml").read_text(encoding="utf-8")
    left, right = re.findall(r"^ +- \[.*\]$", block, re.MULTILINE)[-2:]
    swapped = block.replace(left, "@").replace(right, left).replace("@", right)
    path = tmp_path / "planted.yaml"
    path.write_text(f"netspec: 1\nname: planted\nextends: squeezenet1_0\n{swapped.removeprefix('netspec: 1')}")
    graph = netspec.compile(path)
    (reference,) = (each for each in references() if (each.network, each.library) == ("squeezenet1_0", "pytorchcv"))
    with pytest.raises(Mismatch):
        assert_equal_networks(build_module(graph, device="meta"), construct(reference), graph.inputs[0].shape)
