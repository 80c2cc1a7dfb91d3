"""What the text of a document may hold: UTF-8, and no characters that hide what is written."""

from __future__ import annotations

import re
from itertools import islice

from netspec.diagnostics import Code, Diagnostic, Span, SpecError
from netspec.diagnostics.sources import LINE_BREAK, remember

_SHOWN_CHARACTERS = 20  # a binary file has thousands of forbidden ones
_SPECIAL_DIRECTIVE = re.compile(r"(?:\A|[\r\n])(%(?!YAML[ \t])[^\r\n]*)")
_FORBIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # line separators, and what turns the direction of a line
    "\ud800-\udfff\ufeff\ufffe\uffff\U000e0000-\U000e007f"  # halves of pairs, byte order marks, invisible tags
    "]"
)
_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def decoded(content: bytes, file: str) -> str:
    """Return UTF-8 bytes as text, or say which byte is not UTF-8."""
    for mark, encoding in _ENCODINGS:
        if content.startswith(mark):
            raise SpecError.of(Code.NOT_UTF8, f"'{file}' is {encoding}, not UTF-8", help="save the file as UTF-8")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        remember(file, content.decode("utf-8", errors="replace"))
        span = place(file, before, len(before))
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise SpecError.of(Code.NOT_UTF8, message, span, help="save the file as UTF-8") from None


def check_characters(text: str, file: str) -> None:
    """Refuse control characters, and characters that make text look other than it is."""
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


def place(file: str, text: str, start: int, length: int = 1) -> Span:
    """Return the span of some characters of a text that stand in one line."""
    lines = LINE_BREAK.split(text[:start])
    column = len(lines[-1]) + 1
    return Span(file, len(lines), column, len(lines), column + length)
