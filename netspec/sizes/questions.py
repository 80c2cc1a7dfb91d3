"""Questions about sizes, plain or open, as ops and the compiler ask them.

stated, at            a size as a number: at the stated sizes, or at given ones
at_stated_sizes       likewise for all sizes in a value
holds, at_least       a relation, decided at the stated sizes and recorded where the answer depends on them
proves                a relation at all sizes; never recorded
pin                   a plain number, which fixes the size
quotient              how many times one size goes into another
scale_down            a size times a float, rounded down as torch does it
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from math import floor
from typing import Any, Literal

from netspec.sizes.algebra import add, scaled
from netspec.sizes.context import decide
from netspec.sizes.dim import Dim, Ratio, Size, form_of, keep_open, quotient
from netspec.sizes.form import Form
from netspec.sizes.solver import Relation, always

__all__ = [
    "Comparison",
    "at",
    "at_least",
    "at_stated_sizes",
    "holds",
    "pin",
    "proves",
    "quotient",
    "scale_down",
    "stated",
]

Comparison = Literal["==", "!=", "<", "<=", ">", ">="]

_PLAIN: dict[Comparison, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip


def stated(size: Size) -> int:
    """Return the size at which shapes and totals are stated."""
    return size.form.stated if isinstance(size, Dim) else size


def at(size: Size, sizes: Mapping[str, Size]) -> Size:
    """Return the size with some open sizes replaced, by numbers or by other sizes."""
    return size.at(sizes) if isinstance(size, Dim) else size


def at_stated_sizes(value: Any) -> Any:
    """Return a value with the numbers of its open sizes, in lists and mappings too; itself where it has none.

    The sizes are not fixed by that.

    Example:
        >>> from netspec.sizes import symbol
        >>> at_stated_sizes([(symbol("H", 32) // 2, 7), "same"])
        [(16, 7), 'same']
    """
    if value is None or isinstance(value, (int, str)):  # as nearly all are
        return value
    if isinstance(value, (Dim, Ratio)):
        return value.stated
    if isinstance(value, Mapping):
        changed = {name: at_stated_sizes(item) for name, item in value.items()}
        return changed if any(changed[name] is not item for name, item in value.items()) else value
    if not isinstance(value, (list, tuple)):
        return value
    items = [at_stated_sizes(item) for item in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return items if isinstance(value, list) else tuple(items)


def holds(left: Size, relation: Comparison, right: Size) -> bool:
    """Return whether the relation holds; recorded as a guard where that depends on the size.

    Raises:
        OpenSizeError: it depends on the size, outside of any scope that decides.

    Example:
        >>> holds(7, "<", 9)
        True
    """
    if not isinstance(left, Dim) and not isinstance(right, Dim):
        return _PLAIN[relation](left, right)
    difference, plain, negated = _in_order(left, relation, right)
    return decide(difference, plain) is not negated


def proves(left: Size, relation: Comparison, right: Size) -> bool:
    """Return whether the relation is proved to hold at all sizes. Nothing is recorded; False may mean unknown.

    Example:
        >>> from netspec.sizes import symbol
        >>> height = symbol("H", 224)
        >>> proves(-(-height // 2), "==", (height + 1) // 2), proves(height, "==", 224)
        (True, False)
    """
    difference, plain, negated = _in_order(left, relation, right)
    return always(difference, plain) is (not negated)


def at_least(size: Size, least: Size) -> bool:
    """Return whether a size is at least another; recorded as a guard where that depends on the size."""
    # Python's own operators, so that ops need not know which sizes are open.
    return size >= least


def pin(size: Size) -> int:
    """Return the size as a plain number. An open one is fixed to its stated value, and that is recorded.

    Raises:
        OpenSizeError: the size is open, outside of any scope that decides.
    """
    return int(size)


def scale_down(size: Size, factor: float) -> Size:
    """Return ``floor(size * factor)`` as floating point has it.

    Example:
        >>> from netspec.sizes import symbol
        >>> scale_down(10, 0.7), scale_down(symbol("H", 10), 1.5), scale_down(symbol("H", 10), 0.7)
        (7, H + H // 2, floor(H * 0.7))
    """
    return keep_open(scaled(size.form, factor)) if isinstance(size, Dim) else floor(size * factor)


def _in_order(left: Size, relation: Comparison, right: Size) -> tuple[Form, Relation, bool]:
    """Return the comparison as one of ``== 0`` or ``>= 0``, and whether its answer is negated."""
    # Six relations become two, with the sides swapped or the answer negated, so that equivalent comparisons are
    # recorded once.
    if relation in ("<=", ">"):
        left, right = right, left
    difference = add(form_of(left), form_of(right), -1)
    return difference, "==" if relation in ("==", "!=") else ">=", relation in ("!=", "<", ">")
