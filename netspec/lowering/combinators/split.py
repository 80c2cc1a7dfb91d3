"""The expansion of ``split``: slices of one value."""

from __future__ import annotations

from netspec.diagnostics import Code, SpecError
from netspec.language.combinators import Split
from netspec.language.model import Step
from netspec.lowering.context import Context
from netspec.lowering.insertion import inside
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers
from netspec.lowering.values import Value, Values
from netspec.ops import OPS
from netspec.ops.axes import axis_index
from netspec.sizes.shape import show


@lowers("split")
def lower_split(step: Step, fields: Split, values: Values, context: Context) -> Values:
    """Split a value into slices."""
    value = single(values, step)
    total = value.shape[axis_index("split", fields.axis, value.shape)]
    sizes = list(fields.sizes)
    # Two sizes of -1 are ambiguous: they are kept, so that the error of a wrong sum is raised.
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = total - sum(size for size in sizes if size != -1)
    if sum(sizes) != total or any(size < 1 for size in sizes):
        message = f"cannot split {show(value.shape)} along axis {fields.axis} into {fields.sizes}"
        help_text = f"make them add up to {total}, all at least 1; one may be -1, which is the rest"
        raise SpecError.of(Code.INVALID_SPLIT, message, step.place("sizes"), help=help_text)
    start = 0
    pieces: list[Value] = []
    labels = step.label if len(step.label) == len(sizes) else [""] * len(sizes)
    for size, label in zip(sizes, labels, strict=True):
        # The last slice has no end, as one writes it in Python.
        stop = {"stop": start + size} if start + size < total else {}
        piece = OPS["slice"].model_validate({"axis": fields.axis, "start": start, **stop})
        name = context.namer.invent("slice", step.span)
        point = inside(context.scope, name, step.span, context.device, label)
        pieces.extend(context.builder.add(piece, (value,), point))
        start += size
    return tuple(pieces)
