"""The picture of an experiment: errors over epochs, a line for each run and a thick one for the median."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from experiments.degradation import NETWORKS, Run, final_error
from netspec.views.chart.axes import Axis
from netspec.views.chart.style import DARK, LIGHT, chart_rules, svg_text
from netspec.views.geometry import number
from netspec.views.svg_page import Header, named, opening

TITLE = "Training error of plain and residual networks on MNIST-1D"
WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70.0, 590.0, 20.0, 380.0


def draw_curves(runs: Sequence[Run]) -> str:
    """Return the errors on the signals of training as one self-contained SVG."""
    return named("\n".join(_document(runs)) + "\n")


def _document(runs: Sequence[Run]) -> Iterator[str]:
    epochs = len(runs[0].train)
    across = Axis(LEFT, RIGHT, 0, epochs, 0, is_logarithmic=False)
    up = Axis(BOTTOM, TOP, 0, 100, 0, is_logarithmic=False)
    finals = ", ".join(f"{name} {final_error(runs, name):.3g} %" for name in NETWORKS)
    described = f"After {epochs} epochs, the median of all seeds: {finals}"
    yield from opening(Header(TITLE, described, _style()), WIDTH, HEIGHT)
    yield from _axes(across, up)
    for place, name in enumerate(NETWORKS):
        curves = [run.train for run in runs if run.network == name]
        for curve in curves:
            yield _line(f"run colour{place}", curve, across, up)
        yield _line(f"median colour{place}", [median(errors) for errors in zip(*curves, strict=True)], across, up)
    yield from _legend(runs)
    yield "</svg>"


def _axes(across: Axis, up: Axis) -> Iterator[str]:
    for error in range(0, 101, 20):
        y = up.place(error)
        yield f'<path class="grid" d="M{number(LEFT)} {number(y)}H{number(RIGHT)}"/>'
        yield svg_text("tick", number(LEFT - 8), number(y + 4), f"{error} %", "end")
    for epoch in range(0, int(across.high) + 1, 5):
        yield svg_text("tick", number(across.place(epoch)), number(BOTTOM + 18), str(epoch), "middle")
    yield f'<path class="axis" d="M{number(LEFT)} {number(TOP)}V{number(BOTTOM)}H{number(RIGHT)}"/>'
    yield svg_text("heading", number((LEFT + RIGHT) / 2), number(BOTTOM + 44), "epochs", "middle")
    turned = f'transform="translate(18 {number((TOP + BOTTOM) / 2)}) rotate(-90)" text-anchor="middle"'
    yield f'<text class="heading" {turned}>error on the signals of training</text>'


def _line(role: str, errors: Sequence[float], across: Axis, up: Axis) -> str:
    # Nothing is measured before the first epoch, so that lines begin at its end.
    places = (f"{number(across.place(epoch))} {number(up.place(error))}" for epoch, error in enumerate(errors, 1))
    return f'<path class="{role}" d="M{"L".join(places)}"/>'


def _legend(runs: Sequence[Run]) -> Iterator[str]:
    for place, name in enumerate(NETWORKS):
        y, text = TOP + 20 + 24 * place, f"{name}  {final_error(runs, name):.3g} %"
        yield f'<path class="median colour{place}" d="M{number(RIGHT + 20)} {number(y - 4)}h24"/>'
        yield svg_text("label", number(RIGHT + 52), number(y), text, "start")
    yield svg_text("tick", number(RIGHT + 20), number(TOP + 20 + 24 * len(NETWORKS)), "at the end, the median", "start")


def _style() -> str:
    widths = ".run { fill: none; stroke-width: 1; stroke-opacity: 0.35; }\n.median { fill: none; stroke-width: 2.2; }\n"
    return chart_rules(widths + _strokes(LIGHT), _strokes(DARK))


def _strokes(colours: Sequence[str]) -> str:
    return "\n".join(f".colour{place} {{ stroke: {colours[place]}; }}" for place in range(len(NETWORKS)))
