"""What steps that share a module must have in common: the op, the weights, and all that a block computes."""

from __future__ import annotations

from typing import NamedTuple

from netspec.diagnostics import Code, Note, Span, SpecError
from netspec.ir import Scope
from netspec.ops import Op
from netspec.sizes.shape import Shape


class Owner(NamedTuple):
    """A step that uses a module: its op, the shapes of the weights, and its place."""

    op: Op
    parameters: dict[str, Shape]
    span: Span
    frozen: bool = False


def check_owner(module: str, owner: Owner, first: Owner) -> None:
    """Raise SpecError when a step cannot share the module of the first that uses it."""
    # Weights before arguments: ops on other channels differ in both, and the channels are what to mend.
    if owner.parameters != first.parameters:
        message, help_text = "other weights", "steps that share a module must take and give the same channels"
    elif owner.op != first.op:
        message, help_text = "other arguments", "steps that share a module must have the same arguments"
    elif owner.frozen != first.frozen:
        message, help_text = "and without training", "steps that share a module must have the same `train`"
    else:
        return
    raise _invalid(f"'{module}' is shared by steps with {message}", owner.span, first.span, help_text)


def check_block(module: str, block: str, first: Scope | None, span: Span) -> None:
    """Raise SpecError when a block would share the module of another block."""
    if first is None or first.block == block:
        return
    message = f"'{module}' is shared by a block and by something else"
    if first.block and block:
        message = f"'{module}' cannot be both a {first.block} and a {block}"
    raise _invalid(message, span, first.span, "give each another `share`")


def check_contents(scope: Scope, first: Scope) -> None:
    """Raise SpecError when a scope computes something else than the first that has its module."""
    if _contents(scope) != _contents(first):
        message = f"'{scope.module}' is shared by steps that compute different things"
        raise _invalid(message, scope.span, first.span, "give each another `share`, or make both the same block")


def _contents(scope: Scope) -> list[object]:
    """Return what a scope computes, in terms that do not depend on its path."""
    nodes = list(scope.traverse())
    places = {node.path: place for place, node in enumerate(nodes)}
    entered = {path: (place,) for place, path in enumerate(scope.inputs)}

    def inside(paths: tuple[str, ...]) -> list[object]:
        return [entered.get(path, places.get(path, path)) for path in paths]

    return [*((node.module, node.op, node.init, inside(node.inputs)) for node in nodes), inside(scope.outputs)]


def _invalid(message: str, span: Span, first: Span, help_text: str) -> SpecError:
    return SpecError.of(Code.INVALID_SHARING, message, span, help=help_text, notes=[Note(first, "the first")])
