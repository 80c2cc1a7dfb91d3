"""The language, sentence by sentence: each row is a sentence with a document that holds it to it.

SAME      two documents that say the same in other words become the same values
VALUES    a document and the values that it becomes
FAULTS    a document, and the code and words of what is wrong with it
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import netspec
from netspec.diagnostics import LimitError, SpecError
from netspec.ir import Graph
from tests.support.markdown import complete, outline


def write(folder: Path, text: str, name: str = "net.yaml") -> Path:
    """Write a document, or the part of one, and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(complete(text.strip("\n") + "\n"), encoding="utf-8")
    return path


def structure(graph: Graph) -> list[Any]:
    """Return what a graph computes, without its names."""
    places = {each.name: each.name for each in graph.inputs} | {node.path: index for index, node in enumerate(graph)}
    values = [(node.op, [places[path] for path in node.inputs], node.shape, node.params) for node in graph]
    return [values, [(places[output.node], output.train_only, output.loss_weight) for output in graph.outputs]]


def rows(text: str) -> list[str]:
    """Return lines without the blanks that align them."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def fault_of(path: Path, **options: Any) -> SpecError:
    """Return what compiling a document raises."""
    with pytest.raises(SpecError) as caught:
        netspec.compile(path, **options)
    return caught.value


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


CONV = "conv: {out: 4, kernel: 1}"

SAME = {
    # 1 principles
    "a word is a step": ("- relu", "- relu: {}"),
    "a word with step keys beside it has nothing under it": ("- {relu: , name: a}", "- relu"),
    "a primary argument may stand alone": ("- flatten\n- linear: 10", "- flatten\n- linear: {out: 10}"),
    "a block's first argument is its primary one": ("- conv_relu: 8", "- conv_relu: {out: 8}"),
    "a body of one step needs no list": ("network: relu", "network: [relu]"),
    "a step of a body may be a mapping of several lines": (
        "- conv:\n    out: 4\n    kernel: 1\n  name: c",
        "- {name: c, conv: {kernel: 1, out: 4}}",
    ),
    "shapes are known while the document is expanded": (
        "- conv: {out: x.channels * 2, kernel: 1, stride: x.height // 16}",
        "- conv: {out: 6, kernel: 1, stride: 2}",
    ),
    # 2 documents
    "arguments have values": ("args: {width: 4}\nnetwork: [{conv: {out: width, kernel: 1}}]", f"- {CONV}"),
    "a default may be computed from earlier arguments": (
        "args: {a: 2, b: 2 * a}\nnetwork: [{conv: {out: b, kernel: 1}}]",
        f"- {CONV}",
    ),
    "defaults are for ops that do not say otherwise": (
        "defaults: {conv: {bias: false, kernel: 1}}\n"
        "network: [{conv: {out: 4, kernel: 1}}, {conv: {out: 4, kernel: 1, bias: true}}]",
        "- conv: {out: 4, kernel: 1, bias: false}\n- conv: {out: 4, kernel: 1}",
    ),
    "a default stands for a required argument too": (
        "defaults: {conv: {kernel: 1}}\nblocks: {b: {args: {u: block}, body: [{$u: {out: 4}}]}}\n"
        "network: [{conv: {out: 4}}, {b: conv}]",
        f"- {{{CONV}}}\n- {{{CONV}}}",
    ),
    "defaults reach the library's blocks": (
        "defaults: {bn: {eps: 0.5}}\nnetwork: [{conv_bn_relu: 4}]",
        "- conv: {out: 4, kernel: 1, bias: false}\n- bn: {eps: 0.5}\n- relu",
    ),
    "defaults may use the document's arguments": (
        "args: {b: false}\ndefaults: {conv: {bias: b}}\nnetwork: [{conv: {out: 4, kernel: 1}}]",
        "- conv: {out: 4, kernel: 1, bias: false}",
    ),
    # 3 expressions
    "a plain string where a number is expected is an expression": (
        "- foreach: {i: range(2), w: '[4, 8]'}\n"
        "  body: [{conv: {out: 2 * w, kernel: [1, i + 1], stride: 2 if i == 0 else 1}}]",
        "- conv: {out: 8, kernel: [1, 1], stride: 2}\n- conv: {out: 16, kernel: [1, 2]}",
    ),
    "$name as a step is the op that an argument holds": ("args: {act: sigmoid}\nnetwork: [$act]", "- sigmoid"),
    "$name as a step takes arguments": (
        "args: {unit: conv}\nnetwork: [{$unit: {out: 4, kernel: 1}}]",
        f"- {CONV}",
    ),
    "$name as a step that holds null is nothing": ("args: {act: null}\nnetwork: [relu, $act]", "- relu"),
    "$name where a word is expected is that word": (
        "args: {pad: same}\nnetwork: [{conv: {out: 4, kernel: 3, padding: $pad}}]",
        "- conv: {out: 4, kernel: 3, padding: same}",
    ),
    "$name where a number is expected is that number": (
        "args: {n: 4}\nnetwork: [{conv: {out: $n, kernel: 1}}]",
        f"- {CONV}",
    ),
    "a block passed as an argument is called by $name": (
        "blocks:\n  twice: {args: {unit: block}, body: [{$unit: {out: 4}}, {$unit: {out: 8}}]}\n"
        "network: [{twice: {unit: conv_relu}}]",
        "- conv_relu: 4\n- conv_relu: 8",
    ),
    "a block is passed on through blocks": (
        "blocks:\n  inner: {args: {unit: block}, body: [$unit]}\n"
        "  outer: {args: {unit: block}, body: [{inner: {unit: $unit}}]}\nnetwork: [{outer: {unit: tanh}}]",
        "- tanh",
    ),
    "a block is passed with some of its arguments": (
        "blocks:\n  b: {args: {unit: block}, body: [{$unit: {out: 4}}]}\n"
        "network: [{b: {unit: {conv: {kernel: 3, padding: 1}}}}]",
        "- conv: {out: 4, kernel: 3, padding: 1}",
    ),
    "a block is passed with its primary argument alone": (
        "blocks: {b: {args: {unit: block}, body: [$unit]}}\n"
        "network: [{b: {unit: {conv_relu: 4}}}, {b: {unit: {dropout: 0.25}}}]",
        "- conv_relu: 4\n- dropout: 0.25",
    ),
    "a call adds its primary argument to those that a block is passed with": (
        "blocks: {b: {args: {unit: block}, body: [{$unit: 4}]}}\n"
        "network: [{b: {unit: {conv_relu: {kernel: 3, padding: 1}}}}]",
        "- conv_relu: {out: 4, kernel: 3, padding: 1}",
    ),
    "$name is another op in each call, even with the same word and other arguments": (
        "blocks:\n  inner: {args: {unit: block}, body: [$unit]}\n"
        "  outer: {args: {k: int}, body: [{inner: {unit: {conv: {out: 4, kernel: k}}}}, {inner: tanh}]}\n"
        "network: [{outer: 1}, {outer: 3}]",
        "- {conv: {out: 4, kernel: 1}}\n- tanh\n- {conv: {out: 4, kernel: 3}}\n- tanh",
    ),
    "x is the value entering the step, input the value entering the block": (
        "blocks:\n  b: {body: [{conv: {out: 8, kernel: 1}}, {conv: {out: input.channels + x.channels, kernel: 1}}]}\n"
        f"network: [{{{CONV}}}, b]",
        f"- {CONV}\n- conv: {{out: 8, kernel: 1}}\n- conv: {{out: 12, kernel: 1}}",
    ),
    "values have channels, shape, rank, height and width": (
        "input: [3, 8, 6]\nnetwork:\n"
        "  - conv: {out: 'x.channels + x.shape[1] + x.rank + x.height + x.width', kernel: 1}",
        "input: [3, 8, 6]\nnetwork: [{conv: {out: 27, kernel: 1}}]",
    ),
    "values of rank 1 have a length, of rank 3 a depth": (
        "input: {a: [3, 9], b: [2, 4, 5, 6]}\nnetwork:\n"
        "  - {conv: {out: x.length, kernel: 1}, from: a}\n  - {conv: {out: x.depth, kernel: 1}, from: b}",
        "input: {a: [3, 9], b: [2, 4, 5, 6]}\nnetwork:\n"
        "  - {conv: {out: 9, kernel: 1}, from: a}\n  - {conv: {out: 4, kernel: 1}, from: b}",
    ),
    "there are fourteen functions": (
        "- foreach:\n    n: '[min(9, 4), max([1, 5]), sum([1, 2]), len([7, 7]), range(3, 9)[1], abs(-6), int(7.9),\n"
        "      int(float(8)), round(8.6), floor(9.9), ceil(9.1), int(log2(1024)), round_to(11, 8), \n"
        "      int(linspace(1, 3, 3)[2])]'\n  body: [{conv: {out: n, kernel: 1}}]",
        "- foreach: {n: [4, 5, 3, 2, 4, 6, 7, 8, 9, 9, 10, 10, 16, 3]}\n  body: [{conv: {out: n, kernel: 1}}]",
    ),
    "conditions have and, or and not": (
        "args: {a: true, b: false}\nnetwork:\n  - {relu: , when: a and not b}\n  - {tanh: , when: b or not a}",
        "- relu",
    ),
    # YAML 1.2
    "1e-3 is a float": ("- dropout: 1e-3", "- dropout: 0.001"),
    "on is a string": ("args: {mode: on}\nnetwork: [{relu: , when: mode == 'on'}]", "- relu"),
    "no is a string": ("args: {mode: no}\nnetwork: [{relu: , when: mode == 'no'}]", "- relu"),
    # 4 step keys
    "when false means that the step is not there": (f"- relu\n- {{{CONV}, when: 1 > 2}}\n- tanh", "- relu\n- tanh"),
    "when is evaluated before the step is expanded": (
        "args: {widths: []}\nnetwork: [relu, {conv: {out: 'widths[0]', kernel: 1 // 0}, when: len(widths) > 0}]",
        "- relu",
    ),
    "when may read shapes": ("- {maxpool: {kernel: 2}, when: x.height > 40}\n- relu", "- relu"),
    "from takes a label's value": (
        f"- {{{CONV}, as: a}}\n- relu\n- {{tanh: , from: a}}\n- add: [x, a]",
        f"- {{{CONV}, as: b}}\n- relu\n- {{from: b, tanh: }}\n- add: [x, b]",
    ),
    "from takes a list of values": (
        "- {relu: , as: a}\n- {tanh: , as: b}\n- {concat: , from: [b, a]}",
        "- {relu: , as: a}\n- {tanh: , as: b}\n- concat: [b, a]",
    ),
    "device does not change what is computed": ("- {relu: , device: 1}", "- relu"),
    # 5 merging
    "operands are a list or a mapping": (
        f"- concat: [[{{{CONV}}}], [relu, {{{CONV}}}], x]",
        f"- concat: {{a: [{{{CONV}}}], b: [relu, {{{CONV}}}], c: x}}",
    ),
    "an operand that is a single step needs no list": (
        f"- add: [x, {{{CONV}}}]\n  when: false\n- mul: [x, [relu]]",
        "- mul: {a: x, b: {relu: }}",
    ),
    "options stand beside of": ("- concat: {of: [x, x]}", "- concat: [x, x]"),
    "of may be a mapping": ("- mean: {of: {a: x, b: [relu]}, broadcast: false}", "- mean: [x, [relu]]"),
    "lerp has torch's operand names in any order": (
        "- lerp: {weight: [sigmoid], end: [relu], start: x}",
        "- lerp: {start: x, weight: [sigmoid], end: [relu]}",
    ),
    "a residual is shortcut plus body": ("- residual: [relu]", "- {relu: , as: f}\n- add: [input, f]"),
    "a residual's after comes after the sum": (
        "- residual: {body: [tanh], after: relu}",
        "- {tanh: , as: f}\n- add: [input, f]\n- relu",
    ),
    "a residual's after may be a body": (
        "- residual: {body: [tanh], after: [bn, relu]}",
        "- residual: [tanh]\n- bn\n- relu",
    ),
    "a residual's scale is of the body": (
        "- residual: {body: [tanh], scale: 0.1}",
        "- tanh\n- {scale: 0.1, as: f}\n- add: [input, f]",
    ),
    "survival is stochastic depth": (
        "- residual: {body: [tanh], survival: 0.5}",
        "- tanh\n- {stochastic_depth: {survival: 0.5}, as: f}\n- add: [input, f]",
    ),
    "auto is the identity when shapes agree": (
        "- residual: {body: [tanh], shortcut: auto}",
        "- residual: {body: [tanh], shortcut: identity}",
    ),
    "auto is a projection when they do not": (
        "- residual: {body: [{conv: {out: 8, kernel: 3, stride: 2, padding: 1}}], shortcut: auto}",
        "- residual: {body: [{conv: {out: 8, kernel: 3, stride: 2, padding: 1}}], shortcut: project}",
    ),
    "project is a 1x1 convolution and a bn": (
        "- residual: {body: [{conv: {out: 8, kernel: 1, stride: 2}}], shortcut: project}",
        "- residual:\n    body: [{conv: {out: 8, kernel: 1, stride: 2}}]\n"
        "    shortcut: [{conv: {out: 8, kernel: 1, stride: 2, bias: false}}, bn]",
    ),
    "pad takes every stride-th element and pads channels": (
        "- residual: {body: [{conv: {out: 8, kernel: 1, stride: 2}}], shortcut: pad}",
        "- residual:\n    body: [{conv: {out: 8, kernel: 1, stride: 2}}]\n"
        "    shortcut: [{avgpool: {kernel: 1, stride: 2}}, {pad: {channels: [0, 5]}}]",
    ),
    "pool_pad takes the mean and pads channels": (
        "- residual: {body: [{conv: {out: 8, kernel: 1, stride: 2}}], shortcut: pool_pad}",
        "- residual:\n    body: [{conv: {out: 8, kernel: 1, stride: 2}}]\n"
        "    shortcut: [{avgpool: {kernel: 2, stride: 2, ceil: true}}, {pad: {channels: [0, 5]}}]",
    ),
    "a shortcut may be a body": (
        f"- residual: {{body: [{{{CONV}}}], shortcut: [{{{CONV}}}, bn]}}",
        f"- {{{CONV}, as: f}}\n- {{from: input, {CONV}}}\n- bn\n- add: [x, f]",
    ),
    "$name may hold a residual's shortcut": (
        "args: {how: identity}\nnetwork: [{residual: {body: [relu], shortcut: $how}}]",
        "- residual: {body: [relu], shortcut: identity}",
    ),
    "each dense layer sees the concatenation of all before it": (
        f"- dense: {{layers: 2, body: [{{{CONV}}}]}}",
        f"- {{{CONV}, as: a}}\n- {{concat: [input, a], as: c}}\n- {{{CONV}, as: b}}\n- concat: [c, b]",
    ),
    "repeat is unrolled and counts": (
        "- repeat: 2\n  body: [{conv: {out: 4 * (index + 1), kernel: 1}}, relu]",
        "- conv: {out: 4, kernel: 1}\n- relu\n- conv: {out: 8, kernel: 1}\n- relu",
    ),
    "repeat may be computed, and zero": ("- repeat: x.channels - 3\n  body: [relu]\n- tanh", "- tanh"),
    "foreach walks its lists in step": (
        "- foreach: {i: range(2), width: [64, 128]}\n  body: [{conv: {out: width + i, kernel: 1}}]",
        "- conv: {out: 64, kernel: 1}\n- conv: {out: 129, kernel: 1}",
    ),
    "foreach nests, and inner variables hide outer ones": (
        "- foreach: {n: [1, 2]}\n"
        "  body: [{repeat: n, body: [{foreach: {n: [8]}, body: [{conv: {out: n, kernel: 1}}]}]}]",
        "- repeat: 3\n  body: [{conv: {out: 8, kernel: 1}}]",
    ),
    "a sequential has no other meaning": ("- {sequential: [relu, tanh], name: s}", "- relu\n- tanh"),
    "a block may call itself, and when ends it": (
        "blocks:\n  down: {args: {n: int}, body: [{conv: {out: n, kernel: 1}}, {down: n - 1, when: n > 1}]}\n"
        "network: [{down: 3}]",
        "- foreach: {n: [3, 2, 1]}\n  body: [{conv: {out: n, kernel: 1}}]",
    ),
    "two blocks may call each other": (
        "blocks:\n  a: {args: {n: int}, body: [relu, {b: n - 1, when: n > 0}]}\n"
        "  b: {args: {n: int}, body: [tanh, {a: n - 1, when: n > 0}]}\nnetwork: [{a: 2}]",
        "- relu\n- tanh\n- relu",
    ),
    "a block may take and give several values": (
        "blocks:\n  swap: {inputs: [a, b], outputs: [b, a], body: [{relu: , from: a, as: a}]}\n"
        "network:\n  - {tanh: , as: t}\n  - {swap: , from: [input, t]}\n  - concat",
        "- {tanh: , as: t}\n- {relu: , from: input, as: r}\n- concat: [t, r]",
    ),
    "the operands of a merge without operands are what enters": (
        "- split: [1, 1, 1]\n- mean",
        "- {split: [1, 1, 1], as: [a, b, c]}\n- mean: [a, b, c]",
    ),
    # 6 ops
    "padding may be computed": (
        "- conv: {out: 4, kernel: 3, padding: '[0, 1] + [2][1:]'}",
        "- conv: {out: 4, kernel: 3, padding: [0, 1]}",
    ),
}


@pytest.mark.parametrize("sentence", SAME)
def test_same(sentence: str, tmp_path: Path) -> None:
    one, other = (netspec.compile(write(tmp_path, text)) for text in SAME[sentence])
    assert structure(one) == structure(other)


VALUES = {
    # 1 principles
    "channels, rank and flatten sizes come from what flows in": (
        "input: [2, 10]\nnetwork: [{conv: {out: 4, kernel: 3}}, bn, flatten, {linear: 5}]",
        """
        conv1 = conv(input) 4x8 28
        bn1 = bn(conv1) 4x8 8
        flatten1 = flatten(bn1) 32
        linear1 = linear(flatten1) 5 165
        """,
    ),
    # 4 step keys
    "name is the step's place in the module tree, with expressions filled in": (
        f"- foreach: {{i: range(2)}}\n  body: [{{{CONV}, name: 'layer{{i+1}}'}}]",
        """
        layer1 = conv(input) 4x32x32 16
        layer2 = conv(layer1) 4x32x32 20
        """,
    ),
    "a step that is not there takes no name": (
        "- {relu: , when: false}\n- relu\n- {tanh: , name: a, when: false}\n- {tanh: , name: a}",
        """
        relu1 = relu(input) 3x32x32
        a = tanh(relu1) 3x32x32
        """,
    ),
    "steps with the same share are one module": (
        "- {conv: {out: 3, kernel: 1}, share: w}\n- relu\n- {conv: {out: 3, kernel: 1}, share: w}",
        """
        conv1 = conv(input) 3x32x32 12
        relu1 = relu(conv1) 3x32x32
        conv1@2 = conv(relu1) 3x32x32
        """,
    ),
    "share has expressions filled in": (
        "- repeat: 3\n  body: [{conv: {out: 3, kernel: 1}, share: 'w{index % 2}'}]",
        """
        conv1 = conv(input) 3x32x32 12
        conv2 = conv(conv1) 3x32x32 12
        conv1@2 = conv(conv2) 3x32x32
        """,
    ),
    "each call of a block shares within itself": (
        "blocks:\n  b: {body: [{conv: {out: 3, kernel: 1}, share: w}, {conv: {out: 3, kernel: 1}, share: w}]}\n"
        "network: [b, b]",
        """
        b1.conv1 = conv(input) 3x32x32 12
        b1.conv1@2 = conv(b1.conv1) 3x32x32
        b2.conv1 = conv(b1.conv1@2) 3x32x32 12
        b2.conv1@2 = conv(b2.conv1) 3x32x32
        """,
    ),
    "a shared sequential is one module": (
        "- {sequential: [bn, relu], share: k, name: s}\n- {sequential: [bn, relu], share: k}",
        """
        s.0 = bn(input) 3x32x32 6
        s.1 = relu(s.0) 3x32x32
        s@2.0 = bn(s.1) 3x32x32
        s@2.1 = relu(s@2.0) 3x32x32
        """,
    ),
    "a shared residual is one module": (
        "- {residual: [bn], share: k, name: r}\n- {residual: [bn], share: k}",
        """
        r.bn1 = bn(input) 3x32x32 6
        r.add1 = add(input, r.bn1) 3x32x32
        r@2.bn1 = bn(r.add1) 3x32x32
        r@2.add1 = add(r.add1, r@2.bn1) 3x32x32
        """,
    ),
    "further uses of modules of one name are apart": (
        "- {sequential: [{bn: , share: a}], name: s}\n- {sequential: [{bn: , share: b}], name: t}\n"
        "- {bn: , share: a}\n- {bn: , share: b}",
        """
        s.0 = bn(input) 3x32x32 6
        t.0 = bn(s.0) 3x32x32 6
        0@2 = bn(t.0) 3x32x32
        0@3 = bn(0@2) 3x32x32
        """,
    ),
    "shared heads are one module, with an output each": (
        "- repeat: 2\n  body:\n    - relu\n"
        "    - {output: {name: 'p{index + 3}', body: [{conv: {out: 2, kernel: 1}}]}, share: head}",
        """
        relu1 = relu(input) 3x32x32
        p3.conv1 = conv(relu1) 2x32x32 8
        relu2 = relu(relu1) 3x32x32
        p3@2.conv1 = conv(relu2) 2x32x32
        returns output: relu2
        returns p3: p3.conv1
        returns p4: p3@2.conv1
        """,
    ),
    "a shared sub-module may use a module from outside": (
        "- {bn: , share: w}\n- {sequential: [{bn: , share: w}, relu], share: s}\n"
        "- {sequential: [{bn: , share: w}, relu], share: s}",
        """
        bn1 = bn(input) 3x32x32 6
        sequential1.bn1@2 = bn(bn1) 3x32x32
        sequential1.0 = relu(sequential1.bn1@2) 3x32x32
        sequential1@2.bn1@3 = bn(sequential1.0) 3x32x32
        sequential1@2.0 = relu(sequential1@2.bn1@3) 3x32x32
        """,
    ),
    "a shared sub-module shares inside itself": (
        "- {sequential: [{bn: , share: w}, {bn: , share: w}], share: s}\n"
        "- {sequential: [{bn: , share: w}, {bn: , share: w}], share: s}",
        """
        sequential1.0 = bn(input) 3x32x32 6
        sequential1.0@2 = bn(sequential1.0) 3x32x32
        sequential1@2.0 = bn(sequential1.0@2) 3x32x32
        sequential1@2.0@2 = bn(sequential1@2.0) 3x32x32
        """,
    ),
    "a shared head of one block is that block": (
        "- {output: {name: a, body: [conv_relu: 2]}, share: head}\n- relu\n"
        "- {output: {name: b, body: [conv_relu: 2]}, share: head}",
        """
        a.conv = conv(input) 2x32x32 8
        a.relu1 = relu(a.conv) 2x32x32
        relu1 = relu(input) 3x32x32
        a@2.conv = conv(relu1) 2x32x32
        a@2.relu1 = relu(a@2.conv) 2x32x32
        returns output: relu1
        returns a: a.relu1
        returns b: a@2.relu1
        """,
    ),
    # 5 merging
    "a mapping's keys name the branches in the module tree": (
        f"- concat:\n    branch1: [{{{CONV}}}]\n    branch2: [relu, {{{CONV}}}]\n    branch3: [conv_relu: 2]\n"
        "  name: inception3a\n  expect: [10, 32, 32]",
        """
        inception3a.branch1 = conv(input) 4x32x32 16
        inception3a.branch2.0 = relu(input) 3x32x32
        inception3a.branch2.1 = conv(inception3a.branch2.0) 4x32x32 16
        inception3a.branch3.conv = conv(input) 2x32x32 8
        inception3a.branch3.relu1 = relu(inception3a.branch3.conv) 2x32x32
        inception3a.concat1 = concat(inception3a.branch1, inception3a.branch2.1, inception3a.branch3.relu1) 10x32x32
        """,
    ),
    "mul stretches a 1x1 gate": (
        "- mul: {x: x, gate: [global_avgpool, sigmoid]}",
        """
        gate.0 = global_avgpool(input) 3x1x1
        gate.1 = sigmoid(gate.0) 3x1x1
        mul1 = mul(input, gate.1) 3x32x32
        """,
    ),
    "options are no branches": (
        "- concat: {of: [x, x], axis: 2}\n- concat: {axis: [relu], b: x}",
        """
        concat1 = concat(input, input) 3x64x32
        axis = relu(concat1) 3x64x32
        concat2 = concat(axis, concat1) 6x64x32
        """,
    ),
    "a highway layer is a lerp": (
        "input: [5]\nnetwork: [{lerp: {start: x, end: [{linear: 5}, relu], weight: [{linear: 5}, sigmoid]}}]",
        """
        end.0 = linear(input) 5 30
        end.1 = relu(end.0) 5
        weight.0 = linear(input) 5 30
        weight.1 = sigmoid(weight.0) 5
        lerp1 = lerp(input, end.1, weight.1) 5
        """,
    ),
    "all merges": (
        "- {relu: , as: a}\n"
        + "\n".join(f"- {word}: [x, a]" for word in ("add", "sub", "mul", "mean", "max", "matmul", "join")),
        """
        relu1 = relu(input) 3x32x32
        add1 = add(relu1, relu1) 3x32x32
        sub1 = sub(add1, relu1) 3x32x32
        mul1 = mul(sub1, relu1) 3x32x32
        mean1 = mean(mul1, relu1) 3x32x32
        max1 = max(mean1, relu1) 3x32x32
        matmul1 = matmul(max1, relu1) 3x32x32
        join1 = join(matmul1, relu1) 3x32x32
        """,
    ),
    "a joint of several columns is one mean": (
        "blocks:\n  fractal:\n    args: {columns: int}\n    body:\n      - {tanh: , as: own}\n"
        "      - {fractal: columns - 1, from: input, when: columns > 1}\n      - {join: , when: columns > 2}\n"
        "      - {fractal: columns - 1, as: deep, when: columns > 1}\n"
        "      - {sequential: [], from: [own, deep], when: columns > 1}\n"
        "network: [{fractal: 2}, join]",
        """
        fractal1.tanh1 = tanh(input) 3x32x32
        fractal1.fractal1.tanh1 = tanh(input) 3x32x32
        fractal1.fractal2.tanh1 = tanh(fractal1.fractal1.tanh1) 3x32x32
        join1 = join(fractal1.tanh1, fractal1.fractal2.tanh1) 3x32x32
        """,
    ),
    "split cuts a value, -1 is the rest": (
        "- {split: {sizes: [1, -1]}, as: [a, b]}\n- concat: [b, a]",
        """
        slice1 = slice(input) 1x32x32
        slice2 = slice(input) 2x32x32
        concat1 = concat(slice2, slice1) 3x32x32
        """,
    ),
    "an output is an auxiliary output, and the chain goes on from where it was": (
        "- output: {name: aux, body: [flatten, {linear: 2}], train_only: true, loss_weight: 0.3}\n- relu",
        """
        aux.flatten1 = flatten(input) 3072
        aux.linear1 = linear(aux.flatten1) 2 6,146
        relu1 = relu(input) 3x32x32
        returns output: relu1
        returns aux: aux.linear1 in training, loss weight 0.3
        """,
    ),
    "use is another document as a sub-network": (
        "input: [1, 32, 32]\nnetwork: [{use: {spec: lenet5_modern, args: {classes: 3}}, name: left}, relu]",
        """
        left.conv1 = conv(input) 6x28x28 156
        left.relu1 = relu(left.conv1) 6x28x28
        left.maxpool1 = maxpool(left.relu1) 6x14x14
        left.conv2 = conv(left.maxpool1) 16x10x10 2,416
        left.relu2 = relu(left.conv2) 16x10x10
        left.maxpool2 = maxpool(left.relu2) 16x5x5
        left.flatten1 = flatten(left.maxpool2) 400
        left.linear1 = linear(left.flatten1) 120 48,120
        left.relu3 = relu(left.linear1) 120
        left.linear2 = linear(left.relu3) 84 10,164
        left.relu4 = relu(left.linear2) 84
        left.linear3 = linear(left.relu4) 3 255
        relu1 = relu(left.linear3) 3
        """,
    ),
    # 7 names
    "an unnamed step is called by its op and its ordinal": (
        f"- {{{CONV}}}\n- bn\n- {{{CONV}}}\n- {{{CONV}, name: conv4}}\n- {{{CONV}}}\n- {{{CONV}}}",
        """
        conv1 = conv(input) 4x32x32 16
        bn1 = bn(conv1) 4x32x32 8
        conv2 = conv(bn1) 4x32x32 20
        conv4 = conv(conv2) 4x32x32 20
        conv3 = conv(conv4) 4x32x32 20
        conv5 = conv(conv3) 4x32x32 20
        """,
    ),
    "a list of repeated units counts from 0": (
        "- repeat: 2\n  name: layer1\n  body: [conv_relu: 4]\n- repeat: 2\n  name: layer2\n  body: [bn, relu]",
        """
        layer1.0.conv = conv(input) 4x32x32 16
        layer1.0.relu1 = relu(layer1.0.conv) 4x32x32
        layer1.1.conv = conv(layer1.0.relu1) 4x32x32 20
        layer1.1.relu1 = relu(layer1.1.conv) 4x32x32
        layer2.0.0 = bn(layer1.1.relu1) 4x32x32 8
        layer2.0.1 = relu(layer2.0.0) 4x32x32
        layer2.1.0 = bn(layer2.0.1) 4x32x32 8
        layer2.1.1 = relu(layer2.1.0) 4x32x32
        """,
    ),
    "a sequential counts as torch does, named steps included": (
        "- sequential: [bn, {bn: , name: norm}, bn, {sequential: [bn]}]\n  name: features",
        """
        features.0 = bn(input) 3x32x32 6
        features.norm = bn(features.0) 3x32x32 6
        features.2 = bn(features.norm) 3x32x32 6
        features.3.0 = bn(features.2) 3x32x32 6
        """,
    ),
    "a dense block's layers count from 0, or have names": (
        "- {dense: {layers: 1, body: [bn, relu]}, name: d}\n"
        "- {dense: {layers: 1, body: [{conv_relu: 1, name: 'layer{index+1}'}]}, name: e}",
        """
        d.0.0 = bn(input) 3x32x32 6
        d.0.1 = relu(d.0.0) 3x32x32
        d.concat1 = concat(input, d.0.1) 6x32x32
        e.layer1.conv = conv(d.concat1) 1x32x32 7
        e.layer1.relu1 = relu(e.layer1.conv) 1x32x32
        e.concat1 = concat(d.concat1, e.layer1.relu1) 7x32x32
        """,
    ),
    "a shortcut with weights is downsample": (
        f"- {{residual: [{{{CONV}}}], name: r}}",
        """
        r.conv1 = conv(input) 4x32x32 16
        r.downsample.0 = conv(input) 4x32x32 12
        r.downsample.1 = bn(r.downsample.0) 4x32x32 8
        r.add1 = add(r.downsample.1, r.conv1) 4x32x32
        """,
    ),
    "a residual's unnamed steps are called by op and ordinal, its shortcut by its own name": (
        f"- residual: {{body: [{{{CONV}}}, bn, relu, {{{CONV}}}, bn], after: relu, scale: 0.5}}\n  name: unit",
        """
        unit.conv1 = conv(input) 4x32x32 16
        unit.bn1 = bn(unit.conv1) 4x32x32 8
        unit.relu1 = relu(unit.bn1) 4x32x32
        unit.conv2 = conv(unit.relu1) 4x32x32 20
        unit.bn2 = bn(unit.conv2) 4x32x32 8
        unit.scale1 = scale(unit.bn2) 4x32x32
        unit.downsample.0 = conv(input) 4x32x32 12
        unit.downsample.1 = bn(unit.downsample.0) 4x32x32 8
        unit.add1 = add(unit.downsample.1, unit.scale1) 4x32x32
        unit.relu2 = relu(unit.add1) 4x32x32
        """,
    ),
    "several shortcuts of one body are downsample, downsample2": (
        "- foreach: {width: [4, 8]}\n  body: [{residual: [{conv: {out: width, kernel: 1}}]}]\n"
        "- {residual: {body: [relu], shortcut: [bn]}}",
        """
        conv1 = conv(input) 4x32x32 16
        downsample.0 = conv(input) 4x32x32 12
        downsample.1 = bn(downsample.0) 4x32x32 8
        add1 = add(downsample.1, conv1) 4x32x32
        conv2 = conv(add1) 8x32x32 40
        downsample2.0 = conv(add1) 8x32x32 32
        downsample2.1 = bn(downsample2.0) 8x32x32 16
        add2 = add(downsample2.1, conv2) 8x32x32
        relu1 = relu(add2) 8x32x32
        downsample3 = bn(add2) 8x32x32 16
        add3 = add(downsample3, relu1) 8x32x32
        """,
    ),
    # inputs and outputs
    "several inputs are labels, and the chain starts from all": (
        "input: {a: [3, 8, 8], b: [2, 8, 8]}\nnetwork: [concat, {conv: {out: a.channels, kernel: 1}}, {add: [x, a]}]",
        """
        concat1 = concat(a, b) 5x8x8
        conv1 = conv(concat1) 3x8x8 18
        add1 = add(conv1, a) 3x8x8
        """,
    ),
    "inputs may be integers": (
        "input: {shape: [7], dtype: int64, high: 9}\nnetwork: [{embedding: {num: 9, dim: 4}}]",
        "embedding1 = embedding(input) 7x4 36",
    ),
    "an input's size may be computed": (
        "args: {size: 8}\ninput: [3, size, 2 * size]\nnetwork: [relu]",
        "relu1 = relu(input) 3x8x16",
    ),
    "outputs are labels of the network's body": (
        "outputs: [late, early]\nnetwork: [{relu: , as: early}, {tanh: , as: late}, sigmoid]",
        """
        relu1 = relu(input) 3x32x32
        tanh1 = tanh(relu1) 3x32x32
        sigmoid1 = sigmoid(tanh1) 3x32x32
        returns late: tanh1
        returns early: relu1
        """,
    ),
}


@pytest.mark.parametrize("sentence", VALUES)
def test_values(sentence: str, tmp_path: Path) -> None:
    text, values = VALUES[sentence]
    assert rows(outline(netspec.compile(write(tmp_path, text)))) == rows(values)


FAULTS = {
    # 1 principles
    "a step is exactly one op, block or combinator": ("- {relu: , bn: }", "NS0303", "'relu' and 'bn'"),
    "a step is not nothing": ("- {name: a}", "NS0302", "no op"),
    "an unknown step has a suggestion": ("- rleu", "NS0301", "did you mean 'relu'?"),
    "arguments are always named": ("- conv: {out: 4, kernel: 1, strid: 2}", "NS0306", "did you mean 'stride'?"),
    "a required argument is needed": ("- conv: {out: 4}", "NS0307", "conv needs `kernel`"),
    "an argument has a type": ("- conv: {out: 4, kernel: 1, bias: 3}", "NS0309", "`bias` must be true or false"),
    # 2 documents
    "a type in args means required": (
        "blocks: {b: {args: {n: int}, body: [relu]}}\nnetwork: [b]",
        "NS0307",
        "b needs `n`",
    ),
    "a document's argument may be required": ("args: {n: int}\nnetwork: [relu]", "NS0307", "needs `n`"),
    "an argument has bounds": (
        "args: {n: {type: int, default: 9, max: 8}}\nnetwork: [relu]",
        "NS0309",
        "`n` must be at most 8, not 9",
    ),
    "an argument has choices": (
        "args: {n: {type: word, default: c, choices: [a, b]}}\nnetwork: [relu]",
        "NS0309",
        "must be one of a, b",
    ),
    "an unknown type has a suggestion": ("args: {n: {type: itn}}\nnetwork: [relu]", "NS0207", "did you mean 'int'?"),
    "a document has a version": ("netspec: 2\ninput: [3, 8, 8]\nnetwork: [relu]", "NS0204", "format 1"),
    "a document has no unknown keys": ("netspec: 1\ninput: [3]\nnetwrok: []", "NS0202", "did you mean 'network'?"),
    "a document has a network": ("netspec: 1\ninput: [3]", "NS0203", "no `network`"),
    "a document has an input": ("netspec: 1\nnetwork: [relu]", "NS0203", "no `input`"),
    "defaults name ops": ("defaults: {covn: {bias: false}}", "NS0320", "did you mean 'conv'?"),
    "defaults name arguments": ("defaults: {conv: {bais: false}}", "NS0306", "did you mean 'bias'?"),
    "init names ops": ("init: {covn: zeros}", "NS0320", "did you mean 'conv'?"),
    "init names functions of torch": ("init: {conv: he_normal}", "NS0316", "torch calls it `kaiming_normal`"),
    "init names their arguments": ("init: {conv: {normal: {sd: 1}}}", "NS0316", "did you mean 'std'?"),
    "init fits its parameter": (
        "init: {conv: eye}\nnetwork: [{conv: {out: 4, kernel: 1}}]",
        "NS0316",
        "eye cannot initialize the weight of conv, which is 4x3x1x1",
    ),
    "values that start a parameter are as many as it has": (
        "- {conv: {out: 4, kernel: 1}, init: {bias: [1, 2]}}",
        "NS0316",
        "write values of shape 4",
    ),
    "a pin is checked": ("- {relu: , expect: [3, 32, 31]}", "NS0601", "expected 3x32x31, got 3x32x32"),
    "totals are checked": (
        "network: [relu]\nexpect: {params: 1}",
        "NS0602",
        "expected 1 params, and the network has 0",
    ),
    "totals have names": ("network: [relu]\nexpect: {parms: 1}", "NS0202", "did you mean 'params'?"),
    # 3 expressions
    "an unknown name has a suggestion": (
        "args: {width: 4}\nnetwork: [{conv: {out: widht, kernel: 1}}]",
        "NS0402",
        "did you mean 'width'?",
    ),
    "a block sees nothing of its caller": (
        "args: {width: 4}\nblocks: {b: {body: [{conv: {out: width, kernel: 1}}]}}\nnetwork: [b]",
        "NS0402",
        "unknown name 'width'",
    ),
    "no attributes beyond those of values": ("- conv: {out: x.__class__, kernel: 1}", "NS0402", "unknown attribute"),
    "no calls beyond the list": ("- conv: {out: open(1), kernel: 1}", "NS0402", "unknown function 'open'"),
    "nothing but expressions": ("- conv: {out: 'lambda: 1', kernel: 1}", "NS0403", "a lambda is not allowed"),
    "powers are bounded": ("- conv: {out: 2 ** 99, kernel: 1}", "NS0405", "exponent"),
    "only the axes that a value has": ("input: [3, 8]\nnetwork: [{relu: , when: x.height > 1}]", "NS0404", "no height"),
    "a number of channels is whole": ("- conv: {out: x.channels / 2, kernel: 1}", "NS0309", "`//`"),
    "a word is one of those known": ("- conv: {out: 4, kernel: 1, padding: smae}", "NS0309", "did you mean 'same'?"),
    "a duplicate key is an error": ("- conv: {out: 4, out: 4, kernel: 1}", "NS0102", "'out' is given twice"),
    # 4 step keys
    "a name is fit for a module": ("- {relu: , name: a.b}", "NS0310", "'a.b' cannot name a module"),
    "a name shadows nothing": ("- {relu: , name: forward}", "NS0310", "'forward'"),
    "names are unique": ("- {relu: , name: a}\n- {tanh: , name: a}", "NS0311", "two modules are called 'a'"),
    "labels stay in their body": (
        "- sequential: [{relu: , as: inner}]\n- {tanh: , from: inner}",
        "NS0313",
        "labelled 'inner'",
    ),
    "labels of one round are not seen in the next": (
        "- repeat: 2\n  body: [{relu: , as: a, when: index == 0}, {tanh: , from: a, when: index == 1}]\n"
        "- {relu: , from: a}",
        "NS0313",
        "labelled 'a'",
    ),
    "from knows its labels": ("- {relu: , as: skip}\n- {tanh: , from: skp}", "NS0313", "did you mean 'skip'?"),
    "a label means nothing else": ("- {relu: , as: x}", "NS0321", "label"),
    "several values need as many labels": ("- {split: [1, 2], as: [a, b, c]}", "NS0314", "3 labels for 2 values"),
    "shared steps have the same weights": (
        "- {conv: {out: 3, kernel: 1}, share: w}\n- {conv: {out: 3, kernel: 3}, share: w}",
        "NS0506",
        "'conv1' is shared",
    ),
    "shared sub-modules do the same": (
        "- {sequential: [relu, bn], share: w}\n- {sequential: [bn, relu], share: w}",
        "NS0506",
        "'sequential1.0' is shared",
    ),
    "a shared sub-module has all the steps": (
        "- {sequential: [bn, relu], share: w, name: s}\n- {sequential: [bn], share: w}",
        "NS0506",
        "'s' is shared by steps that compute different things",
    ),
    # 5 merging
    "an operand is a label, x or a body": ("- add: [x, skip]", "NS0313", "'skip'"),
    "shapes must agree": (f"- {{{CONV}, as: a}}\n- add: [a, input]", "NS0501", "4x32x32 and 3x32x32"),
    "only mul and lerp stretch unless told to": ("- add: [x, [global_avgpool]]", "NS0501", "3x32x32 and 3x1x1"),
    "an option is never taken for a branch": ("- concat: {axis: 2, a: x, b: x}", "NS0308", "options stand beside"),
    "an operand that is a step is a list": ("- add: [x, relu]", "NS0308", "write `[relu]`"),
    "lerp's operands have names": ("- lerp: [x, x, x]", "NS0308", "start, end, weight"),
    "an identity shortcut needs equal shapes": (
        f"- residual: {{body: [{{{CONV}}}], shortcut: identity}}",
        "NS0501",
        "the body is 4x32x32, the shortcut 3x32x32",
    ),
    "foreach's lists have equal lengths": (
        "- foreach: {a: [1, 2], b: [1]}\n  body: [relu]",
        "NS0317",
        "a has 2, b has 1",
    ),
    "a name and a share stand where there is a module": (
        "- {split: [1, 2], name: s}\n- concat",
        "NS0324",
        "`name` has no effect on split",
    ),
    "a module inside a shared one is not shared with steps outside": (
        "- {sequential: [{bn: , share: w}], share: s}\n- {bn: , share: w}",
        "NS0506",
        "'w' is the key of a module inside 'sequential1'",
    ),
    "shared steps are initialized in one way": (
        "- {conv: {out: 3, kernel: 1}, share: w, init: ones}\n- {conv: {out: 3, kernel: 1}, share: w, init: zeros}",
        "NS0506",
        "initialize it in different ways",
    ),
    "outputs have different names": ("- output: {name: a}\n- output: {name: a}", "NS0318", "two outputs"),
    "an op takes one value": ("- split: [1, 2]\n- relu", "NS0314", "relu takes one value, got 2"),
    "a block takes as many values as it has inputs": (
        "blocks: {b: {inputs: [l, r], body: [{add: [l, r]}]}}\nnetwork: [b]",
        "NS0314",
        "b takes 2 values, got 1",
    ),
    "a split adds up": ("- split: [1, 1]", "NS0507", "cannot split 3x32x32"),
    "use knows what ships": ("- use: resnet81", "NS0001", "did you mean 'resnet18'?"),
    "use knows the document's arguments": (
        "- use: {spec: resnet18, args: {clases: 3}}",
        "NS0214",
        "did you mean 'classes'?",
    ),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_faults(sentence: str, tmp_path: Path) -> None:
    text, code, words = FAULTS[sentence]
    error = fault_of(write(tmp_path, text))
    assert [each.code for each in error.diagnostics] == [code], str(error)
    assert words in str(error)
    assert error.diagnostics[0].span is not None


def test_several_faults_are_found_at_once(tmp_path: Path) -> None:
    error = fault_of(write(tmp_path, "- rleu\n- conv: {out: 4}\n- {bn: , nme: a}"))
    assert [(each.code, each.span.line) for each in error.diagnostics if each.span] == [
        ("NS0301", 2),
        ("NS0307", 3),
        ("NS0301", 4),
    ]


# runaways


@pytest.mark.parametrize(
    "text",
    [
        "blocks: {b: {body: [relu, {b: }]}}\nnetwork: [b]",
        "blocks: {a: {body: [{b: }]}, b: {body: [relu, {a: }]}}\nnetwork: [a]",
    ],
)
def test_a_recursion_without_end_shows_its_chain(text: str, tmp_path: Path) -> None:
    error = fault_of(write(tmp_path, text))
    assert isinstance(error, LimitError) and error.exit_code == 3
    (fault,) = error.diagnostics
    assert fault.code == "NS0701" and {frame.name for frame in fault.chain} <= {"a", "b"} and len(fault.chain) > 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- {repeat: 2000000000, body: []}", "NS0702"),
        ("- {foreach: {i: range(99999)}, body: [{foreach: {j: range(99999)}, body: []}]}", "NS0702"),
        ("- {dense: {layers: 2000000000, body: []}}", "NS0702"),
        ("- {dense: {layers: 1000, body: []}}", "NS0703"),
        ("- {upsample: {scale: 1000000}}", "NS0703"),
        ("input: [3, 99999999, 99999999]\nnetwork: [relu]", "NS0703"),
    ],
)
def test_a_network_without_end_is_refused(text: str, code: str, tmp_path: Path) -> None:
    error = fault_of(write(tmp_path, text))
    assert isinstance(error, LimitError) and [each.code for each in error.diagnostics] == [code]


# init


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
    started = {name: each.unique().tolist() for name, each in found.items() if name.endswith(("weight", "bias"))}
    assert started["plain.conv_relu1.conv.weight"] == started["after.conv.weight"] == [1]
    assert started["plain.conv1.weight"] == [1] and started["plain.conv1.bias"] == [7]
    assert started["other.conv_relu1.conv.weight"] == [4] and started["other.conv_relu1.conv.bias"] == [5]
    assert started["other.conv1.weight"] == [4] and started["other.conv1.bias"] == [7]
    assert started["plain.bn1.weight"] == [1] and started["other.bn1.weight"] == [0.5]


def test_functions_of_torch_start_weights(tmp_path: Path) -> None:
    rule = "{kaiming_normal: {mode: fan_out, nonlinearity: relu}}"
    weight = weights(tmp_path, f"init: {{conv: {rule}}}\nnetwork: [{{conv: {{out: 64, kernel: 3}}}}]")["conv1.weight"]
    assert abs(weight.std().item() - (2 / (64 * 9)) ** 0.5) < 0.005


# variants and overrides

FAMILY = """
netspec: 1
name: family
args: {width: {type: int, default: 8, min: 4}, layers: [1, 2], act: relu}
variants: {wide: {width: 16}, "34": {layers: [3, 4]}}
defaults: {conv: {bias: false}}
input: [3, 8, 8]
blocks: {unit: {args: {out: int}, body: [{conv: {out: out, kernel: 1}}]}}
network:
  - foreach: {n: layers}
    body: [{repeat: n, body: [{unit: width}]}]
  - {$act: , expect: [width, x.height, x.width]}
