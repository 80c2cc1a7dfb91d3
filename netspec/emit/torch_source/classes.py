"""Which classes the source has: scopes of the same structure share one, and what differs between them becomes its
constructor's arguments.

Every scope is described by a structure, which is hashable, and the values that fill its holes. Scopes with an equal
structure are one group; a hole with the same value in the whole group is written as it is, any other becomes an
argument or follows from one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from netspec.emit.torch_source.layout import Item, Layout, needs_module
from netspec.errors import fault
from netspec.graph import Initializer, Node, Scope
from netspec.ops import Argument, Torch
from netspec.ops.base import REQUIRED


@dataclass(frozen=True, slots=True)
class Hole:
    """One value of one scope: what argument it fills, and which."""

    name: str
    value: Any
    in_function: bool = False
    owner: str = ""
    default: Any = REQUIRED


@dataclass(slots=True)
class Construct:
    """What stands right of ``self.conv1 =``: a module's text, an ``nn.Sequential``, or another class's instance.

    ``start`` and ``stop`` delimit its holes among those of the class around it.
    """

    torch: Torch | None = None
    parts: tuple[Construct, ...] = ()
    group: Group | None = None
    start: int = 0
    stop: int = 0


@dataclass(slots=True)
class Member:
    """One attribute of a class. ``home`` is the dictionary it hangs in, when it is not directly on ``self``."""

    name: str
    construct: Construct
    home: str = ""


@dataclass(slots=True)
class Statement:
    """One line of ``forward``: results, by position among the class's values, of a call on operands."""

    results: tuple[int, ...]
    operands: tuple[int, ...]
    member: tuple[str, str] | None = None
    torch: Torch | None = None
    start: int = 0
    shape: tuple[int, ...] = ()
    hint: str = ""
    training_only: bool = False
    merges: bool = False
    device: int | None = None


@dataclass(slots=True)
class Description:
    """One scope as a class: its members, lines, holes, and the structure that it shares with its like."""

    scope: Scope
    structure: tuple[Any, ...]
    holes: list[Hole]
    members: list[Member]
    statements: list[Statement]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_hints: tuple[str, ...]
    init: tuple[tuple[str, tuple[tuple[str, Initializer], ...]], ...]
    is_sequential: bool
    loop: Loop | None = None


@dataclass(slots=True)
class Loop:
    """The layers of a dense block: one construct whose arguments grow by a step, repeated.

    The class's holes are the first layer's arguments, then their steps, then the number of layers.
    """

    construct: Construct
    prefix: str
    first: int


@dataclass(slots=True, eq=False)
class Group:
    """One class of the source: all scopes of one structure."""

    structure: tuple[Any, ...]
    descriptions: list[Description] = field(default_factory=list)
    name: str = ""
    parameters: list[Any] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)
    returns: list[str] = field(default_factory=list)
    """For the network with side heads: the type and the lines that return its outputs."""

    @property
    def first(self) -> Description:
        """The scope that shapes in comments are taken from."""
        return self.descriptions[0]


