"""Plans one scope as a class: the members of its constructor, the lines of its ``forward``, and its slots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from netspec.ir import Node, Scope
from netspec.ops import Op, Torch
from netspec.ops.constant import Constant
from netspec.sizes.shape import Shape
from netspec.targets.torch.layout import Item, Layout, edge_of, is_stored, needs_module, path_inside
from netspec.targets.torch.loops import plan_dense_loop
from netspec.targets.torch.plan import (
    Attribute,
    ClassPlan,
    Construct,
    Instance,
    Member,
    Moves,
    Nested,
    OwnInitializers,
    Sequential,
    Slot,
    Statement,
    TorchCall,
)


def plan_class(scope: Scope, layout: Layout, instances: Mapping[str, Instance]) -> ClassPlan:
    """Return the plan of a scope; ``instances`` are the inner scopes that are classes, by path."""
    return plan_dense_loop(scope, layout, instances) or Planner(scope, layout, instances).plan()


class Planner:
    """Plans one scope line by line, and collects the slots and members that its lines need."""

    def __init__(self, scope: Scope, layout: Layout, instances: Mapping[str, Instance]) -> None:
        self._scope = scope
        self._layout = layout
        self._instances = instances
        self._live = layout.live[scope.path]
        self._values = {path: number for number, path in enumerate(self._live.live_ins)}
        self._slots: list[Slot] = []
        self._members: list[Member] = []
        self._attributes: dict[str, Attribute] = {}

    def plan(self) -> ClassPlan:
        """Return the plan."""
        inputs = tuple(self._values.values())
        items = self._layout.items[self._scope.path]
        lists = [self._list(item) for item in items if isinstance(item, Node) and edge_of(item) == "collected"]
        statements = (*lists, *map(self._statement, items))
        return ClassPlan(
            scope=self._scope,
            slots=tuple(self._slots),
            inputs=inputs,
            outputs=tuple(self._values[path] for path in self._live.live_outs),
            members=tuple(self._members),
            statements=statements,
            input_hints=tuple(self._input_hints()),
            initializers=tuple(_initializers(self._scope, self._layout)),
            is_sequential=self._layout.forms[self._scope.path] == "sequential_class",
        )

    def _input_hints(self) -> Iterator[str]:
        scope, entering = self._scope, self._live.live_ins
        # A value that is passed for several inputs is named after the first.
        names = dict(reversed(list(zip(scope.inputs, scope.input_names, strict=False))))
        for path in entering:
            node = self._layout.graph.by_path.get(path)
            if len(entering) > 1:
                yield names.get(path, "") or (node.label if node else path)
            else:
                # A single value is ``x``, unless the block or document names it.
                yield names.get(path, "") or (path if scope.parent is None and path != "input" else "")

    # statements

    def _list(self, item: Node) -> Statement:
        """Return the line that makes the list to which the rounds of a scan add."""
        number = self._values[f"{item.path}@list"] = len(self._values)
        text = TorchCall(Torch("[]"), range(0))
        label = item.label
        plural = f"all_{label}" if label.endswith("s") else f"{label}s"
        hints = (plural if label else "outputs",)
        return Statement((number,), (), text, hints, (), False, False, None, Moves(), edge="list")

    def _statement(self, item: Item) -> Statement:
        layout = self._layout
        entering, leaving = layout.ends(item)
        edge = edge_of(item)
        if edge == "collected":  # what else it depends on is no part of the line
            entering = [entering[0], f"{item.path}@list"]
        operands = tuple(self._values[path] for path in entering)
        self._values.update({path: number for number, path in enumerate(leaving, len(self._values))})
        moved = () if edge else layout.placement.moves(item, entering, self._scope)
        if isinstance(item, Node) and not needs_module(item):
            called: Attribute | TorchCall = self._function(item)
        else:
            called = self._member(item)
        return Statement(
            results=tuple(self._values[path] for path in leaving),
            operands=operands,
            called=called,
            hints=self._hints(item, leaving),
            shape=self._common_shape(leaving) if edge in ("", "collected") else (),
            training_only=item.path in layout.training_only and self._scope.path not in layout.training_only,
            merges=isinstance(item, Node) and len(item.inputs) > 1 and not edge,
            device=layout.devices.get(item.path),
            moves=Moves(moved, layout.placement.has_weights(item)),
            is_stored=is_stored(item),
            edge=edge,
        )

    def _common_shape(self, leaving: list[str]) -> Shape:
        """Return the shape of the values of an item, or an empty one where they differ."""
        shapes = {self._layout.graph.shape_of(value) for value in leaving}
        return shapes.pop() if len(shapes) == 1 else ()

    def _function(self, node: Node) -> TorchCall:
        torch = self._layout.text_of(node)
        slots = (each._replace(owner=node.op.name, in_function=True) for each in _torch_slots(node, torch, None))
        return TorchCall(torch, self._take(slots))

    def _take(self, slots: Iterable[Slot]) -> range:
        """Add slots and return their positions."""
        first = len(self._slots)
        self._slots.extend(slots)
        return range(first, len(self._slots))

    def _hints(self, item: Item, leaving: list[str]) -> tuple[str, ...]:
        if isinstance(item, Node) and len(leaving) > 1:
            names = item.op.result_names or ("",) * len(leaving)
            returned = self._layout.output_names
            return tuple(returned.get(value) or name for value, name in zip(leaving, names, strict=True))
        return (self._hint(item, leaving),) if len(leaving) == 1 else tuple(map(self._state, leaving))

    def _hint(self, item: Item, leaving: list[str]) -> str:
        """Return the name of a value in the document: that of an output, a label, or a branch of a merge."""
        if leaving[0] in self._layout.output_names:
            return self._layout.output_names[leaving[0]]
        if edge_of(item) == "element" and isinstance(item, Node):
            is_named = item.label and item.label not in self._scope.input_names
            return item.label if is_named else f"{item.label or 'x'}_t"
        state = self._state(leaving[0]) if len(leaving) == 1 and not edge_of(item) else ""
        if state:
            return state
        if isinstance(item, Node):
            return item.label
        if item.name.rstrip("0123456789") in ("", item.block) or not self._is_merged(leaving):
            return ""
        return {"downsample": "shortcut"}.get(item.name, item.name)

    def _state(self, value: str) -> str:
        """Return the name of the state that a value becomes, under which it is best computed, or an empty text."""
        readers = (node for node in self._layout.graph.consumers()[value] if node.scope is self._scope)
        return next((node.label for node in readers if edge_of(node) == "next_state"), "")

    def _is_merged(self, paths: list[str]) -> bool:
        """Return whether a line of this class merges one of the values with others."""
        readers = (node for path in paths for node in self._layout.graph.consumers()[path])
        return any(len(node.inputs) > 1 and self._layout.homes[node] is self._scope for node in readers)

    # members

    def _member(self, item: Item) -> Attribute:
        """Return the member for an item; the first use of a module also constructs it."""
        known = self._attributes.get(item.module)
        if known is not None:
            return known
        path = path_inside(item.module, self._scope.module)
        attribute = self._attributes[item.module] = Attribute(path.rpartition(".")[0], item.name)
        # A module at another path than the item's was constructed by an inner class for an earlier use.
        if path == path_inside(item.path, self._scope.path):
            is_buffer = isinstance(item, Node) and isinstance(item.op, Constant)
            self._members.append(Member(attribute, self._construct(item), is_buffer))
        return attribute

    def _construct(self, item: Item) -> Construct:
        if isinstance(item, Node):
            torch = self._layout.text_of(item)
            operand = self._values.get(item.inputs[0]) if item.inputs else None
            return TorchCall(torch, self._take(_torch_slots(item, torch, operand)))
        if self._layout.forms[item.path] == "sequential":
            return Sequential(tuple(self._construct(inner) for inner in self._layout.items[item.path]))
        instance = self._instances[item.path]
        operand = self._values.get(next(iter(self._layout.live[item.path].live_ins), ""))
        return Nested(instance.number, self._take(_nested_slots(item, instance, operand)))


def _torch_slots(node: Node, torch: Torch, operand: int | None) -> Iterator[Slot]:
    written = _with_padding(node.op, dict(node.expressions))
    for each in torch.arguments:
        yield Slot(
            each.name,
            each.value,
            expression=written.get(each.field or each.name, ""),
            owner=node.name,
            counts=bool(each.counts),
            operand=operand if each.counts == "in_channels" else None,
            is_in_channels=each.counts == "in_channels",
            required=each.counts in ("in_channels", "channels"),
            in_place=each.name == "inplace",
        )


def _with_padding(op: Op, written: dict[str, str]) -> dict[str, str]:
    """Return the expressions of arguments, with one for padding that follows from the kernel."""
    if getattr(op, "padding", None) != "auto":
        return written
    kernel, dilation = getattr(op, "kernel", 1), written.get("dilation", getattr(op, "dilation", 1))
    if "kernel" in written:
        written["padding"] = f"({dilation}) * (({written['kernel']}) - 1) // 2"
    elif "dilation" in written and isinstance(kernel, int) and kernel % 2:
        written["padding"] = f"({dilation}) * {kernel // 2}"
    return written


def _nested_slots(scope: Scope, instance: Instance, operand: int | None) -> Iterator[Slot]:
    written = dict(scope.expressions)
    for parameter, value in zip(instance.parameters, instance.values, strict=True):
        expression = next((written[name] for name in parameter.arguments if name in written), "")
        yield Slot(
            parameter.name,
            value,
            expression,
            owner=scope.name,
            counts=parameter.counts,
            operand=operand if parameter.is_in_channels else None,
            is_in_channels=parameter.is_in_channels,
            required=parameter.required and (parameter.is_in_channels or not parameter.arguments),
        )


def _initializers(scope: Scope, layout: Layout) -> Iterator[OwnInitializers]:
    """Yield the layers of a class with initializers of their own step."""
    for item in layout.items[scope.path]:
        if isinstance(item, Node):
            if item.init:
                rows = tuple(item.op.zero_rows().items())
                yield OwnInitializers(path_inside(item.module, scope.module), item.init, rows, is_stored(item))
        elif layout.forms[item.path] == "sequential":
            for each in _initializers(item, layout):
                yield replace(each, path=f"{item.name}.{each.path}")
