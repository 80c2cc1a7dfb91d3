"""YAML indicators without a space, or replaced by a similar character: a text is parsed where a list was meant."""

from __future__ import annotations

import re

_BLANKS = "\u00a0\u2000-\u200b\u202f\u2060\u3000"

_RULES = (
    (
        re.compile(rf"(- *)?[{_BLANKS}]|-[{_BLANKS}]|(- +)?\w+:?[{_BLANKS}]"),
        "a blank that is no plain space",
        "write a plain space instead",
    ),
    (re.compile(r"(- +)?\w+ *\uff1a"), "this is not the ':' of a key", "a key is written 'key: value'"),
    (re.compile(r"(- +)?[A-Za-z_]\w* *=([^=]|$)"), "a '=' gives no value", "a key is written 'key: value'"),
    (re.compile(r"-[^\s\-.\d]"), "no space after the '-'", "an item of a list is written '- item'"),
    (
        re.compile(r"[\u2010-\u2015\u2212\u2022*+]\s"),
        "this is not the '-' of a list",
        "an item begins with a hyphen: '- item'",
    ),
    (re.compile(r"(- +)?[A-Za-z_]\w*:[^\s/:]"), "no space after the ':'", "a key is written 'key: value'"),
)


def missing_mark(line: str) -> tuple[str, str] | None:
    """Return the message and help for a malformed indicator at the beginning of a line, or None.

    Example:
        >>> missing_mark("  -unit: 16"), missing_mark("  - unit: 16")
        (("no space after the '-'", "an item of a list is written '- item'"), None)
    """
    text = line.strip(" \t")
    return next(((message, help) for pattern, message, help in _RULES if pattern.match(text)), None)
