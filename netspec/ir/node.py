"""The parts of a graph: ops at their place, and the scopes that nest them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from netspec.diagnostics import Span
from netspec.ops import Op
from netspec.sizes.shape import Shape

Dtype = Literal["float", "int64"]
ScopeKind = Literal["network", "block", "group", "dense", "output"]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One op at one place. ``inputs`` are the paths of the nodes whose results it takes, in operand order.

    ``path`` is unique; ``module`` is where the weights live, which differs from the path when they are shared.
    """

    path: str
    op: Op
    inputs: tuple[str, ...]
    shape: Shape
    dtype: Dtype
    params: int
    macs: int
    span: Span
    scope: Scope
    module: str
    label: str = ""
    init: tuple[tuple[str, Initializer], ...] = ()
    device: int | None = None
    named: bool = False

    @property
    def name(self) -> str:
        """The last part of the module's path."""
        return self.module.rpartition(".")[2]

    @property
    def shared(self) -> bool:
        """True when the weights belong to an earlier node."""
        return self.module != self.path


@dataclass(frozen=True, slots=True)
class Initializer:
    """How a parameter starts: the name of a function of ``torch.nn.init`` without its underscore, and arguments."""

    function: str
    arguments: tuple[tuple[str, object], ...] = ()


@dataclass(slots=True, eq=False)
class Scope:
    """A named part of the network: the whole, a block's expansion, or a group of steps with a name.

    ``items`` are its nodes and inner scopes in order. ``inputs`` are the paths of the values that enter,
    ``outputs`` of those that leave. ``module`` differs from ``path`` when a shared block is used again.
    """

    path: str
    kind: ScopeKind
    block: str
    arguments: dict[str, object]
    span: Span
    module: str
    parent: Scope | None = None
    items: list[Node | Scope] = field(default_factory=list)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the module's path."""
        return self.module.rpartition(".")[2]

    @property
    def scopes(self) -> Iterator[Scope]:
        """The scopes directly inside."""
        return (item for item in self.items if isinstance(item, Scope))

    def walk(self) -> Iterator[Node]:
        """Yield every node inside, at any depth, in order."""
        stack: list[Iterator[Node | Scope]] = [iter(self.items)]
        while stack:
            for item in stack[-1]:
                if isinstance(item, Scope):
                    stack.append(iter(item.items))
                    break
                yield item
            else:
                stack.pop()

    def descend(self) -> Iterator[Scope]:
        """Yield this scope and every scope inside, outer before inner, in order."""
        stack = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack.extend(reversed(list(scope.scopes)))
