"""``netspec build``: the module, the picture and the graph as files, and the module run once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netspec.cli.documents import compile_document
from netspec.cli.options import (
    default_limit,
    document_options,
    memory_options,
    read_memory,
    spec_argument,
    table_options,
)
from netspec.cli.output import print_summary, show_times, timed
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
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, or as in cuda:0,cuda:1.")
@memory_options
@click.option("--channels-last", is_flag=True, help="Keep the channels of images last in memory.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="INTEGER",
    help="Start of torch's random numbers, for the same weights again.",
)
@click.option(
    "--max-memory", metavar="SIZE", callback=read_memory, help="Refuse networks that take more; 3/4 of the machine's."
)
@click.option("--no-run", is_flag=True, help="Only write the files; torch is not needed then.")
@table_options
@click.option("--json", "as_json", is_flag=True, help="Print totals, scopes, nodes and what was done as JSON.")
def command(
    spec: str,
    overrides: dict[str, str],
    variant: str | None,
    out: Path,
    force: bool,
    max_memory: int | None,
    no_run: bool,
    batch: int,
    dtype: str,
    as_json: bool,
    depth: int | None,
    sort: Any,
    rows: int,
    device: str,
    **settings: Any,
) -> None:
    """Write a network as DIR/NAME/NAME.py, .svg and .json, and run that very module once.

    Every inferred shape is compared with the real one. Prints the network's table.
    """
    from netspec.analysis import check_memory, measure_memory

    times: dict[str, float] = {}
    graph = timed("compile", lambda: compile_document(spec, variant, overrides), times)
    limit = default_limit() if max_memory is None else max_memory
    check_memory(measure_memory(graph, dtype, batch), graph, limit, forward=not no_run)
    devices = [] if no_run else _choose_devices(device, graph, times)
    paths = _write(graph, out / graph.name, force, dtype, batch, times)
    done: dict[str, Any] = {"files": [str(path) for path in paths]}
    if not no_run:
        done |= _run(graph, paths[0], batch, dtype, times, devices, **settings)
    if as_json:
        _print_record(graph, dtype, batch, {**done, "seconds": times})
    else:
        _print_table(graph, done, times, depth=depth, sort=sort, rows=rows, dtype=dtype, batch=batch)


def _write(graph: Graph, folder: Path, force: bool, dtype: str, batch: int, times: dict[str, float]) -> list[Path]:
    from netspec.output_files import check_files, check_folder, write_files
    from netspec.targets.torch import emit_torch
    from netspec.views.record import graph_json

    stem = folder / graph.name
    check_folder(folder, force=force)
    check_files([stem.with_suffix(suffix) for suffix in (".py", ".svg", ".json")], force=force)
    picture = timed("draw", lambda: _picture(graph), times)
    texts = {
        ".py": timed("emit", lambda: emit_torch(graph), times),
        ".svg": picture,
        ".json": graph_json(graph, dtype=dtype, batch=batch),
    }
    files = {stem.with_suffix(suffix): text for suffix, text in texts.items() if text}
    write_files(files, force=force)
    return list(files)


def _picture(graph: Graph) -> str:
    """Return the SVG, or nothing where it cannot be drawn: a module is of use without its picture."""
    from netspec.views.diagram.engine import DrawingError
    from netspec.views.diagram.svg import draw_svg

    try:
        return draw_svg(graph)
    except DrawingError as error:
        click.echo(f"warning: there is no picture: {error}", err=True)
        return ""


def _choose_devices(names: str, graph: Graph, times: dict[str, float]) -> list[Any]:
    """Return torch's devices of those names, before anything is written."""
    from netspec.analysis.device_placement import place

    runtime = timed("load torch", _import_runtime, times)
    try:
        devices: list[Any] = runtime.choose_devices(names, place(graph).count)
    except NetspecError as error:
        raise click.BadParameter(str(error), param_hint="--device") from None
    return devices


def _run(
    graph: Graph,
    path: Path,
    batch: int,
    dtype: str,
    times: dict[str, float],
    devices: list[Any],
    channels_last: bool,
    seed: int | None,
) -> dict[str, Any]:
    """Instantiate the written file, run it once, and compare its shapes; return what was done."""
    runtime = _import_runtime()
    target = ", ".join(map(str, devices))
    settings = {"device": devices, "dtype": dtype, "channels_last": channels_last, "seed": seed, "source": path}
    try:
        module = timed(f"build on {target}", lambda: runtime.build_module(graph, **settings), times)
        compared = timed("forward", lambda: runtime.verify_forward(module, graph, batch, seed=seed or 0), times)
    except NotImplementedError as error:
        message = f"torch cannot compute {graph.name} in {dtype} on {target}: {error}"
        raise click.UsageError(f"{message}; use another --dtype or --device") from None
    except RuntimeError as error:
        # torch's class of that name is not worth an import of torch here.
        if type(error).__name__ != "OutOfMemoryError":
            raise
        message = f"{graph.name} does not fit into the memory of {target} with a batch of {batch}"
        help_text = "use a smaller batch or input"
        raise LimitError.of(Code.OUT_OF_MEMORY, message, graph.root.span, help=help_text) from None
    return {"device": target, "channels_last": channels_last, "seed": seed, "compared": compared}


def _import_runtime() -> Any:
    from netspec.targets.torch import runtime

    return runtime


def _print_record(graph: Graph, dtype: str, batch: int, done: dict[str, Any]) -> None:
    from netspec.views.record import graph_record, lines_json

    record = graph_record(graph, dtype=dtype, batch=batch)
    nodes = {key: record.pop(key) for key in ("scopes", "nodes")}
    click.echo(lines_json({**record, **done, **nodes}), nl=False)


def _print_table(graph: Graph, done: dict[str, Any], times: dict[str, float], **table: Any) -> None:
    from netspec.views.summary.table import summarize

    remarks = [show_times(times), f"wrote: {', '.join(done['files'])}"]
    if "compared" in done:
        how = f"on {done['device']} in {table['dtype']}, batch of {table['batch']}"
        remarks.append(f"checked: all {done['compared']:,} shapes of one forward pass {how}, agree with the graph")
    print_summary(summarize(graph, remarks=remarks, **table))