expect: {params: 152}
"""


@pytest.mark.parametrize(
    ("variant", "overrides", "convolutions", "shape"),
    [
        (None, {}, 3, (8, 8, 8)),
        ("wide", {}, 3, (16, 8, 8)),
        ("34", {}, 7, (8, 8, 8)),
        ("34", {"layers.0": "0", "width": "4"}, 4, (4, 8, 8)),
        (None, {"layers.0": "3"}, 5, (8, 8, 8)),
        (None, {"layers": [1]}, 1, (8, 8, 8)),
        (None, {"input": "[1,64,64]"}, 3, (8, 64, 64)),
        (None, {"input.1": 4, "act": "tanh"}, 3, (8, 4, 8)),
    ],
)
def test_settings(
    variant: str | None, overrides: dict[str, Any], convolutions: int, shape: tuple[int, ...], tmp_path: Path
) -> None:
    graph = netspec.compile(write(tmp_path, FAMILY), variant, overrides)
    assert sum(node.op.name == "conv" for node in graph) == convolutions
    assert graph.shape_of(graph.outputs[0].node) == shape


@pytest.mark.parametrize(
    ("variant", "overrides", "code", "words"),
    [
        ("wdie", {}, "NS0213", "did you mean 'wide'?"),
        (None, {"widht": 8}, "NS0214", "did you mean 'width'?"),
        (None, {"layers.2": 8}, "NS0214", "it has the places 0 to 1"),
        (None, {"width.0": 8}, "NS0214", "no place '0'"),
        (None, {"width": 2}, "NS0309", "at least 4"),
        (None, {"width": "many"}, "NS0402", "many"),
        (None, {"input": []}, "NS0215", "input"),
        (None, {"width": ""}, "NS0214", "there is no value"),
        (None, {"width": "[4"}, "NS0101", ""),
    ],
)
def test_wrong_settings(variant: str | None, overrides: dict[str, Any], code: str, words: str, tmp_path: Path) -> None:
    error = fault_of(write(tmp_path, FAMILY), variant=variant, overrides=overrides)
    assert [each.code for each in error.diagnostics] == [code] and words in str(error)


def test_totals_are_dropped_when_overridden(tmp_path: Path) -> None:
    wrong = FAMILY.replace("152", "1").replace("x.height", "9")
    path = write(tmp_path, wrong)
    assert fault_of(path).diagnostics[0].code == "NS0601"
    assert netspec.compile(path, "wide").params and netspec.compile(path, overrides={"act": "relu"}).params


# several files


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
    error = fault_of(extended(tmp_path, text))
    assert [each.code for each in error.diagnostics] == [code] and words in str(error)
    assert error.diagnostics[0].span and error.diagnostics[0].span.file.endswith("member.yaml")


def test_totals_references_and_notes_speak_of_one_file(tmp_path: Path) -> None:
    family = FAMILY + "notes: A note.\nreference: {timm: family}\ntitle: A title\ncite: A paper\n"
    document = netspec.load(extended(tmp_path, "args: {layers: [1]}", family))
    assert (document.notes, document.reference, dict(document.expect)) == ("", {}, {})
    assert (document.title, document.cite, document.name) == ("A title", "A paper", "family")


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
    error = fault_of(write(tmp_path, "import: [blocks/two.yaml]\nnetwork: [{unit: 8}]"))
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
    error = fault_of(write(tmp_path, text, "project/net.yaml"))
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
    assert fault_of(path).diagnostics[0].code == "NS0003"


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
    error = fault_of(write(tmp_path, "- use: used.yaml"))
    assert error.diagnostics[0].code == "NS0314" and "takes 2 values, got 1" in str(error)
