"""A declarative YAML-to-network compiler: write a network as its blocks, get a PyTorch module, pictures and proofs.

    load      a document, checked            compile   its graph: nodes with shapes and costs
    build     the module on a device         source    the module's Python file
    summary   the table                      draw      the picture
    diff      what two networks differ in    compare   several side by side

``docs/design.md`` follows one document through the packages.

Every function accepts a path, the name of a shipped network, or what an earlier one returned. All raise ``SpecError``
with every error of the document, or ``LimitError`` when it asks for too much; ``NetspecError`` is the root of both.
torch is imported by ``build`` alone.

Example:
    >>> import netspec
    >>> graph = netspec.compile("densenet121", overrides={"growth": 12, "classes": 10})
    >>> graph.outputs[0].node, graph.shape_of("classifier")
    ('classifier', (10,))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from netspec.lazy import lazy_names
from netspec.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import nn

    from netspec.diagnostics import LimitError, NetspecError, SpecError
    from netspec.ir import Graph, Node
    from netspec.language import Document
    from netspec.limits import Limits
    from netspec.targets.torch.runtime import Devices
    from netspec.views.chart.quantities import Kind
    from netspec.views.summary.rows import Sorting

__all__ = [
    "Document",
    "Graph",
    "LimitError",
    "Limits",
    "NetspecError",
    "Node",
    "SpecError",
    "__version__",
    "build",
    "compare",
    "compile",
    "diff",
    "draw",
    "load",
    "source",
    "summary",
]

# The command line imports this module first, and `netspec --help` must not wait for pydantic.
__getattr__ = lazy_names(
    "netspec",
    {
        "Document": "netspec.language",
        "Graph": "netspec.ir.graph",
        "LimitError": "netspec.diagnostics.errors",
        "Limits": "netspec.limits",
        "NetspecError": "netspec.diagnostics.errors",
        "Node": "netspec.ir.node",
        "SpecError": "netspec.diagnostics.errors",
    },
)


def load(path_or_name: str | Path, variant: str | None = None, overrides: dict[str, Any] | None = None) -> Document:
    """Return a document by its path or the name of a shipped network, read and checked but not expanded.

    ``variant`` is one of the document's variants. ``overrides`` are values for its arguments: Python values, or texts
    that are read as YAML; ``"input"`` is the input's shape.

    Raises: SpecError with every error of the document, LimitError when it is too large to read.

    Example:
        >>> import netspec
        >>> netspec.load("densenet121").title
        'DenseNet-BC-121'
    """
    from netspec.language import load as load_document

    return load_document(path_or_name, variant, overrides)


def compile(
    document: Document | str | Path,
    variant: str | None = None,
    overrides: dict[str, Any] | None = None,
    *,
    limits: Limits | None = None,
) -> Graph:
    """Return the graph of a document: its nodes in order, with ``params``, ``macs``, ``flops`` and ``outputs``.

    ``limits`` replace the default limits, as in ``netspec.Limits(nodes=100_000)``.

    Raises: SpecError with every error of the document, LimitError when it asks for too much.

    Example:
        >>> import netspec
        >>> graph = netspec.compile("densenet121")
        >>> graph.params, graph.macs
        (7978856, 2834161664)
        >>> graph.networkx.number_of_nodes() == len(graph) + 1  # the input
        True
    """
    from netspec.pipeline import compile_graph

    return compile_graph(document, variant, overrides, limits=limits)


def build(
    document: Graph | Document | str | Path,
    variant: str | None = None,
    overrides: dict[str, Any] | None = None,
    *,
    device: Devices = "auto",
    dtype: str | torch.dtype = "float32",
    channels_last: bool = False,
    seed: int | None = None,
) -> nn.Module:
    """Return the network as a module on a device, made by running the source that ``source`` returns.

    ``device`` is one of torch's, or ``"auto"``: CUDA where there is one. A network whose steps say ``device: 1`` needs
    several, as in ``["cuda:0", "cuda:1"]``, and its file moves values between them. With a ``seed``, the weights are
    initialized the same way every time.

    Raises: As ``compile``; ValueError for an unknown dtype, DeviceError for a device that does not exist.

    Example:
        >>> import netspec
        >>> module = netspec.build("lenet5_modern", device="cpu", seed=0)
        >>> sum(parameter.numel() for parameter in module.parameters())
        61706
    """
    # torch is imported here and nowhere before, so that checking and drawing work without it.
    from netspec.targets.torch.runtime import build_module, use_channels_last

    graph = _graph(document, variant, overrides)
    module = build_module(graph, device=device, dtype=dtype, seed=seed)
    return use_channels_last(module, graph) if channels_last else module


def source(
    document: Graph | Document | str | Path,
    variant: str | None = None,
    overrides: dict[str, Any] | None = None,
    *,
    target: Literal["torch", "equations"] = "torch",
) -> str:
    """Return the network as the text of a Python file that imports only torch, or as equations for reading.

    Raises: SpecError with every error of the document, LimitError when it asks for too much;
    TypeError for overrides of a graph.

    Example:
        >>> import netspec
        >>> "from torch import" in netspec.source("lenet5_modern")
        True
        >>> print(netspec.source("lenet5_modern", target="equations").splitlines()[4])
        relu1[c, i, j] = max(0, conv1[c, i, j])  # 6x28x28
    """
    graph = _graph(document, variant, overrides)
    if target == "equations":
        from netspec.targets.equations import write_equations

        return write_equations(graph)
    from netspec.targets.torch import emit_torch

    return emit_torch(graph)


def summary(
    document: Graph | Document | str | Path,
    variant: str | None = None,
    overrides: dict[str, Any] | None = None,
    *,
    depth: int | None = None,
    sort: Sorting | None = None,
) -> str:
    """Return the table of the network: per scope its output, parameters, MACs and receptive field, then the totals.

    ``depth`` is how many levels of scopes are expanded; by default two, while units of a few ops stay collapsed.
    ``sort`` lists single ops instead, the largest first.

    Raises: SpecError with every error of the document, LimitError when it asks for too much;
    TypeError for overrides of a graph.

    Example:
        >>> import netspec
        >>> print(netspec.summary("densenet121", depth=1).splitlines()[0])
        DenseNet-BC-121
    """
    from netspec.views.summary.table import TableOptions, plain_text, summarize

    return plain_text(summarize(_graph(document, variant, overrides), TableOptions(depth, sort)))


def draw(
    document: Graph | Document | str | Path,
    variant: str | None = None,
    overrides: dict[str, Any] | None = None,
    *,
    path: str | Path | None = None,
) -> str:
    """Return the picture of the network as SVG, and write it to ``path`` if there is one.

    Where the path ends in ``.dot`` or ``.gv``, both are the text from which Graphviz makes pictures of other kinds.

    Raises: SpecError when the path ends otherwise, or a file that netspec did not write is there.

    Example:
        >>> import netspec
        >>> "<title>" in netspec.draw("lenet5_modern")
        True
    """
    from pathlib import Path

    from netspec.output_files import check_suffix, write_file
    from netspec.views.diagram.dot import draw_dot
    from netspec.views.diagram.svg import draw_svg

    target = Path(path or "picture.svg")
    check_suffix(target, (".svg", ".dot", ".gv"))
    graph = _graph(document, variant, overrides)
    text = draw_svg(graph) if target.suffix == ".svg" else draw_dot(graph)
    if path is not None:
        write_file(target, text)
    return text


def diff(before: Graph | Document | str | Path, after: Graph | Document | str | Path) -> str:
    """Return what two networks differ in: a line per difference, with its change in parameters and MACs, and totals.

    Raises: SpecError with every error of the document, LimitError when it asks for too much.

    Example:
        >>> import netspec
        >>> print(netspec.diff("vgg16", "vgg16_bn").splitlines()[2])
        + 13 bn, one after each conv, in features  +8,448 params
    """
    from netspec.graph_diff import compare_graphs
    from netspec.views.diff_text import difference_text

    return difference_text(compare_graphs(_graph(before, None, None), _graph(after, None, None)))


def compare(
    *documents: Graph | Document | str | Path, path: str | Path | None = None, chart: Kind | None = None
) -> str:
    """Return the table of several networks, and write their bubble chart as SVG to a path if there is one.

    ``chart`` is ``"memory"``, or ``"top1"`` or ``"top5"`` for the published accuracy; by default ``"top1"`` if every
    network states it for the same data, else ``"memory"``.

    Raises: ValueError when a network lacks the accuracy that the chart is to show, or has it for other data.

    Example:
        >>> import netspec
        >>> [line.split()[:2] for line in netspec.compare("resnet18", "lenet5_modern").splitlines()[2:4]]
        [['resnet18', '11,689,512'], ['lenet5_modern', '61,706']]
    """
    from pathlib import Path

    from netspec.output_files import check_suffix, write_file
    from netspec.views.chart.chart import draw_chart
    from netspec.views.chart.quantities import choose_kind
    from netspec.views.summary.overview import measure_figures, overview_text

    if path is not None:
        check_suffix(Path(path), (".svg",))
    found = [measure_figures(_graph(document, None, None)) for document in documents]
    if path is not None:
        write_file(Path(path), draw_chart(found, chart or choose_kind(found)))
    return overview_text(found)


def _graph(document: Graph | Document | str | Path, variant: str | None, overrides: dict[str, Any] | None) -> Graph:
    from netspec.ir import Graph

    if not isinstance(document, Graph):
        return compile(document, variant, overrides)
    # Sizes, costs and places were computed for the arguments that the graph was compiled with.
    if variant is not None or overrides:
        raise TypeError("a graph is fixed: give `variant` and `overrides` where it is compiled")
    return document
