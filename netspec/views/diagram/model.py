"""The content of a picture as plain data: boxes, frames and edges, without layout and colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netspec.diagnostics import Span
from netspec.sizes.shape import Shape

BoxKind = Literal["op", "block", "input", "output"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a box: a name, its op or block, its main attributes, and the family that decides its colour."""

    name: str
    word: str
    detail: str
    family: str

    @property
    def what(self) -> str:
        """The op or block, with its attributes."""
        return f"{self.word} {self.detail}".strip()


@dataclass(frozen=True, slots=True)
class Box:
    """One box: an op, a fusion group, a folded block, or an input or output of the network.

    ``times`` is the number of equal siblings in it, and ``change`` what differs between them, as in ``64->256``.
    ``nodes`` are the paths of all nodes in it; ``params`` and ``macs`` are sums over them.
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
    """An expanded block: its contents are in a frame with the block's name."""

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
    """A value from one box to another. A skip connection bypasses boxes on another path."""

    tail: str
    head: str
    value: str
    shape: Shape
    skips: bool = False
    training_only: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A whole picture. ``frame`` is the network itself, whose frame is not drawn."""

    frame: OpenBlock
    edges: tuple[Edge, ...]
    stretch: int
    """The total length of the edges in ranks, beyond the next one, which makes a layout slow."""

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
