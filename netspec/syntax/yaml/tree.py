"""The plain tree of a document, and the place of everything in it.

Places are kept as raw marks and become ``Span`` objects on demand, since most are never needed.
"""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Span

Mark = tuple[int, int, int, int]
"""First line, first column, last line, column after the end: all counted from zero."""

NOWHERE = Span("<document>", 1, 1, 1, 1)


def span_of(file: str, mark: Mark) -> Span:
    """Return the span, counted from one, of a mark counted from zero."""
    line, column, end_line, end_column = mark
    return Span(file, line + 1, column + 1, end_line + 1, end_column + 1)


class Mapping(dict[str, Any]):
    """A YAML mapping: a plain dict with its own span and those of its keys and values.

    ``key_spans`` and ``value_spans`` are ordinary dicts that live as long as the mapping; ``put`` and ``take`` add
    entries with their spans. A key inherited by ``<<`` has the span where it is written; the value of an alias has the
    span of the alias.
    """

    __slots__ = ("_file", "_key_marks", "_key_spans", "_mark", "_value_marks", "_value_spans")

    def __init__(self, file: str = NOWHERE.file) -> None:
        self._file = file
        self._mark: Mark = (0, 0, 0, 0)
        # Tuples of four numbers: a document has thousands of values, and a Span costs more to make.
        self._key_marks: dict[str, Mark] = {}
        self._value_marks: dict[str, Mark] = {}
        self._key_spans: dict[str, Span] | None = None
        self._value_spans: dict[str, Span] | None = None

    @property
    def span(self) -> Span:
        """The place of the whole mapping."""
        return span_of(self._file, self._mark)

    @property
    def key_spans(self) -> dict[str, Span]:
        """The place of each key."""
        if self._key_spans is None:
            self._key_spans = {key: span_of(self._file, mark) for key, mark in self._key_marks.items()}
        return self._key_spans

    @property
    def value_spans(self) -> dict[str, Span]:
        """The place of each value."""
        if self._value_spans is None:
            self._value_spans = {key: span_of(self._file, mark) for key, mark in self._value_marks.items()}
        return self._value_spans

    def put(self, key: str, value: Any, span: Span, value_span: Span | None = None) -> None:
        """Set an entry with the spans of its key and value."""
        self[key] = value
        self.key_spans[key] = span
        self.value_spans[key] = span if value_span is None else value_span

    def take(self, other: Mapping, *keys: str) -> None:
        """Copy entries of another mapping, all or those of some keys, with their spans."""
        for key in keys or other:
            self[key] = other[key]
            # A plain Python dict has no spans.
            if key in other.key_spans:
                self.key_spans[key] = other.key_spans[key]
            if key in other.value_spans:
                self.value_spans[key] = other.value_spans[key]


def merged(*layers: Mapping) -> Mapping:
    """Return the entries of all mappings with their places; where several have a key, the last one's.

    Example:
        >>> from netspec.syntax.yaml import read
        >>> both = merged(read("kernel: 3\\nbias: true\\n", "defaults.yaml"), read("bias: false\\n", "net.yaml"))
        >>> both, str(both.value_spans["kernel"]), str(both.value_spans["bias"])
        ({'kernel': 3, 'bias': False}, 'defaults.yaml:1:9', 'net.yaml:1:7')
    """
    result = Mapping(layers[-1].span.file)
    for layer in layers:
        result.take(layer)
    return result


class Sequence(list[Any]):
    """A YAML sequence: a plain list with its own span and those of its items."""

    __slots__ = ("_file", "_item_marks", "_item_spans", "_mark")

    def __init__(self, file: str = NOWHERE.file) -> None:
        self._file = file
        self._mark: Mark = (0, 0, 0, 0)
        self._item_marks: list[Mark] = []
        self._item_spans: list[Span] | None = None

    @property
    def span(self) -> Span:
        """The place of the whole sequence."""
        return span_of(self._file, self._mark)

    @property
    def item_spans(self) -> list[Span]:
        """The place of each item."""
        if self._item_spans is None:
            self._item_spans = [span_of(self._file, mark) for mark in self._item_marks]
        return self._item_spans


def locate(tree: Any, loc: tuple[str | int, ...], key: bool = False) -> Span:
    """Return the place of the value at a path, or of its key; where the path ends early, the nearest place around it.

    Example:
        >>> from netspec.syntax.yaml import read
        >>> tree = read("network:\\n  - conv: {out: 64}\\n", "net.yaml")
        >>> str(locate(tree, ("network", 0, "conv", "out")))
        'net.yaml:2:17'
        >>> str(locate(tree, ("network", 0, "conv", "kernel")))
        'net.yaml:2:11'
        >>> str(locate(tree, ("network", 0, "conv"), key=True))
        'net.yaml:2:5'
    """
    node, span = tree, _own_span(tree) or NOWHERE
    for depth, part in enumerate(loc, start=1):
        if key and depth == len(loc) and isinstance(node, Mapping):
            return node.key_spans.get(str(part), span)
        found, node = _child(node, part)
        if found is None:
            break
        span = found
    return span


def _own_span(node: Any) -> Span | None:
    return node.span if isinstance(node, (Mapping, Sequence)) else None


def _child(node: Any, part: str | int) -> tuple[Span | None, Any]:
    """Return the place and the value of one step down, or two Nones where there is no such step."""
    if isinstance(node, dict) and str(part) in node:
        value = node[str(part)]
        spans = node.value_spans if isinstance(node, Mapping) else {}
        return spans.get(str(part)) or _own_span(value), value
    if isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
        item_spans = node.item_spans if isinstance(node, Sequence) else []
        return (item_spans[part] if part < len(item_spans) else _own_span(node[part])), node[part]
    return None, None
