"""``init:`` in the source: the initialization of parameters at the end of the network's constructor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from netspec.ir import Graph, Initializer
from netspec.targets.torch.document import Brackets, Document, Line, call, literal
from netspec.targets.torch.freeze import frozen_lines
from netspec.targets.torch.layout import Layout, needs_module, operand_shapes
from netspec.targets.torch.parametrize import parametrization
from netspec.targets.torch.program import NamedClass, Program, reach


def initialization(program: Program) -> list[Line]:
    """Return the lines that initialize parameters, and those that change what they are when all have started.

    First come the initializers per op, then those of steps with their own.
    """
    # An initializer has no effect on a weight that is computed, and would start one of two steps that have it twice.
    parts = (
        [*_per_op(program.layout), *_per_step(program)],
        [*parametrization(program.layout)],
        [*_ties(program.graph), *frozen_lines(program.layout)],
    )
    return [line for lines in parts if lines for line in (Line(0, ""), *lines)]


def _ties(graph: Graph) -> Iterator[Line]:
    """Yield the lines by which a module takes parameters of another one."""
    for node in graph:
        for name, key in () if node.shared else node.ties:
            module, _, parameter = key.rpartition(".")
            yield Line(2, f"{reach('self', module)}.{parameter}", before=f"{reach('self', node.module)}.{name} = ")


@dataclass(slots=True)
class _Uses:
    """The uses of an op in this network: its torch classes, and the names of the parameters of each module."""

    classes: dict[str, None] = field(default_factory=dict)
    parameters: list[frozenset[str]] = field(default_factory=list)
    zero_rows: list[dict[str, str]] = field(default_factory=list)
    """For each module, the attributes with the index of a parameter's zero row."""


def _per_op(layout: Layout) -> Iterator[Line]:
    uses = _uses(layout)
    keyword = "if"
    for op, rules in layout.graph.init:
        if op not in uses:
            continue
        known = uses[op].parameters
        every, always = frozenset().union(*known), known[0].intersection(*known)
        lines = [
            line
            for name, how in rules
            if name in every
            for line in (
                *_initialize(f"module.{name}", how, depth=4, optional=name not in always),
                *_keep_zero("module", name, uses[op].zero_rows, depth=4),
            )
        ]
        if lines:
            if keyword == "if":
                yield Line(2, "for module in self.modules():")
            yield Line(3, _is_one_of(uses[op].classes), before=f"{keyword} ", after=":")
            yield from lines
            keyword = "elif"


def _uses(layout: Layout) -> dict[str, _Uses]:
    """Return the uses of the ops with initializers."""
    initialized = {op for op, _ in layout.graph.init}
    uses: dict[str, _Uses] = {}
    for node in layout.graph:
        if node.op.name in initialized and needs_module(node):
            found = uses.setdefault(node.op.name, _Uses())
            found.classes[layout.text_of(node).template.partition("(")[0]] = None
            found.parameters.append(node.op.module_parameters(*operand_shapes(node, layout.graph)))
            found.zero_rows.append(node.op.zero_rows())
    return uses


def _initialize(target: str, how: Initializer, depth: int, optional: bool = False) -> Iterator[Line]:
    # If some layers of an op lack a parameter, such as a bias, it is None in torch.
    if optional:
        yield Line(depth, f"if {target} is not None:")
        depth += 1
    arguments = dict(how.arguments)
    if how.function == "values":
        yield Line(depth, f"{target}.data.copy_(torch.tensor({literal(arguments['values'])}))")
        return
    values = [literal(value) if name == "val" else f"{name}={literal(value)}" for name, value in how.arguments]
    # zeros_ and ones_ are how torch users write the two most frequent constants.
    if how.function == "constant" and values in (["0.0"], ["1.0"]):
        yield Line(depth, call(f"nn.init.{'zeros' if values == ['0.0'] else 'ones'}_", [target]))
        return
    yield Line(depth, call(f"nn.init.{how.function}_", [target, *values]))


def _keep_zero(layer: str, name: str, rows: Sequence[Mapping[str, str]], depth: int) -> Iterator[Line]:
    """Yield the lines that zero the rows of a parameter that stay zero in some of these layers."""
    is_optional = not all(name in each for each in rows)
    for attribute in sorted({each[name] for each in rows if name in each}):
        if is_optional:
            yield Line(depth, f"if {layer}.{attribute} is not None:")
        yield Line(depth + is_optional, call("nn.init.zeros_", [f"{layer}.{name}[{layer}.{attribute}]"]))


def _per_step(program: Program) -> Iterator[Line]:
    """Yield the lines for steps with initializers of their own; classes that initialize alike share a branch."""
    # The network's own layers are attributes of it; those of other classes are found by iterating over its modules.
    *inner, root = program.classes
    branches: dict[tuple[Line, ...], list[str]] = {}
    for each in inner:
        if each.generated.first.initializers:
            branches.setdefault(tuple(_own(each, "module", depth=4)), []).append(each.name)
    if branches:
        yield Line(2, "for module in self.modules():")
    for position, (lines, names) in enumerate(branches.items()):
        yield Line(3, _is_one_of(names), before="elif " if position else "if ", after=":")
        yield from lines
    yield from _own(root, "self", depth=2)


def _is_one_of(classes: Iterable[str]) -> Document:
    names = tuple(classes)
    if len(names) == 1:
        return f"isinstance(module, {names[0]})"
    return Brackets("isinstance(module, (", names, "))")


def _own(named: NamedClass, holder: str, depth: int) -> Iterator[Line]:
    paths = {member.attribute.path: member.attribute for member in named.generated.first.members}
    for each in named.generated.first.initializers:
        # The layer is a member, or inside a member that is an ``nn.Sequential``.
        own = each.path if each.path in paths else next(part for part in _parent_paths(each.path) if part in paths)
        inner = each.path.removeprefix(own).split(".")[1:]
        layer = named.reach(paths[own], holder) + "".join(f"[{number}]" for number in inner)
        for name, how in each.rules:
            yield from _initialize(layer if each.is_stored else f"{layer}.{name}", how, depth)
            yield from _keep_zero(layer, name, [dict(each.zero_rows)], depth)


def _parent_paths(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition(".")[0]
        yield path
