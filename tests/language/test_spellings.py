"""Documents that say the same in other words become the same values: each row is a sentence of the language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import netspec
from netspec.ir import Graph
from tests.support.sentences import CONV, write


def structure(graph: Graph) -> list[Any]:
    """Return what a graph computes, without its names."""
    places = {each.name: each.name for each in graph.inputs} | {node.path: index for index, node in enumerate(graph)}
    values = [(node.op, [places[path] for path in node.inputs], node.shape, node.params) for node in graph]
    return [values, [(places[output.node], output.train_only, output.loss_weight) for output in graph.outputs]]


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
    "defaults give arguments of blocks": (
        "defaults: {conv_bn_act: {act: silu, out: 4}, conv: {kernel: 1}}\n"
        "network: [conv_bn_act, {conv_bn_act: {out: 8, act: null}}]",
        "- conv: {out: 4, kernel: 1, padding: auto, bias: false}\n- bn\n- silu\n"
        "- conv: {out: 8, kernel: 1, padding: auto, bias: false}\n- bn",
    ),
    "defaults of blocks reach calls in other blocks and by $name": (
        "args: {n: 2}\ndefaults: {conv_bn_act: {kernel: n + 1, out: 4}}\n"
        "blocks: {a: {body: [conv_bn_act]}, b: {args: {unit: block}, body: [$unit]}}\n"
        "network: [a, {b: conv_bn_act}, {b: {unit: {conv_bn_act: {kernel: 1}}}}]",
        "- conv_bn_act: {out: 4, kernel: 3}\n- conv_bn_act: {out: 4, kernel: 3}\n- conv_bn_act: 4",
    ),
    "defaults may follow the place of a call, and `mode: row` is torchvision's drop-path": (
        "defaults: {residual: {survival: 1 - 0.5 * index / count, mode: row}}\n"
        "network: [{residual: [tanh]}, {residual: [tanh]}]",
        "- residual: [tanh]\n- add: [x, [tanh, {stochastic_depth: {survival: 0.75, mode: row, rescale: true}}]]",
    ),
    "defaults of a block are for the document's own of that name": (
        "defaults: {se: {n: 4}}\nblocks: {se: {args: {n: int}, body: [{conv: {out: n, kernel: 1}}]}}\nnetwork: [se]",
        f"- {CONV}",
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
