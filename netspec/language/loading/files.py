"""Finding documents: shipped ones by name, others by path, and their references inside the project root."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from netspec.diagnostics import Code, SourceMap, Span, SpecError, nearest

ROOT_MARKS = (".git", "pyproject.toml", "netspec.toml")
"""The files and folders that mark a project root."""


@cache
def shipped_folder() -> Path:
    """Return the folder of the specs that ship with the package."""
    package = Path(__file__).parent.parent.parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def library_folder() -> Path:
    """Return the folder of the block library."""
    return Path(__file__).parent.parent.parent / "blocks"


def shipped_names() -> list[str]:
    """Return the names of all networks that ship, sorted."""
    return sorted(path.stem for path in shipped_folder().glob("*.yaml"))


def suggest_network(word: str) -> str:
    """Return the help for the word of a step that is a network, shipped or in a file, or an empty string.

    Example:
        >>> suggest_network("models.ResNet-18")
        'a network is a step as in `use: {spec: resnet18}`'
    """
    if word.endswith((".yaml", ".yml")):
        return f"a file is a step as in `use: {{spec: {word}}}`"
    spelled = {name.replace("_", ""): name for name in shipped_names()}
    name = spelled.get(re.sub("[-_]", "", word.rpartition(".")[2].lower()))
    return f"a network is a step as in `use: {{spec: {name}}}`" if name else ""


def find(path_or_name: str | Path, sources: SourceMap) -> Path:
    """Return the file that a user means by a path or by the name of a shipped network.

    A path that exists but is not a file, such as a folder, is returned too unless a network has its name: reading it
    then reports what it is.

    Raises: SpecError NS0001 when there is neither.
    """
    path = Path(path_or_name)
    if sources.is_file(path):
        if str(path_or_name).endswith(("/", "/.")):  # pathlib drops it, with what it says
            help_text = f"without the slash it is `{path}`"
            raise SpecError.of(Code.UNREADABLE_FILE, f"'{path_or_name}' is a file, not a folder", help=help_text)
        return path
    shipped = shipped_folder() / f"{path_or_name}.yaml"
    # A name has no folder: `./resnet18` means a file, even if it does not exist.
    if path.name == str(path_or_name) and sources.is_file(shipped):
        return shipped
    if path_or_name and _is_there(path):
        return path
    known = shipped_names()
    help_text = nearest(path.stem, known) or "`netspec list` shows the networks that ship"
    raise SpecError.of(Code.UNREADABLE_FILE, f"there is no file or shipped network '{path_or_name}'", help=help_text)


def _is_there(path: Path) -> bool:
    """Return whether the path exists, even if it is not accessible."""
    try:
        path.stat()
    except PermissionError:
        # Inside a folder without permission: reading the path reports that, which helps more than "there is no file".
        return True
    except (OSError, ValueError):
        return False
    return True


def project_root(path: Path) -> Path:
    """Return the folder that must contain all references of a document: the nearest project, or its own folder."""
    folder = path.resolve().parent
    if folder.is_relative_to(shipped_folder().resolve()):
        return shipped_folder().resolve()
    marked = (each for each in (folder, *folder.parents) if any((each / mark).exists() for mark in ROOT_MARKS))
    return next(marked, folder)


def refer(text: str, origin: Path, span: Span, sources: SourceMap) -> Path:
    """Return the file that a document at origin names by a relative path, or by a shipped network's name.

    Raises: SpecError NS0003 outside the project root, NS0001 when it does not exist.
    """
    if not text.endswith((".yaml", ".yml")):
        return _shipped(text, span, sources)
    try:
        target = (origin.parent / text).resolve()
    except (OSError, RuntimeError):  # Python 3.11 and 3.12 raise the latter for a circular link
        help_text = "make it a file, or a link to one"
        raise SpecError.of(
            Code.UNREADABLE_FILE, f"'{text}' is a symbolic link that leads nowhere", span, help=help_text
        ) from None
    # After links are resolved: `../../etc/passwd` and a link to it are the same file.
    root = project_root(origin)
    if not target.is_relative_to(root):
        raise SpecError.of(
            Code.FILE_OUTSIDE_PROJECT, f"'{text}' lies outside the project", span, help=f"files must stay below {root}"
        )
    if not sources.is_file(target):
        if _is_there(target):
            raise SpecError.of(
                Code.UNREADABLE_FILE, f"'{text}' is not a regular file", span, help="import a file with YAML in it"
            )
        siblings = [each.name for each in target.parent.glob("*.y*ml")] if target.parent.is_dir() else []
        help_text = nearest(target.name, siblings) or "paths are relative to the file that names them"
        raise SpecError.of(Code.UNREADABLE_FILE, f"there is no file '{text}'", span, help=help_text)
    return _shown(target, origin)


def _shown(path: Path, origin: Path) -> Path:
    """Return a path as messages show it: relative to the working folder if its origin is."""
    here = Path.cwd()
    return path.relative_to(here) if not origin.is_absolute() and path.is_relative_to(here) else path


def _shipped(name: str, span: Span, sources: SourceMap) -> Path:
    path = shipped_folder() / f"{name}.yaml"
    if "/" not in name and "\\" not in name and sources.is_file(path):
        return path
    help_text = nearest(name, shipped_names()) or "give a path that ends in .yaml, or the name of a shipped network"
    raise SpecError.of(Code.UNREADABLE_FILE, f"there is no shipped network '{name}'", span, help=help_text)
