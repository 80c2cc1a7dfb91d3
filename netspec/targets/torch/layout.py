"""The form of every scope in the source: a class, an ``nn.Sequential``, or lines of the enclosing class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from netspec.analysis.device_placement import Placement, place
from netspec.ir import Graph, Node, Scope
from netspec.ir.live_values import LiveValues, live_values
from netspec.ops import Argument, Op, Torch
from netspec.ops.scan import Collected, Element, NextState, State
from netspec.ops.stored import Stored
from netspec.sizes.shape import Shape
from netspec.targets.torch.local_sizes import local_text
from netspec.targets.torch.plan import Edge
from netspec.targets.torch.reserved import reserved_names

Form = Literal["class", "sequential_class", "sequential", "inline", "dictionary"]
Item = Node | Scope
Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Layout:
    """The form and the items of each scope by path, with the facts of the graph that code generation needs."""

    graph: Graph
    live: Mapping[str, LiveValues]
    placement: Placement
    forms: Mapping[str, Form]
    items: Mapping[str, Sequence[Item]]
    """The items of a scope, with those of inlined scopes spliced in."""
    homes: Mapping[Item, Scope]
    """The scope among whose lines a node or scope is: the nearest enclosing one that is not inlined."""
    in_place: frozenset[str]
    """The paths of the nodes that work in place."""
    training_only: frozenset[str]
    """The paths of the nodes, and of the scopes with nothing but such nodes, that are computed in training only."""
    devices: Mapping[str, int | None]
    """The device of a node, or of a whole scope, if its steps name devices."""
    output_names: Mapping[str, str]
    """The names of further outputs of the network, by their value."""
    reserved: frozenset[str]
    """The reserved names of the file."""
    _texts: dict[str, Torch] = field(default_factory=dict, init=False)
    """The torch code of nodes by path: scopes are compared by it, and then planned with it."""

    def is_member(self, item: Item) -> bool:
        """Return whether an item is an attribute of the enclosing class, rather than a function call."""
        if isinstance(item, Scope) or needs_module(item):
            return True
        return self.forms[self.homes[item].path] == "sequential"

    def text_of(self, node: Node) -> Torch:
        """Return the torch code of a node: its module's constructor, or its function."""
        if node.path not in self._texts:
            if node.op.open_arguments and not self.is_member(node):
                text = local_text(node, self.graph)
            else:
                emit = node.op.emit_module if self.is_member(node) else node.op.emit_function
                text = emit(*operand_shapes(node, self.graph))
            assert text is not None, f"{node.op.name} has no text here"
            self._texts[node.path] = self._chosen(node, text)
        return self._texts[node.path]

    def _chosen(self, node: Node, text: Torch) -> Torch:
        """Return the torch code with ``inplace`` as this layout decides."""
        if node.path not in self.in_place:
            return text
        arguments = (Argument("inplace", True, False) if each.name == "inplace" else each for each in text.arguments)
        return text._replace(arguments=tuple(arguments))

    def ends(self, item: Item) -> tuple[list[str], list[str]]:
        """Return the values that an item takes and gives."""
        return ends(item, self.live)


def operand_shapes(node: Node, graph: Graph) -> tuple[Shape, ...]:
    """Return the shapes of a node's operands."""
    return tuple(graph.shape_of(path) for path in node.inputs)


def ends(item: Item, live: Mapping[str, LiveValues]) -> tuple[list[str], list[str]]:
    """Return the values that an item takes and gives."""
    if isinstance(item, Node):
        return list(item.reads), list(item.values)
    return list(live[item.path].live_ins), list(live[item.path].live_outs)


def path_inside(path: str, scope: str) -> str:
    """Return a path relative to the scope that contains it."""
    return path.removeprefix(scope).lstrip(".")


def needs_module(node: Node) -> bool:
    """Return whether a node must be a sub-module rather than a function call."""
    if node.symbolic is not None or node.op.is_function:
        return False  # modules are constructed before sizes are known
    if node.named and type(node.op).emit_module is not Op.emit_module:
        return True
    # All uses of a shared block must have the same form, so the op decides and not the node's own weights.
    has_parameters = type(node.op).list_parameters is not Op.list_parameters
    return has_parameters or node.op.always_module(len(node.inputs)) or type(node.op).emit_function is Op.emit_function


def is_stored(item: Item) -> bool:
    """Return whether an item is a tensor of the class itself, and no layer or line that computes one."""
    return isinstance(item, Node) and isinstance(item.op, Stored) and item.symbolic is None


def edge_of(item: Item) -> Edge:
    """Return what an item does at the edge of a round of a scan, or an empty text."""
    return _EDGES.get(type(item.op), "") if isinstance(item, Node) else ""


_EDGES: dict[type[Op], Edge] = {
    Element: "element",
    State: "state",
    NextState: "next_state",
    Collected: "collected",
}


