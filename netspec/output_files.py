"""Writing files atomically, and never over files that others wrote or edited.

Every generated file carries a line with the checksum of the rest of it. A file with a valid checksum is unchanged since
netspec wrote it, and may be replaced; one without a checksum, or edited since, is replaced only with ``force``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from netspec.diagnostics import Code, SpecError
from netspec.version import MARK

ELSEWHERE = "`--out` or `-o` chooses another place"

COMMENTS = {
    ".py": "# {}\n",
    ".txt": "# {}\n",
    ".svg": "<!-- {} -->\n",
    ".html": "<!-- {} -->\n",
    ".dot": "// {}\n",
    ".gv": "// {}\n",
}
"""The comments of each kind of file."""

UNSYNCED = (errno.EINVAL, errno.ENOTSUP)
"""Errors of systems on which a file cannot be synced; any other error is one of the disk."""

CHECKSUM = re.compile(rf"(?<={MARK})([ \w.]*), checksum ([0-9a-f]{{16}})\b")
"""The pattern of the checksum, which is of the text without the checksum."""


def write_file(path: Path, text: str, *, force: bool = False) -> None:
    """Write one file; see ``write_files``."""
    write_files({path: text}, force=force)


def write_files(texts: Mapping[Path, str], *, force: bool = False) -> None:
    """Write texts atomically: each file is either the old one or the whole new one, and all are written or none.

    Files that netspec did not write, or that were changed since, and symbolic links are replaced only with ``force``;
    the target of a link is never changed.

    Raises: SpecError NS0005 when a file is not netspec's, NS0006 when one cannot be written.
    """
    # All are checked before the first is written, and all are written beside their places before the first is moved: an
    # error leaves every file as it was.
    check_files(texts, force=force)
    written: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            written[path] = _write_beside(path, signed(text, path.suffix))
        for path, temporary in written.items():
            _replace(path, temporary)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def check_files(paths: Iterable[Path], *, force: bool = False) -> None:
    """Refuse paths with files that netspec may not replace, before any work is done.

    Raises: SpecError NS0005, or NS0006 when that cannot be determined or nothing can be written there.
    """
    for path in paths:
        if path.is_symlink():
            if not force:
                raise SpecError.of(
                    Code.FOREIGN_FILE, f"'{path}' is a symbolic link", help="`--force` puts a file in its place"
                )
        elif path.exists() and not path.is_file():
            raise SpecError.of(Code.UNWRITABLE_FILE, f"cannot write '{path}': it is not a regular file", help=ELSEWHERE)
        elif path.exists() and not force:
            _check_own(path)


def check_suffix(path: Path, known: Iterable[str]) -> None:
    """Refuse a file name with a suffix of another format.

    Raises: SpecError NS0006.
    """
    if path.suffix not in known:
        message = f"cannot write '{path}': its name does not end in {' or '.join(known)}"
        raise SpecError.of(Code.UNWRITABLE_FILE, message)


def check_folder(folder: Path, *, force: bool = False) -> None:
    """Refuse an output folder that is a symbolic link.

    Raises: SpecError NS0005.
    """
    if folder.is_symlink() and not force:
        help_text = f"`--force` writes into what it points to; {ELSEWHERE}"
        raise SpecError.of(Code.FOREIGN_FILE, f"'{folder}' is a symbolic link", help=help_text)


def _check_own(path: Path) -> None:
    try:
        # A file of others need not be UTF-8, and must be refused as such and not as unreadable.
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise _unwritable(path, error) from None
    if not text or is_signed(text):
        return
    if not CHECKSUM.search(text):
        raise SpecError.of(Code.FOREIGN_FILE, f"'{path}' was not written by netspec", help="`--force` overwrites it")
    help_text = f"`--force` overwrites what was changed; {ELSEWHERE}"
    raise SpecError.of(Code.FOREIGN_FILE, f"'{path}' was changed since netspec wrote it", help=help_text)


def is_signed(text: str) -> bool:
    """Return whether a text has a checksum and is unchanged since it was signed."""
    # It stands in the first mark of JSON and in the last one of other files; a title between may look like one.
    found = list(CHECKSUM.finditer(text))
    return any(
        each[2] == _checksum(f"{text[: each.start()]}{each[1]}{text[each.end() :]}")
        for each in (*found[:1], *found[1:][-1:])
    )


def signed(text: str, suffix: str) -> str:
    """Return a text with the checksum that shows whether it was changed, where its kind of file has a place for one.

    JSON has no comments: there it is in the entry that names netspec as the generator. A signed text stays as it is.

    Example:
        >>> print(signed("x = 1\\n", ".py"), end="")
        x = 1
        # generated by netspec, checksum 8873ab8918e37459
    """
    if is_signed(text):
        return text
    if suffix in COMMENTS and text.endswith("\n"):
        text += COMMENTS[suffix].format(MARK)
        before, _, after = text.rpartition(MARK)
        return f"{before}{MARK}, checksum {_checksum(text)}{after}"
    if suffix == ".json":
        return re.sub(rf"{MARK}[ \w.]*", lambda mark: f"{mark[0]}, checksum {_checksum(text)}", text, count=1)
    return text


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _write_beside(path: Path, text: str) -> Path:
    """Write a new file beside a path, and return where it is."""
    # In the same folder: a rename is atomic only within one file system. With a random name, so that two processes can
    # write the same file.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            # Without it, a crash after the rename can leave the new name with no content: the rename may reach the disk
            # first.
            _sync(file.fileno())
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise
    return temporary


def _replace(path: Path, temporary: Path) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new directory entry durable, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some file systems cannot sync a folder; the file itself is written all the same.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSYNCED:
            raise


def _unwritable(path: Path, error: OSError) -> SpecError:
    message = f"cannot write '{path}': {(error.strerror or str(error)).lower()}"
    return SpecError.of(Code.UNWRITABLE_FILE, message, help=ELSEWHERE)
