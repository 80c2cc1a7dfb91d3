"""What charts show of networks: which quantity goes across, which upwards, and which is the area of a bubble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from netspec.analysis.memory import show_bytes
from netspec.views.numbers import show_count
from netspec.views.summary.overview import Figures

Kind = Literal["memory", "top1", "top5"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that networks are compared by, and how it is written: exactly, and as a round number on an axis."""

    title: str
    amount: Callable[[Figures], float]
    exact: Callable[[float], str]
    tick: Callable[[float], str]
    base: int = 1000
    """The base of the units of large amounts."""
    is_count: bool = True
    """False for a quantity in a fixed range, whose axis is not logarithmic."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The quantities of a chart; ``up_title`` and ``area_title`` say in words what the networks share in them."""

    across: Quantity
    up: Quantity
    area: Quantity
    up_title: str
    area_title: tuple[str, ...]
    has_front: bool = False
    """True where more of ``up`` for less of ``across`` is better."""

    def sentence(self, each: Figures) -> str:
        """Return what the chart says of a network in words."""
        values = (f"{quantity.exact(quantity.amount(each))}" for quantity in (self.across, self.up, self.area))
        source = f" ({each.published.source})" if self.has_front and each.published else ""
        return f"{each.name}: {', '.join(values)}{source}"


def _accuracy(key: Literal["top1", "top5"]) -> Quantity:
    name = f"top-{key[-1]}"

    def amount(each: Figures) -> float:
        found = getattr(each.published, key, None)
        if found is None:
            raise ValueError(f"{each.name} has no published {name} accuracy")
        return float(found)

    return Quantity(
        f"{name} accuracy", amount, lambda value: f"{name} {value:.4g} %", lambda value: f"{value:.4g}", is_count=False
    )


def _count(tick: float) -> str:
    return show_count(round(tick)) if tick >= 1 or not tick else f"{tick:g}"


MACS = Quantity("MACs per example", lambda each: each.macs, lambda value: f"{value:,} MACs", _count)
PARAMS = Quantity("parameters", lambda each: each.params, lambda value: f"{value:,} parameters", _count)
PEAK = Quantity(
    "peak memory",
    lambda each: each.peak,
    lambda value: f"peak {show_bytes(int(value))}",
    lambda value: show_bytes(int(value)),
    base=1024,
)
ACCURACY = {"top1": _accuracy("top1"), "top5": _accuracy("top5")}


def choose_kind(found: Sequence[Figures]) -> Kind:
    """Return the chart that networks are drawn in where nothing is said: by accuracy where all state one alike."""
    datasets = {each.published.dataset for each in found if _has(each, "top1") and each.published}
    return "top1" if len(datasets) == 1 and all(_has(each, "top1") for each in found) else "memory"


def split_stated(found: Sequence[Figures], kind: Kind) -> tuple[list[Figures], list[Figures]]:
    """Return the networks that a chart can show, and those that have no such accuracy."""
    if kind == "memory":
        return list(found), []
    return [each for each in found if _has(each, kind)], [each for each in found if not _has(each, kind)]


def make_chart(found: Sequence[Figures], kind: Kind) -> Chart:
    """Return the quantities of a chart of networks.

    Raises: ValueError without networks, for one without the accuracy, or for accuracies on several data sets.
    """
    if not found:
        raise ValueError("a chart needs at least one network")
    if kind == "memory":
        first = found[0]
        area = ("area: peak memory", f"{first.dtype},", f"batch of {first.batch}")
        return Chart(MACS, PARAMS, PEAK, PARAMS.title, area)
    up = ACCURACY[kind]
    for each in found:
        up.amount(each)
    # Accuracies on different data are not to be compared, so that no axis can hold both.
    datasets = sorted({each.published.dataset for each in found if each.published})
    if len(datasets) > 1:
        raise ValueError(f"accuracies on {' and '.join(datasets)} cannot share a chart")
    return Chart(MACS, up, PARAMS, f"{up.title} on {datasets[0]}, %", ("area: parameters",), has_front=True)


def front(found: Sequence[Figures], chart: Chart) -> list[Figures]:
    """Return the networks that none exceeds for as little, from the cheapest to the best."""
    best: list[Figures] = []
    ranked = sorted(found, key=lambda each: (chart.across.amount(each), -chart.up.amount(each), each.name))
    for each in ranked:
        if not best or chart.up.amount(each) > chart.up.amount(best[-1]):
            best.append(each)
    return best


def _has(each: Figures, key: str) -> bool:
    return getattr(each.published, key, None) is not None
