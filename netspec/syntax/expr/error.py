"""Errors of expressions: the exception, its codes, and the limits that bound every cost.

A text is bounded when it is parsed (characters, operators, depth); numbers and lists are bounded as they arise.
"""

from __future__ import annotations

from netspec.diagnostics import Code, NetspecError, Note

# Together these bound the time of any expression: characters bound the parser, operators and depth the closures, and
# digits, exponents and items the result of a single operation. All are far beyond what a network needs.
MAX_CHARACTERS = 256
MAX_OPERATORS = 64
MAX_DEPTH = 32
MAX_INTEGER = 2**53
MAX_EXPONENT = 64
MAX_DIGITS = 64
MAX_ITEMS = 100_000
MAX_TEMPLATE = 1024

SYNTAX, UNKNOWN, FORBIDDEN, EVALUATION, LIMIT = (
    Code.INVALID_EXPRESSION,
    Code.UNKNOWN_NAME,
    Code.FORBIDDEN_EXPRESSION,
    Code.EVALUATION_FAILED,
    Code.EXPRESSION_TOO_LARGE,
)

NAMED = "make a part of it an argument with a name"
"""The help line for an expression that is too long or too deep."""


class ExpressionError(NetspecError):
    """An expression cannot be read or has no value; ``offset`` and ``length`` mark the wrong part of its text.

    Example:
        >>> from netspec.syntax.expr import evaluate
        >>> try:
        ...     evaluate("2 * widht", {"width": 64})
        ... except ExpressionError as error:
        ...     print(error.code, error, error.offset, error.length, error.help)
        NS0402 unknown name 'widht' 4 5 did you mean 'width'?
    """

    notes: tuple[Note, ...] = ()
    """The other places that it is about, if it knows any."""

    def __init__(self, message: str, offset: int = 0, length: int = 0, help: str = "", code: Code = EVALUATION) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.help = help
        self.code = code

    def at(self, offset: int, length: int) -> ExpressionError:
        """Return the same error at another place."""
        moved = ExpressionError(self.message, offset, length, self.help, self.code)
        moved.notes = self.notes
        return moved


def beyond(message: str, help: str = "check what the expression is meant to give") -> ExpressionError:
    """Return the error for a value above a limit."""
    return ExpressionError(message, help=help, code=LIMIT)


def too_long(text: str, limit: int) -> ExpressionError:
    """Return the error for a text over its limit; it marks the excess."""
    message = f"{len(text)} characters are more than the {limit} allowed"
    return ExpressionError(message, limit, len(text) - limit, NAMED, LIMIT)


CAUGHT = (ExpressionError, ArithmeticError, TypeError, ValueError, LookupError, RecursionError)
"""The exceptions that evaluating an expression may raise."""


def explained(cause: Exception) -> ExpressionError:
    """Return the error for a Python exception (one of CAUGHT), in terms of the expression."""
    match cause:
        case ExpressionError():
            return cause
        case ZeroDivisionError():
            return ExpressionError("division by zero", help="guard it, as in `a / b if b else 0`")
        case OverflowError():
            return beyond("the number is too large")
        case RecursionError():
            return beyond("the expression is nested too deep", NAMED)
    return ExpressionError(f"this has no value: {cause}")
