"""The interface of expressions: parse a text once, evaluate it in many scopes, fill in a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache, partial
from typing import Any

from netspec.sizes import Dim
from netspec.syntax.expr.builder import Scope, build, unknown_name
from netspec.syntax.expr.error import MAX_TEMPLATE, SYNTAX, ExpressionError, too_long
from netspec.syntax.expr.value import NUMBERS, OPEN, kind_of

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Expression:
    """A text that was parsed once and can be evaluated in many scopes; ``parse`` makes and caches them.

    ``names`` are the names that it looks up in a scope, without functions and constants.

    Example:
        >>> expression = parse("int(x.channels * keep)")
        >>> sorted(expression.names)
        ['keep', 'x']
    """

    __slots__ = ("_places", "_thunk", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._thunk, self._places = build(text)
        self.names = frozenset(self._places)

    def unknown(self, known: Collection[str]) -> list[ExpressionError]:
        """Return the errors that ``evaluate`` could raise in a scope of only these names.

        Example:
            >>> [(error.message, error.offset) for error in parse("n * widht").unknown({"n", "width"})]
            [("unknown name 'widht'", 4)]
        """
        return [unknown_name(name, known).at(*self._places[name]) for name in self._places if name not in known]

    def evaluate(self, scope: Scope) -> Any:
        """Return the value in a scope of numbers, strings, lists, Values, None and opaque objects.

        An expression that is a bare name returns the scope's own object, whatever it is (a tuple becomes a list).
        Otherwise Values and opaque objects can only be picked, by index or condition, and compared with a string or
        null.

        Raises:
            ExpressionError: a name is unknown, a part has no value, or a number or list is too large.

        Example:
            >>> parse("bottleneck * growth").evaluate({"bottleneck": 4, "growth": 32})
            128
        """
        return self._thunk(scope)

    def __repr__(self) -> str:
        return f"parse({self.text!r})"


# Cached: loops and calls evaluate the same texts repeatedly, and parsing takes far longer than evaluation.
@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Return the expression of a text, from the cache if it was parsed before.

    Raises:
        ExpressionError: the text is no expression, leaves the alphabet, or is too long or too deep.

    Example:
        >>> parse("4 * width")
        parse('4 * width')
    """
    return Expression(text)


def evaluate(text: str, scope: Scope) -> Any:
    """Return the value of the text in a scope.

    Raises:
        ExpressionError: as ``parse`` and ``Expression.evaluate``.

    Example:
        >>> evaluate("2 if i == 0 else 1", {"i": 3})
        1
        >>> evaluate("[1, k] + layers[1:]", {"k": 3, "layers": (6, 12, 24)})
        [1, 3, 12, 24]
    """
    return parse(text).evaluate(scope)


def fill(template: str, scope: Scope) -> str:
    """Return the template with every ``{expression}`` replaced by its value; ``{{`` and ``}}`` are escaped braces.

    Raises:
        ExpressionError: a brace is alone, or an expression fails or gives no number, string or boolean. The offset
            is in the template.

    Example:
        >>> fill("layer{i+1}_{kind}", {"i": 0, "kind": "conv"})
        'layer1_conv'
        >>> fill("{{{i}}}", {"i": 7})
        '{7}'
    """
    return _FIELD.sub(partial(_filled, scope), _bounded(template))


def fields(template: str) -> list[tuple[Expression, int]]:
    """Return the expressions of a template, each with its offset.

    Raises:
        ExpressionError: a brace is alone, or there is no expression between two.

    Example:
        >>> fields("layer{i+1}")
        [(parse('i+1'), 6)]
    """
    found = [field for field in _FIELD.finditer(_bounded(template)) if _escaped_brace(field) is None]
    return [(_placed(parse, field), field.start(1)) for field in found]


def _bounded(template: str) -> str:
    if len(template) > MAX_TEMPLATE:
        raise too_long(template, MAX_TEMPLATE)
    return template


def _filled(scope: Scope, field: re.Match[str]) -> str:
    if (brace := _escaped_brace(field)) is not None:
        return brace
    value = _placed(lambda text: evaluate(text, scope), field)
    if isinstance(value, bool):
        return str(value).lower()
    if type(value) in OPEN:
        value = int(value) if type(value) is Dim else float(value)  # a name does not depend on open sizes
    if type(value) in NUMBERS or isinstance(value, str):
        return str(value)
    message = f"{kind_of(value)} cannot be written into a text"
    raise ExpressionError(message, field.start(1), len(field[1]), "use a number or a string")


def _escaped_brace(field: re.Match[str]) -> str | None:
    """Return the brace that a double brace escapes; refuse a single one."""
    if field[0] in ("{", "}"):
        raise ExpressionError(f"unmatched '{field[0]}'", field.start(), 1, f"a brace is '{field[0] * 2}'", SYNTAX)
    return field[0][0] if field[0] in ("{{", "}}") else None


def _placed(use: Callable[[str], Any], field: re.Match[str]) -> Any:
    """Return the result for the expression of a field; the offset of an error becomes one in the template."""
    try:
        return use(field[1])
    except ExpressionError as error:
        raise error.at(field.start(1) + error.offset, error.length) from None
