"""The torch source of a network: one readable file, which is also the module that runs."""

from __future__ import annotations

import textwrap

from netspec.ir import Graph
from netspec.ops import Torch
from netspec.sizes.shape import show
from netspec.targets.torch.classes import group_classes
from netspec.targets.torch.document import WIDTH
from netspec.targets.torch.initialize import initialization
from netspec.targets.torch.layer_source import layer_text
from netspec.targets.torch.layout import Layout, lay_out
from netspec.targets.torch.names import name_classes
from netspec.targets.torch.plan import Construct, Group
from netspec.targets.torch.printing import literal, write_class
from netspec.targets.torch.variables import name_values
from netspec.targets.torch.verify_source import audit
from netspec.version import MARK, __version__


def emit_torch(graph: Graph, width: int = WIDTH) -> str:
    """Return a Python file that defines the network as a torch module.

    The file imports torch alone. Its last class is the network; the same graph gives the same text. ``width`` is the
    number of columns that lines are broken at, where they can be.

    Example:
        >>> import netspec
        >>> print(netspec.source("lenet5_modern").splitlines()[0][:8])
        \"\"\"LeNet
    """
    layout = lay_out(graph)
    groups, _ = group_classes(layout)
    layers = _layers(groups)
    for group in groups:
        group.names = name_values(group.first, layout.reserved)
    name_classes(groups, graph, layout.reserved | _variables(groups, graph))
    network = groups[-1]
    heads = _side_heads(graph)
    if heads:
        network.returns = _returns(graph, network)
    parts = list(layers.values())
    if heads:
        parts.append(_output_class(graph, network))
    for group in groups:
        extra = _root_lines(graph, layout, groups) if group is network else []
        parts.append(write_class(group, _docstring(group, network, graph, width), extra, width))
    body = "\n\n\n".join(parts)
    source = f"{_header(graph, width)}\n\n{_imports(body)}\n\n\n{body}\n"
    audit(source)
    return source


def class_name(source: str) -> str:
    """Return the name of the network's class, the last one of a generated file."""
    return source.rpartition("\nclass ")[2].partition("(")[0]


def _header(graph: Graph, width: int) -> str:
    title = _escaped(graph.title or graph.name)
    origin = _escaped(graph.source.replace("\\", "/").rpartition("/")[2])
    lines = [f'"""{title}, {MARK} {__version__} from {origin}.', ""]
    if graph.cite:
        # A word is not broken: that could part a backslash from what it escapes.
        cite = textwrap.wrap(_escaped(graph.cite), width - 10, break_long_words=False, break_on_hyphens=False)
        lines += [*cite, ""]
    entering = ", ".join(
        f"{each.name} {show(each.shape)}" if len(graph.inputs) > 1 else show(each.shape) for each in graph.inputs
    )
    lines.append(f"Input {entering}; {graph.params:,} parameters; {graph.macs:,} multiply-accumulates.")
    return "\n".join(lines) + '\n"""'


def _escaped(text: str) -> str:
    """Return text as it may stand in a docstring: ASCII, one line, no quotes that end it."""
    return ascii(" ".join(text.split()))[1:-1].replace('"', "'")


def _imports(body: str) -> str:
    lines = ["from typing import NamedTuple", ""] if "(NamedTuple)" in body else []
    lines += ["import torch"] if "torch." in body else []
    lines += ["from torch import Tensor, nn"] if "Tensor" in body else ["from torch import nn"]
    lines += ["from torch.nn import functional as F"] if "F." in body else []
    return "\n".join(lines)


def _variables(groups: list[Group], graph: Graph) -> frozenset[str]:
    """Return what all constructors and ``forward``s call their variables, and the fields of the network's result."""
    found = {name for group in groups for name in group.names.values()}
    found.update(parameter.name for group in groups for parameter in group.parameters)
    return frozenset(found.union(output.name for output in graph.outputs))


def _layers(groups: list[Group]) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in groups:
        for torch in _texts(group):
            if torch.layer:
                found.update(layer_text(torch.layer, torch.template))
    return found


def _texts(group: Group) -> list[Torch]:
    texts = [each.torch for each in group.first.statements if each.torch is not None]
    pending = [member.construct for member in group.first.members]
    while pending:
        construct: Construct = pending.pop()
        pending.extend(construct.parts)
        if construct.torch is not None:
            texts.append(construct.torch)
    return texts


# the network's outputs


def _side_heads(graph: Graph) -> bool:
    return len(graph.outputs) > 1


def _output_class(graph: Graph, network: Group) -> str:
    lines = [f"class {network.name}Output(NamedTuple):", '    """What the network returns."""', ""]
    ordered = sorted(graph.outputs, key=lambda output: output.train_only)
    for output in ordered:
        lines.append(f"    {output.name}: Tensor | None = None" if output.train_only else f"    {output.name}: Tensor")
    return "\n".join(lines)


def _returns(graph: Graph, network: Group) -> list[str]:
    """Return the type that forward gives, and its last line: all outputs in training, else the lasting ones."""
    names = network.names
    border = dict(zip(_leaving(graph), network.first.outputs, strict=True))
    ordered = sorted(graph.outputs, key=lambda output: output.train_only)
    every = ", ".join(names[border[output.node]] for output in ordered)
    lasting = [names[border[output.node]] for output in ordered if not output.train_only]
    result = f"{network.name}Output"
    if len(lasting) == len(ordered):
        return [result, f"        return {result}({every})"]
    alone = lasting[0] if len(lasting) == 1 else f"{result}({', '.join(lasting)})"
    kind = f"Tensor | {result}" if len(lasting) == 1 else result
    return [kind, f"        return {result}({every}) if self.training else {alone}"]


def _leaving(graph: Graph) -> list[str]:
    seen: dict[str, None] = {}
    for output in graph.outputs:
        seen.setdefault(output.node)
    return list(seen)


def _root_lines(graph: Graph, layout: Layout, groups: list[Group]) -> list[str]:
    lines = initialization(layout, groups)
    if len(graph.outputs) > 1:
        weights = ", ".join(f'"{output.name}": {literal(output.loss_weight)}' for output in graph.outputs)
        lines = [f"self.loss_weights = {{{weights}}}", *lines]
    return lines


def _docstring(group: Group, network: Group, graph: Graph, width: int) -> list[str]:
    if group is network:
        return [f"{_escaped(graph.title or graph.name)}."]
    scopes = list(dict.fromkeys(each.scope.module for each in group.descriptions))
    block = group.first.scope.block
    where = scopes[0] if len(scopes) == 1 else f"{scopes[0]} and {len(scopes) - 1} more"
    shapes = {tuple(each.shape for each in description.statements) for description in group.descriptions}
    comment = "" if len(shapes) == 1 else f" Shapes are those of {scopes[0]}."
    return textwrap.wrap(f"{f'{block}: ' if block else ''}{where}.{comment}", width - 10)


__all__ = ["class_name", "emit_torch"]
