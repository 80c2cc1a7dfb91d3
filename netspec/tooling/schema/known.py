"""The blocks that a document's steps may call and the arguments that its defaults give, as far as these can be read.

A schema is needed while a document is edited, so errors in the document must not prevent it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from pathlib import Path

from netspec.diagnostics import SourceMap
from netspec.language.loading.files import refer
from netspec.language.loading.library import library
from netspec.language.model import Block
from netspec.language.parsing.declarations import declare
from netspec.language.parsing.parser import Parser
from netspec.syntax.yaml import Mapping, Sequence, locate, read_file


def known_blocks(path: Path) -> dict[str, Block]:
    """Return the blocks of the library, of a document, and of what it imports and extends.

    Raises: SpecError when a file cannot be read, or refers to one that does not exist.
    """
    return {**library(), **_blocks_of(path, SourceMap(), set())}


def known_defaults(path: Path) -> dict[str, set[str]]:
    """Return the arguments that the defaults of a document, and of those it extends, set for each op and block.

    Raises: SpecError when a file cannot be read, or refers to one that does not exist.
    """
    given: dict[str, set[str]] = {}
    for tree in _extended(path):
        defaults = tree.get("defaults")
        for name, arguments in defaults.items() if isinstance(defaults, Mapping) else ():
            given.setdefault(name, set()).update(arguments if isinstance(arguments, Mapping) else ())
    return given


def _extended(path: Path) -> Iterator[Mapping]:
    """Yield the trees of a document and of those that it extends."""
    sources = SourceMap()
    seen: set[Path] = set()
    while path.resolve() not in seen:
        seen.add(path.resolve())
        tree = read_file(path, sources)
        if isinstance(tree, Mapping):
            yield tree
        if not isinstance(tree, Mapping) or not isinstance(tree.get("extends"), str):
            return
        path = refer(tree["extends"], path, locate(tree, ("extends",)), sources)


def _blocks_of(path: Path, sources: SourceMap, seen: set[Path]) -> dict[str, Block]:
    # The compiler reports circles; here they only must not cause an endless loop.
    if path.resolve() in seen:
        return {}
    seen.add(path.resolve())
    tree = read_file(path, sources)
    if not isinstance(tree, Mapping):
        return {}
    blocks: dict[str, Block] = {}
    for loc, text in _references(tree):
        blocks |= _blocks_of(refer(text, path, locate(tree, loc), sources), sources, seen)
    own = tree.get("blocks")
    if isinstance(own, Mapping):
        namespace = ChainMap(blocks, library())  # type: ignore[arg-type]
        blocks |= declare(Parser(namespace), own, namespace)
    return blocks


def _references(tree: Mapping) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the files that a document refers to, with spans, the nearest last."""
    imported = tree.get("import")
    found: list[tuple[tuple[str | int, ...], str]] = []
    if isinstance(tree.get("extends"), str):
        found.append((("extends",), tree["extends"]))
    if isinstance(imported, Sequence):
        found += [(("import", index), text) for index, text in enumerate(imported) if isinstance(text, str)]
    return found
