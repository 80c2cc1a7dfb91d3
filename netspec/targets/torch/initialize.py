"""``init:`` in the source: loops over the modules at the end of the network's constructor."""

from __future__ import annotations

from collections.abc import Iterator

from netspec.ir import Initializer
from netspec.targets.torch.layout import Layout, needs_module
from netspec.targets.torch.plan import Group
from netspec.targets.torch.printing import attribute, literal

Rules = tuple[tuple[str, Initializer], ...]


def initialization(layout: Layout, groups: list[Group]) -> list[str]:
    """Return the lines that start parameters: first per op, then the steps that start in their own way."""
    lines = list(_per_op(layout)) + list(_per_step(groups))
    return ["", *lines] if lines else []


def _per_op(layout: Layout) -> Iterator[str]:
    branches: dict[str, list[str]] = {}
    for op, rules in layout.graph.init:
        classes, parameters, optional = _uses(layout, op)
        statements = [
            line
            for name, how in rules
            if name in parameters
            for line in _start(f"module.{name}", how, name in optional)
        ]
        if classes and statements:
            branches[f"isinstance(module, {_one_of(classes)})"] = statements
    if not branches:
        return
    yield "for module in self.modules():"
    for position, (condition, statements) in enumerate(branches.items()):
        yield f"    {'el' if position else ''}if {condition}:"
        yield from (f"        {line}" for line in statements)


def _uses(layout: Layout, op: str) -> tuple[list[str], set[str], set[str]]:
    """Return the torch classes of an op in this network, their parameters, and those that some lack."""
    classes: dict[str, None] = {}
    lists = []
    for node in layout.graph:
        if node.op.name == op and needs_module(node):
            classes[layout.module_of(node).template.partition("(")[0]] = None
            lists.append(set(node.op.list_parameters(*layout.operand_shapes(node))))
    every = set().union(*lists)
    return list(classes), every, {name for name in every if not all(name in each for each in lists)}


def _start(target: str, how: Initializer, optional: bool) -> Iterator[str]:
    indent = ""
    if optional:
        yield f"if {target} is not None:"
        indent = "    "
    arguments = dict(how.arguments)
    if how.function == "values":
        yield f"{indent}{target}.data.copy_(torch.tensor({literal(arguments['values'])}))"
        return
    values = [literal(value) if name == "val" else f"{name}={literal(value)}" for name, value in how.arguments]
    if how.function == "constant" and values in (["0.0"], ["1.0"]):
        yield f"{indent}nn.init.{'zeros' if values == ['0.0'] else 'ones'}_({target})"
        return
    yield f"{indent}nn.init.{how.function}_({', '.join([target, *values])})"


def _per_step(groups: list[Group]) -> Iterator[str]:
    """Yield the lines for steps with an ``init`` of their own; classes that start alike share a branch."""
    *inner, root = groups
    branches: dict[tuple[str, ...], list[str]] = {}
    for group in inner:
        if group.first.init:
            branches.setdefault(tuple(_own(group, "module")), []).append(group.name)
    if branches:
        yield "for module in self.modules():"
    for position, (lines, names) in enumerate(branches.items()):
        yield f"    {'el' if position else ''}if isinstance(module, {_one_of(names)}):"
        yield from (f"        {line}" for line in lines)
    yield from _own(root, "self")


def _one_of(classes: list[str]) -> str:
    return classes[0] if len(classes) == 1 else f"({', '.join(classes)})"


def _own(group: Group, holder: str) -> Iterator[str]:
    for path, rules in group.first.init:
        for name, how in rules:
            yield from _start(f"{_reach(group, path, holder)}.{name}", how, optional=False)


def _reach(group: Group, path: str, holder: str) -> str:
    """Return the text of a layer: a member of the class, or one inside a member that is an ``nn.Sequential``."""
    for member in group.first.members:
        own = f"{member.home}.{member.name}" if member.home else member.name
        if f"{path}.".startswith(f"{own}."):
            inner = path.removeprefix(own).split(".")[1:]
            return attribute(group, member.home, member.name, holder) + "".join(f"[{number}]" for number in inner)
    raise AssertionError(f"no member of {group.name} holds {path}")
