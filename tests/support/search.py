"""How long random searches go on: a part as long in the quick tests, and several times as long in the full ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hypothesis import settings

EFFORT = float(os.environ.get("TEST_EFFORT", "1"))
"""Set by the Makefile: `make test-fast` takes less, `make test-full` more, and `make test` as much as tests ask for."""

Case = TypeVar("Case")


def tries(count: int) -> int:
    """Return how often to try what `make test` tries that often."""
    return max(1, round(count * EFFORT))


def examples(count: int, **options: Any) -> settings:
    """Return hypothesis's settings for a search that takes that many examples in `make test`."""
    # Imported here: every test run reads `EFFORT`, and the environment of `make parity` has no hypothesis.
    from hypothesis import settings

    return settings(max_examples=max(5, tries(count)), deadline=None, **options)


def sample(cases: Sequence[Case], share: float = 1, start: int = 0) -> Sequence[Case]:
    """Return a share of the cases in `make test`, fewer of them in the quick tests, and all in the full ones.

    Searches that begin at different places see different cases.
    """
    step = max(1, round(1 / (EFFORT * share)))
    return cases[start % step :: step]
