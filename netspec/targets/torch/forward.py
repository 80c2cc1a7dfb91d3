"""Lines of ``forward``: one call after the other, each result with its shape in a comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netspec.sizes.shape import show
from netspec.targets.torch.constructor import local_lines
from netspec.targets.torch.document import Brackets, Document, Line, call, expression, literal
from netspec.targets.torch.plan import Statement, TorchCall
from netspec.targets.torch.program import NamedClass
from netspec.targets.torch.size_checks import SizeCheck
from netspec.targets.torch.templates import fill_locals, fill_template
from netspec.targets.torch.variables import first_of_round


def forward(
    named: NamedClass, result: tuple[str, Document] | None = None, checks: Iterable[SizeCheck] = ()
) -> Iterator[Line]:
    """Yield the lines of a ``forward``; ``result`` is its return type and expression, if not just values.

    ``checks`` are of the sizes of what enters.
    """
    plan, variables = named.generated.first, named.variables
    results = [variables[value] for value in plan.outputs]
    single = len(results) == 1
    kind, returned = result or (
        "Tensor" if single else f"tuple[{', '.join(['Tensor'] * len(results))}]",
        results[0] if single else Brackets("(", tuple(results), ")", optional=True),
    )
    taken = (f"{variables[value]}: Tensor" for value in plan.inputs)
    yield Line(1, Brackets("def forward(", ("self", *taken), f") -> {kind}:"))
    # An `if` would end the tracing of torch.fx, which records this call.
    yield from (Line(2, call("torch._assert", (each.condition, literal(each.message)))) for each in checks)
    statements = [each for each in named.generated.statements if not each.is_stored]
    if first_of_round(statements):
        yield from _rounds(statements, named)
        statements = [each for each in statements if each.edge == "collected"]
    # The last statement needs no variable if it computes exactly the returned values.
    ends = result is None and bool(statements) and statements[-1].results == plan.outputs
    held: dict[str, str] = {}
    for statement in statements[:-1] if ends else statements:
        yield from _locals(statement, named, held)
        targets = ", ".join(variables[value] for value in statement.results)
        yield Line(2, _computed(statement, named), before=f"{targets} = ", comment=_comment(statement))
    if ends:
        yield from _locals(statements[-1], named, held)
        yield Line(2, _computed(statements[-1], named), before="return ", comment=_comment(statements[-1]))
    else:
        yield Line(2, returned, before="return ")


def _rounds(statements: list[Statement], named: NamedClass) -> Iterator[Line]:
    """Yield the loop of a scan, with what is before it."""
    variables, begins = named.variables, first_of_round(statements)
    for each in sorted(statements[:begins], key=lambda each: each.edge != "list"):
        (target,) = [variables[value] for value in each.results]
        if each.edge != "element" and not (each.edge == "state" and target == variables[each.operands[0]]):
            yield Line(2, _computed(each, named), before=f"{target} = ", comment=_comment(each))
    elements = [each for each in statements if each.edge == "element"]
    sequences: list[Document] = [_computed(each, named) for each in elements]
    targets = ", ".join(variables[value] for each in elements for value in each.results)
    # Not to end silently with the shortest.
    over = sequences[0] if len(sequences) == 1 else call("zip", [*sequences, "strict=True"])
    yield Line(2, over, before=f"for {targets} in ", after=":")
    for each in statements[begins:]:
        if not each.edge:
            targets = ", ".join(variables[value] for value in each.results)
            yield Line(3, _computed(each, named), before=f"{targets} = ", comment=_comment(each))
    for each in statements:
        if each.edge == "collected":
            yield Line(3, f"{variables[each.operands[1]]}.append({variables[each.operands[0]]})")
    # All at once, since one state may be what another one was.
    handed = (map(variables.__getitem__, each.operands) for each in statements if each.edge == "next_state")
    moved = [(old, new) for new, old in handed if old != new]
    if moved:
        yield Line(3, ", ".join(new for _, new in moved), before=f"{', '.join(old for old, _ in moved)} = ")


def dense_forward() -> Iterator[Line]:
    """Yield the lines of the ``forward`` of a dense block, which concatenates the results of its layers."""
    yield Line(1, "def forward(self, x: Tensor) -> Tensor:")
    yield Line(2, "for layer in self.children():")
    yield Line(3, "x = torch.cat([x, layer(x)], 1)")
    yield Line(2, "return x")


def _locals(statement: Statement, named: NamedClass, held: dict[str, str]) -> Iterator[Line]:
    """Yield the lines of the variables that a statement needs, unless they hold that already."""
    called = statement.called
    if isinstance(called, TorchCall) and called.torch.locals:
        texts = named.generated.texts_of(called.slots)
        yield from local_lines(fill_locals(called.torch, texts, _operands(statement, "", named), named.locals), held)


def _computed(statement: Statement, named: NamedClass) -> Document:
    """Return the expression that computes a statement's results."""
    called = statement.called
    if isinstance(called, TorchCall):
        texts = named.generated.texts_of(called.slots)
        computed = fill_template(called.torch, texts, _operands(statement, "", named), named.locals)
    else:
        module = named.reach(called)
        computed = call(module, _operands(statement, module, named))
    if not statement.training_only:
        return computed
    # A value that exists in training only still needs a variable, which the last line returns.
    nothing = ", ".join("None" for _ in statement.results)
    return expression(computed, "if self.training", "else " + (f"({nothing})" if "," in nothing else nothing))


def _operands(statement: Statement, module: str, named: NamedClass) -> list[str]:
    """Return the operands, those on other devices moved to the module's weights, or to the first operand."""
    operands = [named.variables[value] for value in statement.operands]
    # Devices are chosen when the network is built, so the file can only refer to the device of a tensor.
    moves = statement.moves
    there = f"next({module}.parameters()).device" if moves.to_weights else f"{operands[0]}.device" if operands else ""
    return [f"{name}.to({there})" if index in moves.operands else name for index, name in enumerate(operands)]


def _comment(statement: Statement) -> str:
    comments = [show(statement.shape)] if statement.shape else []
    comments += [f"device {statement.device}"] if statement.device is not None else []
    return ", ".join(comments)
