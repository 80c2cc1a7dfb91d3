"""What ``make prove`` trains and writes: fair networks, true claims, results that repeat, pages that are not stale."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
import torch

import netspec
from experiments.curves import draw_curves
from experiments.degradation import EPOCHS, NETWORKS, SEEDS, SPEC, Run, Signals, claims, train
from experiments.prove import PICTURE, RESULTS, read_runs, results_page

SVG = "{http://www.w3.org/2000/svg}"
ERRORS = {"plain-20": 0.4, "plain-56": 50.0, "residual-20": 0.2, "residual-56": 0.3}


def make_runs(**finals: float) -> list[Run]:
    """Return runs of each network that end with an error, one seed far off."""
    errors = ERRORS | {name.replace("_", "-"): error for name, error in finals.items()}
    ends = {name: (error, error, 90.0) for name, error in errors.items()}
    return [Run(name, seed, (90.0, ends[name][seed]), (90.0, 50.0)) for name in NETWORKS for seed in SEEDS]


@pytest.mark.parametrize("depth", [20, 56])
def test_networks_differ_in_their_shortcuts_alone(depth: int) -> None:
    """With equal layers, parameters and MACs: what one learns and the other does not is no matter of size."""
    plain, residual = (
        netspec.compile(SPEC, overrides=dict(NETWORKS[f"{kind}-{depth}"])) for kind in ("plain", "residual")
    )
    assert (plain.params, plain.macs) == (residual.params, residual.macs)
    assert plain.warnings == residual.warnings == ()
    kinds = [[node.op.name for node in graph] for graph in (plain, residual)]
    for counted in ("conv", "bn", "relu", "linear"):
        assert kinds[0].count(counted) == kinds[1].count(counted)
    assert (kinds[0].count("add"), kinds[1].count("add")) == (0, (depth - 2) // 2)
    assert kinds[0].count("conv") + kinds[0].count("linear") == depth


@pytest.mark.parametrize(
    ("finals", "held"),
    [
        ({}, [True, True, True]),
        ({"plain_20": 1.2}, [False, True, True]),
        ({"plain_56": 20.3}, [True, False, True]),
        ({"residual_56": 1.1}, [True, True, False]),
        ({"residual_20": 60.0}, [True, True, True]),
    ],
)
def test_each_claim_fails_where_it_is_wrong(finals: dict[str, float], held: list[bool]) -> None:
    assert [holds for _, holds in claims(make_runs(**finals))] == held


def test_results_that_were_written_bear_out_every_claim() -> None:
    runs, measured = read_runs()
    assert {(run.network, run.seed) for run in runs} == {(name, seed) for name in NETWORKS for seed in SEEDS}
    assert all(len(run.train) == len(run.test) == EPOCHS for run in runs)
    assert [holds for _, holds in claims(runs)] == [True, True, True]
    assert RESULTS.read_text(encoding="utf-8") == results_page(runs, measured)
    assert PICTURE.read_text(encoding="utf-8") == draw_curves(runs)


def test_curves_go_where_the_errors_are() -> None:
    root = ElementTree.fromstring(draw_curves(make_runs()))
    lines = [each.get("d", "") for each in root.iter(f"{SVG}path") if each.get("class", "").startswith("median")]
    lines = [line for line in lines if "h" not in line]
    ends = [float(line.split("L")[-1].split()[1]) for line in lines]
    assert len(ends) == 4 and ends[1] < 210 < min(ends[0], *ends[2:])  # half of 100 % is in the middle of the plot
    labels = [each.text for each in root.iter(f"{SVG}text") if each.get("class") == "label"]
    assert labels == ["plain-20  0.4 %", "plain-56  50 %", "residual-20  0.2 %", "residual-56  0.3 %"]


@pytest.mark.slow
def test_a_seed_makes_a_run_that_repeats_and_learns() -> None:
    generator = torch.Generator().manual_seed(0)
    digits = torch.randint(0, 10, (200,), generator=generator)
    waves = torch.sin(torch.arange(40.0) * (1 + digits.unsqueeze(1)) / 6).unsqueeze(1)
    signals = Signals(waves, digits, waves[:50], digits[:50])
    first, again, other = (train(Run("residual-20", seed), signals, epochs=15) for seed in (0, 0, 1))
    assert first == again and replace(other, seed=0) != first
    assert first.train[-1] < 50 and first.train[0] > first.train[-1]
