"""The names that occur in the texts of a document, found without evaluating anything.

A name counts wherever an expression could read it, so this is an upper bound: a name that does not occur is unused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Words, not expressions: a text that does not parse was reported already, and still counts as a use of its names.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELD = re.compile(r"\{([^{}]*)\}")
_TEMPLATES = ("name", "share")
_NO_EXPRESSIONS = ("description", "type", "choices")


def mentioned(tree: Any) -> frozenset[str]:
    """Return the names that the values of a tree mention, and those of its steps ``$name``.

    Example:
        >>> sorted(mentioned({"network": [{"conv": {"out": "2 * width"}, "name": "stem{index}"}, {"$act": None}]}))
        ['act', 'index', 'width']
    """
    return frozenset(name for text in texts(tree) for name in _NAME.findall(text))


def texts(tree: Any) -> Iterator[str]:
    """Yield the texts of a tree in which names are expressions, labels or arguments."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list):
        for item in tree:
            yield from texts(item)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            if key.startswith("$"):
                yield key
            if key in _TEMPLATES and isinstance(value, str):
                yield from _FIELD.findall(value)
            elif key not in _NO_EXPRESSIONS:
                yield from texts(value)
