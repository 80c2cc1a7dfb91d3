"""The ``pad`` of the torch target alone: by what a stride leaves over of the size at hand."""

from typing import Any, ClassVar

from netspec.ops import OPS, Argument, Torch
from netspec.sizes.shape import AxisWindow, Pairs, Shape, same_padding

_Pad: Any = OPS["pad"]


class PadSame(_Pad):  # type: ignore[misc]
    """Adds what TensorFlow's SAME adds for a window that slides over open sizes: no document has numbers for it.

    ``extents`` are how many elements the window spans along each axis, and ``strides`` how far it moves.
    """

    # Not registered: it is no word of a document.
    name = "pad_same"
    open_arguments: ClassVar[frozenset[str]] = frozenset()

    extents: tuple[int, ...]
    strides: tuple[int, ...]

    def pairs(self, shape: Shape) -> Pairs:
        """Return what is added before and after the channels and each axis."""
        axes = map(AxisWindow, self.extents, self.strides)
        return ((0, 0), *map(same_padding, shape[1:], axes))

    def emit_module(self, *shapes: Shape) -> Torch | None:
        return None

    def emit_function(self, *shapes: Shape) -> Torch:
        window = Argument("kernel", self.extents, positional=True), Argument("stride", self.strides, positional=True)
        mode = Argument("mode", self.mode, "constant")
        if self.value == "lowest":
            return Torch("pad_same({0}, {arguments}, value=float('-inf'))", (*window, mode), layer="same_padding")
        value = Argument("value", self.value, 0.0)
        return Torch("pad_same({0}, {arguments})", (*window, mode, value), layer="same_padding")
