"""Networks side by side: the table, and a chart that is well-formed, legible and always the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import netspec
from netspec.ir import Publication
from netspec.views.chart.axes import make_axis
from netspec.views.chart.chart import draw_chart
from netspec.views.chart.label_placement import Bubble, place_labels
from netspec.views.chart.quantities import choose_kind, front, make_chart
from netspec.views.geometry import Rectangle
from netspec.views.summary.overview import Figures, measure_figures, ordered, overview_markdown, overview_text
from tests.support.command_line import Run
from tests.support.search import examples

NAMES = (
    "alexnet", "vgg16", "googlenet", "resnet18", "resnet50", "se_resnet50", "squeezenet1_0", "mobilenet_v1",
    "mobilenet_v2", "lenet5_modern",
)  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


@cache
def figures() -> tuple[Figures, ...]:
    return tuple(measure_figures(netspec.compile(name)) for name in NAMES)


def make(name: str, params: int = 1, macs: int = 1, peak: int = 1, published: Publication | None = None) -> Figures:
    shapes = ((3, 8, 8),)
    return Figures(
        *(name, name, params, macs, 2 * macs, params, macs, 4 * params, 32.0, peak, peak, 1),
        *(None, shapes, "float32", 1, published),
    )


# the table


def test_table_has_the_known_figures(golden: Callable[[str, str], None]) -> None:
    golden("compare/table.txt", overview_text(ordered(figures(), "macs")) + "\n")
    golden("compare/table.md", overview_markdown(figures()) + "\n")


def test_receptive_fields_end_where_the_extent_does() -> None:
    seen = {each.name: each.receptive_field for each in figures()}
    assert (seen["resnet18"], seen["vgg16"], seen["se_resnet50"]) == ((435, 435), (212, 212), None)


def test_accuracies_stand_with_their_source() -> None:
    """A network that says nothing has none, a figure that is missing is no zero, and no source is named twice."""
    cifar, image = Publication("CIFAR-10", "table 6", top1=93.57), Publication("ImageNet", "table 6", top1=70)
    found = [make("a", published=cifar), make("b"), make("c", published=image), make("d", published=cifar)]
    lines = overview_text(found).splitlines()
    assert lines[2].split()[-3:] == ["93.57", "-", "3x8x8"] and lines[3].split()[-3:] == ["-", "-", "3x8x8"]
    assert [line for line in lines if "accuracy" in line] == [
        "accuracy in percent on CIFAR-10, from table 6: a, d",
        "accuracy in percent on ImageNet, from table 6: c",
    ]


def test_other_settings_have_no_published_accuracy() -> None:
    assert netspec.compile("resnet18").published
    assert netspec.compile("resnet18", overrides={"classes": 10}).published is None


def test_orders() -> None:
    found = [make("b", 3, 1), make("c", 1, 9), make("a", 3, 5)]
    assert [each.name for each in ordered(found, None)] == ["b", "c", "a"]
    assert [each.name for each in ordered(found, "name")] == ["a", "b", "c"]
    assert [each.name for each in ordered(found, "params")] == ["a", "b", "c"]
    assert [each.name for each in ordered(found, "macs")] == ["c", "a", "b"]


def test_markdown_is_escaped() -> None:
    assert "a\\|b\\`\\<i\\>" in overview_markdown([make("a|b`<i>")])


# the chart


def test_chart_is_the_same_every_time(golden: Callable[[str, str], None]) -> None:
    text = draw_chart(figures())
    assert text == draw_chart(figures()[::-1])
    golden("compare/chart.svg", text)


def test_chart_has_a_circle_a_label_and_words_for_each() -> None:
    root = ElementTree.fromstring(draw_chart(figures()))
    circles = [each for each in root.iter(f"{SVG}circle") if "bubble" in each.get("class", "")]
    labels = [each.text for each in root.iter(f"{SVG}text") if each.get("class") == "label"]
    assert root.get("role") == "img"
    assert sorted(labels) == sorted(NAMES)
    titles = [title.text or "" for each in circles for title in each.iter(f"{SVG}title")]
    described = root.findtext(f"{SVG}desc") or ""
    for each in figures():
        sentence = f"{each.name}: {each.macs:,} MACs, {each.params:,} parameters"
        assert sentence in described and any(title.startswith(sentence) for title in titles)


def test_area_is_proportional_to_peak_memory() -> None:
    radii = _radii([make("a", 1, 1, 1_000_000), make("b", 5, 5, 250_000), make("c", 9, 9, 90_000)])
    assert [radius / radii[0] for radius in radii] == pytest.approx([1, 0.5, 0.3], rel=1e-3)


def _radii(found: list[Figures]) -> list[float]:
    circles = re.findall(r'<circle class="bubble[^>]* r="([\d.]+)"', draw_chart(found))
    return [float(radius) for radius in circles]


def test_chart_escapes_names_and_refers_to_nothing() -> None:
    text = draw_chart([make('<script>alert("&")</script>\x1b\u202e'), make("plain", 5, 5)])
    ElementTree.fromstring(text)
    assert "<script" not in text and "&lt;script&gt;" in text
    assert "\x1b" not in text and "\u202e" not in text
    assert not re.search(r"href|url\(|@import|javascript|\bon\w+=", text)
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize(
    "found",
    [
        [make("one")],
        [make("no", 0, 0, 0)],
        [make("a", 0, 0, 0), make("b", 10**6, 10**9, 10**6)],
        [make("a"), make("a")],
        [make("huge", 10**18, 10**20, 10**15), make("tiny")],
        [make(f"net{number}", 100 + number, 100 + number) for number in range(60)],
    ],
)
def test_any_amounts_can_be_drawn(found: list[Figures]) -> None:
    root = ElementTree.fromstring(draw_chart(found))
    width, height = (float(root.get(side, "").removesuffix("px")) for side in ("width", "height"))
    for circle in root.iter(f"{SVG}circle"):
        assert 0 < float(circle.get("cx", "")) < width and 0 < float(circle.get("cy", "")) < height


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="at least one network"):
        draw_chart([])


# the chart of accuracies


def accurate(name: str, macs: int, top1: float, params: int = 1, dataset: str = "ImageNet") -> Figures:
    return make(name, params, macs, published=Publication(dataset, "table 2", top1=top1))


def test_chart_of_accuracy_is_the_same_every_time(golden: Callable[[str, str], None]) -> None:
    found = [each for each in figures() if each.published]
    text = draw_chart(found, "top1")
    assert text == draw_chart(found[::-1], "top1")
    golden("compare/accuracy.svg", text)


def test_higher_is_more_accurate_and_area_is_parameters() -> None:
    root = ElementTree.fromstring(
        draw_chart([accurate("a", 1, 60, 10**6), accurate("b", 2, 80, 4 * 10**6), accurate("c", 4, 90, 10**6)], "top1")
    )
    circles = {
        (each.findtext(f"{SVG}title") or "")[0]: [float(each.get(key, "")) for key in ("cx", "cy", "r")]
        for each in root.iter(f"{SVG}circle")
        if "bubble" in each.get("class", "")
    }
    (_, low, small), (_, middle, large), (_, high, _) = (circles[name] for name in "abc")
    # No logarithm: from 60 to 80 is twice as far as from 80 to 90.
    assert (low - middle) / (middle - high) == pytest.approx(2, rel=1e-3)
    assert large / small == pytest.approx(2, rel=1e-3)


def test_each_source_is_named_once_under_the_chart() -> None:
    root = ElementTree.fromstring(draw_chart([accurate(name, 1 + ord(name), ord(name)) for name in "cab"], "top1"))
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert [text for text in texts if "table 2" in (text or "")] == ["table 2: a, b, c"]
    assert "top-1 accuracy on ImageNet, %" in texts


def test_line_passes_the_best_for_as_few_macs() -> None:
    """One that costs as much and is worse is not on it, nor one that costs more and is no better."""
    found = [accurate("worse", 10, 50), accurate("cheap", 10, 60), accurate("same", 20, 60), accurate("best", 40, 90)]
    chart = make_chart(found, "top1")
    assert [each.name for each in front(found, chart)] == ["cheap", "best"]
    assert draw_chart(found, "top1").count('<path class="front"') == 1 + 2  # in the legend, and two sides of a step
    assert "front" not in re.sub(r"<style>.*?</style>", "", draw_chart(found), flags=re.S)


@pytest.mark.parametrize("seed", range(3))
def test_no_text_of_a_crowded_chart_overlaps_another_or_leaves_the_page(seed: int) -> None:
    """The widths of texts are estimates here too, by another rule: seven pixels a character of the larger ones."""
    found = [
        accurate(f"network{place}", 10**8 * (1 + place * (7 + seed) % 23), 60 + place * (5 + seed) % 31, 10**6 * place)
        for place in range(1, 22)
    ]
    root = ElementTree.fromstring(draw_chart(found, "top1"))
    width, height = (float(root.get(side, "").removesuffix("px")) for side in ("width", "height"))
    boxes = [_box(each) for each in root.iter(f"{SVG}text") if each.get("x")]
    assert len(boxes) > 30
    for place, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0 and top >= 0 and right <= width and bottom <= height
        for other in boxes[:place]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def _box(text: ElementTree.Element) -> tuple[float, float, float, float]:
    size = 6.0 if text.get("class") == "label" else 5.6
    width, x, y = size * len(text.text or ""), float(text.get("x", "")), float(text.get("y", ""))
    left = {"start": x, "middle": x - width / 2, "end": x - width}[text.get("text-anchor", "")]
    return left, y - 9, left + width, y + 2


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([accurate("a", 1, 60), accurate("b", 2, 70)], "top1"),
        ([accurate("a", 1, 60), make("b")], "memory"),
        ([accurate("a", 1, 60), accurate("b", 2, 70, dataset="CIFAR-10")], "memory"),
        ([make("a", published=Publication("ImageNet", "table 2", top5=90))], "memory"),
        ([], "memory"),
    ],
)
def test_chart_without_a_word_is_of_accuracy_where_all_state_one_alike(found: list[Figures], kind: str) -> None:
    assert choose_kind(found) == kind


def test_accuracies_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ValueError, match="accuracies on CIFAR-10 and ImageNet cannot share a chart"):
        draw_chart([accurate("a", 1, 60), accurate("b", 2, 70, dataset="CIFAR-10")], "top1")
    with pytest.raises(ValueError, match="b has no published top-5 accuracy"):
        draw_chart([make("b", published=Publication("ImageNet", "table 2", top1=60))], "top5")


@pytest.mark.parametrize(
    ("amounts", "ticks"),
    [
        ([0, 100], [0, 20, 40, 60, 80, 100]),
        ([1, 11], [1, 2, 5, 10]),
        ([10, 3 * 10**8], [10, 10**2, 10**3, 10**4, 10**5, 10**6, 10**7, 10**8]),
    ],
)
def test_ticks_are_round(amounts: list[int], ticks: list[int]) -> None:
    assert make_axis(amounts, 0, 500, 0).ticks() == pytest.approx(ticks)


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=20))
@examples(100)
def test_axes_keep_order_and_stay_inside(amounts: list[int]) -> None:
    axis = make_axis(amounts, 50, 450, 20)
    places = [axis.place(amount) for amount in sorted(amounts)]
    assert places == sorted(places)
    assert all(69.9 <= place <= 430.1 for place in places)
    assert all(49.9 <= axis.place(tick) <= 450.1 for tick in axis.ticks())
    assert len(axis.ticks()) <= 12


COORDINATE = st.floats(40, 560).map(lambda value: round(value, 1))


@given(st.lists(st.tuples(COORDINATE, COORDINATE, st.floats(2, 30)), min_size=1, max_size=12))
@examples(40)
def test_labels_never_overlap_and_stay_on_the_page(circles: list[tuple[float, float, float]]) -> None:
    page = Rectangle(0, 0, 600, 600)
    bubbles = [Bubble(x, y, radius, 60, 14) for x, y, radius in circles]
    labels = place_labels(bubbles, page)
    areas = [label.area for label in labels if label]
    assert len(areas) == len(bubbles)
    for number, area in enumerate(areas):
        assert area.left >= 0 and area.right <= 600 and area.top >= 0 and area.bottom <= 600
        for other in areas[:number]:
            apart = area.right <= other.left or other.right <= area.left
            assert apart or area.bottom <= other.top or other.bottom <= area.top


# the command


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Run) -> Run:
    monkeypatch.chdir(tmp_path)
    return partial(command, "compare")


def test_command_prints_and_draws(compare: Run) -> None:
    code, out, err = compare("lenet5_modern", "alexnet", "--sort", "params", "-o", "chart.svg")
    assert (code, err) == (0, "wrote chart.svg\n")
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["alexnet", "lenet5_modern"]
    assert ElementTree.parse("chart.svg").getroot().tag == f"{SVG}svg"
    assert compare("lenet5_modern", "-o", "chart.svg")[0] == 0
    assert compare("lenet5_modern", "-o", "-")[1].startswith("<svg")


def test_command_draws_accuracies_and_says_who_has_none(compare: Run) -> None:
    chosen = compare("alexnet", "squeezenet1_0", "-o", "-")
    assert (chosen[0], chosen[2]) == (0, "") and "top-1 accuracy on ImageNet" in chosen[1]
    assert "peak memory" in compare("alexnet", "squeezenet1_0", "--chart", "memory", "-o", "-")[1]
    code, out, err = compare("alexnet", "lenet5_modern", "--chart", "top5", "-o", "-")
    assert (code, err) == (0, "not in the chart, for want of a published top5: lenet5_modern\n")
    assert "alexnet: 714,188,480 MACs, top-5 79.07 %, 61,100,840 parameters" in out


def test_command_as_json(compare: Run) -> None:
    (record,) = json.loads(compare("lenet5_modern", "--json", "--batch", "2", "--dtype", "float16")[1])
    single = measure_figures(netspec.compile("lenet5_modern"))
    assert (record["params"], record["macs"], record["inputs"]) == (61706, 416520, [[1, 32, 32]])
    assert (record["peak"], record["dtype"], record["batch"]) == (single.peak, "float16", 2)
    assert (record["model"], record["bits_per_weight"]) == (2 * 61706, 16)
    assert replace(single, batch=2) != single


def test_figures_are_those_of_evaluation_and_training_s_stand_beside_them(compare: Run) -> None:
    """GoogLeNet is smaller than ResNet-18, as in the literature, although its heads for training make it larger."""
    google, residual = json.loads(compare("googlenet", "resnet18", "--json")[1])
    for counted in ("params", "macs"):
        assert google[counted] < residual[counted] and google[counted] < google[f"training_{counted}"]
        assert residual[counted] == residual[f"training_{counted}"]
    assert google["training_params"] > residual["training_params"]


@pytest.mark.parametrize(
    ("arguments", "expected", "message"),
    [
        ([], 2, "Missing argument 'SPEC...'"),
        (["lenet5_modern", "-o", "chart.png"], 2, "does not end in .svg"),
        (["lenet5_modern", "--json", "--markdown"], 2, "exclude each other"),
        (["lenet5_modern", "--sort", "colour"], 2, "--sort"),
        (["alexnet", "--chart", "top1"], 2, "--chart needs --output"),
        (["lenet5_modern", "--chart", "top1", "-o", "chart.svg"], 2, "at least one network"),
        (["alexnet", "nin_cifar10", "--chart", "colour", "-o", "-"], 2, "--chart"),
        (["lenet5_modern", "missing.yaml"], 2, "NS0001"),
        (["lenet5_modern", "--set", "nothing=1"], 1, "error[NS"),
        (["lenet5_modern", "-o", "mine.svg"], 2, "was not written by netspec"),
    ],
)
def test_errors(compare: Run, arguments: list[str], expected: int, message: str) -> None:
    Path("mine.svg").write_text("mine", encoding="utf-8")
    code, _, err = compare(*arguments)
    assert code == expected and message in err
    assert Path("mine.svg").read_text(encoding="utf-8") == "mine"
