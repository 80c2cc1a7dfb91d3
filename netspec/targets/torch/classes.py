"""The classes of the file: scopes of the same structure share one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netspec.diagnostics import Code, SpecError
from netspec.ir import Scope
from netspec.ir.equality import Structure
from netspec.targets.torch.equivalence import ClassEquivalence
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.parameterize import parameterize
from netspec.targets.torch.plan import ClassPlan, GeneratedClass, Instance
from netspec.targets.torch.planner import plan_class


def generate_classes(layout: Layout) -> tuple[GeneratedClass, ...]:
    """Return the classes of the file, inner ones before those that use them; the network's is the last.

    Raises: SpecError NS0506 where a module is shared by scopes that need different code.
    """
    classes: list[GeneratedClass] = []
    instances: dict[str, Instance] = {}
    plans: dict[str, ClassPlan] = {}
    structure = Structure(ClassEquivalence(layout, plans))
    for level in _levels(layout):
        plans.update((scope.path, plan_class(scope, layout, instances)) for scope in level)
        # Whether a dense block is a loop is known only once it is planned, so scopes are compared level by level.
        equal: dict[int, list[ClassPlan]] = {}
        for scope in level:
            equal.setdefault(structure[scope], []).append(plans[scope.path])
            _check_shared(scope, plans, structure)
        for each in equal.values():
            generated = parameterize(len(classes), each, layout)
            classes.append(generated)
            instances.update(generated.instances())
    return tuple(classes)


def _levels(layout: Layout) -> list[list[Scope]]:
    """Return the scopes that are classes by level, those without inner classes first."""
    heights: dict[str, int] = {}
    levels: dict[int, list[Scope]] = {}
    for scope in reversed(list(layout.graph.root.descend())):
        inner = [heights[each.path] for each in scope.scopes]
        is_class = layout.forms[scope.path] in ("class", "sequential_class")
        # Planning a class needs the constructors of its inner classes, which are on lower levels.
        heights[scope.path] = max(inner, default=-1) + (1 if is_class else 0)
        if is_class:
            levels.setdefault(heights[scope.path], []).append(scope)
    return [list(reversed(levels[height])) for height in sorted(levels)]


def _check_shared(scope: Scope, plans: Mapping[str, ClassPlan], structure: Structure) -> None:
    """Raise SpecError when a scope that shares an earlier one's module would need different code.

    The code of a block may depend on the size of its input, and a module is built once.
    """
    owner, plan = plans.get(scope.module), plans[scope.path]
    if owner is plan:
        return
    if owner is not None and structure.equal(owner.scope, scope) and _values(owner) == _values(plan):
        return
    raise SpecError.of(
        Code.INVALID_SHARING,
        f"'{scope.module}' is shared by steps that need other code for it",
        scope.span,
        help="give both the same input size, or write the block so that it does not depend on it",
    )


def _values(plan: ClassPlan) -> list[Any]:
    return [slot.value for slot in plan.slots if not slot.in_place]
