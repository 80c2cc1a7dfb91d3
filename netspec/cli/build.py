"""``netspec build``: the module, the picture and the graph as files, and the module run once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from netspec.cli.documents import Settings, compile_document
from netspec.cli.offers import offer_devices
from netspec.cli.options import (
    Table,
    Workload,
    default_limit,
    document_options,
    memory_options,
    read_memory,
    spec_argument,
    table_options,
)
from netspec.cli.output import Timer, print_summary
from netspec.diagnostics import Code, LimitError, NetspecError

if TYPE_CHECKING:
    from netspec.ir import Graph


@click.command("build")
@spec_argument
@document_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="build",
    show_default=True,
    metavar="DIR",
    help="Write to DIR/NAME/.",
)
@click.option("--force", is_flag=True, help="Overwrite files that netspec did not write.")
@click.option(
    "--device",
    default="auto",
    show_default=True,
    shell_complete=offer_devices,
    metavar="DEVICE",
    help="Device of the module: auto, cpu, cuda, cuda:1, or several as in cuda:0,cuda:1.",
)
@memory_options
@click.option("--channels-last", is_flag=True, help="Use the channels-last memory format.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="INTEGER",
    help="Seed of torch's random numbers, for reproducible weights.",
)
@click.option(
    "--max-memory",
    metavar="SIZE",
    callback=read_memory,
    help="Refuse networks that need more memory than this; 3/4 of the machine's by default.",
)
@click.option("--no-run", is_flag=True, help="Write the files without running the module, which needs no torch.")
@table_options
@click.option("--json", "as_json", is_flag=True, help="Print totals, scopes, nodes and a report of the run as JSON.")
def command(
    spec: str,
    settings: Settings,
    workload: Workload,
    table: Table,
    out: Path,
    force: bool,
    device: str,
    max_memory: int | None,
    no_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write a network as DIR/NAME/NAME.py, .svg and .json, and run that very module once.

    Every inferred shape is compared with the real one. The network's table is printed.
    """
    from netspec.analysis import check_memory, measure_memory

    timer = Timer()
    graph = timer.run("compile", lambda: compile_document(spec, settings))
    limit = default_limit() if max_memory is None else max_memory
    # Memory and devices come before the first file: a command that fails leaves nothing behind.
    check_memory(measure_memory(graph, workload.dtype, workload.batch), graph, limit, forward=not no_run)
    devices = [] if no_run else _choose_devices(device, graph, timer)
    paths = _write(graph, out / graph.name, force, workload, timer)
    done: dict[str, Any] = {"files": [str(path) for path in paths]}
    if not no_run:
        done |= _run(graph, paths[0], Run(devices, workload, **options), timer)
    if as_json:
        _print_record(graph, workload, {**done, "seconds": timer.seconds})
    else:
        _print_table(graph, workload, table, done, timer)


class Run(NamedTuple):
    """How a module is built and run."""

    devices: list[Any]
    workload: Workload
    channels_last: bool
    seed: int | None

    def __str__(self) -> str:
        return ", ".join(map(str, self.devices))


def _write(graph: Graph, folder: Path, force: bool, workload: Workload, timer: Timer) -> list[Path]:
    from netspec.output_files import check_files, check_folder, signed, write_files
    from netspec.targets.torch import emit_torch
    from netspec.views.record import graph_json

    stem = folder / graph.name
    check_folder(folder, force=force)
    check_files([stem.with_suffix(suffix) for suffix in (".py", ".svg", ".json")], force=force)
    # All texts are made before the first file is written, so that the files always come from the same run.
    picture = timer.run("draw", lambda: _picture(graph))
    texts = {
        # Signed before it is verified: running the file verifies the same text, which is then known.
        ".py": timer.run("emit", lambda: emit_torch(graph, finish=lambda text: signed(text, ".py"))),
        ".svg": picture,
        ".json": graph_json(graph, **workload._asdict()),
    }
    files = {stem.with_suffix(suffix): text for suffix, text in texts.items() if text}
    write_files(files, force=force)
    return list(files)


def _picture(graph: Graph) -> str:
    """Return the SVG, or None where it cannot be drawn: the module is useful without a picture."""
    from netspec.views.diagram.engine import DrawingError
    from netspec.views.diagram.svg import draw_svg

    try:
        return draw_svg(graph)
    except (DrawingError, LimitError) as error:
        click.echo(f"warning: there is no picture: {error}", err=True)
        return ""


def _choose_devices(names: str, graph: Graph, timer: Timer) -> list[Any]:
    """Return torch's devices of those names, before anything is written."""
    from netspec.analysis.device_placement import place

    runtime = timer.run("load torch", _import_runtime)
    try:
        devices: list[Any] = runtime.choose_devices(names, place(graph).count)
    except NetspecError as error:
        raise click.BadParameter(str(error), param_hint="--device") from None
    return devices


def _run(graph: Graph, path: Path, run: Run, timer: Timer) -> dict[str, Any]:
    """Instantiate the written file, run it once, and compare its shapes; return what was done."""
    runtime = _import_runtime()
    target, (batch, dtype) = str(run), run.workload
    settings = {"device": run.devices, "dtype": dtype, "seed": run.seed, "source": path}
    try:
        module = timer.run(f"build on {target}", lambda: runtime.build_module(graph, **settings))
        if run.channels_last:
            module = runtime.use_channels_last(module, graph)
        compared = timer.run("forward", lambda: runtime.verify_forward(module, graph, batch, seed=run.seed or 0))
    except NotImplementedError as error:
        message = f"torch cannot compute {graph.name} in {dtype} on {target}: {error}"
        raise click.UsageError(f"{message}; use another --dtype or --device") from None
    except RuntimeError as error:
        # torch's own exception class would need an import of torch, which may be missing here.
        if type(error).__name__ != "OutOfMemoryError":
            raise
        message = f"{graph.name} does not fit into the memory of {target} with a batch of {batch}"
        help_text = "use a smaller batch or input"
        raise LimitError.of(Code.OUT_OF_MEMORY, message, graph.root.span, help=help_text) from None
    return {"device": target, "channels_last": run.channels_last, "seed": run.seed, "compared": compared}


def _import_runtime() -> Any:
    from netspec.targets.torch import runtime

    return runtime


def _print_record(graph: Graph, workload: Workload, done: dict[str, Any]) -> None:
    from netspec.views.record import graph_record, lines_json

    record = graph_record(graph, **workload._asdict())
    # The nodes are most of the text: what was done stands before them.
    nodes = {key: record.pop(key) for key in ("scopes", "nodes")}
    click.echo(lines_json({**record, **done, **nodes}), nl=False)


def _print_table(graph: Graph, workload: Workload, table: Table, done: dict[str, Any], timer: Timer) -> None:
    from netspec.diagnostics.render import printable
    from netspec.views.summary.table import TableOptions, summarize

    remarks = [str(timer), f"wrote: {printable(', '.join(done['files']))}"]
    if "compared" in done:
        how = f"on {done['device']} in {workload.dtype}, batch of {workload.batch}"
        remarks.append(f"checked: all {done['compared']:,} shapes of one forward pass {how}, agree with the graph")
    print_summary(summarize(graph, TableOptions(*table), remarks=remarks, **workload._asdict()))
