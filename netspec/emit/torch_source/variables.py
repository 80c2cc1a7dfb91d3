"""Names for the values of a ``forward``: each name is given anew as soon as nobody needs what it held."""

from __future__ import annotations

import builtins
import keyword

from netspec.emit.torch_source.description import Description, Statement

SPARE = ("out", "y", "z")


def name_values(description: Description) -> dict[int, str]:
    """Return the variable of every value of a class's ``forward``, by the value's position."""
    last = _last_uses(description)
    names: dict[int, str] = {}
    held: dict[str, int] = {}
    for position, (value, hint) in enumerate(zip(description.inputs, description.input_hints, strict=True)):
        wanted = _usable(hint) if hint else ("x" if position == 0 else f"x{position + 1}")
        _hold(value, wanted if wanted not in held else f"{wanted}{position + 1}", names, held)
    for line, statement in enumerate(description.statements):
        free = {name for name, value in held.items() if last.get(value, -1) <= line}
        for value in statement.results:
            name = _choose(value, statement, names, held, free)
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


def _choose(value: int, statement: Statement, names: dict[int, str], held: dict[str, int], free: set[str]) -> str:
    def is_free(name: str) -> bool:
        return name in free or name not in held

    candidates: list[str] = []
    if statement.hint and len(statement.results) == 1:
        candidates.append(_usable(statement.hint))
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


def _usable(name: str) -> str:
    """Return a name that shadows nothing in the generated file."""
    shadows = keyword.iskeyword(name) or hasattr(builtins, name) or name in ("self", "torch", "nn", "F", "Tensor")
    return f"{name}_" if shadows else name
