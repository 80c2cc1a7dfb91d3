"""What a picture shows, as plain data: boxes, frames around them and edges between them. No engine, no colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netspec.diagnostics import Span
from netspec.sizes.shape import Shape

BoxKind = Literal["op", "block", "input", "output"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a box: a name, what it is, its main attributes, and the family that colours it."""

    name: str
    word: str
    detail: str
    family: str

    @property
    def what(self) -> str:
        """What it is, with its attributes."""
        return f"{self.word} {self.detail}".strip()


@dataclass(frozen=True, slots=True)
class Box:
    """One box: an op, several ops in a stack, a folded block, or where a value enters or leaves the network.

    ``times`` is how many equal siblings it stands for, and ``change`` what differs between them, as in ``64->256``.
    ``nodes`` are the paths of all nodes that it stands for; ``params`` and ``macs`` are sums over them.
    """

    id: str
    kind: BoxKind
    lines: tuple[Line, ...]
    shapes: tuple[Shape, ...]
    entering: tuple[Shape, ...] = ()
    params: int = 0
    macs: int = 0
    nodes: tuple[str, ...] = ()
    last: str = ""
    span: Span | None = None
    times: int = 1
    change: str = ""
    training_only: bool = False
    shares: str = ""

    @property
    def family(self) -> str:
        """The family of the first line."""
        return self.lines[0].family


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """An open block: what is inside stands in a frame that has the block's name."""

    id: str
    name: str
    word: str
    items: tuple[Box | OpenBlock, ...]
    params: int
    macs: int
    span: Span
    level: int
    training_only: bool = False

    def boxes(self) -> Iterator[Box]:
        """Yield the boxes inside, at any depth, in order."""
        for item in self.items:
            if isinstance(item, OpenBlock):
                yield from item.boxes()
            else:
                yield item

    def frames(self) -> Iterator[OpenBlock]:
        """Yield this frame and those inside, outer before inner."""
        yield self
        for item in self.items:
            if isinstance(item, OpenBlock):
                yield from item.frames()


@dataclass(frozen=True, slots=True)
class Edge:
    """A value on its way from one box to another. A skip goes past boxes that another way leads through."""

    tail: str
    head: str
    value: str
    shape: Shape
    skips: bool = False
    training_only: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A whole picture. ``frame`` is the network itself, which is not drawn."""

    frame: OpenBlock
    edges: tuple[Edge, ...]
    stretch: int
    """How many ranks edges pass in total, beyond the next one: what makes a layout slow."""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes, in order."""
        return tuple(self.frame.boxes())

    @property
    def frames(self) -> tuple[OpenBlock, ...]:
        """All frames that are drawn, outer before inner."""
        return tuple(self.frame.frames())[1:]

    @property
    def deepest(self) -> int:
        """The level of the innermost frame; 0 when no block is open."""
        return max((frame.level for frame in self.frames), default=0)
