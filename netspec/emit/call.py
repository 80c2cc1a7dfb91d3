"""The call of a block, as an example: with no more arguments than it needs."""

from __future__ import annotations

from typing import Any

from netspec.emit.flow import flow
from netspec.spec import Block, Parameter

BY_NAME: dict[str, Any] = {"classes": 10, "columns": 3, "groups": 4, "kernel": 3, "grow": 16, "growth": 32}
BY_TYPE: dict[str, Any] = {
    "int": 64,
    "float": 0.5,
    "number": 1,
    "bool": True,
    "word": "relu",
    "list": [64, 64],
    "block": {"conv": {"out": 64, "kernel": 3, "padding": 1}},
    "any": 1,
}
"""What stands for an argument, by its name or else by its type."""


def example_call(block: Block) -> str:
    """Return a step that calls a block, with labels of the values that it takes where it names them.

    Example:
        >>> from netspec.spec.library import library
        >>> example_call(library()["fire"])
        '- fire: {squeeze: 64}'
    """
    arguments = {each.name: _value(each) for each in block.parameters.values() if each.required}
    if block.inputs:
        return f"- {flow({block.name: arguments, 'from': list(block.inputs)})}"
    return f"- {block.name}: {flow(arguments)}" if arguments else f"- {block.name}"


def _value(parameter: Parameter) -> Any:
    return BY_NAME.get(parameter.name, BY_TYPE[parameter.type])
