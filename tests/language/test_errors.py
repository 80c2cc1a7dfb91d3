"""Documents with the code and words of what is wrong with them: each row is a sentence of the language."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sentences import CONV, error_of, write

ERRORS = {
    # 1 principles
    "a step is exactly one op, block or combinator": ("- {relu: , bn: }", "NS0303", "'relu' and 'bn'"),
    "a step is not nothing": ("- {name: a}", "NS0302", "no op"),
    "an unknown step has a suggestion": ("- rleu", "NS0301", "did you mean 'relu'?"),
    "arguments are always named": ("- conv: {out: 4, kernel: 1, strid: 2}", "NS0306", "did you mean 'stride'?"),
    "a required argument is needed": ("- conv: {out: 4}", "NS0307", "conv needs `kernel`"),
    "an argument has a type": (
        "- conv: {out: 4, kernel: 1, bias: 3}",
        "NS0309",
        "`bias` must be true, false, or a tensor",
    ),
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
    "defaults name blocks": ("defaults: {conv_bn_atc: {act: silu}}", "NS0320", "did you mean 'conv_bn_act'?"),
    "defaults name arguments of blocks": ("defaults: {conv_bn_act: {akt: silu}}", "NS0306", "did you mean 'act'?"),
    "init names ops inside blocks": ("init: {conv_bn_act: {weight: 1}}", "NS0323", "per op"),
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
    "an option is never taken for a branch": ("- concat: {axis: 2, a: x, b: x}", "NS0308", "options go next to"),
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


@pytest.mark.parametrize("sentence", ERRORS)
def test_error(sentence: str, tmp_path: Path) -> None:
    text, code, words = ERRORS[sentence]
    error = error_of(write(tmp_path, text))
    assert [each.code for each in error.diagnostics] == [code], str(error)
    assert words in str(error)
    assert error.diagnostics[0].span is not None


def test_several_errors_are_found_at_once(tmp_path: Path) -> None:
    error = error_of(write(tmp_path, "- rleu\n- conv: {out: 4}\n- {bn: , nme: a}"))
    assert [(each.code, each.span.line) for each in error.diagnostics if each.span] == [
        ("NS0301", 2),
        ("NS0307", 3),
        ("NS0301", 4),
    ]
