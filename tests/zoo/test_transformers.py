"""Networks of transformers: its keys, its number of parameters, and its outputs with its weights.

Its models are built from a configuration, without weights that somebody trained.
"""

from __future__ import annotations

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
    """Return the state of a module in which weights that are tied have the name of the first."""
    known: dict[int, str] = {}
    state = module.state_dict(keep_vars=True)
    return {key: value.detach() for key, value in state.items() if known.setdefault(id(value), key) == key}


def test_every_network_is_compared() -> None:
    assert sorted(row["network"] for row in ROWS) == sorted(NAMED)
    assert all(load(name).reference["keys"] == "transformers" for name in NAMED)


@CASES
def test_full_size_has_the_keys_and_shapes_of_transformers(row: dict[str, Any]) -> None:
    graph = netspec.compile(row["network"])
    with torch.device("meta"):
        theirs = own_state(model(row["network"]))
    ours = build_module(graph, device="meta").state_dict()
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in theirs.items()}
    assert graph.params == sum(value.numel() for value in theirs.values())


@CASES
def test_outputs_equal_those_of_transformers(row: dict[str, Any]) -> None:
    chance.seed(0)
    graph, theirs = netspec.compile(row["network"], overrides=row["settings"]), model(row["network"], row["config"])
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(0.1, 0.2)
    ours = build_module(graph, device="cpu").eval()
    ours.load_state_dict(own_state(theirs), strict=True)
    samples = [known_first(each) for each in example_inputs(graph, ours, batch=2)]
    with torch.no_grad():
        found, expected = ours(*samples), theirs(**dict(zip(row["inputs"], samples, strict=True)))
    for mine, other in zip(tree_leaves(found), expected.values(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5 * float(other.abs().max()))


def known_first(sample: Tensor) -> Tensor:
    """Return a sample, of a mask one in which the second example is shorter than the first."""
    if sample.dtype != torch.bool:
        return sample
    lengths = torch.tensor([sample.shape[1], sample.shape[1] // 2])
    return torch.arange(sample.shape[1]) < lengths[:, None]