class Describer:
    """Describes the scopes of a layout; inner classes must be known before the ones around them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.groups: dict[str, Group] = {}
        """The class of each scope by path."""
        self.arguments: dict[str, list[Hole]] = {}
        """The constructor's arguments for each scope by path."""

    def describe(self, scope: Scope) -> Description:
        """Return the description of a scope that is a class of its own."""
        return self._loop(scope) or self._straight(scope)

    def _loop(self, scope: Scope) -> Description | None:
        """Return the description of a dense block whose layers differ in evenly growing numbers only."""
        items = self.layout.items[scope.path]
        layers, joints = items[::2], items[1::2]
        if (
            scope.kind != "dense"
            or len(layers) < 2
            or not all(_is_joint(layer, joint, self) for layer, joint in zip(layers, joints, strict=True))
        ):
            return None
        numbering = _numbering([layer.name for layer in layers])
        rows = [self.arguments[layer.path] for layer in layers]
        if numbering is None or len({id(self.groups[layer.path]) for layer in layers}) != 1:
            return None
        steps = [_step([row[index].value for row in rows]) for index in range(len(rows[0]))]
        if None in steps:
            return None
        group = self.groups[layers[0].path]
        holes = [*rows[0], *(Hole("growth", step, owner="counts") for step in steps), Hole("layers", len(layers))]
        loop = Loop(Construct(group=group, stop=len(rows[0])), *numbering)
        structure = ("dense", id(group), numbering, tuple(step == 0 for step in steps))
        return Description(scope, structure, holes, [], [], (0,), (1,), ("",), (), False, loop)

    def _straight(self, scope: Scope) -> Description:
        border = self.layout.borders[scope.path]
        values = {path: index for index, path in enumerate(border.entering)}
        inputs = tuple(values.values())
        holes: list[Hole] = []
        members: list[Member] = []
        statements: list[Statement] = []
        seen: dict[str, tuple[str, str]] = {}
        structure: list[Any] = []
        for item in self.layout.items[scope.path]:
            statement = self._statement(item, scope, values, seen, members, holes, structure)
            statements.append(statement)
        outputs = tuple(values[path] for path in border.leaving)
        is_sequential = self.layout.forms[scope.path] == "sequential_class"
        init = tuple(_inits(scope, self.layout))
        key = (scope.kind == "block" and scope.block, is_sequential, inputs, outputs, tuple(structure), repr(init))
        hints = tuple(self._hint_of(path, scope) for path in border.entering)
        return Description(scope, key, holes, members, statements, inputs, outputs, hints, init, is_sequential)

    def _hint_of(self, path: str, scope: Scope) -> str:
        if len(self.layout.borders[scope.path].entering) == 1:
            return ""
        node = self.layout.graph.by_path.get(path)
        named = dict(zip(scope.inputs, scope.input_names, strict=False)).get(path, "")
        return named or (node.label if node else path)

    def _statement(
        self,
        item: Item,
        scope: Scope,
        values: dict[str, int],
        seen: dict[str, tuple[str, str]],
        members: list[Member],
        holes: list[Hole],
        structure: list[Any],
    ) -> Statement:
        entering, leaving = self._ends(item)
        operands = tuple(values[path] for path in entering)
        for path in leaving:
            values[path] = len(values)
        results = tuple(values[path] for path in leaving)
        statement = Statement(results, operands, merges=isinstance(item, Node) and len(item.inputs) > 1)
        statement.hint, statement.shape = self._hint(item, scope), self._shape(leaving)
        statement.training_only = self._is_training_only(item, scope)
        statement.device = _device(item)
        if isinstance(item, Node) and not needs_module(item):
            self._add_function(item, statement, holes)
            structure.append(("function", _text_key(statement.torch), operands, results, statement.training_only))
        else:
            built = self._add_member(item, scope, statement, seen, members, holes)
            structure.append(("member", statement.member, built, operands, results, statement.training_only))
        return statement

    def _add_function(self, node: Node, statement: Statement, holes: list[Hole]) -> None:
        statement.torch = self._in_place(node, self.layout.function_of(node))
        statement.start = len(holes)
        holes.extend(Hole(each.name, each.value, True, node.op.name) for each in statement.torch.arguments)

    def _add_member(
        self,
        item: Item,
        scope: Scope,
        statement: Statement,
        seen: dict[str, tuple[str, str]],
        members: list[Member],
        holes: list[Hole],
    ) -> Any:
        """Give the statement its member; the first use of a module also constructs it."""
        if item.module in seen:
            statement.member = seen[item.module]
            return "again"
        home = item.module.removeprefix(scope.module).lstrip(".").rpartition(".")[0]
        statement.member = seen[item.module] = (home, item.name)
        construct = self._construct(item, holes)
        members.append(Member(item.name, construct, home))
        return _construct_key(construct)

    def _construct(self, item: Item, holes: list[Hole]) -> Construct:
        if isinstance(item, Node):
            torch = self._in_place(item, self.layout.module_of(item))
            construct = Construct(torch, start=len(holes))
            holes.extend(Hole(each.name, each.value, owner=item.name) for each in torch.arguments)
        elif self.layout.forms[item.path] == "sequential":
            start = len(holes)
            parts = tuple(self._construct(inner, holes) for inner in self.layout.items[item.path])
            construct = Construct(parts=parts, start=start)
        else:
            construct = Construct(group=self.groups[item.path], start=len(holes))
            holes.extend(Hole(each.name, each.value, owner=item.name) for each in self.arguments[item.path])
        construct.stop = len(holes)
        return construct

    def _in_place(self, node: Node, torch: Torch) -> Torch:
        if node.path not in self.layout.in_place:
            return torch
        arguments = (Argument("inplace", True, False) if each.name == "inplace" else each for each in torch.arguments)
        return Torch(torch.template, tuple(arguments), torch.layer, torch.calls)

    def _ends(self, item: Item) -> tuple[list[str], list[str]]:
        if isinstance(item, Node):
            return list(item.inputs), [item.path]
        border = self.layout.borders[item.path]
        return list(border.entering), list(border.leaving)

    def _hint(self, item: Item, scope: Scope) -> str:
        """Return the name that the document gives a value: its head's, its label, or its branch's in a merge."""
        heads = [output.name for output in self.layout.graph.outputs[1:] if [output.node] == self._ends(item)[1]]
        if heads:
            return heads[0]
        if isinstance(item, Node):
            return item.label
        lines = self.layout.items[scope.path]
        readers = (node for path in self._ends(item)[1] for node in self.layout.readers[path])
        merged = any(len(node.inputs) > 1 and node in lines for node in readers)
        invented = item.name.rstrip("0123456789") in ("", item.block)
        return "" if invented or not merged else {"downsample": "shortcut"}.get(item.name, item.name)

    def _shape(self, leaving: list[str]) -> tuple[int, ...]:
        return self.layout.graph.shape_of(leaving[0]) if len(leaving) == 1 else ()

    def _is_training_only(self, item: Item, scope: Scope) -> bool:
        """Return whether an item is computed in training only, while the scope around it is not."""
        training = self.layout.training_only
        if not training:
            return False
        only = _all_in(item, training)
        return only and not _all_in(scope, training)


