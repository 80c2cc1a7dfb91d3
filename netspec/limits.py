"""Limits on what a document may ask for, so that a few lines cannot use hours or all of the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a document may ask for; ``--max-NAME`` sets each of them for a command.

    Every shipped network stays far below. Memory has a limit of its own, which depends on the machine.

    Example:
        >>> import netspec
        >>> netspec.compile("lenet5_modern", limits=netspec.Limits(nodes=100_000)).params
        61706
    """

    nodes: int = 10_000
    """Nodes of the graph."""
    steps: int = 25_000
    """Steps that are expanded, those that ``when`` leaves out included."""
    operands: int = 200_000
    """Operands of all nodes together, which are the edges of the graph, and what formulas read."""
    axes: int = 100_000
    """Axes of the results of all nodes together: each is inferred, printed and checked."""
    items: int = 2_000_000
    """Items of the lists that expressions go over; arguments, and items of lists that are arguments, count as ten."""
    inputs: int = 32
    """Inputs of the network: each value is analysed for what it depends on in each of them."""
    outputs: int = 10_000
    """Outputs of the network: each has a name, and is a field of what the module returns."""
    documents: int = 100
    """Documents that are read for ``use``."""
    characters: int = 1_200_000
    """Characters of the documents that are parsed, each as often as others use, extend or import it."""
    elements: int = 2**40
    """Elements of one value, for one example."""


@dataclass(slots=True)
class Meter:
    """Counts the items that expressions go over while it is in use."""

    limit: int
    spent: int = 0


class LimitExceededError(Exception):
    """Expressions went over more items than the meter in use allows, which is ``limit``."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit:,} items")
        self.limit = limit


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


def spend(items: int) -> None:
    """Count items of a list that an expression makes or copies.

    Raises: LimitExceededError when the meter in use has counted more than it allows.
    """
    meter = _METER.get()
    if meter is None:
        return
    meter.spent += items
    if meter.spent > meter.limit:
        raise LimitExceededError(meter.limit)


@contextmanager
def metered(limit: int) -> Iterator[Meter]:
    """Count the items that expressions process inside.

    Example:
        >>> from netspec.syntax import expr
        >>> with metered(10**6) as meter:
        ...     total = expr.evaluate("sum(range(1000))", {})
        >>> meter.spent
        1000
    """
    meter = Meter(limit)
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)
