"""Scalars by the YAML 1.2 core schema: what a plain word or number means.

YAML 1.1, which most Python readers speak, takes ``no`` for false, ``1:30`` for 90, ``0777`` for 511 and ``1e-3`` for
a text. Here they are the text ``no``, the text ``1:30``, the integer 777 and the float 0.001.

Source: YAML 1.2.2, section 10.3.2.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

Scalar = str | int | float | bool | None

MAX_INTEGER = 2**53
"""The largest magnitude up to which every integer is an exact float."""

_WORDS: dict[str, bool | None] = {"": None, "~": None}
_WORDS |= dict.fromkeys(("null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True)
_WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)

_NUMBER_STARTS = frozenset("+-.0123456789")
_BASES = {"0o": 8, "0x": 16}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TOO_LONG = 400  # digits; keeps int() clear of its own limit and of quadratic time


def plain(text: str) -> Scalar:
    """Return what an unquoted scalar means.

    Raises:
        ValueError: the number is too large, infinite or not a number; the message says which.

    Example:
        >>> [plain(text) for text in ("1e-3", "0o17", "no", "~", "True", "1:30")]
        [0.001, 15, 'no', None, True, '1:30']
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    return _number(text)


@lru_cache(maxsize=512)
def _number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        return _float(text)
    return text


def _integer(text: str) -> int:
    base = _BASES.get(text[:2], 10)
    value = int(text, base) if len(text) <= _TOO_LONG else MAX_INTEGER + 1
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"integer {_shortened(text)} is larger than 2^53")
    return value


def _float(text: str) -> float:
    # Python's float() would not read `.inf`, and a network has no use for it: one path refuses it with `1e999`.
    value = math.inf if _NOT_FINITE.fullmatch(text) else float(text)
    if not math.isfinite(value):
        raise ValueError(f"number {_shortened(text)} is not finite")
    return value


def _shortened(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:12]}… ({len(text)} digits)"
