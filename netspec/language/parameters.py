"""The types of the arguments that documents and blocks declare under ``args:``."""

from __future__ import annotations

from netspec.language.messages import as_help
from netspec.language.model import Parameter, ParameterType

TYPES: dict[ParameterType, str] = {
    "int": "a whole number",
    "float": "a number",
    "number": "a number",
    "bool": "true or false",
    "word": "a word",
    "list": "a list",
    "block": "a block or an op",
    "value": "the value of a step",
    "any": "a value",
}
"""The types of arguments, with their names in messages."""


def describe_argument(parameter: Parameter) -> str:
    """Return the description of an argument, or else its type, for the error of a call that lacks it."""
    return as_help(parameter.description) or f"`{parameter.name}` is {TYPES[parameter.type]}"
