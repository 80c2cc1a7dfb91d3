"""The known name nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_WORD, MOST_NAMES = 64, 200
"""How much is compared to find the nearest name."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'name'?`` for the known name nearest to word, or an empty string.

    Example:
        >>> nearest("cnov", ["conv", "bn"])
        "did you mean 'conv'?"
        >>> nearest("zzz", ["conv", "bn"])
        ''
    """
    from difflib import get_close_matches

    if len(word) > LONGEST_WORD:
        return ""
    names = list(known)
    if len(names) > MOST_NAMES:
        names = [name for name in names if name[:1] == word[:1] and abs(len(name) - len(word)) < 3][:MOST_NAMES]
    matches = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean '{matches[0]}'?" if matches else ""
