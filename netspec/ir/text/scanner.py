"""The tokens of a line of a graph's text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from netspec.diagnostics import NetspecError, Span
from netspec.ir.immutable import frozen

Part = TypeVar("Part")

_SPACES = re.compile(r"[ \t]*(?:#.*)?")
PLAIN = json.JSONDecoder()
WORD = re.compile(r"\w+", re.ASCII)
VALUE = re.compile(r"[\w.@:]+", re.ASCII)
"""The name of a value, and a path."""


class GraphSyntaxError(NetspecError):
    """The text of a graph cannot be read. The message begins with the place."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(f"{span}: {message}")
        self.span = span


class Line:
    """A line that is read from left to right; spaces, and comments after ``#``, are skipped."""

    def __init__(self, text: str, file: str, number: int) -> None:
        self._text, self._file, self._number = text, file, number
        self._position = 0
        self._skip()

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._position == len(self._text)

    @property
    def span(self) -> Span:
        """The place from here to the end of the line."""
        return Span(self._file, self._number, self._position + 1, self._number, len(self._text) + 1)

    def end(self) -> None:
        """Expect the end of the line."""
        if not self.ended:
            self.fail("nothing more is expected on this line")

    def fail(self, message: str) -> NoReturn:
        """Raise GraphSyntaxError at this place."""
        raise GraphSyntaxError(message, self.span)

    def next_is(self, mark: str) -> bool:
        """Return whether the next token is a mark."""
        return self._text.startswith(mark, self._position)

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Return whether the next token matches a pattern."""
        return pattern.match(self._text, self._position) is not None

    def take(self, mark: str) -> bool:
        """Consume a mark if it is next, and return whether it was. A word is consumed only as a whole."""
        end = self._position + len(mark)
        if not self.next_is(mark) or (mark[-1].isalnum() and WORD.match(self._text, end)):
            return False
        self._position = end
        self._skip()
        return True

    def expect(self, mark: str) -> None:
        """Consume a mark, which must be next."""
        if not self.take(mark):
            self.fail(f"expected {mark!r}")

    def match(self, pattern: re.Pattern[str], what: str) -> str:
        """Consume and return the next token, which must match a pattern."""
        found = pattern.match(self._text, self._position)
        if found is None:
            self.fail(f"expected {what}")
        self._position = found.end()
        self._skip()
        return found[0]

    def word(self) -> str:
        """Return a name: a word, or a text in quotes."""
        return str(self.json()) if self.next_is('"') else self.match(WORD, "a name")

    def value(self) -> str:
        """Return the name of a value, or a path."""
        return self.match(VALUE, "the name of a value")

    def json(self, decoder: json.JSONDecoder = PLAIN) -> Any:
        """Consume and return the next JSON value, as an immutable value."""
        try:
            value, self._position = decoder.raw_decode(self._text, self._position)
        except json.JSONDecodeError as error:
            self.fail(f"expected a value as JSON: {error.msg}")
        self._skip()
        return frozen(value)

    def several(self, part: Callable[[], Part]) -> tuple[Part, ...]:
        """Return one or more parts that are separated by commas."""
        parts = [part()]
        while self.take(","):
            parts.append(part())
        return tuple(parts)

    def _skip(self) -> None:
        spaces = _SPACES.match(self._text, self._position)
        assert spaces is not None, "it matches nothing, too"
        self._position = spaces.end()
