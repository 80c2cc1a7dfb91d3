"""Blocks of the library against what torch or their paper computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import netspec
from tests.support import chance
from tests.support.documents import build, compile_text
from tests.support.sentences import write


def built(tmp_path: Path, text: str) -> torch.nn.Module:
    module = netspec.build(netspec.compile(write(tmp_path, text)), device="cpu", seed=0).eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize(("step", "dim"), [("l2_normalize", 3), ("l2_normalize: channels", 1), ("l2_normalize: 2", 2)])
def test_l2_normalize_is_torchs(step: str, dim: int, tmp_path: Path) -> None:
    chance.seed(0)
    x = torch.randn(2, 4, 5, 6)
    x[0, :, 0, 0] = 0  # a vector without a direction stays zero
    module = built(tmp_path, f"input: [4, 5, 6]\nnetwork:\n  - {step}")
    assert torch.allclose(module(x), F.normalize(x, dim=dim), atol=1e-6)


def test_grn_is_that_of_the_paper(tmp_path: Path) -> None:
    """Algorithm 1 of ConvNeXt V2, whose channels come last there."""
    module = built(tmp_path, "input: [4, 5, 6]\nnetwork: [grn]")
    beta, gamma = (value for _, value in sorted(module.state_dict().items()))

    def grn(x: Tensor) -> Tensor:
        gx = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        nx = gx / (gx.mean(dim=-1, keepdim=True) + 1e-6)
        return gamma * (x * nx) + beta + x

    x = torch.randn(2, 4, 5, 6)
    assert torch.allclose(module(x), grn(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), atol=1e-5)


def test_grn_starts_as_the_identity(tmp_path: Path) -> None:
    module = netspec.build(netspec.compile(write(tmp_path, "input: [4, 5, 6]\nnetwork: [grn]")), device="cpu", seed=0)
    x = torch.randn(2, 4, 5, 6)
    assert torch.equal(module(x), x)


def test_the_perceptrons_of_transformers_are_their_formulas() -> None:
    steps = [{"swiglu": {"hidden": 16, "bias": True}}, {"mlp": {"hidden": 12, "act": "silu"}}]
    module = build(compile_text({"input": [5, 8], "network": steps}))
    gated, plain = module.get_submodule("swiglu1"), module.get_submodule("mlp1")
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    y = gated.down_proj(torch.sigmoid(gated.gate_proj(x)) * gated.gate_proj(x) * gated.up_proj(x))
    hidden = plain.fc1(y)
    assert torch.allclose(module(x), plain.fc2(hidden * torch.sigmoid(hidden)))


MEMORY = torch.randn(2, 7, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
TOKENS = torch.randn(2, 5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
KNOWN = torch.tensor([[True] * 5 + [False] * 2, [True] * 7])


def attending(**arguments: object) -> torch.nn.Module:
    inputs = {"tokens": [5, 8], "memory": [7, 8], "known": {"shape": [7], "dtype": "bool"}}
    used = {"tokens", *(str(each) for each in arguments.values())}
    step = {"attention": {"heads": 4, **arguments}, "from": "tokens"}
    return build(compile_text({"input": {k: v for k, v in inputs.items() if k in used}, "network": [step]}))


def torchs(layer: torch.nn.Module) -> torch.nn.MultiheadAttention:
    """Return torch's layer with the weights of ours."""
    theirs = torch.nn.MultiheadAttention(8, 4, batch_first=True).double()
    state = layer.state_dict()
    for part in ("weight", "bias"):
        joint = state.get(f"qkv.{part}")
        joint = torch.cat([state[f"{name}_proj.{part}"] for name in "qkv"]) if joint is None else joint
        theirs.get_parameter(f"in_proj_{part}").data.copy_(joint)
        theirs.out_proj.get_parameter(part).data.copy_(state[f"out_proj.{part}"])
    return theirs


@pytest.mark.parametrize("packed", [None, "qkv"])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_torchs(packed: str | None, causal: bool) -> None:
    module = attending(packed=packed, causal=causal)
    mask = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None
    expected, _ = torchs(module.attention1)(TOKENS, TOKENS, TOKENS, attn_mask=mask)
    assert torch.allclose(module(TOKENS), expected)


