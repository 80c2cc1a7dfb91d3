"""The texts of documents: of files, which may be hostile, and of unsaved editor buffers."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from netspec.diagnostics.codes import Code
from netspec.diagnostics.errors import LimitError, SpecError
from netspec.diagnostics.model import Span
from netspec.diagnostics.suggest import nearest
from netspec.limits import Limits

MAX_BYTES = 1024 * 1024

_LINE_BREAK = re.compile(r"\r\n|\r|\n")  # as YAML counts lines
_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
# Opening a pipe without a writer would block, and a terminal could become the controlling one of the process.
_OPEN_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


class SourceMap:
    """The texts that one run reads and shows, by the name of their file.

    ``unsaved`` holds the texts of editor buffers, by path: it is read in place of the file, which need not exist yet.
    A text that has no file at all gets a name with ``add``, such as ``<text>``.

    Every file is read once, so a map holds one state of the files; later changes are seen by a new map.

    Example:
        >>> sources = SourceMap({"net.yaml": "netspec: 1\\nname: tiny\\n"})
        >>> sources.read(Path("net.yaml")).splitlines()
        ['netspec: 1', 'name: tiny']
        >>> sources.line("net.yaml", 2), sources.line("net.yaml", 9)
        ('name: tiny', None)
    """

    def __init__(self, unsaved: Mapping[str, str] | None = None) -> None:
        self._unsaved = {Path(path).resolve(): text for path, text in (unsaved or {}).items()}
        self._texts: dict[str, str] = {}
        self._lines: dict[str, tuple[str, ...]] = {}
        self.begin(Limits())

    def begin(self, limits: Limits) -> None:
        """Count the characters of documents anew, for another network."""
        self._most, self._handed_out = limits.characters, 0

    def add(self, name: str, text: str) -> None:
        """Add a text that is in no file, so that its lines can be shown."""
        self._texts[name] = text
        self._lines.pop(name, None)

    def is_file(self, path: Path) -> bool:
        """Return whether there is a file, saved or not; this never raises, whatever the name."""
        try:
            return str(path) in self._texts or path.is_file() or self._unsaved_text(path) is not None
        except (OSError, ValueError):
            return False

    def read(self, path: Path) -> str:
        """Return the text of a file of at most 1 MiB.

        Raises:
            SpecError: the file cannot be read (NS0001), is not a regular one (NS0002), or is not UTF-8 (NS0007).
            LimitError: the file is larger than 1 MiB (NS0711), or all that one network reads is too long (NS0706).
        """
        file = str(path)
        if file not in self._texts:
            unsaved = self._unsaved_text(path)
            self._texts[file] = self.decode(_file_bytes(path), file) if unsaved is None else unsaved
        # A file is read once, and parsed as often as its text is asked for.
        self._handed_out += len(self._texts[file])
        if self._handed_out > self._most:
            message = f"with '{file}', the documents of this network have more than {self._most:,} characters"
            help_text = "one counts as often as it is used, extended or imported; `--max-characters` sets how many"
            raise LimitError.of(Code.TOO_MANY_DOCUMENTS, message, help=help_text)
        return self._texts[file]

    def line(self, file: str, number: int) -> str | None:
        """Return a line, counted from one, of a text that was read or can be read; None if there is no such line."""
        if file not in self._lines:
            text = self._texts.get(file, self._unsaved_text(Path(file)))
            self._lines[file] = _lines_on_disk(file) if text is None else split_lines(text)
        lines = self._lines[file]
        return lines[number - 1] if 1 <= number <= len(lines) else None

    def _unsaved_text(self, path: Path) -> str | None:
        return self._unsaved.get(path.resolve()) if self._unsaved else None

    def decode(self, content: bytes, file: str) -> str:
        """Return UTF-8 bytes as text without a byte order mark.

        Raises: SpecError NS0007, which says which byte is not UTF-8.
        """
        for mark, encoding in _ENCODINGS:
            if content.startswith(mark):
                raise SpecError.of(Code.NOT_UTF8, f"'{file}' is {encoding}, not UTF-8", help="save the file as UTF-8")
        try:
            return content.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            self._lines[file] = split_lines(_readable(content))
            span = place(file, _readable(content[: error.start]), len(_readable(content[: error.start])))
            message = f"byte 0x{content[error.start]:02x} is not UTF-8"
            raise SpecError.of(Code.NOT_UTF8, message, span, help="save the file as UTF-8") from None


def split_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text as YAML counts them."""
    return tuple(_LINE_BREAK.split(text))


def place(file: str, text: str, start: int, length: int = 1) -> Span:
    """Return the span of some characters within one line of a text."""
    lines = split_lines(text[:start])
    column = len(lines[-1]) + 1
    return Span(file, len(lines), column, len(lines), column + length)


def check_size(content: bytes | str, file: str) -> None:
    """Raise LimitError for a document of more than 1 MiB."""
    if len(content) > MAX_BYTES:
        message = f"'{file}' is larger than {MAX_BYTES} bytes"
        raise LimitError.of(Code.FILE_TOO_LARGE, message, help="import parts of it from other files")


def _lines_on_disk(file: str) -> tuple[str, ...]:
    """Return the lines of a file that this run has not read, such as one of the library; none if that is impossible."""
    try:
        return split_lines(_readable(_file_bytes(Path(file))))
    except SpecError:
        return ()


def _readable(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace")


def _file_bytes(path: Path) -> bytes:
    """Return the content of a regular file of at most 1 MiB."""
    try:
        # Opened without blocking, so that a pipe without a writer is refused at once.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _OPEN_FLAGS)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SpecError.of(
                    Code.NOT_A_REGULAR_FILE, f"'{path}' is not a regular file", help="name a file with YAML text"
                )
            content = file.read(MAX_BYTES + 1)  # one more byte, to distinguish a file at the limit from a larger one
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
