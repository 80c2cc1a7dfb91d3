"""Anchors and aliases, with the size of their values.

Every alias counts as many values as it repeats, a number that its anchor has from its end on. The sum of these counts
is the exact growth of the expanded document, known before it is traversed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netspec.diagnostics import Code, nearest
from netspec.syntax.yaml.errors import MarkCollector
from netspec.syntax.yaml.tree import Mark

MAX_ALIASES = 1_000
MAX_EXPANDED = 100_000
_REPEAT = "write repetitions as 'repeat: n'"


@dataclass(slots=True)
class _Anchor:
    """A named value; incomplete while its content is being read."""

    mark: Mark
    value: Any = None
    size: int = 0
    is_open: bool = True


class Anchors:
    """The anchors of a document, in the order of their definition."""

    def __init__(self, collector: MarkCollector) -> None:
        self.expanded = 0
        self._collector = collector
        self._anchors: dict[str, _Anchor] = {}
        self._aliases = 0

    def open(self, name: str, mark: Mark) -> None:
        """Begin the value of an anchor; a name is given once."""
        if name in self._anchors:
            first = self._collector.note_at(self._anchors[name].mark, "first given here")
            self._collector.report_at(
                mark, Code.ANCHOR_MISMATCH, f"anchor '{name}' is given twice", "choose another name", first
            )
        self._anchors[name] = _Anchor(mark)

    def close(self, name: str, value: Any, size: int) -> None:
        """End the value of an anchor: from here on it can be used."""
        anchor = self._anchors[name]
        anchor.value, anchor.size, anchor.is_open = value, size, False

    def define(self, name: str, scalar: Any, mark: Mark) -> None:
        """Give a scalar a name."""
        self.open(name, mark)
        self.close(name, scalar, size=1)

    def value(self, name: str, mark: Mark) -> Any:
        """Return the value of an alias, and count its size."""
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._collector.limit_at(mark, Code.TOO_MANY_ALIASES, f"more than {MAX_ALIASES} aliases", _REPEAT)
        anchor = self._anchors.get(name)
        if anchor is None:
            unmarked = f"an argument is read as `{name}`; what '*' repeats is marked '&{name}'"
            help = nearest(name, self._anchors) or unmarked
            self._collector.report_at(mark, Code.ANCHOR_MISMATCH, f"no anchor '{name}' above this alias", help)
            return None
        # The anchor of an enclosing collection: its value would be infinite.
        if anchor.is_open:
            begun = self._collector.note_at(anchor.mark, f"'{name}' begins here")
            self._collector.report_at(
                mark, Code.RECURSIVE_ALIAS, f"'{name}' would contain itself", "name a value that ends above", begun
            )
            return None
        self.expanded += anchor.size
        if self.expanded > MAX_EXPANDED:
            message = f"aliases expand to more than {MAX_EXPANDED} values"
            raise self._collector.limit_at(mark, Code.ALIASES_TOO_LARGE, message, _REPEAT)
        return anchor.value
