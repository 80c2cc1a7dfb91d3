"""Templates of ops, broken at every place where they can be: they mean the same on one line as on many."""

from __future__ import annotations

import ast

import pytest

from netspec.ops import OPS, Argument, Torch
from netspec.targets.torch.document import Line, render
from netspec.targets.torch.templates import fill_template

ARGUMENTS = (Argument("size", 3, positional=True), Argument("mode", "a, (b", "nearest"))
ODD = [
    "{0}",
    "{0} + {1}",
    "({0} + {1}) / 2",
    "({0}, {1})",
    "[{0}]",
    "{0}[{size}]",
    "{0}[:, {size}:]",
    "{0}.view({0}.shape[0], -1)",
    "f({0}, {arguments})",
    "f({0}, mode=']) ,(')",
    'f(")", [{operands}], g({0}))',
    "f({0})(1)",
    "f({0}, {1}).to({0}.dtype)",
    "({0} + {1}).half()",
    "f(1,)",
    "f()",
]
TEXTS = [Torch(template, ARGUMENTS) for template in ODD]


def texts_of_ops() -> list[Torch]:
    found = []
    for op in OPS.values():
        for sample in op.samples:
            made = op.model_validate(sample.arguments)
            found += [made.emit_module(*sample.inputs), made.emit_function(*sample.inputs)]
    return list(dict.fromkeys(each for each in found if each is not None))


@pytest.mark.parametrize("torch", [*TEXTS, *texts_of_ops()], ids=lambda torch: torch.template)
def test_a_template_means_the_same_at_every_width(torch: Torch) -> None:
    values = [repr(argument.value) for argument in torch.arguments]
    document = fill_template(torch, values, [f"operand{index}" for index in range(12)])
    wide, narrow = (render([Line(0, document, before="x = ")], width) for width in (1000, 1))
    assert "\n" not in wide
    assert ast.dump(ast.parse(wide)) == ast.dump(ast.parse(narrow)), narrow
