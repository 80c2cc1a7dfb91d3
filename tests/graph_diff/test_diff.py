"""What two networks differ in: said once, said truly, and adding up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import netspec
from netspec.graph_diff import Comparison, Difference, compare_graphs
from netspec.graph_diff.alignment import REACH, align
from netspec.ir import Graph
from netspec.views.diff_text import describe, difference_text
from tests.support.command_line import Run

PAIRS = (
    ("resnet50", "se_resnet50"),
    ("resnet50", "resnet50_v1"),
    ("resnet18", "plain18"),
    ("resnet18", "resnet50"),
    ("vgg16", "vgg16_bn"),
    ("vgg11", "vgg16"),
    ("densenet121", "densenet169"),
    ("squeezenet1_0", "squeezenet_bypass"),
    ("squeezenet1_0", "squeezenet1_1"),
    ("googlenet", "googlenet_bn"),
    ("resnet20_cifar", "resnet56_cifar"),
    ("alexnet", "zfnet"),
    ("squeezenet1_1", "vgg11_bn"),
)
STRANGERS = ("lenet5_modern", "squeezenet1_1", "googlenet", "densenet40_k12_cifar", "mobilenet_v2", "plain18")

compiled = cache(netspec.compile)


def graph(steps: str, head: str = "", **settings: Any) -> Graph:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.yaml"
        path.write_text(f"netspec: 1\nname: net\ninput: [4, 8, 8]\n{head}network:\n{steps}", encoding="utf-8")
        return netspec.compile(path, **settings)


def said(before: str, after: str) -> list[tuple[str, str, int, int]]:
    """Return the differences of two networks that are given by their steps, one per line."""
    texts = ["".join(_line(step) for step in steps.splitlines()) for steps in (before, after)]
    graphs = [graph(text) for text in texts]
    return [(each.sign, describe(each), each.params, each.macs) for each in compare_graphs(*graphs).differences]


def _line(step: str) -> str:
    return f"{step}\n" if step.startswith(" ") else f"  - {step}\n"


def check_sums(comparison: Comparison) -> None:
    before, after = comparison.before, comparison.after
    assert sum(each.params for each in comparison.differences) == after.params - before.params
    assert sum(each.macs for each in comparison.differences) == after.macs - before.macs


def turned(each: Difference) -> tuple[Any, ...]:
    """Return what a difference is the other way round."""
    sign = {"+": "-", "-": "+", "~": "~"}[each.sign]
    return each.kind, sign, -each.params, -each.macs, each.after, each.before


# the shipped networks


@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_pairs_read_as_an_author_would_tell_them(names: tuple[str, str], golden: Callable[[str, str], None]) -> None:
    golden(f"diff/{'-'.join(names)}.txt", difference_text(compare_graphs(*map(compiled, names))) + "\n")


@pytest.mark.parametrize("names", [*PAIRS, *combinations(STRANGERS, 2)], ids="-".join)
def test_sums_add_up_and_the_way_back_is_the_negation(names: tuple[str, str]) -> None:
    first, second = map(compiled, names)
    there, back = compare_graphs(first, second), compare_graphs(second, first)
    check_sums(there)
    plain = [(each.kind, each.sign, each.params, each.macs, each.before, each.after) for each in there.differences]
    key = repr
    assert sorted(map(turned, back.differences), key=key) == sorted(plain, key=key)


@pytest.mark.parametrize("name", sorted({name for pair in PAIRS for name in pair}))
def test_a_network_does_not_differ_from_itself(name: str) -> None:
    found = compare_graphs(compiled(name), netspec.compile(name))
    assert (found.differences, found.renamed, found.same) == ((), (), True)
    assert "the same network" in difference_text(found)


def test_squeeze_and_excitation_is_one_gate_per_bottleneck() -> None:
    first, *others = compare_graphs(compiled("resnet50"), compiled("se_resnet50")).differences
    assert (first.sign, describe(first), first.params) == ("+", "se in each bottleneck (16)", 2_530_992)
    assert len(first.after) == 16 and not first.before
    assert all(each.params == 0 for each in others)


# small networks


FIRST = "sequential: [relu]\n    as: first"
POOL = "maxpool: {kernel: 2}"
CONV = "conv: {out: 4, kernel: 1, bias: false}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f"{CONV}\nrelu", f"{CONV}\nbn\nrelu", [("+", "bn1", 8, 0)]),
        (f"{CONV}\nrelu", f"{CONV}\nelu", [("~", "elu1: relu -> elu", 0, 0)]),
        (f"{CONV}\ndropout: 0.1", f"{CONV}\ndropout: 0.2", [("~", "dropout1 p 0.1 -> 0.2", 0, 0)]),
        (
            f"{CONV}\n{CONV}",
            CONV.replace("4", "8") + f"\n{CONV}",
            [("~", "conv1 out 4 -> 8", 16, 1024), ("~", "1 unchanged op gets other shapes (conv)", 16, 1024)],
        ),
        (
            "\n".join([CONV] * 3),
            "\n".join([CONV.replace("1,", "3, padding: 1,")] * 3),
            [("~", "conv1, conv2, conv3 kernel 1 -> 3, padding 0 -> 1", 3 * 128, 3 * 128 * 64)],
        ),
        (f"{POOL}\n{CONV}\nrelu", f"{CONV}\nrelu\n{POOL}", [
            ("~", "maxpool at another place", 0, 0),
            ("~", "1 unchanged op gets other shapes (conv)", 0, 768),
        ]),
        ("residual: [relu]", "residual: [relu, relu]", [("+", "relu2", 0, 0)]),
        (f"{FIRST}\nrelu\nadd: [x, first]", f"{FIRST}\nrelu\nadd: [x, input]", [
            ("~", "add1 reads input instead of relu1", 0, 0),
        ]),
        (f"{FIRST}\nrelu\nadd: [x, first]", f"{FIRST}\nrelu\nadd: [x, first, input]", [
            ("~", "add1 operands 2 -> 3", 0, 0),
        ]),
    ],
)  # fmt: skip
def test_small_differences(before: str, after: str, expected: list[tuple[str, str, int, int]]) -> None:
    assert said(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "init: {conv: {xavier_normal: {}}}\n", ["other initial values in 1 op (conv)"]),
        ("", "outputs: [early, late]\n", ["output", "output early", "output late"]),
    ],
)
def test_differences_around_the_steps(before: str, after: str, expected: list[str]) -> None:
    steps = f"  - {CONV}\n    as: early\n  - sequential: [relu]\n    as: late\n"
    graphs = [graph(steps, head) for head in (before, after)]
    assert [describe(each) for each in compare_graphs(*graphs).differences] == expected


def test_other_inputs_are_seen() -> None:
    first = graph(f"  - {CONV}\n")
    second = graph(f"  - {CONV}\n", overrides={"input": [4, 9, 9]})
    texts = [describe(each) for each in compare_graphs(first, second).differences]
    assert texts == ["1 unchanged op gets other shapes (conv)", "input shape 4x8x8 -> 4x9x9"]


def test_shared_weights_are_seen() -> None:
    own, shared = (f"  - {CONV}\n{modifier}" * 2 for modifier in ("", "    share: one\n"))
    found = compare_graphs(graph(own), graph(shared))
    (difference,) = found.differences
    assert (describe(difference), difference.params) == ("conv1@2 weights own -> those of conv1", -16)


def test_names_alone_are_no_difference() -> None:
    first, second = graph(f"  - {CONV}\n"), graph(f"  - {CONV}\n    name: stem\n")
    found = compare_graphs(first, second)
    assert found.same and found.renamed == (("conv1", "stem"),)
    assert "1 of its 1 ops have other names: conv1 is stem" in difference_text(found)


# alignment


def test_alignment_prefers_what_is_worth_more() -> None:
    first, second = [("a",), ("b",)], [("b",), ("a",)]
    assert align(first, second, lambda i, j: (first[i] == second[j]) * (1 + 4 * (first[i] == ("b",)))) == [(1, 0)]
    assert align(first, second, lambda i, j: 0) == []
    assert align([], second, lambda i, j: 1) == []


def test_alignment_stays_near_the_diagonal_of_long_lists() -> None:
    first = [(str(number),) for number in range(40 * REACH)]
    second = [key for key in first if int(key[0]) % 7]
    calls = 0

    def affinity(i: int, j: int) -> int:
        nonlocal calls
        calls += 1
        return int(first[i] == second[j])

    assert len(align(first, second, affinity)) == len(second)
    assert calls < 3 * len(first) * (2 * REACH + 1)


@pytest.mark.slow
def test_a_thousand_layers_take_little_time() -> None:
    steps = [f"  - {CONV}\n  - relu\n"] * 1000
    first, second = graph("".join(steps)), graph("".join(steps).replace("relu", "bn\n  - relu"))
    start = time.process_time()
    found = compare_graphs(first, second)
    assert time.process_time() - start < 2
    assert [describe(each) for each in found.differences] == ["1000 bn, one after each conv,"]


# the command


@pytest.fixture
def diff_command(command: Run) -> Run:
    return partial(command, "diff")


def test_settings_of_one_network_are_compared(diff_command: Run) -> None:
    code, out, err = diff_command("resnet18", "resnet18", "--set-a", "classes=7", "--set-b", "classes=10")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "resnet18 (classes=7) -> resnet18 (classes=10)"
    assert lines[2] == "~ fc out 7 -> 10  +1,539 params  +1,536 MACs"


@pytest.mark.parametrize(
    ("arguments", "expected", "message"),
    [
        (["lenet5_modern", "lenet5_modern"], 0, ""),
        (["lenet5_modern", "lenet5_modern", "--exit-code"], 0, ""),
        (["lenet5_modern", "alexnet"], 0, ""),
        (["lenet5_modern", "alexnet", "--exit-code"], 1, ""),
        (["lenet5_modern"], 2, "Missing argument 'B'"),
        (["lenet5_modern", "missing.yaml"], 2, "NS0001"),
        (["lenet5_modern", "alexnet", "--set-b", "nothing=1"], 1, "error[NS"),
        (["lenet5_modern", "alexnet", "--set-a", "nothing"], 2, "is not KEY=VALUE"),
        (["lenet5_modern", "alexnet", "--variant-b", "tiny"], 1, "error[NS"),
    ],
)
def test_exit_codes(diff_command: Run, arguments: list[str], expected: int, message: str) -> None:
    code, _, err = diff_command(*arguments)
    assert code == expected
    assert message in err and bool(err) == bool(message)


def test_json_has_all_of_it(diff_command: Run) -> None:
    record = json.loads(diff_command("resnet50", "se_resnet50", "--json")[1])
    first = record["differences"][0]
    assert (record["before"], record["after"], record["same"]) == ("resnet50", "se_resnet50", False)
    assert (first["text"], first["sign"], first["params"]) == ("se in each bottleneck (16)", "+", 2_530_992)
    assert first["after"][0] == "layer1.0.se1" and len(first["after"]) == 16
    assert record["totals"]["macs"] == {"before": 4_089_184_256, "after": 3_860_488_192}
