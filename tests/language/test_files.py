"""Documents of several files: `extends`, `import` and `use`."""

from __future__ import annotations

from pathlib import Path

import pytest

import netspec
from tests.support.markdown import outline
from tests.support.sentences import FAMILY, error_of, rows, write


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("net.yaml", "net"),
        ("my-net.v2.yaml", "my_net_v2"),
        ("3d.yaml", "net_3d"),
        ("_x.yaml", "net_x"),
        ("\u00fc.yaml", "net"),
        ("a" * 80 + ".yaml", "a" * 64),
    ],
)
def test_a_network_without_a_name_has_one_that_can_be_imported(tmp_path: Path, file: str, name: str) -> None:
    assert netspec.compile(write(tmp_path, "netspec: 1\ninput: [3]\nnetwork: [relu]\n", file)).name == name


def extended(folder: Path, text: str, family: str = FAMILY) -> Path:
    """Write a family and a document that extends it; return the latter's path."""
    write(folder, family, "families/family.yaml")
    return write(folder, f"netspec: 1\nextends: families/family.yaml\n{text}", "member.yaml")


@pytest.mark.parametrize(
    ("text", "params", "shape"),
    [
        ("args: {layers: [1]}", 24, (8, 8, 8)),
        ("args: {layers: [1], width: 4}\nexpect: {params: 12}", 12, (4, 8, 8)),
        ("args: {layers: [1]}\ninput: [5, 4, 4]", 40, (8, 4, 4)),
        ("args: {layers: [1]}\ndefaults: {conv: {padding: 1, bias: false}}", 24, (8, 10, 10)),
        ("args: {layers: [1]}\ndefaults: {bn: {eps: 0.1}}", 24, (8, 8, 8)),
        (
            "args: {layers: [1]}\nblocks: {unit: {args: {out: int}, body: [bn, {conv: {out: out, kernel: 1}}]}}",
            30,
            (8, 8, 8),
        ),
        ("args: {act: {type: block, default: bn}, layers: [1]}", 40, (8, 8, 8)),
        ("network: [{unit: 3}]", 9, (3, 8, 8)),
    ],
)
def test_extends(text: str, params: int, shape: tuple[int, ...], tmp_path: Path) -> None:
    graph = netspec.compile(
        extended(
            tmp_path, text.replace("\ndefaults: {conv: {padding: 1}}", "\ndefaults: {conv: {padding: 1, bias: false}}")
        )
    )
    assert (graph.params, graph.shape_of(graph.outputs[0].node)) == (params, shape)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("args: {widht: 8}", "NS0214", "did you mean 'width'?"),
        ("args: {width: 2}", "NS0309", "at least 4"),
        ("args: {width: 8.5}", "NS0309", "whole number"),
        ("expect: {params: 1}", "NS0602", "152"),
    ],
)
def test_wrong_members(text: str, code: str, words: str, tmp_path: Path) -> None:
    error = error_of(extended(tmp_path, text))
    assert [each.code for each in error.diagnostics] == [code] and words in str(error)
    assert error.diagnostics[0].span and error.diagnostics[0].span.file.endswith("member.yaml")


def test_totals_references_accuracies_and_notes_speak_of_one_file(tmp_path: Path) -> None:
    family = FAMILY + "notes: A note.\nreference: {timm: family}\ntitle: A title\ncite: A paper\n"
    family += "published: {dataset: CIFAR-10, top1: 90, source: table 1}\n"
    document = netspec.load(extended(tmp_path, "args: {layers: [1]}", family))
    assert (document.notes, document.reference, document.published, dict(document.expect)) == ("", {}, {}, {})
    assert (document.title, document.cite, document.name) == ("A title", "A paper", "family")


