"""Patterns of axes: the chains that people write, random ones against their definition, and hostile texts."""

from __future__ import annotations

import time
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from netspec.ops import OPS, Op
from netspec.sizes.shape import Shape
from netspec.syntax.pattern import PatternError, read
from tests.support.interpreter import RULES
from tests.support.op_forms import forms, operands, render
from tests.support.search import tries

CHAINS: tuple[tuple[str, dict[str, int], Shape, str], ...] = (
    ("c h w -> (h w) c", {}, (4, 3, 5), "x.flatten(2).transpose(1, 2)"),
    ("(h w) c -> c h w", {"h": 3}, (15, 4), "x.transpose(1, 2).unflatten(2, (3, -1))"),
    ("c h w -> h w c", {}, (4, 3, 5), "x.permute(0, 2, 3, 1)"),
    ("h w c -> c h w", {}, (3, 5, 4), "x.permute(0, 3, 1, 2)"),
    ("c l -> l c", {}, (4, 5), "x.transpose(1, 2)"),
    ("c h w -> (c h w)", {}, (4, 3, 5), "x.flatten(1)"),
    ("c h w -> c (h w)", {}, (4, 3, 5), "x.flatten(2)"),
    ("c (h w) -> c h w", {"h": 3}, (4, 15), "x.unflatten(2, (3, -1))"),
    ("l (heads d) -> heads l d", {"heads": 2}, (5, 6), "x.unflatten(2, (2, -1)).transpose(1, 2)"),
    ("heads l d -> l (heads d)", {}, (2, 5, 3), "x.transpose(1, 2).flatten(2)"),
    ("l (heads d) -> l heads d", {"heads": 2}, (5, 6), "x.unflatten(2, (2, -1))"),
    ("l heads d -> l (heads d)", {}, (5, 2, 3), "x.flatten(2)"),
    (
        "l (n heads d) -> n heads l d",
        {"n": 3, "heads": 2},
        (5, 24),
        "x.unflatten(2, (3, 2, -1)).permute(0, 2, 3, 1, 4)",
    ),
    ("1 heads l d -> heads l d", {}, (1, 2, 5, 3), "x.squeeze(1)"),
    ("c -> c 1 1", {}, (4,), "x.unsqueeze(2).unsqueeze(3)"),
    (
        "c (h p) (w q) -> (h w) (c p q)",
        {"p": 2, "q": 2},
        (4, 6, 4),
        "x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)",
    ),
    (
        "(h w) (p q c) -> c (h p) (w q)",
        {"h": 3, "p": 2, "q": 2},
        (6, 16),
        "x.unflatten(2, (2, 2, -1)).unflatten(1, (3, -1)).permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3)",
    ),
    (
        "(h p) (w q) c -> (h w) (p q) c",
        {"p": 2, "q": 2},
        (6, 4, 3),
        "x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).transpose(2, 3).flatten(3, 4).flatten(1, 2)",
    ),
    ("(g c) h w -> (c g) h w", {"g": 2}, (6, 3, 5), "x.unflatten(1, (2, -1)).transpose(1, 2).flatten(1, 2)"),
    ("... (a b) -> ... a b", {"a": 2}, (3, 5, 6), "x.unflatten(3, (2, -1))"),
)
"""The chains that networks have most often: heads, patches, windows, and the order of axes."""


@pytest.mark.parametrize(("pattern", "sizes", "shape", "text"), CHAINS)
def test_common_chains_are_what_a_person_writes(pattern: str, sizes: dict[str, int], shape: Shape, text: str) -> None:
    function = OPS["rearrange"](pattern=pattern, **sizes).emit_function(shape)
    assert function
    assert render(function, ("x",)) == text


def defined(op: Op, x: torch.Tensor) -> torch.Tensor:
    """Return the result by the definition of a pattern: the interpreter finds the place of every element."""
    return RULES["rearrange"](SimpleNamespace(op=op), x)


def random_layout(random: Random) -> tuple[str, dict[str, Any], Shape]:
    """Return an op's word, its arguments and a shape."""
    names = [f"n{number}" for number in range(random.randint(1, 6))]
    new = [f"m{number}" for number in range(random.choice([0, 0, 1, 2]))]
    sizes = {name: random.randint(1, 3) for name in [*names, *new]}

    def side(parts: list[str]) -> list[list[str]]:
        groups: list[list[str]] = []
        for part in parts:
            if groups and random.random() < 0.4:
                groups[-1].append(part)
            else:
                groups.append([part])
        for _ in range(random.choice([0, 0, 1])):
            groups.insert(random.randint(0, len(groups)), [])
        return groups

    left, right = side(names), side(random.sample([*names, *new], len(names) + len(new)))
    given = [name for group in left for name in group[1:]] + new
    given += [name for name in names if name not in given and random.random() < 0.2]
    texts = [" ".join(f"({' '.join(group)})" if len(group) > 1 else "".join(group) or "1" for group in part)
             for part in (left, right)]  # fmt: skip
    shape = tuple(int(torch.tensor([sizes[name] for name in group]).prod()) for group in left)
    arguments = {"pattern": " -> ".join(texts), **{name: sizes[name] for name in given}}
    return ("tile" if new else "rearrange"), arguments, shape


def test_random_patterns_give_what_they_mean() -> None:
    random = Random(5)
    for _ in range(tries(400)):
        word, arguments, shape = random_layout(random)
        op = OPS[word](**arguments)
        (x,) = operands(op, (shape,))
        expected = defined(op, x)
        (form,) = forms(op, (shape,))
        assert torch.equal(form(x), expected), arguments
        assert tuple(expected.shape[1:]) == op.infer_shape(shape), arguments
        plain = op.canonical(shape)
        assert plain.canonical(shape) == plain, arguments
        assert torch.equal(next(forms(plain, (shape,)))(x), expected), arguments


def test_names_do_not_matter() -> None:
    first = OPS["rearrange"](pattern="c (h p) -> (c p) h", p=2)
    second = OPS["rearrange"](pattern="a  (b d)->(a d)b", b=3)
    assert first.canonical((4, 6)) == second.canonical((4, 6))


HOSTILE = (
    "(" * 256,
    "()" * 128,
    "-> ->" * 50,
    "... ... -> ...",
    "__import__('os') -> c",
    "c\n->\nc",
    "c -> c\x00",
    "\N{GREEK SMALL LETTER ALPHA} -> c",
    "c {0} -> {0} c",
    "c -> " + "c " * 100,
    "1" * 256,
    "," * 255,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_refused_or_read_at_once(text: str) -> None:
    started = time.process_time()
    try:
        read(text)
    except PatternError as error:
        assert 0 <= error.offset <= len(text)
        assert error.length >= 1
        assert error.help
    assert time.process_time() - started < 1  # what backtracks takes minutes


def test_any_text_is_a_pattern_or_an_error() -> None:
    random = Random(1)
    pieces = ["c", "h", "w", "(", ")", "->", " ", "1", "...", ",", "2", "{", "_", "é"]
    read_at_all = 0
    for _ in range(tries(3000)):
        text = "".join(random.choice(pieces) for _ in range(random.randint(0, 14)))
        try:
            read(text)
            read_at_all += 1
        except PatternError as error:
            assert error.message and error.help and error.offset <= len(text)
    assert read_at_all
