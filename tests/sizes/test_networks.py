"""Whole networks on open sizes: the legal sizes they have been found to have, and the shapes of plain numbers."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

import netspec
from netspec.ops import ShapeError
from netspec.sizes import Reason, SizeContext, at, describe_sizes, symbol
from netspec.sizes.shape import Shape


class Opened(NamedTuple):
    graph: netspec.Graph
    shapes: dict[str, Shape]
    context: SizeContext


def open_network(name: str) -> Opened:
    graph = netspec.compile(name)
    (image,) = graph.inputs
    context = SizeContext(dict(zip("HW", image.shape[1:], strict=True)))
    shapes = {image.name: (image.shape[0], *(symbol(*each) for each in context.stated.items()))}
    for node in graph:
        operands = [shapes[path] for path in node.inputs]
        with context.deciding(Reason(subject=node.path)):
            shapes[node.path] = node.op.infer_shape(*operands)
            for shape in node.op.list_parameters(*operands).values():
                tuple(map(int, shape))
    context.freeze(training=graph.training_only)
    return Opened(graph, shapes, context)


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("resnet50", ["H, W any"]),
        ("densenet121", ["H, W >= 29, any"]),
        ("se_resnet50", ["H, W >= 3, any"]),
        ("lenet5", ["H, W in 32..35"]),
        ("zfnet", ["H, W in 207..238"]),
        ("alexnet_grouped", ["H, W in 227..258"]),
        ("bn_inception", ["H, W % 32 in 0..6, 31, H, W >= 31"]),
        ("googlenet", ["H, W >= 31, any"]),
        ("dcgan_discriminator", ["H, W in 49..64"]),
    ],
)
def test_legal_sizes(name: str, legal: list[str]) -> None:
    opened = open_network(name)
    assert describe_sizes(opened.context) == legal
    draw = random.Random(name)
    stated = opened.context.stated
    for _ in range(12):
        sizes = {each: draw.randint(1, 2 * size) for each, size in stated.items()}
        expected = plain_shapes(opened, sizes)
        if opened.context.broken(sizes, "training") is None:
            assert expected == {path: tuple(at(size, sizes) for size in shape) for path, shape in opened.shapes.items()}
        else:
            # fixing a flattened map fixes both its axes, which leaves out those with as many elements by chance
            assert expected is None or name in ("dcgan_discriminator", "googlenet")


def plain_shapes(opened: Opened, sizes: dict[str, int]) -> dict[str, Shape] | None:
    """Return all shapes at plain numbers, or None where an op refuses them or would have other weights."""
    graph, (image,) = opened.graph, opened.graph.inputs
    shapes: dict[str, Shape] = {image.name: (image.shape[0], *sizes.values())}
    for node in graph:
        operands = [shapes[path] for path in node.inputs]
        stated = [graph.shape_of(path) for path in node.inputs]
        try:
            shapes[node.path] = node.op.infer_shape(*operands)
        except ShapeError:
            return None
        if node.op.list_parameters(*operands) != node.op.list_parameters(*stated):
            return None
    return shapes


def test_training_narrows_what_evaluation_takes() -> None:
    """GoogLeNet's auxiliary outputs, which only training has, have weights for maps of one size."""
    context = open_network("googlenet").context
    assert describe_sizes(context, "training") == ["H, W in 223..270"]
