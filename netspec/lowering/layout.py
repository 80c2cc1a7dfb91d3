"""Warnings about inputs whose axes seem to be in another library's order: with the batch, or with channels last."""

from __future__ import annotations

from netspec.diagnostics import Code, Diagnostic, Span
from netspec.ir import Input
from netspec.lowering.builder import Builder
from netspec.sizes.shape import Shape, show, stated_shape

IMAGE_CHANNELS = (1, 3)
SMALLEST_SIDE = 8
"""Fewer elements are no side of an image."""


def suspicious_inputs(inputs: tuple[Input, ...], places: dict[str, Span], builder: Builder) -> list[Diagnostic]:
    """Return a warning for each input that looks like a batch of images, or like images with their channels last."""
    # A document that permutes an input knows its layout.
    permuted = {path for node in builder.graph.nodes.values() if node.op.name == "permute" for path in node.inputs}
    shapes = {each.name: stated_shape(each.shape) for each in inputs if each.dtype == "float"}
    return [
        _suspicion(shape, places[name])
        for name, shape in shapes.items()
        if name not in permuted and (begins_with_batch(shape) or ends_with_channels(shape))
    ]


def _suspicion(shape: Shape, span: Span) -> Diagnostic:
    batch = begins_with_batch(shape)
    what = "begin with the batch" if batch else "have its channels last"
    image = shape[1:] if batch else shape
    message = f"the input {show(shape)} seems to {what}, which would make its channels {shape[0]}"
    meant = (image[-1], *image[:-1]) if ends_with_channels(image) else image
    help_text = f"the batch is left out, and the channels come first: `{list(meant)}`"
    return Diagnostic(Code.SUSPICIOUS_INPUT, message, span, help=help_text)


def begins_with_batch(shape: Shape) -> bool:
    """Return whether a shape is likely a batch of images, rather than a volume.

    Example:
        >>> begins_with_batch((1, 3, 224, 224)), begins_with_batch((3, 16, 112, 112))
        (True, False)
    """
    if len(shape) != 4 or shape[0] in IMAGE_CHANNELS[1:]:
        return False
    return (shape[1] in IMAGE_CHANNELS and min(shape[2:]) >= SMALLEST_SIDE) or ends_with_channels(shape[1:])


def ends_with_channels(shape: Shape) -> bool:
    """Return whether a shape is likely an image with channels last.

    Example:
        >>> ends_with_channels((224, 224, 3)), ends_with_channels((3, 224, 224)), ends_with_channels((64, 8, 1))
        (True, False, False)
    """
    if len(shape) != 3 or shape[-1] not in IMAGE_CHANNELS or min(shape[:2]) < SMALLEST_SIDE:
        return False
    # One channel could be an image one pixel wide: then only a square is treated as channels last.
    return shape[-1] > 1 or shape[0] == shape[1]
