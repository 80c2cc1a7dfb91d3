"""The file of a network, from its header to its last class."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from netspec.garbage import collection_paused
from netspec.ir import Graph
from netspec.ops import Torch
from netspec.sizes.shape import show
from netspec.targets.torch.classes import generate_classes
from netspec.targets.torch.constructor import constructor, dense_constructor
from netspec.targets.torch.document import WIDTH, Docstring, Line, render
from netspec.targets.torch.forward import dense_forward, forward
from netspec.targets.torch.initialize import initialization
from netspec.targets.torch.layer_source import layer_text
from netspec.targets.torch.layout import lay_out
from netspec.targets.torch.outputs import loss_weights, output_class, result
from netspec.targets.torch.pipeline import legalize
from netspec.targets.torch.plan import ClassPlan, Construct, Sequential, TorchCall
from netspec.targets.torch.program import NamedClass, Program, name_program
from netspec.targets.torch.size_checks import SizeCheck, size_checks
from netspec.targets.torch.verify_source import verify_source
from netspec.version import MARK, __version__


@collection_paused()
def emit_torch(graph: Graph, width: int = WIDTH, finish: Callable[[str], str] = str) -> str:
    """Return a Python file that defines the network as a torch module.

    The file imports torch alone. Its last class is the network, and the text is deterministic. ``width`` is the number
    of columns at which lines are broken, where possible. ``finish`` completes the text before it is verified, so that
    the file that is verified is the one that is written.

    Example:
        >>> import netspec
        >>> print(netspec.source("lenet5_modern").splitlines()[0][:8])
        \"\"\"LeNet
    """
    graph = legalize(graph)
    layout = lay_out(graph)
    program = name_program(generate_classes(layout), layout)
    parts = _layers(program)
    if len(graph.outputs) > 1:
        parts.append(render(output_class(program), width))
    parts += [render(_class(each, program), width) for each in program.classes]
    body = "\n\n\n".join(parts)
    # Imports are collected from the body, so that none is unused.
    source = finish(f"{_header(graph, width)}\n\n{_imports(body)}\n\n\n{body}\n")
    verify_source(source)
    return source


def class_name(source: str) -> str:
    """Return the name of the network's class, the last one of a generated file."""
    return source.rpartition("\nclass ")[2].partition("(")[0]


# the header of the file


def _header(graph: Graph, width: int) -> str:
    title = _escaped(graph.title or graph.name)
    origin = _escaped(graph.source.replace("\\", "/").rpartition("/")[2])
    lines = [f'"""{title}, {MARK} {__version__} from {origin}.', ""]
    if graph.cite:
        lines += [*_wrapped(_escaped(graph.cite), width - 10), ""]
    entering = ", ".join(
        f"{each.name} {show(each.shape)}" if len(graph.inputs) > 1 else show(each.shape) for each in graph.inputs
    )
    totals = f"{graph.params:,} parameters; {graph.macs:,} multiply-accumulates."
    lines += _wrapped(f"Input {entering}; {totals}", width)
    return "\n".join(lines) + '\n"""'


def _wrapped(text: str, width: int) -> list[str]:
    # Words are not broken, since that could separate a backslash from the escaped character.
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _escaped(text: str) -> str:
    """Return text escaped for a docstring: ASCII, one line, no quotes that end it."""
    return ascii(" ".join(text.split()))[1:-1].replace('"', "'")


def _imports(body: str) -> str:
    lines = ["from typing import NamedTuple", ""] if "(NamedTuple)" in body else []
    lines += ["import torch"] if "torch." in body else []
    lines += ["from torch import Tensor, nn"] if "Tensor" in body else ["from torch import nn"]
    lines += ["from torch.nn import functional as F"] if "F." in body else []
    return "\n".join(lines)


# layers that torch lacks


def _layers(program: Program) -> list[str]:
    found: dict[str, str] = {}
    for each in program.classes:
        for torch in _torch_texts(each.generated.first):
            if torch.layer:
                found.update(layer_text(torch.layer, torch.template))
    return list(found.values())


def _torch_texts(plan: ClassPlan) -> Iterator[Torch]:
    """Yield every torch template of a class, those of ``forward`` first."""
    yield from (each.called.torch for each in plan.statements if isinstance(each.called, TorchCall))
    pending: list[Construct] = [member.construct for member in plan.members]
    while pending:
        construct = pending.pop()
        if isinstance(construct, Sequential):
            pending.extend(construct.parts)
        elif isinstance(construct, TorchCall):
            yield construct.torch


# classes


def _class(named: NamedClass, program: Program) -> Iterator[Line | Docstring]:
    """Yield the lines of a class."""
    plan = named.generated.first
    is_network = named is program.network
    several = is_network and len(program.graph.outputs) > 1
    extra = ([loss_weights(program.graph)] if several else []) + (initialization(program) if is_network else [])
    yield Line(0, f"class {named.name}({named.base}):")
    yield Docstring(1, _docstring(named, program))
    if plan.loop is not None:
        yield Line(0, "")
        yield from dense_constructor(named, plan.loop, program)
        yield Line(0, "")
        yield from dense_forward()
        return
    if plan.members or named.generated.stored or extra:
        yield Line(0, "")
        yield from constructor(named, program, extra)
    if not plan.is_sequential:
        yield Line(0, "")
        yield from forward(named, result(program) if several else None, _checks(named, program) if is_network else ())


def _checks(network: NamedClass, program: Program) -> Iterator[SizeCheck]:
    entering = program.layout.live[""].live_ins
    return size_checks(program.graph, {path: network.variables[number] for number, path in enumerate(entering)})


def _docstring(named: NamedClass, program: Program) -> str:
    """Return the docstring of a class: the network, or the scopes that share it."""
    if named is program.network:
        return f"{_escaped(program.graph.title or program.graph.name)}."
    plans = named.generated.plans
    scopes = list(dict.fromkeys(plan.scope.module for plan in plans))
    block = f"{plans[0].scope.block}: " if plans[0].scope.block else ""
    where = scopes[0] if len(scopes) == 1 else f"{scopes[0]} and {len(scopes) - 1} more"
    shapes = {tuple(statement.shape for statement in plan.statements) for plan in plans}
    return f"{block}{where}." + ("" if len(shapes) == 1 else f" Shapes are those of {scopes[0]}.")
