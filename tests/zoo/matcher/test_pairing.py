"""The matcher pairs layers correctly where branches are alike, and in random and deep networks."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.support.formulas import MAP, Formula, conv, convs, graph
from tests.support.matcher import Mismatch, assert_equal_networks, match


def test_alike_branches_are_distinguished_by_their_uses() -> None:
    def entangled(order: tuple[str, ...]) -> Callable[..., Any]:
        def formula(m: Any, x: Tensor) -> Any:
            a, b, c, d = (getattr(m, name)(x).sigmoid() for name in order)
            first, second = m.e(a + b), m.f(torch.relu(b + c))
            return m.g(first * second + d * c) + a + d

        return formula

    names = ("a", "b", "c", "d")
    layers = (*names, "e", "f", "g")
    reference = Formula(entangled(names), **convs(*layers))
    correspondence = assert_equal_networks(Formula(entangled(("c", "a", "d", "b")), **convs(*layers)), reference, MAP)
    assert correspondence.parameters["a.weight"] == "c.weight"
    assert correspondence.parameters["c.weight"] == "d.weight"


def test_a_wrong_guess_is_taken_back() -> None:
    """Rings of six and of three twice: locally alike everywhere, so only trying shows which is which."""

    def rings(pairs: list[tuple[int, int]]) -> Callable[..., Any]:
        def formula(m: Any, x: Tensor) -> Any:
            nodes = [layer(x).sigmoid() for layer in m.children()]
            return sum(nodes[a] * nodes[b] for a, b in pairs)

        return formula

    six = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)]
    places = [3, 0, 5, 1, 4, 2]
    relabelled = [(places[a], places[b]) for a, b in six][::-1]
    threes = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]
    names = tuple("abcdef")
    assert_equal_networks(Formula(rings(relabelled), **convs(*names)), Formula(rings(six), **convs(*names)), MAP)
    with pytest.raises(Mismatch):
        match(graph(Formula(rings(threes), **convs(*names)), MAP), graph(Formula(rings(six), **convs(*names)), MAP))


class Random(nn.Module):
    """A random network; `form` changes its order of execution, of operands and its names, and nothing else."""

    def __init__(self, seed: int, form: int, changed: bool = False) -> None:
        super().__init__()
        choose = random.Random(seed)
        self.order = random.Random(form)
        self.steps: list[tuple[str, list[int]]] = []
        for index in range(14):
            kind = choose.choice(["conv", "conv", "norm", "relu", "sigmoid", "add", "add", "mul", "cat", "half"])
            operands = [max(0, index - choose.randrange(3)) for _ in range(3 if kind in ("add", "cat") else 2)]
            self.steps.append((kind, operands))
        place = choose.randrange(14)
        if changed:
            kind, operands = self.steps[place]
            self.steps[place] = ("tanh" if kind != "tanh" else "relu", operands)
        kinds = [kind for kind, _ in self.steps]
        layers: dict[int, nn.Module] = {
            i: conv() if k == "conv" else nn.BatchNorm2d(8) for i, k in enumerate(kinds) if k in ("conv", "norm")
        }
        self.names = {index: f"layer{self.order.randrange(10**9)}" for index in layers}
        for index in self.order.sample(sorted(layers), len(layers)):
            self.add_module(self.names[index], layers[index])

    def forward(self, x: Tensor) -> Tensor:
        values = [x]
        for index, (kind, operands) in enumerate(self.steps):
            inputs = [values[operand] for operand in operands]
            values.append(self.step(index, kind, inputs))
        return torch.stack(self.order.sample(values[1:], len(values) - 1)).sum(0)

    def step(self, index: int, kind: str, inputs: list[Tensor]) -> Tensor:
        mixed = self.order.sample(inputs, len(inputs))
        if index in self.names:
            return self.get_submodule(self.names[index])(inputs[0])  # type: ignore[no-any-return]
        if kind == "cat":
            return torch.cat([part[:, :n] for part, n in zip(inputs, (2, 5, 1), strict=True)], 1)
        if kind == "half":
            return torch.cat([inputs[0][:, 4:].relu(), inputs[1][:, :4]], 1)
        if kind == "add":
            return mixed[0] + mixed[1] * 1.0 + mixed[2]
        return mixed[0].sigmoid() * mixed[1].sigmoid() if kind == "mul" else getattr(torch, kind)(inputs[0])


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed: int) -> None:
    assert_equal_networks(Random(seed, form=1), Random(seed, form=2), MAP)
    with pytest.raises(Mismatch):
        assert_equal_networks(Random(seed, form=1, changed=True), Random(seed, form=2), MAP)


def test_depth_does_not_exhaust_the_stack() -> None:
    def deep(m: Any, x: Tensor) -> Any:
        for _ in range(2 * sys.getrecursionlimit()):
            x = torch.tanh(x)
        return m.a(x)

    correspondence = match(graph(Formula(deep, a=conv()), MAP), graph(Formula(deep, a=conv()), MAP))
    assert correspondence.parameters == {"a.weight": "a.weight", "a.bias": "a.bias"}
