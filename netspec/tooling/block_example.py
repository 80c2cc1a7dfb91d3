"""Examples of calls of blocks: with only the required arguments, and with the effect on a shape."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from netspec.diagnostics import Code, SpecError
from netspec.ir import Graph
from netspec.language import Block, Parameter, load
from netspec.lowering import lower
from netspec.sizes.shape import show
from netspec.syntax.yaml.flow_style import flow

SHAPES = ((64, 32, 32), (32, 64), (28, 28, 64), (1,))
"""The input shapes of examples: an image, a sequence of vectors, an image whose channels come last, or a number."""
BY_NAME: dict[str, Any] = {
    "classes": 10, "columns": 3, "groups": 4, "kernel": 3, "grow": 16, "growth": 32, "heads": 4, "hidden": 256
}  # fmt: skip
BY_TYPE: dict[str, Any] = {
    "int": 64,
    "float": 0.5,
    "number": 1,
    "bool": True,
    "word": "relu",
    "list": [64, 64],
    "block": {"conv": {"out": 64, "kernel": 3, "padding": 1}},
    "value": "x",
    "any": 1,
}
"""The example value of an argument, by its name or else by its type."""


def example_call(block: Block) -> str:
    """Return a step that calls a block, with labels for its inputs if they have names.

    Example:
        >>> from netspec.language.loading.library import library
        >>> example_call(library()["fire"])
        '- fire: {squeeze: 64}'
    """
    arguments = example_arguments(block)
    if block.inputs:
        return f"- {flow({block.name: arguments, 'from': list(block.inputs)})}"
    return f"- {block.name}: {flow(arguments)}" if arguments else f"- {block.name}"


def example_arguments(block: Block) -> dict[str, Any]:
    """Return a value for each argument that a block requires.

    Example:
        >>> from netspec.language.loading.library import library
        >>> example_arguments(library()["fire"])
        {'squeeze': 64}
    """
    return {each.name: _value(each) for each in block.parameters.values() if each.required}


def example_document(block: Block) -> str:
    """Return a document of the example, in which all inputs have the same shape: an image, if the block takes one."""
    return _document(block, _example_graph(block)[0])


def example_shapes(block: Block) -> str:
    """Return the input and output shapes of the example.

    Example:
        >>> from netspec.language.loading.library import library
        >>> example_shapes(library()["fire"])
        '64x32x32 -> 512x32x32'
    """
    shape, graph = _example_graph(block)
    leaving = " and ".join(show(graph.shape_of(each.node)) for each in graph.outputs)
    return f"{show(shape)} -> {leaving}"


def _example_graph(block: Block) -> tuple[tuple[int, ...], Graph]:
    """Return the first input shape that a block takes, and the graph of it."""
    for shape in SHAPES[:-1]:
        try:
            graph = _lowered(_document(block, shape))
        except SpecError:
            continue
        # A layer over the width of an image is for the features of a sequence.
        if shape != SHAPES[0] or all(each.code != Code.WEIGHTS_PER_POSITION for each in graph.warnings):
            return shape, graph
    return SHAPES[-1], _lowered(_document(block, SHAPES[-1]))


def _lowered(text: str) -> Graph:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "example.yaml"
        path.write_text(text, encoding="utf-8")
        return lower(load(path))


def _document(block: Block, shape: tuple[int, ...]) -> str:
    # `column` is the result of `draw_column`, which no input of a network can be.
    labels = [label for label in block.inputs if label != "column"]
    inputs = flow({label: list(shape) for label in ["start", *labels]})
    drawn = "\n- {draw_column: {columns: 3, p: 0.5}, from: start, as: column}\n- {from: start}"
    begun = drawn if "column" in block.inputs else "\n- {from: start}"
    return f"netspec: 1\nname: example\ninput: {inputs}\nnetwork:{begun}\n{example_call(block)}\n"


def _value(parameter: Parameter) -> Any:
    return BY_NAME.get(parameter.name, BY_TYPE[parameter.type])
