"""The block library that ships: one block per file, read when a document first uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from netspec.diagnostics import Code, SpecError
from netspec.language.loading.files import library_folder
from netspec.language.model import Block
from netspec.language.parsing.declarations import declare, define
from netspec.language.parsing.parser import Parser
from netspec.syntax.yaml import read_file


class Library(Mapping[str, Block]):
    """The shipped blocks by name; a block's file has the block's name."""

    def __init__(self) -> None:
        self._paths = {path.stem: path for path in sorted(library_folder().glob("*.yaml"))}
        self._blocks: dict[str, Block] = {}

    # A document holds its namespace: pickling or copying it must not include all parsed blocks.
    def __reduce__(self) -> tuple[Any, ...]:
        return library, ()

    def __getitem__(self, name: str) -> Block:
        # One file at a time: a document uses few of the blocks, and reading all takes longer than compiling it.
        return self._blocks[name] if name in self._blocks else self._load(name)

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def _load(self, name: str) -> Block:
        path = self._paths[name]
        tree = read_file(path)
        if list(tree.get("blocks", ())) != [name]:
            message = f"the library file {path.name} must define the one block '{name}'"
            raise SpecError.of(Code.INVALID_LIBRARY_FILE, message, help="one block per file, with the file's name")
        parser = Parser(self)
        # The block is declared before its body is parsed, so that it may call itself.
        self._blocks.update(declare(parser, tree["blocks"], parser.namespace))
        define(parser, tree["blocks"], self._blocks)
        parser.collector.raise_errors()
        return self._blocks[name]


@cache
def library() -> Library:
    """Return the library, of which there is one per process."""
    return Library()