def _device(item: Item) -> int | None:
    """Return the device that all of an item is meant for."""
    devices = {item.device} if isinstance(item, Node) else {node.device for node in item.walk()}
    return devices.pop() if len(devices) == 1 else None


def _is_joint(layer: Item, joint: Item, describer: Describer) -> bool:
    """Return whether a dense layer is a class of its own, whose result is then concatenated with what entered it."""
    if not isinstance(layer, Scope) or layer.path not in describer.groups or layer.path != layer.module:
        return False
    border = describer.layout.borders[layer.path]
    inputs = (*border.entering, *border.leaving)
    return isinstance(joint, Node) and joint.op.name == "concat" and joint.inputs == inputs and len(inputs) == 2


def _numbering(names: list[str]) -> tuple[str, int] | None:
    """Return the prefix and first number of names that count up by one, or None when they do not."""
    prefix = names[0].rstrip("0123456789")
    number = names[0][len(prefix) :]
    if not number or names != [f"{prefix}{int(number) + index}" for index in range(len(names))]:
        return None
    return prefix, int(number)


def _step(values: list[Any]) -> int | None:
    """Return by how much equally spaced values grow; zero for equal ones, None for any others."""
    if all(value == values[0] for value in values):
        return 0
    if not all(type(value) is int for value in values):
        return None
    step: int = values[1] - values[0]
    evenly = all(later - earlier == step for earlier, later in itertools.pairwise(values))
    return step if evenly else None


def _all_in(item: Item, paths: frozenset[str]) -> bool:
    return item.path in paths if isinstance(item, Node) else all(node.path in paths for node in item.walk())


def _text_key(torch: Torch | None) -> Any:
    assert torch is not None
    return torch.template, torch.layer, tuple((each.name, each.positional) for each in torch.arguments)


def _construct_key(construct: Construct) -> Any:
    if construct.torch is not None:
        return "torch", _text_key(construct.torch)
    if construct.group is not None:
        return "class", id(construct.group)
    return "sequential", tuple(_construct_key(part) for part in construct.parts)


def _inits(scope: Scope, layout: Layout) -> Iterator[tuple[str, tuple[tuple[str, Initializer], ...]]]:
    """Yield the members of a class whose parameters a step starts in its own way, by their path inside the class."""
    for item in layout.items[scope.path]:
        if isinstance(item, Node):
            if item.init:
                yield item.module.removeprefix(scope.module).lstrip("."), item.init
        elif layout.forms[item.path] == "sequential":
            for name, rules in _inits(item, layout):
                yield f"{item.name}.{name}", rules


def group_classes(layout: Layout) -> tuple[list[Group], Describer]:
    """Return the classes of the source, inner ones before those that use them."""
    from netspec.emit.torch_source.unification import unify

    describer = Describer(layout)
    groups: list[Group] = []
    for level in _levels(layout):
        found: dict[Any, Group] = {}
        for scope in level:
            description = describer.describe(scope)
            group = found.setdefault(description.structure, Group(description.structure))
            group.descriptions.append(description)
            describer.groups[scope.path] = group
        for scope in level:
            _check_shared(scope, describer)
        for group in found.values():
            unify(group, layout, describer)
            _settle_devices(group)
            groups.append(group)
    return groups, describer


def _settle_devices(group: Group) -> None:
    """Take the device off the lines of a class that runs on several; the calls of it still tell."""
    for line, *others in zip(*(each.statements for each in group.descriptions), strict=True):
        if any(each.device != line.device for each in others):
            line.device = None


def _check_shared(scope: Scope, describer: Describer) -> None:
    """Raise SpecError when a scope that uses an earlier one's module would need other code than that one.

    What a block comes to may depend on the size of what enters, and a module is built once.
    """
    if scope.path == scope.module:
        return
    owner = describer.groups.get(scope.module)
    if owner is not describer.groups[scope.path] or _values(scope.module, owner) != _values(scope.path, owner):
        raise fault(
            "NS0506",
            f"'{scope.module}' is shared by steps that need other code for it",
            scope.span,
            help="give both the same input size, or write the block so that it does not depend on it",
        )


def _values(path: str, group: Group) -> list[Any]:
    (description,) = (each for each in group.descriptions if each.scope.path == path)
    return [hole.value for hole in description.holes if hole.name != "inplace"]


def _levels(layout: Layout) -> list[list[Scope]]:
    """Return the scopes that are classes, those without inner classes first; a shared one counts once."""
    heights: dict[str, int] = {}
    levels: dict[int, list[Scope]] = {}
    for scope in reversed(list(layout.graph.root.descend())):
        inner = [heights[each.path] for each in scope.scopes]
        is_class = layout.forms[scope.path] in ("class", "sequential_class")
        heights[scope.path] = max(inner, default=-1) + (1 if is_class else 0)
        if is_class:
            levels.setdefault(heights[scope.path], []).append(scope)
    return [list(reversed(levels[height])) for height in sorted(levels)]
