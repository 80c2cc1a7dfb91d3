"""The matcher on published networks: renamed, with one change, and against torchvision."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.support.formulas import graph
from tests.support.matcher import Correspondence, Mismatch, assert_equal_networks, match


def renamed(module: nn.Module) -> dict[str, str]:
    """Rename the parts of every chain and declare all other parts in reverse order; old parameter names -> new."""
    old = {id(parameter): name for name, parameter in module.named_parameters()}
    for part in module.modules():
        children = list(part._modules.items())
        part._modules.clear()
        if isinstance(part, nn.Sequential):
            part._modules.update((f"part{index}", child) for index, (_, child) in enumerate(children))  # type: ignore[misc]
        else:
            part._modules.update(reversed(children))
    return {old[id(parameter)]: name for name, parameter in module.named_parameters()}


def published(family: str, name: str) -> nn.Module:
    """From the module of the family: the package's own list of models needs torchvision."""
    models = pytest.importorskip(f"pytorchcv.models.{family}")
    return getattr(models, name)().eval()  # type: ignore[no-any-return]


def match_renamed(family: str, name: str, size: int) -> tuple[Correspondence, dict[str, str]]:
    reference = published(family, name)
    ours = copy.deepcopy(reference)
    names = renamed(ours)
    return match(graph(ours, (3, size, size)), graph(reference, (3, size, size))), names


@pytest.mark.parametrize(
    ("family", "name", "size"),
    [
        ("resnet", "resnet18", 224),
        ("densenet", "densenet201", 224),
        ("shufflenet", "shufflenet_g3_w1", 224),
        ("shufflenetv2", "shufflenetv2_w1", 224),
        ("bninception", "bninception", 224),
        ("senet", "senet16", 224),
        ("fractalnet_cifar", "fractalnet_cifar10", 32),
    ],
)
def test_a_renamed_network_is_itself(family: str, name: str, size: int) -> None:
    correspondence, names = match_renamed(family, name, size)
    assert correspondence.parameters == names


def after(layer: nn.Module, change: Callable[[Tensor], Tensor]) -> None:
    layer.register_forward_hook(lambda _, __, output: change(output))


CHANGES: list[tuple[str, type[nn.Module], Callable[[Any], Any], str]] = [
    ("eps", nn.BatchNorm2d, lambda norm: setattr(norm, "eps", 1e-3), "eps 0.001, 1e-05"),
    ("relu", nn.BatchNorm2d, lambda norm: after(norm, torch.relu), "operation clamp, batch_norm"),
    ("ceiling", nn.ReLU, lambda relu: after(relu, lambda x: x.clamp(max=6)), "high 6, inf"),
    ("scalar", nn.ReLU, lambda relu: after(relu, lambda x: x + 0.01), "operation sum"),
    ("dilation", nn.Conv2d, lambda conv: vars(conv).update(dilation=(2, 2), padding=(2, 2)), "dilation"),
]


@pytest.mark.parametrize(("kind", "change", "message"), [pytest.param(*c[1:], id=c[0]) for c in CHANGES])
@pytest.mark.parametrize(("family", "name"), [("resnet", "resnet18"), ("shufflenet", "shufflenet_g3_w1")])
def test_one_change_in_a_published_network(
    family: str, name: str, kind: type[nn.Module], change: Callable[[Any], Any], message: str
) -> None:
    ours, reference = published(family, name), published(family, name)
    parts = [part for part in ours.modules() if isinstance(part, kind)]
    change(next(part for part in parts[2:] if getattr(part, "kernel_size", (3, 3)) == (3, 3)))
    with pytest.raises(Mismatch, match=message):
        match(graph(ours, (3, 224, 224)), graph(reference, (3, 224, 224)))


def test_numbers_of_a_published_network() -> None:
    ours, reference = published("resnet", "resnet18"), published("resnet", "resnet18")
    renamed(ours)
    assert_equal_networks(ours, reference, (3, 224, 224), batch=1)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("theirs", "family", "name", "size"),
    [
        ("resnet18", "resnet", "resnet18", 224),
        ("densenet121", "densenet", "densenet121", 224),
        ("squeezenet1_1", "squeezenet", "squeezenet_v1_1", 224),
        ("googlenet", None, "googlenet", 224),
    ],
)
def test_against_torchvision(theirs: str, family: str | None, name: str, size: int) -> None:
    """Needs a torchvision built for this torch; a plain environment has none."""
    models = pytest.importorskip("torchvision.models", exc_type=Exception)  # type: ignore[arg-type]
    options = {"aux_logits": False, "init_weights": False} if theirs == "googlenet" else {}
    reference = models.get_model(theirs, **options)
    ours = published(family, name) if family else models.get_model(name, **options)
    assert_equal_networks(ours, reference, (3, size, size))
