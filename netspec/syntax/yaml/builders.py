"""Collections under construction: they receive keys and values, and handle duplicates and merge keys."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code
from netspec.syntax.yaml.errors import MarkCollector
from netspec.syntax.yaml.tree import Mapping, Mark, Sequence

_START: Mark = (0, 0, 0, 0)
_NOTHING: frozenset[str] = frozenset()


class OpenSequence:
    """A sequence under construction."""

    __slots__ = ("_marks", "anchor", "in_brackets", "last", "mark", "node", "size_before")

    wants_key = False

    def __init__(
        self, collector: MarkCollector, mark: Mark = _START, anchor: str | None = None, size_before: int = 0
    ) -> None:
        self.node = Sequence(collector.file)
        self.mark = self.last = mark
        self.anchor = anchor
        self.size_before = size_before
        self.in_brackets = False
        self._marks = self.node._item_marks

    def add(self, value: Any, mark: Mark) -> None:
        """Add an item."""
        self.last = mark
        self.node.append(value)
        self._marks.append(mark)


class OpenMapping:
    """A mapping under construction, which receives keys and values in turn."""

    __slots__ = (
        "_collector",
        "_inherited",
        "_is_merge",
        "_key",
        "_keys",
        "_merge",
        "_values",
        "anchor",
        "in_brackets",
        "last",
        "mark",
        "node",
        "size_before",
        "wants_key",
    )

    def __init__(self, collector: MarkCollector, mark: Mark, anchor: str | None, size_before: int) -> None:
        self.node = Mapping(collector.file)
        self.mark = self.last = mark
        self.anchor = anchor
        self.size_before = size_before
        self.in_brackets = False
        self.wants_key = True
        self._collector = collector
        self._key = ""
        self._keys = self.node._key_marks
        self._values = self.node._value_marks
        self._merge: Mark | None = None  # the place of <<
        self._is_merge = False  # the next value is that of <<
        self._inherited: frozenset[str] = _NOTHING  # keys inherited by <<, which keys of the mapping itself override

    def take_key(self, key: str, mark: Mark) -> None:
        """Add a key, and refuse a duplicate."""
        if key in self._keys:
            self._take_again(key, mark)
        self._keys[key] = mark
        self._key = key
        self.wants_key = False

    def take_merge_key(self, mark: Mark) -> None:
        """Add the key ``<<``."""
        if self._merge is not None:
            self._report_duplicate("<<", mark, self._merge)
        self._merge = mark
        self._is_merge = True
        self.wants_key = False

    def _take_again(self, key: str, mark: Mark) -> None:
        if key in self._inherited:
            self._inherited -= {key}
        else:
            self._report_duplicate(key, mark, self._keys[key])

    def _report_duplicate(self, key: str, mark: Mark, first: Mark) -> None:
        note = self._collector.note_at(first, "first given here")
        self._collector.report_at(
            mark, Code.DUPLICATE_KEY, f"key '{key}' is given twice", "remove one of the two", note
        )

    def add(self, value: Any, mark: Mark) -> None:
        """Add the value of the last key."""
        self.last = mark
        self.wants_key = True
        if self._is_merge:
            self._is_merge = False
            self._inherit(value, mark)
            return
        self.node[self._key] = value
        self._values[self._key] = mark

    def _inherit(self, value: Any, mark: Mark) -> None:
        """Inherit the missing keys of a mapping, or of several, the first of which wins."""
        sources = value if isinstance(value, Sequence) else [value]
        if all(isinstance(source, Mapping) for source in sources):
            for source in sources:
                self._inherit_from(source)
        elif not self._collector.errors:  # an unknown alias was reported already
            self._collector.report_at(
                mark, Code.INVALID_MERGE_KEY, "'<<' takes a mapping or a list of mappings", "write '<<: *name'"
            )

    def _inherit_from(self, source: Mapping) -> None:
        new = [key for key in source if key not in self._keys]
        for key in new:
            self.node[key] = source[key]
            self._keys[key] = source._key_marks[key]
            self._values[key] = source._value_marks[key]
        self._inherited |= set(new)
