"""What every SVG needs to stand inline in a page: names and rules that reach no further than the picture."""

from __future__ import annotations

import hashlib
import re

ITSELF = "\x00"
"""Stands for the picture's own name while it is written: no text of a document can hold it, as it would be escaped."""


def own_rules(rules: str) -> str:
    """Return a style sheet whose rules hold for the picture alone, since those of an inline SVG hold for its page.

    Example:
        >>> own_rules(".cell, text { fill: red; }").replace(ITSELF, "picture")
        '#picture .cell, #picture text { fill: red; }'
    """
    return re.sub(r"(?m)(^|, )(?=[.\w][^{}]*\{)", rf"\1#{ITSELF} ", rules)


def named(text: str) -> str:
    """Return a picture with a name that follows from what is in it, so that two pictures in a page have two."""
    return text.replace(ITSELF, f"netspec-{hashlib.sha256(text.encode()).hexdigest()[:12]}")
