"""What parameters are initialized to: per op, per step, by values and by functions of torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netspec
from tests.support.sentences import error_of, write


def weights(folder: Path, text: str) -> dict[str, Any]:
    """Return the tensors of a document's module."""
    return netspec.build(write(folder, text), device="cpu", seed=0).state_dict()


def test_init_per_op_per_step_and_by_values(tmp_path: Path) -> None:
    found = weights(
        tmp_path,
        """
init: {conv: {weight: {constant: {val: 2}}, bias: 3}, linear: ones}
network:
  - conv: {out: 2, kernel: 1}
  - conv: {out: 2, kernel: 1}
    init: {bias: [0.5, 0.25]}
  - flatten
  - linear: 2
  - linear: 2
    init: {weight: eye, bias: zeros}
""",
    )
    assert found["conv1.weight"].unique().tolist() == [2] and found["conv1.bias"].tolist() == [3, 3]
    assert found["conv2.bias"].tolist() == [0.5, 0.25]
    assert found["linear1.weight"].unique().tolist() == [1] and found["linear1.bias"].unique().numel() == 2
    assert found["linear2.weight"].tolist() == [[1, 0], [0, 1]] and found["linear2.bias"].tolist() == [0, 0]


def test_init_beside_a_block_holds_inside_it_and_yields_to_steps_inside(tmp_path: Path) -> None:
    found = weights(
        tmp_path,
        """
args: {value: 4}
init: {conv: {weight: 1, bias: 0}}
blocks:
  pair:
    args: {unit: block}
    body: [{$unit: {out: 2}}, {conv: {out: 2, kernel: 1}, init: {bias: 7}}, bn]
network:
  - pair: {unit: conv_relu}
    name: plain
  - pair: {unit: conv_relu}
    name: other
    init: {conv: {weight: value, bias: value + 1}, bn: 0.5}
  - conv_relu: 2
    name: after
""",
    )
    initialized = {name: each.unique().tolist() for name, each in found.items() if name.endswith(("weight", "bias"))}
    assert initialized["plain.conv_relu1.conv.weight"] == initialized["after.conv.weight"] == [1]
    assert initialized["plain.conv1.weight"] == [1] and initialized["plain.conv1.bias"] == [7]
    assert initialized["other.conv_relu1.conv.weight"] == [4] and initialized["other.conv_relu1.conv.bias"] == [5]
    assert initialized["other.conv1.weight"] == [4] and initialized["other.conv1.bias"] == [7]
    assert initialized["plain.bn1.weight"] == [1] and initialized["other.bn1.weight"] == [0.5]


def test_a_shared_block_is_initialized_as_its_first_call_says(tmp_path: Path) -> None:
    first = "- {conv_relu: {out: 3}, share: w, init: {conv: {bias: 1}}}\n"
    found = weights(tmp_path, f"network:\n  {first}  - {{conv_relu: {{out: 3}}, share: w}}\n")
    assert found["conv_relu1.conv.bias"].tolist() == [1, 1, 1]
    other = first.replace("bias: 1", "bias: 2")
    assert "initialize it in different ways" in str(error_of(write(tmp_path, f"network:\n  {first}  {other}")))


def test_functions_of_torch_initialize_weights(tmp_path: Path) -> None:
    rule = "{kaiming_normal: {mode: fan_out, nonlinearity: relu}}"
    weight = weights(tmp_path, f"init: {{conv: {rule}}}\nnetwork: [{{conv: {{out: 64, kernel: 3}}}}]")["conv1.weight"]
    assert abs(weight.std().item() - (2 / (64 * 9)) ** 0.5) < 0.005


def test_init_of_a_block_holds_in_all_its_calls_and_yields_to_what_is_nearer(tmp_path: Path) -> None:
    found = weights(
        tmp_path,
        """
args: {value: 4}
init: {conv: {weight: 1, bias: 0}, conv_relu: {conv: {weight: value}}, outer: {conv: {weight: 9, bias: 8}}}
blocks:
  outer: {body: [{conv_relu: 2}, {conv: {out: 2, kernel: 1}}]}
network:
  - conv: {out: 2, kernel: 1}
  - conv_relu: 2
    init: {conv: {bias: 5}}
  - outer
""",
    )
    initialized = {name: each.unique().tolist() for name, each in found.items()}
    assert [initialized[f"conv1.{name}"] for name in ("weight", "bias")] == [[1], [0]]
    assert [initialized[f"conv_relu1.conv.{name}"] for name in ("weight", "bias")] == [[4], [5]]
    assert [initialized[f"outer1.conv_relu1.conv.{name}"] for name in ("weight", "bias")] == [[4], [8]]
    assert [initialized[f"outer1.conv1.{name}"] for name in ("weight", "bias")] == [[9], [8]]
