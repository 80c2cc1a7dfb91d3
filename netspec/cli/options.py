"""Arguments and options that commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, NamedTuple, TypeVar, cast

import click

from netspec.cli.documents import DENY_WARNINGS, FORMAT, LIMITS, Settings
from netspec.cli.group import TRACEBACK
from netspec.cli.offers import offer_files, offer_settings, offer_specs, offer_variants
from netspec.dtypes import FLOAT_BYTES
from netspec.limits import Limits

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("text", "concise", "json", "github", "sarif")
SORTINGS = ("params", "macs", "memory")


def read_memory(ctx: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Return a number of bytes, written with or without a unit: ``16GiB``, ``500MB``, ``2G``."""
    if text is None:
        return None
    # GiB is a power of 1,024 and GB of 1,000, as IEC 80000-13 has it; B alone and nothing at all are bytes.
    digits = text.rstrip("BbiIkKmMgGtT")
    unit = text[len(digits) :].upper().rstrip("B")
    powers = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
    try:
        return int(float(digits) * (1024 if unit.endswith("I") else 1000) ** powers[unit.removesuffix("I")])
    # float also reads nan and 1e999, which int refuses by two different errors.
    except (KeyError, ValueError, OverflowError):
        raise click.BadParameter(f"'{text}' is no size: write 16GiB or 500MB", ctx, parameter) from None


def read_overrides(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return the values of options like ``--set`` by the name of the argument."""
    pairs = [text.partition("=") for text in texts]
    for text, (key, equals, _) in zip(texts, pairs, strict=True):
        if not key or not equals:
            raise click.BadParameter(f"'{text}' is not KEY=VALUE, as in growth=24", ctx, parameter)
    # The last of two settings of one argument wins, as is usual for options.
    return {key.strip(): value for key, _, value in pairs}


def _keep_format(ctx: click.Context, parameter: click.Parameter, value: str) -> None:
    ctx.meta[FORMAT] = value


def _keep_denial(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.meta[DENY_WARNINGS] = value


class Workload(NamedTuple):
    """What memory depends on besides the network: the dtype and the batch."""

    batch: int
    dtype: str


class Table(NamedTuple):
    """Which rows the table of a summary has."""

    depth: int | None
    sort: Any
    rows: int


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    """Return a command with options, listed in its help in this order."""
    # click lists options in the order in which decorators stand, which Python applies from the last to the first.
    for option in reversed(options):
        command = option(command)
    return command


def _gathered(command: Command, name: str, record: Any) -> Command:
    """Return a command that takes the options of a record one by one, for one that takes the record by that name."""

    # What click keeps about a command's options is an attribute of the function, which `wraps` hands on.
    @wraps(command)
    def gathered(*context: Any, **values: Any) -> Any:
        own = {field: values.pop(field) for field in record._fields}
        return command(*context, **values, **{name: record(**own)})

    return cast(Command, gathered)


def spec_argument(command: Command) -> Command:
    """Add the document that a command is about."""
    return click.argument("spec", shell_complete=offer_specs)(command)


def default_limit() -> int:
    """Return three quarters of the machine's memory in bytes, or 2**62 where that is unknown."""
    try:
        # The rest is left to Python, torch's workspaces and other processes.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    # Windows has no sysconf, and some systems lack these names.
    except (AttributeError, OSError, ValueError):
        return 2**62


def _load_plugins(ctx: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> None:
    if not names or ctx.resilient_parsing:
        return
    from netspec.ops import PluginError, load_plugin

    for name in names:
        try:
            load_plugin(name)
        except PluginError as error:
            raise click.BadParameter(str(error), ctx, parameter) from None


def plugin_option(command: Command) -> Command:
    """Add the option that loads plugins with ops."""
    # Eager, so that ops of plugins are registered before any other option or argument is read.
    return click.option(
        "--plugin",
        metavar="MODULE",
        multiple=True,
        expose_value=False,
        is_eager=True,
        callback=_load_plugins,
        shell_complete=offer_files,
        help="A Python module, or a .py file, whose ops documents may use.",
    )(command)


def diagnostic_options(command: Command) -> Command:
    """Add the options for how errors and warnings are shown."""
    return _with(
        command,
        click.option(
            "--format",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            expose_value=False,
            callback=_keep_format,
            is_eager=True,
            help="How errors and warnings are shown on standard error.",
        ),
        click.option(
            "--deny-warnings",
            is_flag=True,
            expose_value=False,
            callback=_keep_denial,
            help="Refuse documents with warnings, as if they were errors.",
        ),
        click.option("--traceback", **TRACEBACK),
    )


def _keep_limit(ctx: click.Context, parameter: click.Parameter, value: int | None) -> None:
    if value is not None:
        ctx.meta.setdefault(LIMITS, {})[str(parameter.name).removeprefix("max_")] = value


def limit_options(command: Command) -> Command:
    """Add an option per limit on what a document may ask for; the help shows the first."""
    shown, *others = (each.name for each in fields(Limits))
    least = f"Most {shown} of a network, {getattr(Limits(), shown):,} by default"
    help_text = f"{least}. Other limits: --max-{', --max-'.join(others)}."

    def option(name: str) -> Callable[[Command], Command]:
        return click.option(
            f"--max-{name}",
            type=click.IntRange(1),
            expose_value=False,
            callback=_keep_limit,
            # One entry in the help names them all: a list of every limit would bury the other options.
            hidden=name != shown,
            help=help_text,
        )

    return _with(command, *map(option, (shown, *others)))


def document_options(command: Command) -> Command:
    """Add the options of ``settings``, which select the network, and those for errors and warnings."""
    return _with(
        _gathered(command, "settings", Settings),
        click.option(
            "--set",
            "overrides",
            metavar="KEY=VALUE",
            multiple=True,
            callback=read_overrides,
            shell_complete=offer_settings("spec", "specs"),
            help="Another value for an argument or the input, as in growth=24, layers.0=3 or input=1,64,64.",
        ),
        click.option(
            "--variant",
            metavar="NAME",
            shell_complete=offer_variants("spec", "specs"),
            help="One of the document's variants.",
        ),
        limit_options,
        plugin_option,
        diagnostic_options,
    )


def memory_options(command: Command) -> Command:
    """Add the options of ``workload``, on which memory depends."""
    return _with(
        _gathered(command, "workload", Workload),
        click.option(
            "--batch", type=click.IntRange(1, 2**20), default=1, show_default=True, help="Examples in a batch."
        ),
        click.option(
            "--dtype",
            type=click.Choice(list(FLOAT_BYTES)),
            default="float32",
            show_default=True,
            help="Dtype of parameters and values.",
        ),
    )


def table_options(command: Command) -> Command:
    """Add the options of ``table``, which select the rows of a summary."""
    return _with(
        _gathered(command, "table", Table),
        click.option(
            "--depth",
            type=click.IntRange(1),
            help="Levels of scopes to expand; by default two, and units of a few ops stay collapsed.",
        ),
        click.option("--sort", type=click.Choice(SORTINGS), help="List single ops, the largest first."),
        click.option("--rows", type=click.IntRange(1), default=200, show_default=True, help="Most rows to show."),
    )