@pytest.mark.parametrize("causal", [False, True])
def test_multihead_attention_takes_the_weights_of_torchs(causal: bool) -> None:
    step = {"multihead_attention": {"heads": 4, "causal": causal}}
    module = build(compile_text({"input": [5, 8], "network": [step]}))
    theirs = torch.nn.MultiheadAttention(8, 4, batch_first=True).double()
    theirs.load_state_dict(module.multihead_attention1.state_dict(), strict=True)
    mask = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None
    assert torch.allclose(module(TOKENS), theirs(TOKENS, TOKENS, TOKENS, attn_mask=mask)[0])


def test_attention_to_a_memory_is_torchs() -> None:
    module = attending(memory="memory", mask="known")
    expected, _ = torchs(module.attention1)(TOKENS, MEMORY, MEMORY, key_padding_mask=~KNOWN)
    assert torch.allclose(module(TOKENS, MEMORY, KNOWN), expected)


def test_places_are_added_to_queries_and_keys_alone() -> None:
    step = {"attention": {"heads": 4, "places": "places"}, "from": "tokens"}
    module = build(compile_text({"input": {"tokens": [5, 8], "places": [5, 8]}, "network": [step]}))
    places = MEMORY[:, :5]
    expected, _ = torchs(module.attention1)(TOKENS + places, TOKENS + places, TOKENS)
    assert torch.allclose(module(TOKENS, places), expected)


def test_fewer_key_heads_are_those_of_several_heads() -> None:
    module = attending(kv_heads=2)
    layer = module.attention1
    theirs = torchs(build(compile_text({"input": [5, 8], "network": [{"attention": 4}]})).attention1)
    spread = torch.arange(4).reshape(2, 2).repeat_interleave(2, 0).flatten()
    for part in ("weight", "bias"):
        joint = [
            layer.get_parameter(f"q_proj.{part}"),
            *(layer.get_parameter(f"{name}_proj.{part}")[spread] for name in "kv"),
        ]
        theirs.get_parameter(f"in_proj_{part}").data.copy_(torch.cat(joint))
        theirs.out_proj.get_parameter(part).data.copy_(layer.get_parameter(f"out_proj.{part}"))
    expected, _ = theirs(TOKENS, TOKENS, TOKENS)
    assert torch.allclose(module(TOKENS), expected)


LAYERS = {"norm1": "norm1", "norm2": "norm2", "mlp.fc1": "linear1", "mlp.fc2": "linear2"}


@pytest.mark.parametrize("post_norm", [False, True])
def test_transformer_layer_is_torchs(post_norm: bool) -> None:
    step = {"transformer_layer": {"heads": 4, "hidden": 12, "post_norm": post_norm}}
    module = build(compile_text({"input": [5, 8], "network": [step]}))
    ours = module.transformer_layer1
    theirs = torch.nn.TransformerEncoderLayer(8, 4, 12, 0.0, "gelu", batch_first=True, norm_first=not post_norm)
    theirs = theirs.double().eval()
    theirs.self_attn = torchs(ours.attn)
    for mine, name in LAYERS.items():
        theirs.get_submodule(name).load_state_dict(ours.get_submodule(mine).state_dict())
    assert torch.allclose(module(TOKENS), theirs(TOKENS))


@pytest.mark.parametrize("post_norm", [False, True])
def test_transformer_layer_with_memory_is_torchs(post_norm: bool) -> None:
    layer = {"heads": 4, "hidden": 12, "post_norm": post_norm, "memory": "memory", "memory_mask": "known"}
    inputs = {"tokens": [5, 8], "memory": [7, 8], "known": {"shape": [7], "dtype": "bool"}}
    steps = [{"transformer_layer": {**layer, "attention": {"attention": {"causal": True}}}, "from": "tokens"}]
    module = build(compile_text({"input": inputs, "network": steps}))
    ours = module.transformer_layer1
    theirs = torch.nn.TransformerDecoderLayer(8, 4, 12, 0.0, "gelu", batch_first=True, norm_first=not post_norm)
    theirs = theirs.double().eval()
    theirs.self_attn, theirs.multihead_attn = torchs(ours.attn), torchs(ours.cross)
    for mine, name in {**LAYERS, "norm_cross": "norm2", "norm2": "norm3"}.items():
        theirs.get_submodule(name).load_state_dict(ours.get_submodule(mine).state_dict())
    ahead = torch.ones(5, 5, dtype=torch.bool).triu(1)
    expected = theirs(TOKENS, MEMORY, tgt_mask=ahead, memory_key_padding_mask=~KNOWN)
    assert torch.allclose(module(TOKENS, MEMORY, KNOWN), expected)


