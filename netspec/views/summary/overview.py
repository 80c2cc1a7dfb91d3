"""Several networks side by side: the figures that papers compare, as text, Markdown and plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from netspec.analysis import COUNTING_RULE, measure, measure_memory, receptive_fields
from netspec.analysis.memory import show_bytes
from netspec.diagnostics.render import printable
from netspec.ir import Graph, Node, Publication
from netspec.sizes.shape import Shape, show
from netspec.views.text_table import markdown_table, text_table

Order = Literal["name", "params", "macs", "forward", "peak", "depth"]

HEADINGS = (
    *("network", "params", "bits", "model", "MACs", "FLOPs", "forward", "peak", "depth", "field", "top-1", "top-5"),
    "input",
)
LEFT = frozenset({0, len(HEADINGS) - 1})


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures by which networks are compared: those of evaluation, and those with ``training`` in their name.

    ``model`` is the bytes of its parameters in a file, which takes ``bits_per_weight`` for each in the mean.
    ``forward`` is the bytes of values in a training step, ``peak`` in evaluation, as ``measure_memory`` counts them.
    ``receptive_field`` is that of the last value with spatial extent, as before global pooling; None if that depends on
    everything, as after squeeze-and-excitation.
    """

    name: str
    title: str
    params: int
    macs: int
    flops: int
    training_params: int
    training_macs: int
    model: int
    bits_per_weight: float
    forward: int
    peak: int
    depth: int
    receptive_field: Shape | None
    inputs: tuple[Shape, ...]
    dtype: str
    batch: int
    published: Publication | None = None


def measure_figures(graph: Graph, dtype: str = "float32", batch: int = 1) -> Figures:
    """Return the figures of a network.

    Example:
        >>> import netspec
        >>> figures = measure_figures(netspec.compile("resnet50"))
        >>> figures.params, figures.depth, figures.receptive_field
        (25557032, 50, (427, 427))
    """
    totals, memory = measure(graph), measure_memory(graph, dtype, batch)
    return Figures(
        graph.name,
        graph.title or graph.name,
        totals.params,
        totals.macs,
        totals.flops,
        totals.training_params,
        totals.training_macs,
        memory.model,
        memory.bits_per_weight,
        memory.forward,
        memory.peak,
        totals.depth,
        _last_receptive_field(graph),
        tuple(each.shape for each in graph.inputs),
        dtype,
        batch,
        graph.published,
    )


def _last_receptive_field(graph: Graph) -> Shape | None:
    training, fields = graph.training_only, receptive_fields(graph)
    # From global pooling on, every receptive field is the whole input, which does not distinguish networks.
    wide = [node.path for node in graph if node.path not in training and _has_positions(node)]
    return fields[wide[-1]] if wide else None


def _has_positions(node: Node) -> bool:
    return any(size > 1 for result in node.results for size in result.shape[1:])


def ordered(found: Iterable[Figures], by: Order | None) -> list[Figures]:
    """Return figures sorted by a quantity, the largest first, or by name, or unsorted."""
    if by is None:
        return list(found)
    if by == "name":
        return sorted(found, key=lambda each: each.name)
    # Equal figures are ordered by name, so that the order of the arguments does not matter.
    return sorted(found, key=lambda each: (-getattr(each, by), each.name))


def overview_text(found: Sequence[Figures]) -> str:
    """Return figures as aligned text, with how they were counted."""
    lines = text_table([HEADINGS, *map(_cells, found)], LEFT)
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join([*lines, "", *_notes(found)])


def overview_markdown(found: Sequence[Figures]) -> str:
    """Return figures as a Markdown table."""
    lines = markdown_table([HEADINGS, *(tuple(map(_escaped, _cells(each))) for each in found)], LEFT)
    return "\n".join([*lines, "", *_notes(found)])


def overview_record(found: Sequence[Figures]) -> list[dict[str, Any]]:
    """Return figures as plain data."""
    return [asdict(each) for each in found]


def _cells(each: Figures) -> tuple[str, ...]:
    return (
        printable(each.name),
        f"{each.params:,}",
        f"{each.bits_per_weight:.3g}",
        show_bytes(each.model),
        f"{each.macs:,}",
        f"{each.flops:,}",
        show_bytes(each.forward),
        show_bytes(each.peak),
        str(each.depth),
        show(each.receptive_field) if each.receptive_field else "all",
        _percent(each.published.top1 if each.published else None),
        _percent(each.published.top5 if each.published else None),
        ", ".join(map(show, each.inputs)),
    )


def _percent(accuracy: float | None) -> str:
    return "-" if accuracy is None else f"{accuracy:.4g}"


def _notes(found: Sequence[Figures]) -> list[str]:
    dtype = f", in {found[0].dtype} where nothing else is said" if found else ""
    kind = f" ({found[0].dtype}, batch of {found[0].batch})" if found else ""
    return [
        f"counted: {COUNTING_RULE}",
        *_training_notes(found),
        *_publication_notes(found),
        f"bits: of a weight, in the mean; model: bytes of all parameters in a file{dtype}; "
        f"forward: bytes of all values of a training step{kind}; peak: the most that evaluation holds at once; "
        "field: receptive field before global pooling",
    ]


def _training_notes(found: Sequence[Figures]) -> Iterator[str]:
    for each in found:
        if (each.training_params, each.training_macs) != (each.params, each.macs):
            amounts = f"{each.training_params:,} params and {each.training_macs:,} MACs"
            yield f"in training: {printable(each.name)} has {amounts}, with its auxiliary outputs"


def _publication_notes(found: Sequence[Figures]) -> Iterator[str]:
    for (dataset, source), names in sources(found).items():
        shown = ", ".join(map(printable, names))
        yield f"accuracy in percent on {printable(dataset)}, from {printable(source)}: {shown}"


def sources(found: Iterable[Figures]) -> dict[tuple[str, str], list[str]]:
    """Return the names of networks by the data set and the source of their accuracy, each pair once."""
    names: dict[tuple[str, str], list[str]] = {}
    for each in found:
        if each.published:
            names.setdefault((each.published.dataset, each.published.source), []).append(each.name)
    return names


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\|*`<>[]" else character for character in text)
