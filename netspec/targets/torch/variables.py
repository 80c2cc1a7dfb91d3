"""Names for the values of a ``forward``: each name is given anew as soon as nobody needs what it held."""

from __future__ import annotations

from netspec.targets.torch.plan import Description, Statement
from netspec.targets.torch.reserved import free_name

SPARE = ("out", "y", "z")


def name_values(description: Description, reserved: frozenset[str]) -> dict[int, str]:
    """Return the variable of every value of a class's ``forward``, by the value's position."""
    reserved |= {"self"}
    last = _last_uses(description)
    names: dict[int, str] = {}
    held: dict[str, int] = {}
    for position, (value, hint) in enumerate(zip(description.inputs, description.input_hints, strict=True)):
        wanted = hint or ("x" if position == 0 else f"x{position + 1}")
        _hold(value, free_name(wanted, reserved, held), names, held)
    for line, statement in enumerate(description.statements):
        free = {name for name, value in held.items() if last.get(value, -1) <= line}
        for value in statement.results:
            name = _choose(statement, names, held, free, reserved)
            free.discard(name)
            _hold(value, name, names, held)
    return names


def _hold(value: int, name: str, names: dict[int, str], held: dict[str, int]) -> None:
    names[value] = name
    held[name] = value


def _last_uses(description: Description) -> dict[int, int]:
    last = {value: line for line, statement in enumerate(description.statements) for value in statement.operands}
    end = len(description.statements)
    last.update(dict.fromkeys(description.outputs, end))
    for line, statement in enumerate(description.statements):
        for value in statement.results:
            last.setdefault(value, line)
    return last


def _choose(
    statement: Statement, names: dict[int, str], held: dict[str, int], free: set[str], reserved: frozenset[str]
) -> str:
    def is_free(name: str) -> bool:
        return name in free or name not in held

    candidates: list[str] = []
    if statement.hint and len(statement.results) == 1:
        candidates.append(free_name(statement.hint, reserved, ()))
    operands = [names[operand] for operand in statement.operands]
    candidates += ["x", *operands] if statement.merges else [*(name for name in operands if name in free), "x"]
    candidates += SPARE
    for candidate in candidates:
        if is_free(candidate):
            return candidate
    number = 2
    while not is_free(f"out{number}"):
        number += 1
    return f"out{number}"
