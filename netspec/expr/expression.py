"""What the rest of netspec calls: parse a text once, evaluate it in many scopes, fill it into a name."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any

from netspec.expr.builder import Scope, build
from netspec.expr.fault import MAX_TEMPLATE, SYNTAX, ExpressionError, too_long
from netspec.expr.value import NUMBERS, kind_of

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Expression:
    """A text that was parsed once and can be evaluated in many scopes; ``parse`` makes and caches them.

    ``names`` are the names that it looks up in a scope, without functions and constants.

    Example:
        >>> expression = parse("int(x.channels * keep)")
        >>> sorted(expression.names)
        ['keep', 'x']
    """

    __slots__ = ("_thunk", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._thunk, self.names = build(text)

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


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Return the expression that the text spells, from the cache if it was seen before.

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
    """Return the template with every ``{expression}`` replaced by its value; ``{{`` and ``}}`` stand for braces.

    Raises:
        ExpressionError: a brace is alone, or an expression fails or gives no number, string or boolean. The offset
            is in the template.

    Example:
        >>> fill("layer{i+1}_{kind}", {"i": 0, "kind": "conv"})
        'layer1_conv'
        >>> fill("{{{i}}}", {"i": 7})
        '{7}'
    """
    if len(template) > MAX_TEMPLATE:
        raise too_long(template, MAX_TEMPLATE)
    return _FIELD.sub(partial(_filled, scope), template)


def _filled(scope: Scope, field: re.Match[str]) -> str:
    if field[0] in ("{{", "}}"):
        return field[0][0]
    if field[0] in ("{", "}"):
        raise ExpressionError(f"'{field[0]}' stands alone", field.start(), 1, f"a brace is '{field[0] * 2}'", SYNTAX)
    try:
        value = evaluate(field[1], scope)
    except ExpressionError as error:
        raise error.at(field.start(1) + error.offset, error.length) from None
    if isinstance(value, bool):
        return str(value).lower()
    if type(value) in NUMBERS or isinstance(value, str):
        return str(value)
    message = f"{kind_of(value)} cannot be written into a text"
    raise ExpressionError(message, field.start(1), len(field[1]), "use a number or a string")
