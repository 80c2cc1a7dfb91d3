"""Marks of YAML that lack a space, or are another character that looks alike: a text is read where a list was meant."""

from __future__ import annotations

import re

_RULES = (
    (re.compile(r"-[^\s\-.\d]"), "no space after the '-'", "an item of a list is written '- item'"),
    (
        re.compile(r"[\u2010-\u2015\u2212\u2022*+]\s"),
        "this is not the '-' of a list",
        "an item begins with a hyphen: '- item'",
    ),
    (re.compile(r"(- +)?[A-Za-z_]\w*:[^\s/:]"), "no space after the ':'", "a key is written 'key: value'"),
)


def missing_mark(line: str) -> tuple[str, str] | None:
    """Return what is wrong with a mark at the beginning of a line, and what to do; None where nothing is.

    Example:
        >>> missing_mark("  -unit: 16"), missing_mark("  - unit: 16")
        (("no space after the '-'", "an item of a list is written '- item'"), None)
    """
    text = line.strip()
    return next(((message, help) for pattern, message, help in _RULES if pattern.match(text)), None)
