"""Receptive fields: how many elements of the input an element of a value depends on, per axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from netspec.analysis.dependence import Dependence, Source, extent_of, propagate, simple
from netspec.analysis.spans import Span, Whole
from netspec.ir import Graph, Input, analysis
from netspec.sizes import stated
from netspec.sizes.shape import stated_shape

ReceptiveField = tuple[int, ...] | None
"""Elements per axis of the input; None is all of it."""


@analysis
def receptive_fields(graph: Graph) -> Mapping[str, ReceptiveField]:
    """Return the receptive field of each node by its path: from the first element to the last, per axis.

    An axis counts with its size where an element depends on all of it; None says that of every axis. Padding cuts
    nothing off, so that a field may be larger than the input. Channels are not distinguished: the field covers all
    channels at a position, and has no axis for the input's channels, unless they are its only axis. Where several
    inputs are read, it is the largest among those with as many axes as the first.

    All that evaluation reads is counted. The mean and variance of `in` and `gn`, and of `ln` over an image, are read
    from all of it, so that after them each element depends on everything, as after squeeze-and-excitation; those of
    `bn` are constants.
    """
    limits = {source: size for each in graph.inputs for source, size in _sources(each)}
    known = {each.name: _at_input(each) for each in graph.inputs}
    shapes = {each.name: stated_shape(each.shape) for each in graph.inputs}
    for node in graph:
        operands, entering = [known[path] for path in node.inputs], tuple(shapes[path] for path in node.inputs)
        for value, result in zip(node.values, node.results, strict=True):
            shapes[value] = stated_shape(result.shape)
            known[value] = propagate(node.op, entering, shapes[value], operands, limits)
    sources = [[source for source, _ in _sources(each)] for each in graph.inputs]
    return MappingProxyType({node.path: _field(known[node.path], sources, limits) for node in graph})


def _sources(value: Input) -> Iterable[tuple[Source, int]]:
    """Yield the axes of an input along which positions count, with their sizes: all but the channels of numbers."""
    axes = range(len(value.shape))
    counted = axes[1:] if value.dtype == "float" and len(axes) > 1 else axes
    return (((value.name, axis), stated(value.shape[axis])) for axis in counted)


def _at_input(value: Input) -> Dependence:
    return Dependence(
        simple(stated_shape(value.shape)),
        {source: Span((source[1], 0), 1, (0,), (0,)) for source, _ in _sources(value)},
    )


def _field(value: Dependence, inputs: list[list[Source]], limits: dict[Source, int]) -> ReceptiveField:
    """Return the receptive field of a value, of which the axes of each input are the sources."""
    reached = (sources for sources in inputs if any(each in value.reaches for each in sources))
    # Inputs that are read alike count once.
    fields = list(dict.fromkeys(tuple((value.reaches[each], limits[each]) for each in sources) for sources in reached))
    if not fields:
        return ()
    # A mask or a query beside an image has other axes, and no field that can be compared.
    alike = [field for field in fields if len(field) == len(fields[0])]
    if any(all(isinstance(reach, Whole) for reach, _ in field) for field in alike):
        return None
    extents = (
        [limit if isinstance(reach, Whole) else extent_of(reach, value.axes) for reach, limit in field]
        for field in alike
    )
    return tuple(map(max, zip(*extents, strict=True)))
