"""The open sizes of one graph: the decisions about them, their reasons, and the legal sizes that follow.

While a graph is built, every comparison whose answer depends on a size is answered at the stated sizes, and recorded as
a guard: at sizes with another answer, the document has another graph.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from contextvars import ContextVar, Token
from math import lcm
from typing import Any

from netspec.sizes.algebra import add, constant, factor, scale, substitute
from netspec.sizes.domain import Domain
from netspec.sizes.form import Form, Range, Symbol, atom, form
from netspec.sizes.guard import Guard, Phase, Reason
from netspec.sizes.printing import condition, formula
from netspec.sizes.solver import EVERY_SIZE, LONGEST_PERIOD, Relation, always, solve


class OpenSizeError(RuntimeError):
    """A question about an open size that cannot be answered outside of the construction of the graph."""


class SizeContext:
    """Open sizes with their stated values, and the guards that were recorded on them until it was frozen.

    Example:
        >>> from netspec.sizes import Reason, symbol
        >>> height, context = symbol("H", 224), SizeContext({"H": 224})
        >>> with context.deciding(Reason(span="line 7", subject="pool")):
        ...     (height - 3) // 2 + 1 < 1
        False
        >>> context.freeze()
        >>> [str(guard) for guard in context.guards], context.domain("H").minimum
        (['(H + 1) // 2 >= 2'], 3)
    """

    def __init__(self, stated: Mapping[str, int]) -> None:
        self.stated = dict(stated)
        self.frozen = False
        self._guards: dict[tuple[Form, Relation], Guard] = {}
        self._asked: dict[Hashable, dict[Guard, Reason]] = {}
        self._domains: dict[tuple[str, Phase], Domain] = {}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}={size}" for name, size in self.stated.items())
        return f"<SizeContext {sizes}: {len(self._guards)} guards>"

    @property
    def guards(self) -> tuple[Guard, ...]:
        """Every condition that was decided at the stated sizes, in the order in which it was first asked."""
        return tuple(self._guards.values())

    def deciding(self, reason: Reason) -> Deciding:
        """Return a context manager in which comparisons of sizes are decided, and recorded for that reason."""
        return Deciding(self, reason)

    def active(self) -> Deciding:
        """Return a context manager in which comparisons are answered if the answer is known; nothing is recorded."""
        return Deciding(self, None)

    def assuming(self) -> Deciding:
        """Return a context manager in which comparisons are answered at the stated sizes; nothing is recorded.

        It is for analyses of a network whose legal sizes are known: at each of them it is the same network.
        """
        return Deciding(self, _ASSUMED)

    def freeze(self, training: Collection[Hashable] = ()) -> None:
        """Record nothing from here on; ``training`` holds the subjects that exist in training only."""
        self.frozen = True
        self._domains.clear()
        for guard in self._guards.values():
            guard.settle(training)

    def answer(self, difference: Form, relation: Relation, reason: Reason | None) -> bool | None:
        """Return whether a relation holds that depends on the sizes; None if that is not known here."""
        key = (difference, relation)
        guard = self._guards.get(key)
        if guard is None and relation == "==":
            # f == 0 and -f == 0 are one question.
            guard = self._guards.get((scale(difference, -1), relation))
        # Once the graph is complete, its legal sizes may have been reported, and no guard may be added.
        holds = difference.stated == 0 if relation == "==" else difference.stated >= 0
        if reason is _ASSUMED:
            return holds
        if reason is None or self.frozen:
            return guard.holds if guard is not None else self._implied(difference, relation)
        if guard is None:
            guard = self._guards[key] = Guard(difference, relation, holds, reason)
            # Cached domains were computed from fewer guards.
            self._domains.clear()
        self._note(guard, reason)
        return guard.holds

    def _note(self, guard: Guard, reason: Reason) -> None:
        # An op often asks the same thing several times in a row.
        if guard.reasons[-1] != reason:
            guard.reasons.append(reason)
        self._asked.setdefault(reason.subject, {})[guard] = reason

    def repeat(self, subject: Hashable, span: Any, other: Hashable) -> None:
        """Record the guards of an earlier subject again, for another one at that place, which reuses its results."""
        # Most subjects have asked nothing.
        if asked := self._asked.get(subject):
            for guard, earlier in [*asked.items()]:
                self._note(guard, Reason(span, earlier.kind, other))

    def _implied(self, difference: Form, relation: Relation) -> bool | None:
        """Return the answer that is the same at all legal sizes, or None."""
        # The graph is the same at all legal sizes. An answer that is the same at all of them needs no guard of its own.
        solved = solve(difference, relation)
        if solved is not None:
            (symbol,) = difference.symbols
            domain = self.domain(symbol.name, "training")
            return True if domain <= solved else None if domain & solved else False
        low, high = difference.range(self._box("training"))
        if high is not None and high < 0:
            return False
        if relation == "==":
            return False if low is not None and low > 0 else None
        return True if low is not None and low >= 0 else None

    def _box(self, phase: Phase) -> dict[str, Range]:
        domains = {name: self.domain(name, phase) for name in self.stated}
        return {name: (each.minimum, each.maximum) for name, each in domains.items()}

    def pin(self, whole: Form, reason: Reason | None) -> int:
        """Return the stated value of a form, and record that it is fixed to that value.

        A product fixes each of its factors. That is stricter than necessary, since 7 x 8 elements could be 8 x 7, but a
        module for another shape is never intended.

        Raises:
            OpenSizeError: there is no reason, or the context is frozen, and the form is not fixed yet.
        """
        fixing = None if reason is None else reason._replace(kind="fixes")
        for each in factor(whole)[1] if whole.terms else ():
            difference = add(each, constant(each.stated), -1)
            if always(difference, "==") is None and not self.answer(difference, "==", fixing):
                raise OpenSizeError(f"{formula(whole)} is not fixed to {whole.stated}, and must not be fixed here")
        return whole.stated

    def guards_in(self, phase: Phase) -> Iterator[Guard]:
        """Yield the guards of a phase: in training all, in evaluation those that not only training needs."""
        return (each for each in self._guards.values() if phase in ("training", each.phase))

    def domain(self, name: str, phase: Phase = "evaluation") -> Domain:
        """Return the legal sizes of one symbol, from the solvable conditions on it alone."""
        known = self._domains.get((name, phase))
        if known is None:
            known = EVERY_SIZE
            for _, left in self.narrowed(name, phase):
                known = left
            self._domains[name, phase] = known
        return known

    def narrowed(self, name: str, phase: Phase = "evaluation") -> Iterator[tuple[Guard, Domain]]:
        """Yield each guard that narrows the legal sizes of a symbol, with the domain after it."""
        left = EVERY_SIZE
        for guard in self.guards_in(phase):
            if any(each.name == name for each in guard.symbols):
                allowed = guard.domain
                # Periods multiply: a domain with a period of thousands is not solved, and its guard stays a condition.
                if allowed is not None and lcm(left.period, allowed.period) <= LONGEST_PERIOD and not left <= allowed:
                    left = left & allowed
                    yield guard, left

    def settles(self, whole: Form, phase: Phase = "evaluation") -> bool:
        """Return whether a form has its stated value at all legal sizes.

        Example:
            >>> from netspec.sizes import Reason, symbol
            >>> height, context = symbol("H", 224), SizeContext({"H": 224})
            >>> with context.deciding(Reason()):
            ...     assert height % 2 == 0
            >>> context.settles((height % 2).form), context.settles((height % 4).form)
            (True, False)
        """
        if not whole.terms:
            return True
        solved = solve(add(whole, constant(-whole.stated)), "==")
        return solved is not None and all(self.domain(each.name, phase) <= solved for each in whole.symbols)

    def conditions(self, phase: Phase = "evaluation") -> list[Guard]:
        """Return the guards that no domain of one symbol expresses: those on several sizes, or not solved."""
        box = self._box(phase)
        return [each for each in self.guards_in(phase) if not self._expressed(each, phase, box)]

    def _expressed(self, guard: Guard, phase: Phase, box: Mapping[str, Range]) -> bool:
        allowed = guard.domain
        if allowed is not None:
            (symbol,) = guard.symbols
            return self.domain(symbol.name, phase) <= allowed
        low, high = guard.difference.range(box)
        return guard.relation == ">=" and (
            (guard.holds and low is not None and low >= 0) or (not guard.holds and high is not None and high < 0)
        )

    def broken(self, sizes: Mapping[str, int], phase: Phase = "evaluation") -> Guard | None:
        """Return the first guard that is violated at the given sizes of all symbols, or None if they are legal."""
        return next((each for each in self.guards_in(phase) if not each.met(sizes)), None)

    def domain_of_equal(self, names: Collection[str], phase: Phase = "evaluation") -> Domain | None:
        """Return the sizes that are legal when all those symbols are equal, as for square images.

        None means that the symbols are not stated equal, or that some condition cannot be solved even so.
        """
        if len({self.stated[each] for each in names}) != 1:
            return None
        left, one = EVERY_SIZE, next(iter(names))
        common = form(0, ((atom(Symbol, one, self.stated[one]), 1),))
        for guard in self.guards_in(phase):
            if any(each.name in names for each in guard.symbols):
                difference = substitute(guard.difference, dict.fromkeys(names, common))
                allowed = solve(difference, guard.relation) if difference.terms else EVERY_SIZE
                if allowed is None or lcm(left.period, allowed.period) > LONGEST_PERIOD:
                    return None
                left = left & (allowed if guard.holds or not difference.terms else ~allowed)
        return left


_ASSUMED = Reason(kind="chosen", subject="assumed")


class Deciding:
    """A ``with`` block in which one context answers comparisons, for a reason or without recording."""

    __slots__ = ("_token", "context", "reason")

    def __init__(self, context: SizeContext, reason: Reason | None) -> None:
        self.context, self.reason = context, reason

    def __enter__(self) -> SizeContext:
        self._token: Token[Deciding | None] = _SCOPE.set(self)
        return self.context

    def __exit__(self, *exception: object) -> None:
        _SCOPE.reset(self._token)


_SCOPE: ContextVar[Deciding | None] = ContextVar("netspec.sizes", default=None)


def in_scope() -> bool:
    """Return whether comparisons are about sizes here, rather than about formulas."""
    return _SCOPE.get() is not None


def known(difference: Form, relation: Relation) -> bool | None:
    """Return whether the relation holds: at all sizes, or as the active context answers; None if that is not known."""
    answer = always(difference, relation)
    if answer is None and (scope := _SCOPE.get()) is not None:
        return scope.context.answer(difference, relation, scope.reason)
    return answer


def decide(difference: Form, relation: Relation) -> bool:
    """Return whether the relation of a form to zero holds.

    Raises:
        OpenSizeError: the answer depends on the size, outside of any scope that decides.
    """
    answer = known(difference, relation)
    if answer is None:
        raise OpenSizeError(f"{condition(difference, relation)} at some sizes only, and no context decides here")
    return answer


def pin(whole: Form) -> int:
    """Return the stated value of a form, which from here on is fixed to it.

    Raises:
        OpenSizeError: the form is not fixed yet, outside of any scope that decides.
    """
    scope = _SCOPE.get()
    if scope is None:
        raise OpenSizeError(f"a whole number is needed, and {formula(whole)} is open")
    return scope.context.pin(whole, scope.reason)