def test_patches_are_the_rows_of_a_linear_layer() -> None:
    module = build(compile_text({"input": [3, 8, 12], "network": [{"patch_embedding": {"dim": 6, "patch": 4}}]}))
    x = torch.randn(2, 3, 8, 12, dtype=torch.float64)
    proj = module.patch_embedding1.proj
    patches = F.unfold(x, 4, stride=4).mT
    assert torch.allclose(module(x), patches @ proj.weight.flatten(1).T + proj.bias)


def test_convnext_layer_is_that_of_the_paper() -> None:
    module = build(compile_text({"input": [4, 9, 9], "network": [{"convnext_layer": {"scale": 0.5}}]}))
    layer, x = module.convnext_layer1, torch.randn(2, 4, 9, 9, dtype=torch.float64)
    conv, norm, wide, narrow = (layer.get_submodule(f"block.{place}") for place in (0, 2, 3, 5))
    y = F.conv2d(x, conv.weight, conv.bias, padding=3, groups=4).permute(0, 2, 3, 1)
    y = narrow(F.gelu(wide(norm(y)))).permute(0, 3, 1, 2)
    assert torch.allclose(module(x), x + layer.layer_scale * y)


def test_rotated_products_depend_on_distances() -> None:
    module = build(compile_text({"input": [3, 5, 8], "network": [{"rotary_embedding": 100}]}))
    heads = torch.randn(2, 3, 1, 8, dtype=torch.float64).expand(2, 3, 5, 8)
    turned = module(heads)
    products = turned @ turned.mT
    for distance in range(5):
        diagonal = products.diagonal(distance, 2, 3)
        assert torch.allclose(diagonal, diagonal[..., :1].expand_as(diagonal))
    first, second = heads[..., 1, 0], heads[..., 1, 4]
    angle = torch.tensor(1.0, dtype=torch.float64)  # of the first pair, one place on
    assert torch.allclose(turned[..., 1, 0], first * angle.cos() - second * angle.sin())


@pytest.mark.parametrize("mask", [None, "known"])
def test_attention_in_a_window_is_torchs(mask: str | None) -> None:
    inputs = {"tokens": [5, 8], **({"known": {"shape": [5], "dtype": "bool"}} if mask else {})}
    step = {"attention": {"heads": 4, "window": 2, "mask": mask}, "from": "tokens"}
    module = build(compile_text({"input": inputs, "network": [step]}))
    known = torch.tensor([[True] * 3 + [False] * 2, [True] * 5]) if mask else torch.ones(2, 5, dtype=torch.bool)
    places = torch.arange(5)
    far = (places - places[:, None]).abs() >= 2
    expected, _ = torchs(module.attention1)(TOKENS, TOKENS, TOKENS, attn_mask=far, key_padding_mask=~known)
    found = module(TOKENS, known) if mask else module(TOKENS)
    read = (~far & known[:, None]).any(-1)  # where no key is left, torch's layer divides by zero
    assert torch.allclose(found[read], expected[read])


def test_time_embedding_is_that_of_the_paper() -> None:
    module = build(compile_text({"input": [1], "network": [{"time_embedding": 8}]}))
    layer, time = module.time_embedding1, torch.tensor([[3.0], [250.0]], dtype=torch.float64)
    angles = time * torch.exp(-torch.log(torch.tensor(10000.0, dtype=torch.float64)) * torch.arange(4) / 4)
    expected = layer.fc2(F.silu(layer.fc1(torch.cat([angles.sin(), angles.cos()], 1))))
    assert torch.allclose(module(time), expected, atol=1e-6)
