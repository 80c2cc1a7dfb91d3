"""Failures of commands, as a message and an exit code.

0 done   1 errors in a document   2 usage, or a file that cannot be read or written   3 a limit was exceeded
70 internal error   130 interrupted
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

import click

from netspec.cli.documents import FORMAT, FOUND, SOURCES
from netspec.cli.group import cli

if TYPE_CHECKING:
    from netspec.diagnostics import SpecError

ERRORS, USAGE, LIMIT, INTERNAL, INTERRUPTED = 1, 2, 3, 70, 130


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; failures are reported on standard error."""
    # A shell requests completions through this variable; click prints them and exits.
    if "_NETSPEC_COMPLETE" in os.environ:
        cli.main(list(arguments), prog_name="netspec", complete_var="_NETSPEC_COMPLETE", standalone_mode=False)
    settings: dict[str, Any] = {}
    try:
        with cli.make_context("netspec", list(arguments)) as context:
            settings = context.meta
            cli.invoke(context)
        # Here and not at exit, where Python would only print a traceback.
        sys.stdout.flush()
    except BrokenPipeError:
        # `netspec list | head` is no failure: the reader has what it wanted.
        _discard_output()
    except click.exceptions.Exit as exit:
        _report_safely(lambda: report(settings))
        return exit.exit_code
    except (KeyboardInterrupt, EOFError, click.Abort):
        _report_safely(lambda: click.echo("interrupted", err=True))
        return INTERRUPTED
    except click.ClickException as error:
        _report_safely(partial(_show, error))
        return USAGE
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _report_safely(lambda: click.echo("Error: cannot write: no space is left", err=True))
            _discard_output()
            return USAGE
        return _failure(error, settings)
    _report_safely(lambda: report(settings))
    return 0


def _report_safely(show: Callable[[], None]) -> None:
    """Print why a command ends; if standard error is closed, only the exit code says it."""
    with suppress(OSError):
        show()


def _show(error: click.ClickException) -> None:
    """Print an error of usage, in which what was typed moves no cursor and begins no line."""
    from netspec.diagnostics.render import printable

    # click has had it since 8.2.
    if not isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # its message is the whole help
        vars(error)["message"] = printable(error.message)  # declared final: only the text that is shown changes
    error.show()


def _discard_output() -> None:
    """Discard what is still buffered, so that flushing it at exit cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failure(error: Exception, settings: dict[str, Any]) -> int:
    # Imported here, so that help and version need not wait for it.
    from netspec.diagnostics import SpecError

    if isinstance(error, SpecError):
        settings.setdefault(FOUND, []).extend(error.diagnostics)
        _report_safely(lambda: report(settings))
        return exit_code(error)
    return _internal(error, bool(settings.get("netspec.traceback") or os.environ.get("NETSPEC_TRACEBACK")))


def exit_code(error: SpecError) -> int:
    """Return the exit code for a SpecError: its own, or that of an unreadable file where no document is wrong."""
    if all(each.span is None and each.code.startswith("NS00") for each in error.diagnostics):
        return USAGE
    return error.exit_code


def report(settings: dict[str, Any], always: bool = False) -> None:
    """Print the diagnostics to standard error; with ``always`` also an empty list of them, for programs."""
    found, format = settings.pop(FOUND, ()), settings.get(FORMAT, "text")
    if not found and not (always and format in ("json", "sarif")):
        return
    from netspec.diagnostics import in_order
    from netspec.diagnostics.render import render

    # Documents that import the same file have the same diagnostics.
    click.echo(render(in_order(found), format, wants_color(sys.stderr), settings.get(SOURCES)), err=True)


def wants_color(stream: TextIO) -> bool:
    """Return whether to use colour: on a terminal, unless ``NO_COLOR`` is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _internal(error: Exception, in_full: bool) -> int:
    from netspec.diagnostics.render import printable

    if in_full:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True)
    click.echo(f"internal error: {type(error).__name__}: {printable(str(error))}", err=True)
    click.echo("  = this is an error of netspec, not of the document", err=True)
    more = "" if in_full else "; `--traceback` shows where it happened"
    click.echo(f"  = please report it with the document and `netspec --version`{more}", err=True)
    return INTERNAL
