"""Warnings about arguments that are declared and never read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from netspec.diagnostics import Code, Collector, SourceMap, Span
from netspec.language.loading.imports import Importer
from netspec.language.mentions import mentioned, texts
from netspec.language.model import Block, Parameter
from netspec.language.parsing.parser import Parser
from netspec.syntax.yaml import Mapping

_READING = ("args", "defaults", "init", "input", "tensors", "network")
"""The keys of a document whose values can read its arguments."""


def report_unused_arguments(
    tree: Mapping, parameters: dict[str, Parameter], blocks: Iterable[Block], importer: Importer, parser: Parser
) -> None:
    """Report arguments that nothing reads: of a document, where it declares them itself, and of blocks."""
    read = mentioned([tree.get(key) for key in _READING])
    unread = [each for each in parameters.values() if each.name not in read and each.span.file == tree.span.file]
    # An argument whose value is marked `&anchor` is there for its aliases.
    unread = [each for each in unread if not _has_anchor(tree["args"].value_spans[each.name], importer.sources)]
    _report(Path(tree.span.file).name, unread, importer.collector)
    # A block that may be passed as an argument accepts whatever callers pass to any such block.
    handed_over = Counter(texts(tree)) - Counter(parser.bare_words) + importer.texts
    for block in blocks:
        if block.name not in handed_over and block.mentions is not None:
            unread = [each for each in block.parameters.values() if each.name not in block.mentions]
            _report(block.name, unread, importer.collector)


def _report(owner: str, unread: list[Parameter], collector: Collector) -> None:
    for each in unread:
        message = f"{owner} never reads its argument '{each.name}'"
        collector.report(Code.UNUSED_ARGUMENT, message, each.span, "read it in an expression, or remove it")


def _has_anchor(span: Span, sources: SourceMap) -> bool:
    # The tree has no anchors any more, so the text is searched.
    line = sources.line(span.file, span.line) or ""
    return line[span.column - 1 : span.column] == "&"