def lay_out(graph: Graph) -> Layout:
    """Return the form of every scope, and the other decisions about the whole graph."""
    forms = _Forms(graph)
    return Layout(
        graph=graph,
        live=forms.live,
        placement=forms.placement,
        forms=forms.forms,
        items=forms.items,
        homes=forms.homes,
        in_place=_in_place(graph),
        training_only=_training_only(graph),
        devices=_devices(graph),
        # A value may be several outputs, and is named after the first.
        output_names={output.node: output.name for output in reversed(graph.outputs[1:])},
        reserved=reserved_names(graph),
    )


class _Forms:
    """Decides the form of every scope, inner ones first, on which outer ones depend."""

    def __init__(self, graph: Graph) -> None:
        self.live = live_values(graph)
        self.placement = place(graph)
        self.forms: dict[str, Form] = {}
        self.items: dict[str, list[Item]] = {}
        self.homes: dict[Item, Scope] = {}
        self._graph = graph
        for scope in reversed(list(graph.root.descend())):
            self.items[scope.path] = self._spliced(scope)
            self.forms[scope.path] = self._form(scope)
            self.homes.update(dict.fromkeys(self.items[scope.path], scope))

    def _spliced(self, scope: Scope) -> list[Item]:
        items: list[Item] = []
        for item in scope.items:
            inline = isinstance(item, Scope) and self.forms[item.path] in ("inline", "dictionary")
            items.extend(self.items[item.path] if inline else [item])
        return items

    def _form(self, scope: Scope) -> Form:
        if scope.kind in ("network", "scan"):  # a loop is a method of its own
            return "class"
        chain = self._is_chain(scope)
        if scope.kind == "block":
            return "sequential_class" if chain else "class"
        items = self.items[scope.path]
        if any(_lives_elsewhere(item, scope) for item in items):
            return "dictionary"
        # An output is a sub-module even without weights, under its name in the document.
        if scope.kind != "output" and not any(isinstance(item, Scope) or needs_module(item) for item in items):
            return "inline"
        return "sequential" if chain else "class"

    def _is_chain(self, scope: Scope) -> bool:
        """Return whether the items are numbered from 0 and each has the previous result as its only operand."""
        live = self.live[scope.path]
        if len(live.live_ins) != 1 or len(live.live_outs) != 1 or not self.placement.is_settled(scope):
            return False
        (value,) = live.live_ins
        for position, item in enumerate(self.items[scope.path]):
            if item.name != str(position) or item.module != f"{scope.module}.{position}":
                return False
            entering, leaving = ends(item, self.live)
            if entering != [value] or len(leaving) != 1:
                return False
            if isinstance(item, Node) and not _has_module(item, self._graph):
                return False
            value = leaving[0]
        return [value] == list(live.live_outs)


def _has_module(node: Node, graph: Graph) -> bool:
    return node.symbolic is None and node.op.emit_module(*operand_shapes(node, graph)) is not None


def _lives_elsewhere(item: Item, scope: Scope) -> bool:
    """Return whether an item's weights are outside of the scope, since an earlier step owns them."""
    return not item.module.startswith(f"{scope.module}.")


def _in_place(graph: Graph) -> frozenset[str]:
    """Return the nodes that may work in place: their operand has no other use, and no gradient needs it."""
    readers = graph.consumers()
    kept = {output.node for output in graph.outputs}
    chosen = set()
    for node in graph:
        if not node.op.in_place or node.inputs[0] not in graph.by_path or node.inputs[0] in kept:
            continue
        producer = graph[node.inputs[0]]
        if len(readers[producer.path]) == 1 and not producer.op.keeps_output and not producer.op.may_alias:
            chosen.add(node.path)
    # A module that several steps share works in place for all of them or for none.
    excluded = {node.module for node in graph if node.op.in_place and node.path not in chosen}
    return frozenset(path for path in chosen if graph[path].module not in excluded)


def _training_only(graph: Graph) -> frozenset[str]:
    trained = graph.training_only
    # Fast path: most networks have no auxiliary outputs.
    found = _gathered(graph, lambda node: node.path in trained, all) if trained else {}
    return frozenset(path for path, is_trained in found.items() if is_trained)


def _devices(graph: Graph) -> dict[str, int | None]:
    if all(node.device is None for node in graph):
        return {}
    return _gathered(graph, lambda node: node.device, lambda found: found[0] if len(set(found)) == 1 else None)


def _gathered(graph: Graph, fact: Callable[[Node], Fact], gather: Callable[[list[Fact]], Fact]) -> dict[str, Fact]:
    """Return a fact of every node and scope by path, where that of a scope is aggregated from its items."""
    found = {node.path: fact(node) for node in graph}
    for scope in reversed(list(graph.root.descend())):
        found[scope.path] = gather([found[item.path] for item in scope.items])
    return found
