"""The texts of a document as regular expressions of ECMAScript, hence for every JSON Schema tool.

A pattern rejects only what the compiler rejects too: it checks the characters of an expression, not its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from netspec.language.names import NAME, NUMBER
from netspec.language.scope import LABEL, RESERVED

Schema = dict[str, Any]


def matching(pattern: str, expected: str) -> Schema:
    """Return the schema of texts that match a pattern, with the error message for others."""
    return {"pattern": pattern, "patternErrorMessage": f"expected {expected}"}


def one_of(words: Iterable[str]) -> str:
    """Return the pattern of some words."""
    return f"^(?:{_alternatives(words)})$"


def unless(taken: Iterable[str]) -> str:
    """Return the pattern of labels that are none of the words.

    Example:
        >>> import re
        >>> [bool(re.search(unless(["conv"]), text)) for text in ("conv", "conv2", "2d")]
        [False, True, False]
    """
    return f"^(?!(?:{_alternatives(taken)})$){_whole(LABEL)[1:]}"


def word(words: Iterable[str]) -> Schema:
    """Return the schema of one of the words, ``$name``, or an expression that is more than a lone name.

    Example:
        >>> import re
        >>> pattern = word(["zeros", "reflect"])["pattern"]
        >>> [bool(re.search(pattern, text)) for text in ("zeros", "$mode", "zeroes", "'zeros' if k == 3 else mode")]
        [True, True, False, True]
    """
    pattern = rf"^(?=(?:{_alternatives(words)})$|\$|(?![A-Za-z_][A-Za-z0-9_]*$)){_ARITHMETIC}"
    return matching(pattern, f"{', '.join(words)} or $name")


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(map(_escape, words))


@cache  # each word is in hundreds of patterns
def _escape(word: str) -> str:
    # Not re.escape: ECMAScript refuses to escape characters without a meaning, such as `-`.
    return re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", word)


def _whole(pattern: re.Pattern[str]) -> str:
    """Anchor a pattern that is written for ``re.match``, since JSON Schema tools search for it."""
    return f"^(?:{pattern.pattern.removesuffix(chr(92) + 'Z')})$"


# The characters that the compiler allows in a text with quotes: printable ASCII but for #, backslash and that quote.
_QUOTED = r"""'[ -"$-&(-\[\]-~]*'""" + "|" + r'"[ -!$-\[\]-~]*"'
_TOKEN = rf"[A-Za-z0-9_ \t\r\n.,+*/%()\[\]:\-]|[<>=!]=|[<>]|{_QUOTED}"
_PRODUCT = r"[1-9][0-9]*(?:x[0-9]+)+$"
"""A shape as in papers, ``3x3``, which is not an expression."""
_ARITHMETIC = rf"\$?(?!{_PRODUCT})(?=[ \t\r\n]*[^ \t\r\n])(?:{_TOKEN})+$"

EXPRESSION = matching(f"^{_ARITHMETIC}", "an expression: arithmetic is written as in Python, without ${}")
"""An expression, or ``$name``. There is no ``type``, so that it can be merged with the schema of a number or a list."""

_MODULE = f"{_whole(NAME)}|{_whole(NUMBER)}"
WORDS = "letters, digits and _, a letter first"
"""The pattern of names and labels."""

MODULE = matching(_MODULE, f"{WORDS}, or a number")
LABEL_OR_INPUT = matching(f"{_whole(LABEL)}|{_MODULE}", f"a label: {WORDS}")
PICKED = matching(rf"{LABEL_OR_INPUT['pattern']}|^{_ARITHMETIC}", f"a label, {WORDS}, or an expression over labels")
"""The pattern of what may stand for values: a label, or what picks from one."""
ENTERING = matching(rf"{LABEL_OR_INPUT['pattern']}|^[A-Za-z_][A-Za-z0-9_]*\.\.\.$", f"a label: {WORDS}")
"""The pattern of an input of a block, of which the last may take all values that are left."""
NEW_LABEL = matching(unless(sorted(RESERVED)), f"a word that means nothing yet: {WORDS}")
"""The pattern of new labels and arguments."""
TEMPLATE = matching(r"^(?:[A-Za-z0-9_]|\{[^{}]+\})+$", "letters, digits, _ and {expressions}")
"""The name of a step."""
ARGUMENT = r"^\$[A-Za-z_][A-Za-z0-9_]*$"
"""The step of an argument."""
