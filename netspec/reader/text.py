"""Text of documents: where it comes from, what it may hold, and its lines for code frames."""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from itertools import islice
from pathlib import Path

from netspec.errors import Diagnostic, LimitError, Span, SpecError, fault, nearest

MAX_BYTES = 1024 * 1024
_REMEMBERED_FILES = 64
_SHOWN_CHARACTERS = 20  # a binary file has thousands of forbidden ones

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
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

_OPEN_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)

_texts: dict[str, str] = {}


def file_bytes(path: Path, *, follow: bool = True) -> bytes:
    """Return the content of a regular file of at most 1 MiB; ``follow=False`` refuses a symbolic link.

    The file is opened without waiting, so that a pipe without a writer is refused and not waited for.

    Raises:
        SpecError: NS0001 cannot be read, NS0002 is no regular file.
        LimitError: NS0711 is larger than 1 MiB.
    """
    if not follow and path.is_symlink():
        raise fault("NS0002", f"'{path}' is a symbolic link", help="name the file itself")
    extra = _OPEN_FLAGS if follow else _OPEN_FLAGS | _NO_FOLLOW
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | extra)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise fault("NS0002", f"'{path}' is not a regular file", help="name a file with YAML text")
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    check_size(content, str(path))
    return content


def _unreadable(path: Path, error: OSError | ValueError) -> SpecError:
    if isinstance(error, IsADirectoryError):
        return fault("NS0002", f"'{path}' is a folder, not a file", help="name a file with YAML text")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    help_text = (
        "you may not read it: `ls -l` shows who may" if isinstance(error, PermissionError) else _similar_file(path)
    )
    return fault("NS0001", f"cannot read '{path}': {reason.lower()}", help=help_text)


def _similar_file(path: Path) -> str:
    """Return a hint with the file of the same folder whose name is nearest."""
    try:
        names = [entry.name for entry in islice(os.scandir(path.parent), 1000)]
    except (OSError, ValueError):
        return ""
    return nearest(path.name, [name for name in names if name != path.name])


def check_size(content: bytes | str, file: str) -> None:
    """Refuse a document of more than 1 MiB."""
    if len(content) > MAX_BYTES:
        message = f"'{file}' is larger than {MAX_BYTES} bytes"
        raise LimitError([Diagnostic("NS0711", message, help="import parts of it from other files")])


def decoded(content: bytes, file: str) -> str:
    """Return UTF-8 bytes as text, or say which byte is not UTF-8."""
    for mark, encoding in _ENCODINGS:
        if content.startswith(mark):
            raise fault("NS0007", f"'{file}' is {encoding}, not UTF-8", help="save the file as UTF-8")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        remember(file, content.decode("utf-8", errors="replace"))
        span = place(file, before, len(before))
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise fault("NS0007", message, span, help="save the file as UTF-8") from None


def check_characters(text: str, file: str) -> None:
    """Refuse control characters, and characters that make text look other than it is."""
    hidden = [_forbidden(file, text, match) for match in islice(_FORBIDDEN.finditer(text), _SHOWN_CHARACTERS)]
    if hidden:
        raise SpecError(hidden)
    if directive := _SPECIAL_DIRECTIVE.search(text):
        span = place(file, text, directive.start(1), len(directive[1]))
        raise fault("NS0104", "directives are not allowed", span, help="remove the line that begins with '%'")


def _forbidden(file: str, text: str, match: re.Match[str]) -> Diagnostic:
    span = place(file, text, match.start())
    return Diagnostic("NS0103", f"character U+{ord(match[0]):04X} is not allowed", span, help="remove the character")


def forbidden_in(text: str) -> str:
    """Return the first forbidden character of a text, or an empty string."""
    match = _FORBIDDEN.search(text)
    return match[0] if match else ""


def place(file: str, text: str, start: int, length: int = 1) -> Span:
    """Return the span of some characters of a text that stand in one line."""
    lines = _LINE_BREAK.split(text[:start])
    column = len(lines[-1]) + 1
    return Span(file, len(lines), column, len(lines), column + length)


def remember(file: str, text: str) -> None:
    """Keep the text of a file for ``source_line``; the oldest of many is forgotten."""
    _texts.pop(file, None)
    _texts[file] = text
    while len(_texts) > _REMEMBERED_FILES:
        del _texts[next(iter(_texts))]


def source_line(file: str, line: int) -> str | None:
    """Return a line, counted from one, of a file that was read or can be read; None where there is none.

    Example:
        >>> remember("net.yaml", "netspec: 1\\nname: tiny\\n")
        >>> source_line("net.yaml", 2)
        'name: tiny'
        >>> source_line("net.yaml", 9) is None
        True
    """
    text = _texts.get(file)
    if text is None:
        text = _text_on_disk(file)
    lines = lines_of(text) if text is not None else ()
    return lines[line - 1] if 1 <= line <= len(lines) else None


def _text_on_disk(file: str) -> str | None:
    try:
        text = file_bytes(Path(file)).decode("utf-8-sig", errors="replace")
    except SpecError:
        return None
    remember(file, text)
    return text


@lru_cache(maxsize=8)
def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text as YAML counts them."""
    return tuple(_LINE_BREAK.split(text))
