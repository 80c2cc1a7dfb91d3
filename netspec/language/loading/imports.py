"""The blocks that a document imports, from files that may import others."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterator
from collections.abc import Mapping as Namespace
from pathlib import Path

from netspec.diagnostics import Code, Collector, Note, SourceMap, Span, SpecError
from netspec.language.loading.files import refer
from netspec.language.loading.header import read_document
from netspec.language.loading.library import library
from netspec.language.mentions import texts
from netspec.language.model import Block
from netspec.language.parsing.declarations import define_blocks
from netspec.language.parsing.parser import Parser
from netspec.syntax.yaml import Mapping, locate

LARGEST_CHAIN = 16
"""The longest chain of documents that extend or import each other."""


class Importer:
    """Reads imported files, each once, however many import it: otherwise small files could cause exponential work."""

    def __init__(self, sources: SourceMap, collector: Collector) -> None:
        self.sources = sources
        self.collector = collector
        self._known: dict[Path, dict[str, Block]] = {}
        self.texts: Counter[str] = Counter()
        """How often each text occurs in the imported files, other than as a step."""

    @property
    def blocks(self) -> Iterator[Block]:
        """Every block of every file that was read."""
        return (block for blocks in self._known.values() for block in blocks.values())

    def blocks_of(self, chain: list[tuple[Path, Mapping]]) -> dict[str, Block]:
        """Return the blocks that the files of a chain of ``extends`` import, the nearest file first.

        Raises: SpecError with every error of the first imported file that has any.
        """
        imported: dict[str, Block] = {}
        for path, tree in reversed(chain):
            self._import_into(imported, path, tree, ())
        return imported

    def _import_into(self, imported: dict[str, Block], path: Path, tree: Mapping, trail: tuple[Path, ...]) -> None:
        for index, text in enumerate(tree.get("import") or ()):
            span = locate(tree, ("import", index))
            target = refer(text, path, span, self.sources)
            for name, block in self._blocks_in(target, span, (*trail, path)).items():
                _check_unique(imported, name, block, span)
                imported[name] = block

    def _blocks_in(self, path: Path, span: Span, trail: tuple[Path, ...]) -> dict[str, Block]:
        # The trail holds the files being read now. A file that was read already is no circle: two may import the same.
        key = path.resolve()
        if any(key == each.resolve() for each in trail):
            message, help_text = f"{path.name} imports itself", "move what both need into a third file"
            raise SpecError.of(Code.CIRCULAR_REFERENCE, message, span, help=help_text)
        if len(trail) > LARGEST_CHAIN:
            message = f"more than {LARGEST_CHAIN} files import each other"
            raise SpecError.of(Code.CIRCULAR_REFERENCE, message, span, help="import the last ones directly")
        if key not in self._known:
            self._known[key] = self._read(path, trail)
        return self._known[key]

    def _read(self, path: Path, trail: tuple[Path, ...]) -> dict[str, Block]:
        tree = read_document(path, self.sources)
        own: dict[str, Block] = {}
        imported: dict[str, Block] = {}
        self._import_into(imported, path, tree, trail)
        namespace: Namespace[str, Block] = ChainMap(own, imported, library())  # type: ignore[arg-type]
        parser = Parser(namespace, collector=self.collector)
        define_blocks(parser, tree, own, imported)
        # Errors of an imported file end the run: everything that calls its blocks would be an error too.
        self.collector.raise_errors()
        self.texts += Counter(texts(tree.get("blocks"))) - Counter(parser.bare_words)
        return own


def _check_unique(imported: dict[str, Block], name: str, block: Block, span: Span) -> None:
    """Raise SpecError when another block of that name is imported; the same block may be imported several times."""
    earlier = imported.get(name)
    if earlier and earlier.span != block.span:
        message = f"two imported files define the block '{name}'"
        notes = [Note(earlier.span, "the first"), Note(block.span, "the second")]
        help_text = "rename one, or import only one of the files"
        raise SpecError.of(Code.DUPLICATE_BLOCK, message, span, notes=notes, help=help_text)
