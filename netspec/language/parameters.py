"""The types of the arguments that documents and blocks declare under ``args:``."""

from __future__ import annotations

from netspec.language.messages import lowered
from netspec.language.model import Parameter, ParameterType

TYPES: dict[ParameterType, str] = {
    "int": "a whole number",
    "float": "a number",
    "number": "a number",
    "bool": "true or false",
    "word": "a word",
    "list": "a list",
    "block": "a block or an op",
    "any": "a value",
}
"""The types of arguments, with what a message calls their values."""


def wanted(parameter: Parameter) -> str:
    """Return what an argument is, for whoever left it out."""
    return lowered(parameter.description) or f"`{parameter.name}` is {TYPES[parameter.type]}"
