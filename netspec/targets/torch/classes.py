"""Which classes the file has: scopes of the same structure share one."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, SpecError
from netspec.ir import Scope
from netspec.ops import Torch
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.parameterize import parameterize
from netspec.targets.torch.plan import ClassPlan, Construct, GeneratedClass, Instance, Nested, Statement, TorchCall
from netspec.targets.torch.planner import plan_class


def generate_classes(layout: Layout) -> tuple[GeneratedClass, ...]:
    """Return the classes of the file, inner ones before those that use them; the network's is the last.

    Raises: SpecError NS0506 where a module is shared by scopes that come to different code.
    """
    classes: list[GeneratedClass] = []
    instances: dict[str, Instance] = {}
    for level in _levels(layout):
        plans = {scope.path: plan_class(scope, layout, instances) for scope in level}
        alike: dict[Any, list[ClassPlan]] = {}
        for plan in plans.values():
            alike.setdefault(structure(plan), []).append(plan)
        for scope in level:
            _check_shared(scope, plans)
        for each in alike.values():
            made = parameterize(len(classes), each, layout)
            classes.append(made)
            instances.update(made.instances())
    return tuple(classes)


def _levels(layout: Layout) -> list[list[Scope]]:
    """Return the scopes that are classes, those without inner classes first."""
    heights: dict[str, int] = {}
    levels: dict[int, list[Scope]] = {}
    for scope in reversed(list(layout.graph.root.descend())):
        inner = [heights[each.path] for each in scope.scopes]
        is_class = layout.forms[scope.path] in ("class", "sequential_class")
        # A class is planned with the constructors of all classes inside it, so those of a level need only lower ones.
        heights[scope.path] = max(inner, default=-1) + (1 if is_class else 0)
        if is_class:
            levels.setdefault(heights[scope.path], []).append(scope)
    return [list(reversed(levels[height])) for height in sorted(levels)]


def _check_shared(scope: Scope, plans: dict[str, ClassPlan]) -> None:
    """Raise SpecError when a scope that uses an earlier one's module would need other code than that one.

    What a block comes to may depend on the size of what enters, and a module is built once.
    """
    owner, plan = plans.get(scope.module), plans[scope.path]
    if owner is plan or (owner is not None and _is_interchangeable(owner, plan)):
        return
    raise SpecError.of(
        Code.INVALID_SHARING,
        f"'{scope.module}' is shared by steps that need other code for it",
        scope.span,
        help="give both the same input size, or write the block so that it does not depend on it",
    )


def _is_interchangeable(one: ClassPlan, other: ClassPlan) -> bool:
    return structure(one) == structure(other) and _values(one) == _values(other)


def _values(plan: ClassPlan) -> list[Any]:
    return [slot.value for slot in plan.slots if not slot.in_place]


# what the scopes of one class have in common


def structure(plan: ClassPlan) -> tuple[Any, ...]:
    """Return everything that a class's text follows from, but for the values of its slots.

    That is not ``ir.equality``: convolutions of other strides can share a class, and equal ones cannot where only one
    of them may work in place.
    """
    block = plan.scope.block if plan.scope.kind == "block" else None
    members = tuple((each.attribute, _construct_key(each.construct)) for each in plan.members)
    return (
        block,
        plan.is_sequential,
        plan.inputs,
        plan.outputs,
        members,
        tuple(map(_statement_key, plan.statements)),
        repr(plan.initializers),  # as text, where 1 is not 1.0
        plan.loop and (plan.loop, *(step.value == 0 for step in plan.growth)),
    )


def _statement_key(each: Statement) -> tuple[Any, ...]:
    called = _torch_key(each.called.torch) if isinstance(each.called, TorchCall) else each.called
    return called, each.operands, each.results, each.training_only, each.moves.operands


def _construct_key(construct: Construct) -> Any:
    if isinstance(construct, TorchCall):
        return _torch_key(construct.torch)
    if isinstance(construct, Nested):
        return construct.number
    return tuple(map(_construct_key, construct.parts))


def _torch_key(torch: Torch) -> tuple[Any, ...]:
    return torch.template, torch.layer, tuple((each.name, each.positional) for each in torch.arguments)