@pytest.mark.parametrize(
    ("text", "title", "cite"),
    [
        ("args: {width: 4}", "A title", "A paper"),
        ("name: other\nargs: {width: 4}", "", "A paper"),
        ("name: other\nnetwork: [{unit: 3}]", "", ""),
        ("name: other\nblocks: {unit: {args: {out: int}, body: [{conv: {out: out, kernel: 1}}]}}", "", ""),
        ("name: other\ntitle: Another\ncite: Nobody\nnetwork: [{unit: 3}]", "Another", "Nobody"),
    ],
)
def test_another_network_does_not_claim_the_title_and_paper(text: str, title: str, cite: str, tmp_path: Path) -> None:
    document = netspec.load(extended(tmp_path, text, FAMILY + "title: A title\ncite: A paper\n"))
    assert (document.title, document.cite) == (title, cite)


def test_defaults_and_initializers_of_blocks_add_up(tmp_path: Path) -> None:
    family = """
netspec: 1
name: family
defaults: {conv_bn_act: {act: silu, kernel: 3}}
init: {conv_bn_act: {conv: 1, bn: {weight: 2, bias: 3}}}
input: [3, 8, 8]
network: [{conv_bn_act: 4}]
"""
    text = "defaults: {conv_bn_act: {act: tanh}}\ninit: {conv_bn_act: {bn: {bias: 4}}}"
    module = netspec.build(extended(tmp_path, text, family), device="cpu", seed=0)
    found = {name: each.unique().tolist() for name, each in module.named_parameters()}
    assert list(found.values()) == [[1], [2], [4]]
    graph = netspec.compile(tmp_path / "member.yaml")
    assert [node.op.name for node in graph] == ["conv", "bn", "tanh"] and graph.params == 4 * 27 + 8


def test_members_inherit_variants(tmp_path: Path) -> None:
    path = extended(tmp_path, "variants: {thin: {width: 4}}")
    assert {netspec.compile(path, variant).params for variant in ("thin", "34")} == {4 * 3 + 2 * 16, 8 * 3 + 6 * 64}


UNIT = "netspec: 1\nblocks: {unit: {args: {out: int}, body: [{conv: {out: out, kernel: 1}}]}}"


def test_import_brings_blocks_into_scope(tmp_path: Path) -> None:
    write(tmp_path, UNIT, "blocks/units.yaml")
    assert netspec.compile(write(tmp_path, "import: [blocks/units.yaml]\nnetwork: [{unit: 8}]")).params == 32


def test_an_imported_file_may_import(tmp_path: Path) -> None:
    write(tmp_path, UNIT, "blocks/units.yaml")
    write(
        tmp_path, "netspec: 1\nimport: [units.yaml]\nblocks: {two: {body: [{unit: 2}, {unit: 4}]}}", "blocks/two.yaml"
    )
    assert netspec.compile(write(tmp_path, "import: [blocks/two.yaml]\nnetwork: [two]")).params == 8 + 12
    error = error_of(write(tmp_path, "import: [blocks/two.yaml]\nnetwork: [{unit: 8}]"))
    assert error.diagnostics[0].code == "NS0301", "what an imported file imports is its own affair"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("import: [../units.yaml]\nnetwork: [relu]", "NS0003"),
        ("import: [blocks/../../units.yaml]\nnetwork: [relu]", "NS0003"),
        ("import: [/etc/units.yaml]\nnetwork: [relu]", "NS0003"),
        ("- use: ../units.yaml", "NS0003"),
        ("netspec: 1\nextends: ../units.yaml", "NS0003"),
        ("import: [unit.yaml]\nnetwork: [relu]", "NS0001"),
        ("import: [units.yaml]\nblocks: {unit: {body: [relu]}}\nnetwork: [unit]", "NS0212"),
        ("import: [net.yaml]\nnetwork: [relu]", "NS0004"),
        ("netspec: 1\nextends: net.yaml", "NS0004"),
    ],
)
def test_imports_stay_in_the_project(text: str, code: str, tmp_path: Path) -> None:
    write(tmp_path, UNIT)
    write(tmp_path, UNIT, "project/units.yaml")
    error = error_of(write(tmp_path, text, "project/net.yaml"))
    assert [each.code for each in error.diagnostics] == [code]


