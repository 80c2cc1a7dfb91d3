"""The options of a picture: its level of detail, and its layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Wiring = Literal["running", "full"]
Direction = Literal["TB", "LR"]
Engine = Literal["auto", "embedded", "dot"]
Sizes = Literal["stated", "open"]

DEEPEST = 40
"""The most levels of nested blocks that are drawn."""
MOST_EDGES = 20_000
"""With every connection drawn, the lines of a dense block grow with the square of its layers."""
MOST_BOXES = 2_500
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class DetailOptions:
    """How much a picture shows.

    ``depth`` is the number of levels of expanded blocks, ``open`` are further ones by path, ``expand_all`` expands all,
    and ``deepest`` collapses all deeper ones. ``edges="full"`` draws every dense connection instead of the running
    concatenation. With ``sizes="open"`` shapes are formulas of the sizes that enter. A picture of more than
    ``most_edges`` lines is refused.

    Raises: ValueError for a negative depth.
    """

    depth: int = 1
    open: tuple[str, ...] = ()
    expand_all: bool = False
    edges: Wiring = "running"
    sizes: Sizes = "stated"
    deepest: int = DEEPEST
    most_edges: int = MOST_EDGES

    def __post_init__(self) -> None:
        if self.depth < 0:
            raise ValueError(f"the depth of a picture is 0 or more, not {self.depth}")


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """The layout of a picture: its direction, engine, largest width in pixels, and time limit.

    A picture of more than ``most_boxes`` boxes is not tried.
    """

    direction: Direction = "TB"
    engine: Engine = "auto"
    width: float | None = None
    seconds: float = SECONDS
    most_boxes: int = MOST_BOXES


DETAIL, LAYOUT = DetailOptions(), LayoutOptions()
"""The default options."""
