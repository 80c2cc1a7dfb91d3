"""Variables and labels of bodies in each other: a body sees those around it, and what it adds ends with it."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any, TypeVar

Held = TypeVar("Held")
_ABSENT: Any = object()


class Layer(dict[str, Held]):
    """A dictionary over another one: what it does not hold itself is looked up below, and nothing is copied.

    Loops make a layer per round, of which a copy would cost as much as there are variables.

    Example:
        >>> arguments = Layer({"width": 8})
        >>> inner = Layer(below=arguments)
        >>> inner["index"] = 0
        >>> inner["width"], sorted(inner), "index" in arguments
        (8, ['index', 'width'], False)
    """

    __slots__ = ("below",)

    def __init__(self, own: dict[str, Held] | None = None, below: dict[str, Held] | None = None) -> None:
        super().__init__(own or {})
        self.below = below

    def __missing__(self, name: str) -> Any:
        value = self._found(name)
        if value is _ABSENT:
            raise KeyError(name)
        return value

    def _found(self, name: str) -> Any:
        layer: Any = self.below
        while layer is not None:
            value = dict.get(layer, name, _ABSENT)
            if value is not _ABSENT:
                return value
            layer = getattr(layer, "below", None)
        return _ABSENT

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._found(str(name)) is not _ABSENT

    def get(self, name: str, default: Any = None) -> Any:
        """Return what the name stands for, here or below."""
        value = super().get(name, _ABSENT)
        if value is _ABSENT:
            value = self._found(name)
        return default if value is _ABSENT else value

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        if self.below is not None:
            yield from (name for name in self.below if not super(Layer, self).__contains__(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def keys(self) -> Any:
        """Return the names, here and below."""
        return KeysView(self)

    def values(self) -> Any:
        """Return the values, here and below."""
        return ValuesView(self)

    def items(self) -> Any:
        """Return names and values, here and below."""
        return ItemsView(self)
