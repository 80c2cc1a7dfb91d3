"""``index`` and ``count`` in ``defaults``: the numbered calls of a document, over which arguments follow a schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from netspec.diagnostics import Span
from netspec.language.mentions import mentioned
from netspec.language.model import Document
from netspec.language.parsing.settings import NUMBERS

MANY = 10**6
"""The count while a document is expanded for the first time, which tells how many calls there are."""


@dataclass(slots=True)
class Schedule:
    """The calls of a document that its ``defaults`` number: those of the ops and blocks with ``words``."""

    words: frozenset[str]
    reads_count: bool
    place: Span
    count: int = MANY
    seen: int = 0

    def variables(self, word: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what the defaults of a word can read: the document's arguments, and the numbers of the next call."""
        if word not in self.words:
            return arguments
        numbers = dict(zip(NUMBERS, (self.seen, self.count), strict=True))
        self.seen += 1
        return {**numbers, **arguments}


def schedule_of(document: Document, count: int | None) -> Schedule:
    """Return the schedule of a document whose numbered calls were counted, or were not yet."""
    read = {word: mentioned(given) - set(document.parameters) for word, given in document.defaults.items()}
    words = frozenset(word for word, names in read.items() if not names.isdisjoint(NUMBERS))
    place = next((document.defaults.key_spans[word] for word in words), document.span)
    return Schedule(words, _mentions_count(read.values()), place, MANY if count is None else count)


def _mentions_count(names: Iterable[frozenset[str]]) -> bool:
    return any("count" in each for each in names)
