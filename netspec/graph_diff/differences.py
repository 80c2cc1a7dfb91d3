"""Differences as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sign = Literal["+", "-", "~"]
Value = object


@dataclass(frozen=True, slots=True)
class Change:
    """An argument with its old and new values: several pairs if they differ between places. ``op`` is the op itself."""

    field: str
    values: tuple[tuple[Value, Value], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that differs: steps that one network has more, or ops whose arguments changed.

    ``what`` lists the steps in order by op or block, or the names of the changed ops. ``times`` is how often the steps
    occur at each place, ``follows`` the op before each of them, if that is the same, and ``path`` that of a single one.
    ``inside`` is the group at the place that holds them, and ``numbers`` how many of them each network has there.
    ``kind`` is the changed op, or how steps differ: ``run`` if only one network has them, ``moved`` if both have.
    """

    sign: Sign
    what: tuple[str, ...]
    times: int = 1
    follows: str = ""
    path: str = ""
    inside: str = ""
    numbers: tuple[int, int] | None = None
    changes: tuple[Change, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """The places of a difference: in how many blocks of a name, or in which groups.

    ``label`` is the block's name, or both where they differ; it is empty outside of blocks. ``of`` is how many such
    blocks both networks have.
    """

    label: tuple[str, str] = ("", "")
    paths: tuple[str, ...] = ()
    of: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, where, and the change in the totals.

    ``before`` and ``after`` are the paths of all that the difference is about in each network. A difference of
    ``shapes`` is about ops whose arguments are the same and whose cost is not, because other shapes enter them.
    """

    kind: Literal["steps", "shapes", "input", "output", "init"]
    sign: Sign
    parts: tuple[Part, ...]
    where: Where
    before: tuple[str, ...]
    after: tuple[str, ...]
    params: int = 0
    macs: int = 0
