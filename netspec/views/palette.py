"""Colours: one per family of ops, distinguishable with colour blindness and on paper.

The colours were searched for, so that any two families differ by more than 12 in CIELAB for normal vision and for the
three kinds of colour blindness (simulated as by Machado et al. 2009), and text has a contrast of at least 6 to 1 on
each.
"""

from __future__ import annotations

from netspec.views.svg_page import own_rules

LIGHT = {
    "convolution": "#7fbefd",
    "linear": "#a1fed0",
    "normalization": "#fae686",
    "activation": "#ffbc9b",
    "pooling": "#b6c05f",
    "regularization": "#cbd2d1",
    "shape": "#7ae1fe",
    "merge": "#fe9dac",
    "sequence": "#d7abd5",
    "block": "#f3f5fa",
    "terminal": "#ffffff",
}

DARK = {
    "convolution": "#033169",
    "linear": "#004c31",
    "normalization": "#443900",
    "activation": "#451d12",
    "pooling": "#3e6103",
    "regularization": "#575757",
    "shape": "#075e7f",
    "merge": "#6a2d5d",
    "sequence": "#4e4b93",
    "block": "#262c3a",
    "terminal": "#15181e",
}

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"


def colour(family: str) -> str:
    """Return the background of a family in print; an unknown family has that of a block."""
    return LIGHT.get(family, LIGHT["block"])


def style() -> str:
    """Return the one style sheet of a picture."""
    # Attributes of elements cannot depend on whether the reader prefers a dark page, so all colours are in CSS. The
    # strokes of titles are painted below their letters, and keep them legible where an edge passes.
    light, dark = _fills(LIGHT), _fills(DARK)
    return own_rules(f"""
text {{ font: 14px {FONT}; fill: #14181f; }}
.name, .times {{ font-weight: bold; }}
.figure, .sum {{ font-size: 12px; }}
.sum, .note {{ fill: #4a5262; }}
.title {{ paint-order: stroke; stroke: #f4f5f8; stroke-width: 4px; stroke-linejoin: round; }}
.page {{ fill: #ffffff; }}
.frame {{ fill: #33415c; fill-opacity: 0.05; stroke: #8792a6; }}
.cell, .facts {{ fill: #ffffff; }}
{light}
.outline {{ fill: none; stroke: #414b5c; }}
.rule {{ fill: none; stroke: #414b5c; stroke-opacity: 0.55; }}
.line {{ fill: none; stroke: #414b5c; stroke-width: 1.2; }}
.tip {{ fill: #414b5c; }}
.skip .line {{ stroke: #0b62b0; }}
.skip .tip {{ fill: #0b62b0; }}
.training .outline, .training .line, .training.frame {{ stroke-dasharray: 5 3; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #eef1f6; }}
.sum, .note {{ fill: #aab4c5; }}
.title {{ stroke: #21252d; }}
.page {{ fill: #15181e; }}
.frame {{ fill: #c3cede; fill-opacity: 0.06; stroke: #6c7890; }}
.cell, .facts {{ fill: #1d222b; }}
{dark}
.outline, .rule, .line {{ stroke: #a9b4c6; }}
.tip {{ fill: #a9b4c6; }}
.skip .line {{ stroke: #6cb6ff; }}
.skip .tip {{ fill: #6cb6ff; }}
}}
""")


def _fills(colours: dict[str, str]) -> str:
    return "\n".join(f".cell.{family} {{ fill: {value}; }}" for family, value in colours.items())
