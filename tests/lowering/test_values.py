"""Documents and the values that they become: each row is a sentence of the language."""

from __future__ import annotations

from pathlib import Path

import pytest

import netspec
from tests.support.markdown import outline
from tests.support.sentences import CONV, rows, write

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
    "a length is that of a signal, and of a sequence whose features come last": (
        "input: {signal: [2, 10], tokens: {shape: [7], dtype: int64, high: 9}}\n"
        "network:\n"
        "  - {reshape: [2 * signal.length], from: signal}\n"
        "  - {embedding: {num: 9, dim: 4}, from: tokens}\n"
        "  - reshape: [2, 2 * x.length]\n"
        "  - reshape: [4, tokens.length]",
        """
        reshape1 = reshape(signal) 20
        embedding1 = embedding(tokens) 7x4 36
        reshape2 = reshape(embedding1) 2x14
        reshape3 = reshape(reshape2) 4x7
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
        "      - {from: [own, deep], when: columns > 1}\n"
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
