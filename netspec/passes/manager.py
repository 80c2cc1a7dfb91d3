"""Passes, and running them in order: after each, the graph is verified."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from netspec.ir import Graph, InvalidGraph, verify

PASSES: dict[str, type[Pass]] = {}
"""Every pass by its name."""


class Pass(ABC):
    """A named transformation of graphs.

    It never changes its argument, and returns the same object if there is nothing to do. It is idempotent: applied to
    its own result, it does nothing. Options are the fields of a subclass that is a frozen dataclass. ``requires`` are
    the names of the passes that must have run before.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, name: str) -> None:
        # Options and `requires` refer to passes by name.
        if name in PASSES:
            raise TypeError(f"two passes are called {name!r}: {PASSES[name].__qualname__} and {cls.__qualname__}")
        cls.name = name
        PASSES[name] = cls

    @abstractmethod
    def run(self, graph: Graph) -> Graph:
        """Return the transformed graph."""


@dataclass(frozen=True, slots=True)
class PassManager:
    """Passes that run in order.

    Raises: ValueError when one of them comes before another that it requires.
    """

    passes: tuple[Pass, ...] = ()

    def __post_init__(self) -> None:
        done: set[str] = set()
        for each in self.passes:
            if missing := set(each.requires) - done:
                raise ValueError(f"{each.name} must come after {', '.join(sorted(missing))}")
            done.add(each.name)

    def run(self, graph: Graph) -> Graph:
        """Return the graph after all passes.

        Raises: InvalidGraph that names the pass, when its result breaks a rule.
        """
        for each in self.passes:
            before, graph = graph, each.run(graph)
            # A pass that had nothing to do returns the same object, which is verified already and keeps its cached
            # analyses.
            if graph is not before:
                _verify_after(each, graph)
        return graph


def _verify_after(done: Pass, graph: Graph) -> None:
    try:
        verify(graph)
    except InvalidGraph as error:
        error.add_note(f"after the pass {done.name}")
        raise
