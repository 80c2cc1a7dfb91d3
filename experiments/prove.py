"""Trains the networks of the degradation experiment, and writes what came out: ``make prove``.

The runs are kept in runs.json, from which RESULTS.md and the picture are made.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import resource
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.curves import draw_curves
from experiments.degradation import EPOCHS, NETWORKS, SEEDS, SPEC, Run, claims, final_error, make_signals, train

HERE = Path(__file__).parent
RUNS, RESULTS = HERE / "runs.json", HERE / "RESULTS.md"
PICTURE = HERE.parent / "docs" / "pictures" / "degradation.svg"

_epochs_done: Any = None
"""How many epochs all processes have trained, in memory that they share."""


def main() -> int:
    """Train all networks, write the results, and return 1 where a claim does not hold."""
    runs = run_all(os.cpu_count() or 1)
    # Not the time that passed, which depends on what else the machine does.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    write(runs, f"{_machine()}, in {round(used.ru_utime + used.ru_stime):,} s of CPU time")
    held = list(claims(runs))
    for text, holds in held:
        print("holds:" if holds else "DOES NOT HOLD:", text)
    return 0 if all(holds for _, holds in held) else 1


def run_all(processes: int) -> list[Run]:
    """Return every network trained with every seed, with a bar on the terminal meanwhile."""
    from rich.progress import Progress

    # The longest first, so that no process is left alone with one at the end.
    waiting = [
        Run(name, seed) for name in sorted(NETWORKS, key=lambda name: -NETWORKS[name]["depth"]) for seed in SEEDS
    ]
    # Spawned and not forked: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    done = context.Value("i", 0)
    with (
        ProcessPoolExecutor(processes, context, _start, (done,)) as pool,
        Progress() as progress,
    ):
        bar = progress.add_task(f"{len(waiting)} runs of {EPOCHS} epochs", total=EPOCHS * len(waiting))
        futures: list[Future[Run]] = [pool.submit(_train, run) for run in waiting]
        left: set[Future[Run]] = set(futures)
        while left:
            left = wait(left, timeout=0.5).not_done
            progress.update(bar, completed=done.value)
    return sorted((future.result() for future in futures), key=lambda run: (run.network, run.seed))


def _start(done: Any) -> None:
    import torch

    global _epochs_done
    _epochs_done = done
    # One thread each: the processes already keep the cores busy, and sums come out the same on every machine.
    torch.set_num_threads(1)


def _train(run: Run) -> Run:
    return train(run, make_signals(), after_epoch=_count)


def _count() -> None:
    with _epochs_done.get_lock():
        _epochs_done.value += 1


def write(runs: Sequence[Run], measured: str) -> None:
    """Write the runs, and the page and the picture that are made of them."""
    record = {"measured": measured, "runs": [asdict(run) for run in runs]}
    RUNS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    RESULTS.write_text(results_page(runs, measured), encoding="utf-8")
    PICTURE.write_text(draw_curves(runs), encoding="utf-8")


def read_runs() -> tuple[list[Run], str]:
    """Return the runs that were written last, and where and how long they were measured."""
    record = json.loads(RUNS.read_text(encoding="utf-8"))
    runs = [Run(each["network"], each["seed"], tuple(each["train"]), tuple(each["test"])) for each in record["runs"]]
    return runs, record["measured"]


def results_page(runs: Sequence[Run], measured: str) -> str:
    """Return the page of results, in Markdown."""
    return "\n".join(_page(runs, measured)) + "\n"


def _page(runs: Sequence[Run], measured: str) -> Iterator[str]:
    import netspec

    yield from ("# Degradation", "", "<!-- made by `make prove`; what is written here by hand is lost -->", "")
    yield "Plain networks get worse as they get deeper, and residual ones do not: He et al. 2015, arXiv:1512.03385."
    yield f"Here: [`{SPEC.name}`]({SPEC.name}) on MNIST-1D, {EPOCHS} epochs, seeds {', '.join(map(str, SEEDS))}."
    yield f"Measured on {measured}."
    yield from ("", f"![Errors over epochs](../docs/pictures/{PICTURE.name})", "")
    yield "| network | parameters | train error by seed | median | test error by seed |"
    yield "|---|---|---|---|---|"
    for name, settings in NETWORKS.items():
        own = [run for run in runs if run.network == name]
        params = netspec.compile(SPEC, overrides=dict(settings)).params
        errors = " · ".join(f"{run.train[-1]:.4g}" for run in own), " · ".join(f"{run.test[-1]:.4g}" for run in own)
        yield f"| {name} | {params:,} | {errors[0]} % | {final_error(runs, name):.4g} % | {errors[1]} % |"
    yield from ("", *(f"- {'Holds' if holds else '**Does not hold**'}: {text}." for text, holds in claims(runs)))


def _machine() -> str:
    import torch

    python = platform.python_version()
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {python}, torch {torch.__version__}"


if __name__ == "__main__":
    sys.exit(main())
