"""Parser events to a tree with marks: one loop, a stack of open collections, no recursion.

PyYAML's own composer recurses, keeps the last of duplicate keys, and follows aliases without counting; only its
parser is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

import yaml

from netspec.diagnostics import Code, LimitError
from netspec.diagnostics.sources import split_lines
from netspec.syntax.yaml.anchors import Anchors
from netspec.syntax.yaml.builders import OpenMapping, OpenSequence
from netspec.syntax.yaml.errors import MarkCollector
from netspec.syntax.yaml.scalars import Scalar, plain
from netspec.syntax.yaml.text import forbidden_in
from netspec.syntax.yaml.tree import Mark

# libyaml's parser is several times as fast; PyYAML may be installed without it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 64
MAX_SCALAR = 10_000
MAX_NODES = 200_000

_CORE = "tag:yaml.org,2002:"
_SCALAR_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}
_KEY_TAGS = (*_SCALAR_TYPES, "merge")
_QUOTE_KEY = "put quotes around a text that begins with '{', '[' or '*'"


def read_events(text: str, file: str) -> Any:
    """Return the tree of a YAML text whose characters were checked.

    Raises:
        SpecError: every error found, NS01xx.
        LimitError: the first limit that was crossed, NS07xx.
    """
    reader = _Reader(text, MarkCollector(file))
    try:
        reader.run()
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # Imported here: only a text that is no YAML pays for the rules that explain why.
        from netspec.syntax.yaml.parser_errors import exceeds_depth, mark_of, syntax_error

        if exceeds_depth(error):
            raise reader.too_deep(mark_of(error)) from None
        reader.collector.add([syntax_error(error, text, file)])
    reader.collector.raise_errors()
    return reader.root.node[0]


def _instead_of(tag: str) -> str:
    """Return the help for a tag, with which other languages negate a condition."""
    if word := re.fullmatch(r"!([a-z]\w*)", tag):
        return f"remove it: a document is plain data; a condition is negated by `not {word[1]}`"
    return "remove the tag: a document is plain data"


class _Reader:
    """The state of one traversal of the events of a document."""

    def __init__(self, text: str, collector: MarkCollector) -> None:
        self.text = text
        self.collector = collector
        self.anchors = Anchors(collector)
        self.root = OpenSequence(collector)  # its only item is the document
        self.top: OpenMapping | OpenSequence = self.root
        self.stack: list[OpenMapping | OpenSequence] = []
        self.nodes = 0
        self.documents = 0
        self.unclosed: tuple[OpenMapping | OpenSequence, Mark] | None = None
        """The last value in flow style with an unclosed parenthesis, and its collection."""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of the text."""
        return split_lines(self.text)

    def run(self) -> None:
        """Process every event of the text."""
        take: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self.take_scalar,
            yaml.AliasEvent: self.take_alias,
            yaml.MappingStartEvent: self.open_collection,
            yaml.SequenceStartEvent: self.open_collection,
            yaml.MappingEndEvent: self.close_collection,
            yaml.SequenceEndEvent: self.close_collection,
            yaml.DocumentStartEvent: self.start_document,
        }
        for event in yaml.parse(self.text, Loader=LOADER):
            if (handler := take.get(type(event))) is not None:
                handler(event)
        if not self.documents:
            raise self.collector.fatal_at(
                (0, 0, 0, 1), Code.EMPTY_DOCUMENT, "the document is empty", "begin with 'netspec: 1'"
            )

    def start_document(self, event: Any) -> None:
        """Begin the document, and refuse a second one."""
        self.documents += 1
        if self.documents > 1:
            help = "keep one document in a file"
            raise self.collector.fatal_at(_mark(event), Code.SECOND_DOCUMENT, "a second document begins here", help)

    def take_scalar(self, event: Any) -> None:
        """Add a scalar as a key or as a value."""
        start, end = event.start_mark, event.end_mark
        mark = start.line, start.column, end.line, end.column  # _mark, without the call: most events are scalars
        text, style = event.value, event.style
        self.nodes += 1
        if style == '"' or len(text) > MAX_SCALAR or self.nodes > MAX_NODES:
            self.check_scalar(text, mark)
        top = self.top
        if not style and ("(" in text or ")" in text):
            self.check_parentheses(text, mark)
        if end.line > start.line and not style and not top.in_brackets:
            self.check_continuation(mark)
        if isinstance(top, OpenMapping) and top.wants_key:
            self.take_key(top, event, text, mark)
            return
        value = text if style and event.tag is None else self.resolve(event, text, mark)
        if event.anchor is not None:
            self.anchors.define(event.anchor, value, mark)
        top.add(value, mark)

    def check_parentheses(self, text: str, mark: Mark) -> None:
        """Report a comma inside ( ) that ended a value: in flow style it does, even within parentheses."""
        left_open = text.count("(") - text.count(")")
        if left_open > 0 and self.top.in_brackets:
            self.unclosed = self.top, mark
        elif left_open < 0 and self.unclosed and self.unclosed[0] is self.top:
            message = "a comma ends this value inside its ( )"
            help = "put quotes around the whole value; a list is written [3, 3]"
            self.collector.report_at(self.unclosed[1], Code.INVALID_YAML, message, help)
            self.unclosed = None

    def check_continuation(self, mark: Mark) -> None:
        """Refuse a text that goes on with an item of a list: YAML allows it, but nobody means it."""
        # Imported here: few texts have several lines without quotes.
        from netspec.syntax.yaml.indentation import continued_text
        from netspec.syntax.yaml.spacing import missing_mark

        wrong = continued_text(self.lines, mark[0], mark[2])
        if wrong is not None and not missing_mark(self.lines[mark[0]]):
            line, column = wrong.position
            raise self.collector.fatal_at((line, column, line, column + 1), Code.INVALID_YAML, *wrong[1:])

    def check_scalar(self, text: str, mark: Mark) -> None:
        """Check the number of values, the length of the text, and characters from escapes."""
        self.check_count(mark)
        if len(text) > MAX_SCALAR:
            raise self.collector.limit_at(
                mark, Code.TEXT_TOO_LONG, f"a text of more than {MAX_SCALAR} characters", "shorten the text"
            )
        if character := forbidden_in(text):
            self.collector.report_at(
                mark, Code.FORBIDDEN_CHARACTER, f"character U+{ord(character):04X} is not allowed", "remove the escape"
            )

    def check_count(self, mark: Mark) -> None:
        """Check the number of values."""
        if self.nodes > MAX_NODES:
            raise self.collector.limit_at(
                mark, Code.TOO_MANY_VALUES, f"more than {MAX_NODES} values", "write repetitions as 'repeat: n'"
            )

    def take_key(self, top: OpenMapping, event: Any, text: str, mark: Mark) -> None:
        """Add a key: keys are texts as written, so ``169:`` is the key "169"."""
        tag = self.tag_name(event, mark, _KEY_TAGS) if event.tag is not None else ""
        if not text and not event.style:
            raise self.collector.fatal_at(mark, Code.INVALID_KEY, "a key is missing", "write 'key: value'")
        if event.anchor is not None:
            self.anchors.define(event.anchor, text, mark)
        # YAML 1.1 has merge keys and 1.2 has not, but most documents that use anchors count on them.
        if text == "<<" and not event.style and tag in ("", "merge"):
            top.take_merge_key(mark)
        else:
            top.take_key(text, mark)

    def resolve(self, event: Any, text: str, mark: Mark) -> Scalar:
        """Return what a plain or tagged scalar means."""
        name = self.tag_name(event, mark, _SCALAR_TYPES) if event.tag is not None else ""
        if name == "str":
            return text
        try:
            value = plain(text)
        except ValueError as error:
            self.collector.report_at(
                mark, Code.INVALID_NUMBER, str(error), "write a smaller number, or quotes if it is a text"
            )
            return None
        if name and type(value) not in _SCALAR_TYPES[name]:
            self.collector.report_at(mark, Code.TAG_MISMATCH, f"the value is not of type {name}", "remove the tag")
        return float(value) if name == "float" and isinstance(value, int) else value

    def tag_name(self, event: Any, mark: Mark, allowed: Collection[str]) -> str:
        """Return the short name of a node's tag; refuse what is outside the core schema."""
        tag = str(event.tag)
        if tag == "!":  # the non-specific tag, of which a scalar is a text
            return "str"
        name = tag.removeprefix(_CORE)
        if name != tag and name in allowed:
            return name
        shown = tag if name == tag else f"!!{name}"
        self.collector.report_at(mark, Code.FORBIDDEN_TAG, f"tag '{shown}' is not allowed here", _instead_of(shown))
        return ""

    def take_alias(self, event: Any) -> None:
        """Add an alias as a value."""
        mark = _mark(event)
        if self.top.wants_key:
            raise self.collector.fatal_at(mark, Code.INVALID_KEY, "an alias cannot be a key", _QUOTE_KEY)
        self.top.add(self.anchors.value(event.anchor, mark), mark)

    def open_collection(self, event: Any) -> None:
        """Begin a mapping or a sequence."""
        mark = _mark(event)
        self.nodes += 1
        self.check_count(mark)
        if len(self.stack) >= MAX_DEPTH:
            raise self.too_deep(mark)
        if self.top.wants_key:
            raise self.collector.fatal_at(mark, Code.INVALID_KEY, "a mapping or list cannot be a key", _QUOTE_KEY)
        is_mapping = type(event) is yaml.MappingStartEvent
        if event.tag is not None:
            self.tag_name(event, mark, ("map" if is_mapping else "seq",))
        if event.anchor is not None:
            self.anchors.open(event.anchor, mark)
        self.stack.append(self.top)
        kind = OpenMapping if is_mapping else OpenSequence
        size_before = self.nodes - 1 + self.anchors.expanded  # the collection itself is one of the nodes
        self.top = kind(self.collector, mark, event.anchor, size_before)
        self.top.in_brackets = bool(event.flow_style)

    def too_deep(self, mark: Mark) -> LimitError:
        """Return the error for a collection that is nested too deeply."""
        return self.collector.limit_at(
            mark, Code.NESTED_TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels", "give inner parts a block"
        )

    def close_collection(self, event: Any) -> None:
        """End a collection, and add it to the enclosing one."""
        done, self.top = self.top, self.stack.pop()
        done.node._mark = _whole(done, _mark(event))
        if done.anchor is not None:
            # Aliases inside count with the size of their values, so that aliases of aliases cannot grow unnoticed.
            self.anchors.close(done.anchor, done.node, self.nodes + self.anchors.expanded - done.size_before)
        self.top.add(done.node, done.node._mark)


def _mark(event: Any) -> Mark:
    start, end = event.start_mark, event.end_mark
    return start.line, start.column, end.line, end.column


def _whole(collection: OpenMapping | OpenSequence, end: Mark) -> Mark:
    """Return the mark of a collection from its first character to its last, given the mark of the event of its end."""
    # Flow collections end with a bracket. The end of a block collection is an empty range at the next line that is
    # indented less, after comments and empty lines; people expect the end of its last value.
    is_block = end[:2] == end[2:]
    return collection.mark[:2] + (collection.last if is_block else end)[2:]
