"""The lines of a network's ``forward`` that refuse sizes which torch would compute something else at.

Most sizes that are not legal fail by themselves, in the layer that cannot take them. A slice beyond the end, axes of
size 1 that stretch, and a step that was chosen by a size do not: they would give another result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netspec.ir import Graph
from netspec.sizes import Domain, Guard, Reason
from netspec.sizes.shape import AXES

_WORDS = {axis[0].upper(): axis for axes in AXES.values() for axis in axes}


class SizeCheck(NamedTuple):
    """A condition over the sizes of inputs, and what is said where it is not met."""

    condition: str
    message: str


def size_checks(graph: Graph, variables: Mapping[str, str]) -> Iterator[SizeCheck]:
    """Yield the checks of a network whose inputs have those variables."""
    places = {
        name: f"{variables[each.name]}.shape[{axis}]"
        for each in graph.inputs
        if each.name in variables
        for axis, name in enumerate(each.symbols, start=1)
        if name is not None
    }
    silent, left = _sorted_out(graph)
    for guard in silent:
        names = [symbol.name for symbol in guard.symbols]
        allowed = guard.domain
        if allowed is not None:
            # What was checked before, or fails by itself, needs no line of its own.
            if left[names[0]] <= allowed:
                continue
            left[names[0]] &= allowed
        if all(name in places for name in names):
            text = _condition(guard)
            code = _renamed(text, places).replace("floor(", "int(")
            yield SizeCheck(code, f"{graph.name} needs {_renamed(text, {name: _word(name) for name in names})}")


def _sorted_out(graph: Graph) -> tuple[list[Guard], dict[str, Domain]]:
    """Return the conditions that torch does not check, and the sizes at which what it checks is met."""
    silent: list[Guard] = []
    left = dict.fromkeys(graph.sizes.stated, Domain.between(1))
    for guard in graph.sizes.guards_in("evaluation"):
        if all(_is_silent(reason, graph) for reason in guard.reasons):
            silent.append(guard)
        elif (allowed := guard.domain) is not None:
            (symbol,) = guard.symbols
            left[symbol.name] &= allowed
    return silent, left


def _is_silent(reason: Reason, graph: Graph) -> bool:
    """Return whether the network computes something at sizes for which the answer would be another."""
    node = graph.by_path.get(str(reason.subject))
    if reason.kind == "chosen" or node is None:
        return True
    if reason.kind == "fixes":
        # Weights of one size refuse all others.
        return not node.op.list_parameters(*map(graph.shape_of, node.inputs))
    return not node.op.checks_sizes


def _condition(guard: Guard) -> str:
    """Return the condition as a comparison: for a limit of one size that size and the limit alone."""
    allowed = guard.domain
    if allowed is not None and allowed.period == 1 and len(allowed.rows.get(0, ())) == 1:
        (symbol,) = guard.symbols
        ((least, most),) = allowed.rows[0]
        if least == most:
            return f"{symbol.name} == {least}"
        if least == 1 or most is None:
            return f"{symbol.name} >= {least}" if most is None else f"{symbol.name} <= {most}"
    return str(guard)


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda match: names.get(match[0], match[0]), text)


def _word(name: str) -> str:
    """Return the word for an axis: `image height` for ``image_H``."""
    entering, _, axis = name.rpartition("_")
    return f"{entering} {_WORDS.get(axis, axis)}".strip()
