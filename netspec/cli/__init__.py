"""The command line. Each command is a file of its name, imported when it is called for.

group.py      the list of commands, and `netspec` itself
failures.py   what ends a command early: messages and exit codes
options.py    arguments and options that commands share
output.py     tables and progress, on a terminal and off it
"""

from __future__ import annotations

import gc
import os
import sys

from netspec.cli.failures import run

__all__ = ["main", "run"]


def main() -> None:
    """Run the command that the program's arguments describe, and exit with its code."""
    # Most of what a short process makes lives until its end: looking for garbage in it takes a tenth of the time.
    gc.set_threshold(100_000)
    # Where the caller has closed a stream, Python has none.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        # A name outside the terminal's encoding must not end the program.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
