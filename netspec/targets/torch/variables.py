"""Variables for the values of a ``forward``: a variable is reused once its value is dead."""

from __future__ import annotations

from collections.abc import Sequence

from netspec.targets.torch.plan import Attribute, ClassPlan, Statement
from netspec.targets.torch.reserved import free_name

SPARE = ("out", "y", "z")


def name_values(plan: ClassPlan, reserved: frozenset[str]) -> tuple[str, ...]:
    """Return the variable of every value of a class's ``forward``, by the value's number."""
    return tuple(_Variables(plan, reserved | {"self"}).names)


class _Variables:
    """The variables of one ``forward``, line by line: which are in use, and from which line on each is free."""

    def __init__(self, plan: ClassPlan, reserved: frozenset[str]) -> None:
        self.names: list[str] = []
        self._reserved = reserved
        self._held: dict[str, int] = {}
        self._free: set[str] = set()
        self._last_uses = _last_uses(plan)
        self._released: dict[int, list[int]] = {}
        self._lowest = 2
        """No new name with a number below this is free."""
        for position, hint in enumerate(plan.input_hints[: len(plan.inputs)]):
            wanted = hint or ("x" if position == 0 else f"x{position + 1}")
            self._hold(free_name(wanted, reserved, self._held), line=-1)
        for number, line in enumerate(plan.statements):
            self._release(number)
            if line.is_stored and isinstance(line.called, Attribute):
                self.names.append(f"self.{line.called.path}")
                continue
            for hint in line.hints:
                # After the last round, a state is what the variable holds that each round begins with.
                known = line.edge == "next_state"
                self._hold(self.names[line.operands[1]] if known else self._choose(line, hint), number)

    def _hold(self, name: str, line: int) -> None:
        """Assign a name to the next value, from a line on until its last use."""
        value = len(self.names)
        self.names.append(name)
        self._held[name] = value
        self._free.discard(name)
        self._released.setdefault(max(self._last_uses.get(value, line), line + 1), []).append(value)

    def _release(self, line: int) -> None:
        """Free the names of the values whose last use is this line or the one before."""
        for value in self._released.pop(line, ()):
            name = self.names[value]
            # An earlier line may have reassigned the name.
            if self._held[name] == value:
                self._free.add(name)
                if name.startswith("out") and name[3:].isdecimal():
                    self._lowest = max(2, min(self._lowest, int(name[3:])))

    def _is_free(self, name: str) -> bool:
        return name in self._free or name not in self._held

    def _choose(self, line: Statement, hint: str) -> str:
        """Return a name for a result: the document's hint, that of a dead operand, or a new one."""
        # A name from the document is most informative; otherwise a chain of layers reuses that of its operand.
        candidates: list[str] = []
        if hint:
            candidates.append(free_name(hint, self._reserved, ()))
        # The result of a merge is ``x`` again, as before the branches.
        # An attribute is no variable: the next value must not replace it.
        operands = [name for name in (self.names[operand] for operand in line.operands) if "." not in name]
        candidates += ["x", *operands] if line.merges else [*(each for each in operands if each in self._free), "x"]
        candidates += SPARE
        return next(filter(self._is_free, candidates), "") or self._numbered()

    def _numbered(self) -> str:
        while not self._is_free(f"out{self._lowest}"):
            self._lowest += 1
        return f"out{self._lowest}"


def _last_uses(plan: ClassPlan) -> dict[int, int]:
    """Return the line of the last use of each value, by the value's number."""
    last = {value: number for number, line in enumerate(plan.statements) for value in line.reads}
    last.update(dict.fromkeys(plan.outputs, len(plan.statements)))
    begins = first_of_round(plan.statements)
    own = {value for line in plan.statements[begins:] for value in line.results}
    own.update(value for line in plan.statements if line.edge in ("element", "state") for value in line.results)
    for number, line in enumerate(plan.statements):
        for value in line.reads:
            # What all rounds read is kept until the last of them ends.
            if begins and value not in own:
                ends = len(plan.statements) if number >= begins else begins if line.edge == "element" else number
                last[value] = max(last[value], ends)
    return last


def first_of_round(statements: Sequence[Statement]) -> int:
    """Return the position of the first line of a round behind what it begins with; 0 if there is no loop."""
    heads = [number for number, line in enumerate(statements) if line.edge in ("list", "element", "state")]
    return heads[-1] + 1 if heads else 0
