"""The errors for documents that ask for more than the limits allow."""

from __future__ import annotations

from netspec.diagnostics import Code, Diagnostic, Frame, LimitError, Span
from netspec.limits import LimitExceededError, Limits
from netspec.sizes.shape import Shape, show


def too_deep(message: str, span: Span, frames: tuple[Frame, ...]) -> LimitError:
    """Return the error for a recursion that has no end, or one too far away."""
    help_text = "end the recursion with `when:`"
    return LimitError([Diagnostic(Code.RECURSION_TOO_DEEP, message, span, help=help_text, chain=frames)])


def beyond(code: Code, message: str, limit: str, span: Span, frames: tuple[Frame, ...]) -> LimitError:
    """Return the error for a network that grows beyond the limit of a name."""
    help_text = f"check `repeat` and recursive blocks, or raise the limit with `--max-{limit}`"
    return LimitError([Diagnostic(code, message, span, help=help_text, chain=frames)])


def too_many_items(exceeded: LimitExceededError, span: Span) -> LimitError:
    """Return the error for expressions that have gone over more items than a network may."""
    message = f"the expressions of this network go over more than {exceeded.limit:,} items"
    return beyond(Code.TOO_MANY_ITEMS, message, "items", span, ())


def too_large(what: str, shape: Shape, limits: Limits, span: Span) -> LimitError:
    """Return the error for a value of more elements than any machine holds."""
    most = f"2**{limits.elements.bit_length() - 1}" if limits.elements.bit_count() == 1 else f"{limits.elements:,}"
    help_text = f"at most {most} elements for one example; `--max-elements` sets how many"
    message = f"{what} of shape {show(shape)} is too large"
    return LimitError.of(Code.VALUE_TOO_LARGE, message, span, help=help_text)
