"""Networks of transformers: its keys, its number of parameters, and its outputs with its weights.

Its models are built from a configuration, without weights that somebody trained.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

import netspec
from netspec.language import load
from netspec.language.loading.files import shipped_names
from netspec.targets.torch.runtime import build_module, example_inputs
from tests.support import chance

ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("transformers.yaml").read_text(encoding="utf-8"))
NAMED = {
    name: load(name).reference["transformers"] for name in shipped_names() if "transformers" in load(name).reference
}
"""What each document says of transformers: a constructor, alone or with its configuration."""

CASES = pytest.mark.parametrize("row", ROWS, ids=[row["network"] for row in ROWS])


def model(network: str, config: dict[str, Any] | None = None) -> nn.Module:
    """Return the model with the configuration that the document names, or another one."""
    transformers = pytest.importorskip("transformers")
    named = NAMED[network]
    ((constructor, arguments),) = named.items() if isinstance(named, dict) else [(named, {})]
    made = getattr(transformers, constructor)
    module: nn.Module = made(made.config_class(**{**arguments, **(config or {})}, use_cache=False)).eval()
    return module


def own_state(module: nn.Module) -> dict[str, Tensor]:
    """Return the state of a module in which weights that are tied have the name of the first.

    The counts of batches are left out, which a frozen norm does not have.
    """
    known: dict[int, str] = {}
    state = module.state_dict(keep_vars=True)
    own = {key: value.detach() for key, value in state.items() if known.setdefault(id(value), key) == key}
    return {key: value for key, value in own.items() if not key.endswith("num_batches_tracked")}


def renamed_state(module: nn.Module, network: str) -> dict[str, Tensor]:
    """Return the state of a module of transformers under our names."""
    rename = RENAMED.get(network, str)
    return {rename(key): value for key, value in own_state(module).items()}


def detr_key(key: str) -> str:
    """Return our name of a weight of DETR, whose backbone has the names of torchvision's ResNet."""
    for pattern, name in DETR_KEYS.items():
        match = re.fullmatch(pattern, key)
        if match:
            return name(*match.groups())
    key = key.removeprefix("model.").replace("decoder.layernorm", "layernorm").replace("coder.layers.", "coder.")
    return ".".join(DETR_PARTS.get(part, part) for part in key.split("."))


DETR_PARTS = {
    "self_attn": "attn",
    "self_attn_layer_norm": "norm1",
    "encoder_attn": "cross",
    "encoder_attn_layer_norm": "norm_cross",
    "final_layer_norm": "norm2",
    "o_proj": "out_proj",
}
UNIT = {"convolution": "conv", "normalization": "bn"}
DETR_KEYS: dict[str, Callable[..., str]] = {
    r"model\.backbone\.model\.embedder\.embedder\.(\w+)\.(\w+)": lambda kind, name: f"backbone.{UNIT[kind]}1.{name}",
    r".*\.stages\.(\d)\.layers\.(\d)\.shortcut\.(\w+)\.(\w+)": lambda stage, layer, kind, name: (
        f"backbone.layer{int(stage) + 1}.{layer}.downsample.{list(UNIT).index(kind)}.{name}"
    ),
    r".*\.stages\.(\d)\.layers\.(\d)\.layer\.(\d)\.(\w+)\.(\w+)": lambda stage, layer, place, kind, name: (
        f"backbone.layer{int(stage) + 1}.{layer}.{UNIT[kind]}{int(place) + 1}.{name}"
    ),
    r"bbox_predictor\.layers\.(\d)\.(\w+)": lambda place, name: f"bbox_predictor.{2 * int(place)}.{name}",
    r"model\.query_position_embeddings\.weight": lambda: "query_positions",
}
RENAMED = {"detr_resnet50": detr_key}
"""Networks that have other keys than transformers': how those are called here."""


def test_every_network_is_compared() -> None:
    assert sorted(row["network"] for row in ROWS) == sorted(NAMED)
    assert {name for name in NAMED if load(name).reference.get("keys") != "transformers"} == RENAMED.keys()


@CASES
def test_full_size_has_the_keys_and_shapes_of_transformers(row: dict[str, Any]) -> None:
    graph = netspec.compile(row["network"])
    with torch.device("meta"):
        theirs = renamed_state(model(row["network"]), row["network"])
    ours = own_state(build_module(graph, device="meta"))
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in theirs.items()}
    assert graph.params == sum(value.numel() for key, value in theirs.items() if "running" not in key)


@CASES
def test_outputs_equal_those_of_transformers(row: dict[str, Any]) -> None:
    chance.seed(0)
    graph, theirs = netspec.compile(row["network"], overrides=row["settings"]), model(row["network"], row["config"])
    with torch.no_grad():
        randomise(theirs)
    ours = build_module(graph, device="cpu").eval()
    state = renamed_state(theirs, row["network"])
    assert own_state(ours).keys() == state.keys()
    ours.load_state_dict(state, strict=False)
    samples = [known_first(each) for each in example_inputs(graph, ours, batch=2)]
    with torch.no_grad():
        found, expected = ours(*samples), theirs(**dict(zip(row["inputs"], samples, strict=True)))
    compared = [expected[name] for name in row.get("outputs", expected)]
    for mine, other in zip(tree_leaves(found), compared, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5 * float(other.abs().max()))


def randomise(module: nn.Module) -> None:
    """Give a module weights and statistics by chance; those of convolutions so that fifty of them do not overflow."""
    for parameter in module.parameters():
        parameter.normal_(0.1, 0.2)
        if parameter.ndim == 4:
            parameter.normal_(0, (2 / parameter[0].numel()) ** 0.5)
    for name, buffer in module.named_buffers():
        if "normalization" in name:
            buffer.uniform_(0.5, 1.5)


def known_first(sample: Tensor) -> Tensor:
    """Return a sample, of a mask one in which the second example is shorter than the first."""
    if sample.dtype != torch.bool:
        return sample
    lengths = torch.tensor([sample.shape[1], sample.shape[1] // 2])
    return torch.arange(sample.shape[1]) < lengths[:, None]
