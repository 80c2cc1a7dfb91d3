"""Arguments of documents as immutable values, which graphs hold."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from netspec.sizes import at_stated_sizes


def frozen(value: object) -> object:
    """Return an argument of a document as an immutable value: lists as tuples, mappings read-only.

    A block that is passed as an argument holds all that it may call; what a graph keeps of it is its name.

    Example:
        >>> frozen([64, [1, 2]])
        (64, (1, 2))
    """
    if type(value) is int or value is None:  # as nearly all are
        return value
    # Texts of a document know their place; a graph keeps the text alone.
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)):
        return tuple(map(frozen, value))
    if isinstance(value, Mapping):
        return MappingProxyType({name: frozen(item) for name, item in value.items()})
    return value


def frozen_arguments(arguments: Mapping[str, object]) -> Mapping[str, object]:
    """Return arguments by name as a read-only mapping of immutable values, with the numbers of open sizes."""
    return MappingProxyType({name: frozen(at_stated_sizes(value)) for name, value in arguments.items()})


def thawed(value: object) -> object:
    """Return a frozen argument as plain lists and dictionaries.

    Example:
        >>> thawed((64, (1, 2)))
        [64, [1, 2]]
    """
    if isinstance(value, tuple):
        return list(map(thawed, value))
    return {name: thawed(item) for name, item in value.items()} if isinstance(value, Mapping) else value
