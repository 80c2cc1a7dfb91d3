"""``netspec`` itself: the list of commands, which are imported on demand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from netspec.version import __version__

COMMANDS = {
    "new": "Start a document.",
    "build": "Write a network's module, picture and graph, and run it once.",
    "check": "Compile documents up to shapes and totals; say what is wrong.",
    "summary": "Print shapes, parameters, MACs and receptive fields.",
    "sizes": "Print the legal input sizes, and what limits them.",
    "draw": "Draw a network as SVG.",
    "source": "Print a network as PyTorch source, or as equations.",
    "diff": "Show what two networks differ in.",
    "compare": "Print several networks side by side, and draw their chart.",
    "list": "List the networks that ship.",
    "ops": "Describe the ops, combinators and blocks of the language.",
    "explain": "Explain the code of an error or a warning.",
    "schema": "Print a JSON Schema, by which editors complete and check.",
    "completion": "Print a script that completes commands in a shell.",
}
"""Every command with its line in the help; each is the `command` of the module of its name."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        # In the order of the table, in which they are used; click would sort them by name.
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"netspec.cli.{cmd_name}").command
        return command

    # click knows no suggestion for a misspelled command.
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS and not ctx.resilient_parsing:
            from netspec.diagnostics import nearest

            hint = nearest(args[0], COMMANDS)
            ctx.fail(f"no command {args[0]!r}" + (f", {hint}" if hint else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"netspec {__version__}")
        ctx.exit()


def keep_traceback(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Remember that an internal error is to be shown in full."""
    if value:
        ctx.find_root().meta["netspec.traceback"] = True


TRACEBACK: dict[str, Any] = {
    "is_flag": True,
    "expose_value": False,
    "callback": keep_traceback,
    "help": "Show where an internal error happened.",
}
"""The option of that name, which the commands about documents take too."""


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A SPEC is a path, the name of a network that ships, or - for standard input. "
    "`netspec COMMAND --help` says more. Exit codes: 0 done, 1 errors in a document, 2 a mistake in the command or a "
    "file that cannot be read or written, 3 refused by a limit, 70 an error of netspec, 130 interrupted.",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print the version."
)
@click.option("--traceback", **TRACEBACK)
def cli() -> None:
    """Compile YAML descriptions of neural networks to PyTorch modules, pictures and tables."""
