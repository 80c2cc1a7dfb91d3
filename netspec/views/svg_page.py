"""What every SVG shares: its opening, safe texts, and ids and style rules that apply to this picture only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from netspec.diagnostics.render import printable
from netspec.views.geometry import number

ITSELF = "\x00"
"""The placeholder of the picture's id while it is written: no text of a document can contain it unescaped."""


class Header(NamedTuple):
    """What stands before the shapes of a picture: its title, its content in words, and its style sheet."""

    title: str
    description: str
    rules: str


def opening(header: Header, width: float, height: float, scale: float = 1.0) -> Iterator[str]:
    """Yield the lines of an SVG before its shapes, with the background; the last line is up to the caller."""
    size = f'width="{number(width * scale)}px" height="{number(height * scale)}px"'
    box = f'viewBox="0 0 {number(width)} {number(height)}"'
    labelled = f'id="{ITSELF}" role="img" aria-labelledby="{ITSELF}-title {ITSELF}-description"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} {labelled}>'
    yield f'<title id="{ITSELF}-title">{safe(header.title)}</title>'
    yield f'<desc id="{ITSELF}-description">{safe(header.description)}</desc>'
    yield f"<style>{header.rules}</style>"
    yield f'<rect class="page" width="{number(width)}" height="{number(height)}"/>'


def safe(text: str) -> str:
    """Return a text escaped for XML: markup as entities, and control characters but line ends spelled out."""
    return "\n".join(escape(printable(line)) for line in text.split("\n"))


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
