"""Texts of documents: read from files that may be hostile, and kept for code frames."""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from itertools import islice
from pathlib import Path

from netspec.diagnostics import Code, LimitError, SpecError, nearest

MAX_BYTES = 1024 * 1024
_REMEMBERED_FILES = 64

LINE_BREAK = re.compile(r"\r\n|\r|\n")

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
        raise SpecError.of(Code.NOT_A_REGULAR_FILE, f"'{path}' is a symbolic link", help="name the file itself")
    extra = _OPEN_FLAGS if follow else _OPEN_FLAGS | _NO_FOLLOW
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | extra)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SpecError.of(
                    Code.NOT_A_REGULAR_FILE, f"'{path}' is not a regular file", help="name a file with YAML text"
                )
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    check_size(content, str(path))
    return content


def _unreadable(path: Path, error: OSError | ValueError) -> SpecError:
    if isinstance(error, IsADirectoryError):
        return SpecError.of(
            Code.NOT_A_REGULAR_FILE, f"'{path}' is a folder, not a file", help="name a file with YAML text"
        )
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    help_text = (
        "you may not read it: `ls -l` shows who may" if isinstance(error, PermissionError) else _similar_file(path)
    )
    return SpecError.of(Code.UNREADABLE_FILE, f"cannot read '{path}': {reason.lower()}", help=help_text)


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
        raise LimitError.of(Code.FILE_TOO_LARGE, message, help="import parts of it from other files")


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
    return tuple(LINE_BREAK.split(text))
