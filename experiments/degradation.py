"""The degradation experiment of He et al. 2015, section 4.2, on MNIST-1D: more plain layers make training worse.

MNIST-1D (Greydanus 2020, arXiv:2011.14439) is 4,000 signals of 40 numbers for training and 1,000 for testing, ten
digits deformed at random; the ``mnist1d`` package generates it from a seed, without a download.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import netspec

SPEC = Path(__file__).parent / "resnet_signal.yaml"
NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "plain-20": {"depth": 20, "unit": "plain_block"},
    "plain-56": {"depth": 56, "unit": "plain_block"},
    "residual-20": {"depth": 20},
    "residual-56": {"depth": 56},
}
"""The networks that are compared, by the settings of one document."""
SEEDS = (0, 1, 2)
EPOCHS = 15
"""A shorter training misleads: after six epochs plain-20 has not learned either."""
BATCH = 100
RATE = 0.1
MOMENTUM, DECAY = 0.9, 1e-4
"""As in the paper, section 3.4."""


class Signals(NamedTuple):
    """Signals with their digits, to train with and to test with."""

    train: Tensor
    train_digits: Tensor
    test: Tensor
    test_digits: Tensor


@dataclass(frozen=True)
class Run:
    """One training: the network and its seed, and after each epoch the errors in percent."""

    network: str
    seed: int
    train: tuple[float, ...] = ()
    test: tuple[float, ...] = ()


def make_signals() -> Signals:
    """Return MNIST-1D as its package generates it, by the seed that its authors chose."""
    from mnist1d.data import get_dataset_args, make_dataset

    made = make_dataset(get_dataset_args())
    return Signals(
        torch.tensor(made["x"], dtype=torch.float32).unsqueeze(1),
        torch.tensor(made["y"]),
        torch.tensor(made["x_test"], dtype=torch.float32).unsqueeze(1),
        torch.tensor(made["y_test"]),
    )


def train(run: Run, signals: Signals, epochs: int = EPOCHS, after_epoch: Callable[[], None] = lambda: None) -> Run:
    """Return a run with its errors. The seed decides how weights start, and in which order signals come."""
    network = netspec.build(SPEC, overrides=dict(NETWORKS[run.network]), seed=run.seed, device="cpu")
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    steps = epochs * -(-len(signals.train) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, cycle_momentum=False)
    order = torch.Generator().manual_seed(run.seed)
    errors = []
    for _ in range(epochs):
        network.train()
        for batch in torch.randperm(len(signals.train), generator=order).split(BATCH):
            loss = F.cross_entropy(network(signals.train[batch]), signals.train_digits[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        errors.append((_error(network, *signals[:2]), _error(network, *signals[2:])))
        after_epoch()
    train_errors, test_errors = zip(*errors, strict=True)
    return Run(run.network, run.seed, train_errors, test_errors)


def _error(network: nn.Module, signals: Tensor, digits: Tensor) -> float:
    """Return the percentage of signals that a network takes for another digit, in evaluation."""
    network.eval()
    with torch.no_grad():
        wrong = network(signals).argmax(1) != digits
    return round(100 * wrong.double().mean().item(), 3)


def final_error(runs: Sequence[Run], network: str) -> float:
    """Return the error on the signals of training that a network ends with, the median over its seeds."""
    return median(run.train[-1] for run in runs if run.network == network)


def claims(runs: Sequence[Run]) -> Iterator[tuple[str, bool]]:
    """Yield what the experiment is to show, and whether it does: the errors are those of training, and medians."""
    plain, deep, residual = (final_error(runs, name) for name in ("plain-20", "plain-56", "residual-56"))
    yield f"plain-20 learns: {plain:.4g} %, at most 1 %", plain <= 1
    yield f"plain-56 is worse, though it has more layers: {deep:.4g} %, at least 20 points more", deep - plain >= 20
    yield f"residual-56, which has the layers of plain-56, learns: {residual:.4g} %, at most 1 %", residual <= 1
