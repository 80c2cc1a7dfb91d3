"""What an SVG needs to be inline in a page: ids and style rules that apply to the picture only."""

from __future__ import annotations

import hashlib
import re

ITSELF = "\x00"
"""The placeholder of the picture's id while it is written: no text of a document can contain it unescaped."""


def own_rules(rules: str) -> str:
    """Return a style sheet whose rules apply only to the picture, since those of an inline SVG apply to its page.

    Example:
        >>> own_rules(".cell, text { fill: red; }").replace(ITSELF, "picture")
        '#picture .cell, #picture text { fill: red; }'
    """
    return re.sub(r"(?m)(^|, )(?=[.\w][^{}]*\{)", rf"\1#{ITSELF} ", rules)


def named(text: str) -> str:
    """Return a picture with an id that is a hash of its content, so that two pictures in a page differ."""
    return text.replace(ITSELF, f"netspec-{hashlib.sha256(text.encode()).hexdigest()[:12]}")
