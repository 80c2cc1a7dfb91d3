"""The characters that a document may contain: none that hide what is written."""

from __future__ import annotations

import re
from itertools import islice

from netspec.diagnostics import Code, Diagnostic, SpecError
from netspec.diagnostics.sources import place

_SHOWN_CHARACTERS = 20  # a binary file has thousands of forbidden ones
_SPECIAL_DIRECTIVE = re.compile(r"(?:\A|[\r\n])(%(?!YAML[ \t])[^\r\n]*)")
_FORBIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # line separators, and what turns the direction of a line
    "\ud800-\udfff\ufeff\ufffe\uffff\U000e0000-\U000e007f"  # halves of pairs, byte order marks, invisible tags
    "]"
)


def check_characters(text: str, file: str) -> None:
    """Refuse control characters, and characters that disguise text."""
    hidden = [_forbidden(file, text, match) for match in islice(_FORBIDDEN.finditer(text), _SHOWN_CHARACTERS)]
    if hidden:
        raise SpecError(hidden)
    if directive := _SPECIAL_DIRECTIVE.search(text):
        span = place(file, text, directive.start(1), len(directive[1]))
        raise SpecError.of(
            Code.FORBIDDEN_TAG, "directives are not allowed", span, help="remove the line that begins with '%'"
        )


def _forbidden(file: str, text: str, match: re.Match[str]) -> Diagnostic:
    span = place(file, text, match.start())
    return Diagnostic(
        Code.FORBIDDEN_CHARACTER, f"character U+{ord(match[0]):04X} is not allowed", span, help="remove the character"
    )


def forbidden_in(text: str) -> str:
    """Return the first forbidden character of a text, or an empty string."""
    match = _FORBIDDEN.search(text)
    return match[0] if match else ""