def test_a_project_is_wider_than_a_folder(tmp_path: Path) -> None:
    (tmp_path / "netspec.toml").touch()
    write(tmp_path, UNIT, "units.yaml")
    path = write(tmp_path, "import: [../units.yaml]\nnetwork: [{unit: 8}]", "project/net.yaml")
    assert netspec.compile(path).params == 32


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, UNIT, "units.yaml")
    path = write(tmp_path, "import: [units.yaml]\nnetwork: [{unit: 8}]", "project/net.yaml")
    (tmp_path / "project" / "units.yaml").symlink_to(tmp_path / "units.yaml")
    assert error_of(path).diagnostics[0].code == "NS0003"


def test_a_used_document_keeps_its_own_rules(tmp_path: Path) -> None:
    used = FAMILY.replace("\nargs:", "\ninit: {conv: ones}\nargs:").replace(
        "  - {$act", "  - output: {name: aux}\n  - {$act"
    )
    write(tmp_path, used, "used.yaml")
    path = write(
        tmp_path,
        """
init: {conv: zeros}
network:
  - use: {spec: used.yaml, args: {layers: [1]}}
    name: inner
  - conv: {out: 2, kernel: 1}
""",
    )
    graph = netspec.compile(path)
    assert [output.name for output in graph.outputs] == ["output"], "its auxiliary outputs are left out"
    assert graph.params == 24 + 18, "its defaults hold inside, and only there"
    assert graph.shape_of("inner.relu1") == (8, 32, 32), "its input and its pins give way"
    tensors = netspec.build(path, device="cpu").state_dict()
    assert tensors["inner.unit1.conv1.weight"].unique().tolist() == [1]
    assert tensors["conv1.weight"].unique().tolist() == [0]


def test_what_a_used_document_does_not_start_starts_as_the_document_around_it_says(tmp_path: Path) -> None:
    used = """
init: {conv: ones}
network:
  - residual: {body: [{conv: {out: 4, kernel: 1}}, bn], shortcut: project}
    name: unit
"""
    write(tmp_path, used, "used.yaml")
    path = write(
        tmp_path, "init: {conv: zeros, bn: 0.5}\nnetwork: [{use: used.yaml, name: inner}, {conv: {out: 2, kernel: 1}}]"
    )
    tensors = netspec.build(path, device="cpu").state_dict()
    started = {name: tensor.unique().tolist() for name, tensor in tensors.items() if name.endswith("weight")}
    assert started == {
        "inner.unit.conv1.weight": [1],
        "inner.unit.bn1.weight": [0.5],
        "inner.unit.downsample.0.weight": [1],
        "inner.unit.downsample.1.weight": [0.5],
        "conv1.weight": [0],
    }


def test_a_used_document_may_be_shared_and_take_and_give_several_values(tmp_path: Path) -> None:
    used = """
netspec: 1
input: {left: [3, 8, 8], right: [3, 8, 8]}
outputs: [sum, right]
network: [{conv: {out: 3, kernel: 1}, from: left}, {add: [x, right], as: total}]
"""
    write(tmp_path, used.replace("[sum,", "[total,"), "used.yaml")
    graph = netspec.compile(
        write(
            tmp_path,
            """
- {relu: , as: r}
- {use: used.yaml, from: [input, r], share: both, name: u, as: [a, b]}
- {use: used.yaml, from: [a, b], share: both}
- concat
""",
        )
    )
    assert rows(outline(graph)) == rows(
        """
        relu1 = relu(input) 3x32x32
        u.conv1 = conv(input) 3x32x32 12
        u.add1 = add(u.conv1, relu1) 3x32x32
        u@2.conv1 = conv(u.add1) 3x32x32
        u@2.add1 = add(u@2.conv1, relu1) 3x32x32
        concat1 = concat(u@2.add1, relu1) 6x32x32
        """
    )
    error = error_of(write(tmp_path, "- use: used.yaml"))
    assert error.diagnostics[0].code == "NS0314" and "takes 2 values, got 1" in str(error)
