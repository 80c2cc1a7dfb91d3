"""The looks of charts: sizes, and colours in light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from netspec.views.palette import FONT
from netspec.views.svg_page import own_rules, safe

TEXT, SMALL = 12, 11
LIGHT = ("#0b62b0", "#c2410c", "#15803d", "#7c3aed", "#b0126f", "#0e7490", "#8a6100", "#4b5563")
DARK = ("#6cb6ff", "#ff9f6b", "#6ee79a", "#c4a5ff", "#ff8fd0", "#67e0f3", "#e9c46a", "#b6c0cf")


def svg_text(role: str, x: str, y: str, text: str, anchor: str) -> str:
    """Return a text of the chart at a place, which is the start, the middle or the end of its base line."""
    return f'<text class="{role}" x="{x}" y="{y}" text-anchor="{anchor}">{safe(text)}</text>'


def style_sheet() -> str:
    """Return the rules of a chart of bubbles, which hold for it alone."""
    light = f"""
.front {{ fill: none; stroke: #6b7688; stroke-dasharray: 5 4; }}
.bubble {{ fill-opacity: 0.4; stroke-width: 1.2; }}
.leader {{ fill: none; stroke: #8792a6; stroke-width: 0.8; }}
.measure {{ fill: none; stroke: #8792a6; }}
{_fills(LIGHT)}"""
    dark = f"""
.front {{ stroke: #8d98ab; }}
.leader, .measure {{ stroke: #6c7890; }}
{_fills(DARK)}"""
    return chart_rules(light, dark)


def chart_rules(light: str, dark: str) -> str:
    """Return the rules of a chart: those of its page, its axes and its texts, and its own, light and dark."""
    return own_rules(f"""
text {{ font: {TEXT}px {FONT}; fill: #14181f; }}
.tick {{ font-size: {SMALL}px; fill: #4a5262; }}
.heading {{ font-size: 13px; }}
.label {{ paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; }}
.page {{ fill: #ffffff; }}
.grid {{ fill: none; stroke: #e3e7ee; }}
.axis {{ fill: none; stroke: #414b5c; }}
{light.strip()}
@media (prefers-color-scheme: dark) {{
text {{ fill: #eef1f6; }}
.tick {{ fill: #aab4c5; }}
.label {{ stroke: #15181e; }}
.page {{ fill: #15181e; }}
.grid {{ stroke: #2a303b; }}
.axis {{ stroke: #a9b4c6; }}
{dark.strip()}
}}
""")


def _fills(colours: Sequence[str]) -> str:
    return "\n".join(
        f".bubble.colour{index} {{ fill: {value}; stroke: {value}; }}\n.leader.colour{index} {{ stroke: {value}; }}"
        for index, value in enumerate(colours)
    )
