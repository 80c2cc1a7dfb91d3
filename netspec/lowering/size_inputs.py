"""Which values the sizes among the arguments of an op are computed from, where its operands do not have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netspec.lowering.values import Value
from netspec.ops import Op
from netspec.sizes import Dim, Size
from netspec.sizes.local import express

Labels = Sequence[Mapping[str, tuple[Value, ...] | None]]


def size_inputs(op: Op, operands: tuple[Value, ...], labels: Labels, entering: tuple[Value, ...]) -> tuple[str, ...]:
    """Return the values, beside the operands, that the open sizes among an op's arguments are computed from.

    ``labels`` are those in sight of the step, the innermost first, and ``entering`` the inputs of the network.
    """
    chosen: dict[str, Value] = {value.path: value for value in operands}
    for size in op.open_sizes():
        if express(size, _sizes_of(chosen.values())) is None:
            visible = [value for each in labels for values in each.values() for value in values or ()]
            chosen.update((value.path, value) for value in _sources(size, operands, visible) or entering)
    found = list(chosen.values())[len({value.path for value in operands}) :]
    # Floats first: of what has no operand, the first of them says the dtype.
    return tuple(value.path for value in sorted(found, key=lambda value: value.dtype != "float"))


def _sources(size: Dim, operands: tuple[Value, ...], visible: Iterable[Value]) -> list[Value]:
    """Return the visible value with which a size is computed most simply; an empty list where none suffices."""
    # Names of values do not matter: what is compared is the arithmetic on them.
    found: dict[int, Value] = {}
    for value in visible:
        known = {f"x{place}": each for place, each in enumerate(_sizes_of([*operands, value]).values())}
        text = express(size, known)
        if text is not None:
            found.setdefault(len(text), value)
    return [found[min(found)]] if found else []


def _sizes_of(values: Iterable[Value]) -> dict[str, Size]:
    """Return the sizes of values by the place where each is read."""
    return {f"{value.path}:{axis}": size for value in values for axis, size in enumerate(value.shape)}
