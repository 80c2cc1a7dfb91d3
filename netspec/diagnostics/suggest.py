"""The known name nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_WORD, MOST_NAMES = 64, 200
"""The limits of the search for the nearest name."""
SHORT_WORD = 3
"""Up to this length a word resembles many others, so a name is suggested only at an edit distance of 1."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'name'?`` for the known name nearest to word, or an empty string.

    Example:
        >>> nearest("cnov", ["conv", "bn"]), nearest("ard", ["pad", "add"])
        ("did you mean 'conv'?", "did you mean 'add'?")
        >>> nearest("zzz", ["conv", "bn"])
        ''
    """
    # Imported here: it takes a few milliseconds, which only documents with errors should pay.
    from difflib import get_close_matches

    if len(word) > LONGEST_WORD:
        return ""
    # The comparison is quadratic in the length of words and runs for each name, while a document may have thousands.
    names = list(known)
    if len(names) > MOST_NAMES:
        names = [name for name in names if name[:1] == word[:1] and abs(len(name) - len(word)) < 3][:MOST_NAMES]
    lowered = word.lower()
    is_short = len(word) <= SHORT_WORD
    matches = get_close_matches(lowered, names, n=4, cutoff=0.5 if is_short else 0.6)
    # difflib counts common letters, and finds `pad` as near to `ard` as `add`; the edit distance decides.
    best = min(matches, key=lambda name: _edit_distance(lowered, name), default=None)
    if best is None or (is_short and _edit_distance(lowered, best) > 1):
        return ""
    return f"did you mean '{best}'?"


def _edit_distance(word: str, name: str) -> int:
    """Return the edit distance with transpositions (Damerau 1964): letters added, left out, replaced or swapped."""
    before, row = [0] * (len(name) + 1), list(range(len(name) + 1))
    for at, letter in enumerate(word, start=1):
        earlier, before, row = before, row, [at, *([0] * len(name))]
        for to, other in enumerate(name, start=1):
            row[to] = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == name[to - 2] and word[at - 2] == other:
                row[to] = min(row[to], earlier[to - 2] + 1)
    return row[-1]
