"""Which form every scope takes in the source: a class, an ``nn.Sequential``, or lines in the class around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from netspec.analysis.device_placement import Placement, place
from netspec.ir import Graph, Node, Scope
from netspec.ir.live_values import LiveValues, live_values
from netspec.ops import Argument, Op, Torch
from netspec.sizes.shape import Shape
from netspec.targets.torch.reserved import reserved_names

Form = Literal["class", "sequential_class", "sequential", "inline", "dictionary"]
Item = Node | Scope


@dataclass(slots=True)
class Layout:
    """The form of each scope by path, what its source lines are, and its live values."""

    graph: Graph
    live: dict[str, LiveValues]
    readers: Mapping[str, Sequence[Node]]
    placement: Placement
    reserved: frozenset[str]
    """Names that mean something in the file, and are neither variables nor its own classes."""
    in_place: frozenset[str] = frozenset()
    training_only: frozenset[str] = frozenset()
    """The paths of the nodes, and of the scopes with nothing but such nodes, that are computed in training only."""
    devices: dict[str, int | None] = field(default_factory=dict)
    """The device that all of a node or a scope is meant for, where its steps name devices."""
    output_names: dict[str, str] = field(default_factory=dict)
    """What further outputs of the network are called, by their value."""
    forms: dict[str, Form] = field(default_factory=dict)
    items: dict[str, list[Item]] = field(default_factory=dict)
    homes: dict[Item, Scope] = field(default_factory=dict)
    """The scope among whose lines a node or a scope is, which is not its own where that one is spliced."""

    def module_of(self, node: Node) -> Torch:
        """Return the text that constructs a node's module."""
        text = node.op.emit_module(*self.operand_shapes(node))
        assert text is not None, f"{node.op.name} has no module"
        return self._chosen(node, text)

    def function_of(self, node: Node) -> Torch:
        """Return the text that computes a node."""
        text = node.op.emit_function(*self.operand_shapes(node))
        assert text is not None, f"{node.op.name} has no function"
        return self._chosen(node, text)

    def _chosen(self, node: Node, text: Torch) -> Torch:
        """Return the text with its ``inplace`` as this layout has decided."""
        if node.path not in self.in_place:
            return text
        arguments = (Argument("inplace", True, False) if each.name == "inplace" else each for each in text.arguments)
        return Torch(text.template, tuple(arguments), text.layer, text.calls)

    def operand_shapes(self, node: Node) -> tuple[Shape, ...]:
        """Return the shapes of a node's operands."""
        return tuple(self.graph.shape_of(path) for path in node.inputs)

    def ends(self, item: Item) -> tuple[list[str], list[str]]:
        """Return the values that an item takes and gives."""
        if isinstance(item, Node):
            return list(item.inputs), [item.path]
        live = self.live[item.path]
        return list(live.entering), list(live.leaving)


def needs_module(node: Node) -> bool:
    """Return whether a node is a sub-module rather than a function call."""
    if node.named and type(node.op).emit_module is not Op.emit_module:
        return True
    # Every use of a shared block must come to the same answer, so what counts is the op and not the node's own weights.
    has_parameters = type(node.op).list_parameters is not Op.list_parameters
    return has_parameters or node.op.depends_on_mode or type(node.op).emit_function is Op.emit_function


def lay_out(graph: Graph) -> Layout:
    """Decide the form of every scope, inner ones first."""
    layout = Layout(graph, live_values(graph), graph.consumers(), place(graph), reserved_names(graph))
    layout.in_place = _in_place(graph, layout.readers)
    layout.training_only = _training_only(graph)
    layout.devices = _devices(graph)
    layout.output_names = {output.node: output.name for output in reversed(graph.outputs[1:])}
    for scope in reversed(list(graph.root.descend())):
        layout.items[scope.path] = _spliced(scope, layout)
        layout.forms[scope.path] = _form(scope, layout)
        layout.homes.update(dict.fromkeys(layout.items[scope.path], scope))
    return layout


def _spliced(scope: Scope, layout: Layout) -> list[Item]:
    items: list[Item] = []
    for item in scope.items:
        inline = isinstance(item, Scope) and layout.forms[item.path] in ("inline", "dictionary")
        items.extend(layout.items[item.path] if inline else [item])
    return items


def _form(scope: Scope, layout: Layout) -> Form:
    if scope.kind == "network":
        return "class"
    chain = _is_chain(scope, layout)
    if scope.kind == "block":
        return "sequential_class" if chain else "class"
    if any(_lives_elsewhere(item, scope) for item in layout.items[scope.path]):
        return "dictionary"
    if scope.kind != "output" and not any(_is_module(item, layout) for item in layout.items[scope.path]):
        return "inline"
    return "sequential" if chain else "class"


def _is_module(item: Item, layout: Layout) -> bool:
    return isinstance(item, Scope) or needs_module(item)


def _lives_elsewhere(item: Item, scope: Scope) -> bool:
    """Return whether an item's weights hang outside the scope, because an earlier step owns them."""
    return not item.module.startswith(f"{scope.module}.")


def _is_chain(scope: Scope, layout: Layout) -> bool:
    """Return whether the items are numbered from 0 and each takes just what the one before gives."""
    live = layout.live[scope.path]
    if len(live.entering) != 1 or len(live.leaving) != 1 or not layout.placement.is_settled(scope):
        return False
    (value,) = live.entering
    for position, item in enumerate(layout.items[scope.path]):
        if item.name != str(position) or item.module != f"{scope.module}.{position}":
            return False
        entering, leaving = layout.ends(item)
        if entering != [value] or len(leaving) != 1:
            return False
        if isinstance(item, Node) and item.op.emit_module(*layout.operand_shapes(item)) is None:
            return False
        value = leaving[0]
    return [value] == list(live.leaving)


def _in_place(graph: Graph, readers: Mapping[str, Sequence[Node]]) -> frozenset[str]:
    """Return the nodes that may overwrite their operand: nobody else reads it, and no gradient needs it."""
    kept = {output.node for output in graph.outputs}
    chosen = set()
    for node in graph:
        if not node.op.in_place or node.inputs[0] not in graph.by_path or node.inputs[0] in kept:
            continue
        producer = graph[node.inputs[0]]
        if len(readers[producer.path]) == 1 and not producer.op.keeps_output and not producer.op.may_alias:
            chosen.add(node.path)
    # A module that several steps share overwrites what it reads in all of them or in none.
    spoiled = {node.module for node in graph if node.op.in_place and node.path not in chosen}
    return frozenset(path for path in chosen if graph[path].module not in spoiled)


def _training_only(graph: Graph) -> frozenset[str]:
    found = set(graph.training_only)
    if found:
        for scope in reversed(list(graph.root.descend())):
            if all(item.path in found for item in scope.items):
                found.add(scope.path)
    return frozenset(found)


def _devices(graph: Graph) -> dict[str, int | None]:
    found = {node.path: node.device for node in graph}
    if any(device is not None for device in found.values()):
        for scope in reversed(list(graph.root.descend())):
            devices = {found.get(item.path) for item in scope.items}
            found[scope.path] = devices.pop() if len(devices) == 1 else None
    return found
