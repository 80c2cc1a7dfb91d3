"""Speed as ratios measured in one run: ``make bench`` writes benchmarks/RESULTS.md.

Absolute times depend on the machine, so every figure stands beside something measured in the same run: another
program, another library's module, or the same work on a tenth of the input.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SPEC = ROOT / "specs" / "densenet121.yaml"
RESULTS = Path(__file__).parent / "RESULTS.md"
TORCHVISION = "import torchvision.models as m; m.densenet121()"


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the figure, the aim."""

    what: str
    figure: str
    aim: str


def median_seconds(work: Callable[[], object], repeats: int, warm_up: int = 1) -> float:
    """Return the median time of a piece of work."""
    return interleaved([work], repeats, warm_up)[0]


def interleaved(works: list[Callable[[], object]], repeats: int, warm_up: int = 1) -> list[float]:
    """Return the median time of each piece of work, taken in turns so that all see the same machine."""
    times: list[list[float]] = [[] for _ in works]
    for turn in range(warm_up + repeats):
        # Whoever comes after another finds its caches: each goes first as often as last.
        for work, taken in list(zip(works, times, strict=True))[:: -1 if turn % 2 else 1]:
            gc.collect()
            start = time.perf_counter()
            work()
            if turn >= warm_up:
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def run_process(*arguments: str) -> Callable[[], object]:
    """Return the work of starting a process and waiting for its end."""
    return lambda: subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def compile_rows() -> list[Row]:
    """Measure compiling in this process."""
    import netspec

    seconds = median_seconds(lambda: netspec.compile(SPEC), repeats=15, warm_up=3)
    return [Row("compile DenseNet-121 from file to graph with shapes", f"{1000 * seconds:.0f} ms", "40 ms")]


def start_rows() -> list[Row]:
    """Measure whole processes."""
    netspec = str(Path(sys.executable).parent / "netspec")
    works = [
        run_process(netspec, "check", str(SPEC)),
        run_process(sys.executable, "-c", "import torch"),
        run_process(netspec, "--help"),
        run_process(sys.executable, "-c", "pass"),
        *torchvision_work(),
    ]
    check, torch, help_, bare, *torchvision = interleaved(works, repeats=15)
    what = "cold `netspec check specs/densenet121.yaml` against"
    rivals = [("import torch", torch), *((TORCHVISION, seconds) for seconds in torchvision)]
    return [
        *(Row(f"{what} `python -c '{code}'`", f"{seconds / check:.1f} times faster", "5") for code, seconds in rivals),
        Row("cold `netspec --help`", f"{help_:.2f} s ({help_ / bare:.1f} times bare Python)", "0.15 s"),
    ]


def torchvision_work() -> list[Callable[[], object]]:
    """Return the work of constructing torchvision's network, where an environment has it: this one, or parity's."""
    for python in (Path(sys.executable), ROOT / ".parity" / "bin" / "python"):
        if (
            python.exists()
            and subprocess.run([python, "-c", "import torchvision"], capture_output=True).returncode == 0
        ):
            return [run_process(str(python), "-c", TORCHVISION)]
    return []


LENGTHS = (100, 1_000, 10_000)


def chain(length: int) -> str:
    """Return a document of that many layers in a row."""
    body = "[{conv: {out: 8, kernel: 3, padding: 1}}, relu]"
    return f"netspec: 1\nname: chain\ninput: [8, 16, 16]\nnetwork:\n  - repeat: {length // 2}\n    body: {body}\n"


