"""Which classes the source has: scopes of the same structure share one, and what differs between them becomes its
constructor's arguments.

Every scope is described by a structure, which is hashable, and the values that fill its holes. Scopes with an equal
structure are one group; a hole with the same value in the whole group is written as it is, any other becomes an
argument or follows from one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netspec.diagnostics import Code, SpecError
from netspec.ir import Initializer, Node, Scope
from netspec.ops import Argument, Torch
from netspec.sizes.shape import Shape
from netspec.targets.torch.layout import Item, Layout, needs_module
from netspec.targets.torch.loops import dense_loop
from netspec.targets.torch.plan import Construct, Description, Group, Hole, Member, Statement


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
        return dense_loop(scope, self) or self._straight(scope)

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
        statement.moves = self.layout.placement.moves(item, entering, scope)
        statement.moves_to_weights = self.layout.placement.has_weights(item)
        if isinstance(item, Node) and not needs_module(item):
            self._add_function(item, statement, holes)
            structure.append(("function", _text_key(statement.torch), operands, results, *_manner(statement)))
        else:
            built = self._add_member(item, scope, statement, seen, members, holes)
            structure.append(("member", statement.member, built, operands, results, *_manner(statement)))
        return statement

    def _add_function(self, node: Node, statement: Statement, holes: list[Hole]) -> None:
        statement.torch = self._in_place(node, self.layout.function_of(node))
        statement.start = len(holes)
        holes.extend(
            Hole(each.name, each.value, True, node.op.name, in_place=each.name == "inplace")
            for each in statement.torch.arguments
        )

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
        place = item.module.removeprefix(scope.module).lstrip(".")
        home = place.rpartition(".")[0]
        statement.member = seen[item.module] = (home, item.name)
        if place != item.path.removeprefix(scope.path).lstrip("."):
            return "again"  # a class inside this one has built it for an earlier use
        construct = self._construct(item, holes)
        members.append(Member(item.name, construct, home))
        return _construct_key(construct)

    def _construct(self, item: Item, holes: list[Hole]) -> Construct:
        if isinstance(item, Node):
            torch = self._in_place(item, self.layout.module_of(item))
            construct = Construct(torch, start=len(holes))
            holes.extend(
                Hole(each.name, each.value, owner=item.name, in_place=each.name == "inplace")
                for each in torch.arguments
            )
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

    def _shape(self, leaving: list[str]) -> Shape:
        return self.layout.graph.shape_of(leaving[0]) if len(leaving) == 1 else ()

    def _is_training_only(self, item: Item, scope: Scope) -> bool:
        """Return whether an item is computed in training only, while the scope around it is not."""
        training = self.layout.training_only
        if not training:
            return False
        only = _all_in(item, training)
        return only and not _all_in(scope, training)


def _manner(statement: Statement) -> tuple[Any, ...]:
    return statement.training_only, statement.moves


def _device(item: Item) -> int | None:
    """Return the device that all of an item is meant for."""
    devices = {item.device} if isinstance(item, Node) else {node.device for node in item.walk()}
    return devices.pop() if len(devices) == 1 else None


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
    from netspec.targets.torch.parameterize import unify

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
        raise SpecError.of(
            Code.INVALID_SHARING,
            f"'{scope.module}' is shared by steps that need other code for it",
            scope.span,
            help="give both the same input size, or write the block so that it does not depend on it",
        )


def _values(path: str, group: Group) -> list[Any]:
    (description,) = (each for each in group.descriptions if each.scope.path == path)
    return [hole.value for hole in description.holes if not hole.in_place]


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
