"""The ``pad`` of the torch target alone: by what a stride leaves over of a size."""

from typing import Any, ClassVar

from netspec.ops import OPS, Argument, Torch
from netspec.sizes.shape import AxisWindow, Pairs, Shape, same_padding

_Pad: Any = OPS["pad"]


class PadSettled(_Pad):  # type: ignore[misc]
    """Adds what TensorFlow's SAME adds for a window that slides over open sizes, where all legal ones need the same.

    ``extents`` are how many elements the window spans along each axis, and ``strides`` how far it moves. The shape is
    the formula of the layer's own padding, so that sizes behind it are still what the document's arithmetic said.
    """

    # Not registered: it is no word of a document.
    name = "pad_settled"
    open_arguments: ClassVar[frozenset[str]] = frozenset()

    extents: tuple[int, ...]
    strides: tuple[int, ...]

    def pairs(self, shape: Shape) -> Pairs:
        """Return what is added before and after the channels and each axis."""
        axes = map(AxisWindow, self.extents, self.strides)
        return ((0, 0), *map(same_padding, shape[1:], axes))


class PadSame(PadSettled):
    """Adds what TensorFlow's SAME adds, by the size at hand: no document has numbers for it."""

    name = "pad_same"

    def emit_module(self, *shapes: Shape) -> Torch | None:
        return None

    def emit_function(self, *shapes: Shape) -> Torch:
        window = Argument("kernel", self.extents, positional=True), Argument("stride", self.strides, positional=True)
        mode = Argument("mode", self.mode, "constant")
        if self.value == "lowest":
            return Torch("pad_same({0}, {arguments}, value=float('-inf'))", (*window, mode), layer="same_padding")
        value = Argument("value", self.value, 0.0)
        return Torch("pad_same({0}, {arguments})", (*window, mode, value), layer="same_padding")