def unlike(length: int) -> str:
    """Return a document of blocks of one class, hardly two of which have the same arguments."""
    calls = [{"unit": {"width": 8 + 7 * index % 101, "kernel": 1 + 2 * (index % 3)}} for index in range(length // 3)]
    body = [{"conv": {"out": "width", "kernel": "kernel", "padding": "kernel // 2"}}, "bn", "relu"]
    blocks = {"unit": {"args": {"width": "int", "kernel": "int"}, "body": body}}
    return json.dumps({"netspec": 1, "name": "unlike", "input": [8, 4, 4], "blocks": blocks, "network": calls})


def growth_rows(folder: Path) -> list[Row]:
    """Measure how the time to compile a network, and to write its source, grows with the number of nodes."""
    import netspec
    from netspec.targets.torch.verify_source import verify_source

    def emit(graph: netspec.Graph) -> str:
        verify_source.cache_clear()  # it keeps the last few sources
        return netspec.source(graph)

    rows = []
    for what, write in (("chains", chain), ("blocks with unlike arguments", unlike)):
        compiling, emitting = [], []
        for length in LENGTHS:
            path = folder / f"{write.__name__}{length}.yaml"
            path.write_text(write(length))
            graph = netspec.compile(path)
            compiling.append(median_seconds(lambda path=path: netspec.compile(path), repeats=5))  # type: ignore[misc]
            emitting.append(median_seconds(lambda graph=graph: emit(graph), repeats=5))  # type: ignore[misc]
        rows.append(Row(f"{what} of 100, 1,000, 10,000 layers", grown(compiling), "1"))
        rows.append(Row("... and their source", grown(emitting), "1"))
    return rows


def grown(seconds: list[float]) -> str:
    """Return in words how time grows with the number of nodes."""
    first, second, third = seconds
    figures = f"{1e3 * first:.1f}, {1e3 * second:.1f}, {1e3 * third:.0f} ms; per node {second / first / 10:.2f}, "
    return figures + f"{third / second / 10:.2f} times the one before"


def module_rows() -> list[Row]:
    """Measure constructing, running and training the module against pytorchcv's."""
    import torch
    from pytorchcv.models.densenet import densenet121

    import netspec
    from netspec.targets.torch import emit_torch
    from netspec.targets.torch.runtime import load_class

    torch.manual_seed(0)
    network = load_class(emit_torch(netspec.compile(SPEC)))
    ours, theirs = network(), densenet121()
    construct = interleaved([network, densenet121], repeats=31, warm_up=3)
    images = torch.randn(4, 3, 224, 224)
    forward = interleaved([evaluated(ours, images), evaluated(theirs, images)], repeats=15, warm_up=3)
    train = interleaved([trained(ours, images), trained(theirs, images)], repeats=15, warm_up=2)
    against = "against pytorchcv's module"
    return [
        Row(f"construct DenseNet-121 {against}", f"{construct[0] / construct[1]:.2f}", "≤ 1.0"),
        Row(f"forward in evaluation {against}", f"{forward[0] / forward[1]:.2f}", "≤ 1.0"),
        Row(f"training step {against}", f"{train[0] / train[1]:.2f}", "≤ 1.0"),
    ]


LAYERS = """
netspec: 1
name: layer
args: {layer: {type: block, default: {attention: 6}}}
input: [196, 384]
network: [$layer]
"""


def layer_rows(folder: Path) -> list[Row]:
    """Measure layers of transformers against modules written by hand over torch's functions."""
    import torch

    import netspec

    torch.manual_seed(0)
    tokens = torch.randn(8, 196, 384)
    path = folder / "layer.yaml"
    path.write_text(LAYERS)
    rows = []
    for what, call, by_hand, most in (
        ("attention against a module over F.scaled_dot_product_attention", {"attention": 6}, attention(384, 6), "1.05"),
        ("rms_norm against F.rms_norm", "rms_norm", rms_norm(384), "1.1"),
    ):
        ours = netspec.build(path, overrides={"layer": call}, device="cpu")
        for one, other in zip(ours.parameters(), by_hand.parameters(), strict=True):
            other.data.copy_(one)
        torch.testing.assert_close(ours(tokens), by_hand(tokens))
        forward = interleaved([evaluated(ours, tokens), evaluated(by_hand, tokens)], repeats=51, warm_up=5)
        train = interleaved([trained(ours, tokens), trained(by_hand, tokens)], repeats=51, warm_up=5)
        rows.append(Row(f"forward of {what}", f"{forward[0] / forward[1]:.2f}", f"≤ {most}"))
        rows.append(Row(f"training step of {what}", f"{train[0] / train[1]:.2f}", f"≤ {most}"))
    return rows


def attention(dim: int, heads: int):  # type: ignore[no-untyped-def]
    """Return multi-head attention as one writes it by hand."""
    from torch import nn
    from torch.nn import functional as F

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v, self.out = (nn.Linear(dim, dim) for _ in range(4))

        def forward(self, x):  # type: ignore[no-untyped-def]
            q, k, v = (layer(x).unflatten(2, (heads, -1)).transpose(1, 2) for layer in (self.q, self.k, self.v))
            return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))

    return Attention()


def rms_norm(dim: int):  # type: ignore[no-untyped-def]
    """Return a module that calls torch's function, with a weight of its own."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(dim))

        def forward(self, x):  # type: ignore[no-untyped-def]
            return F.rms_norm(x, (dim,), self.weight)

    return Norm()


def evaluated(module, images) -> Callable[[], object]:  # type: ignore[no-untyped-def]
    """Return the work of one forward pass without gradients."""
    import torch

    def work() -> object:
        module.eval()
        with torch.no_grad():
            return module(images)

    return work


def trained(module, images) -> Callable[[], object]:  # type: ignore[no-untyped-def]
    """Return the work of one forward and backward pass."""

    def work() -> object:
        module.train()
        module.zero_grad()
        module(images).square().mean().backward()
        return None

    return work


def main() -> None:
    """Measure everything and write the table."""
    import tempfile

    import torch

    from netspec.version import __version__

    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for measure in (compile_rows, start_rows, lambda: growth_rows(here), module_rows, lambda: layer_rows(here)):
            for row in measure():
                print(f"{row.what}: {row.figure} (aim: {row.aim})", flush=True)
                rows.append(row)
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}"
    )
    lines = [
        "# Speed",
        "",
        f"Measured by `make bench` with netspec {__version__} on {machine}.",
        "Ratios are of medians, taken in turns in one run.",
        "",
        "| what | measured | aim |",
        "|---|---|---|",
        *(f"| {row.what} | {row.figure} | {row.aim} |" for row in rows),
        "",
    ]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    print(f"wrote {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
