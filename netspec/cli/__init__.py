"""The command line. Each command is a file of its name, imported on demand.

group.py      the list of commands, and `netspec` itself
failures.py   what ends a command early: messages and exit codes
options.py    arguments and options that commands share
output.py     tables and progress, on a terminal and off it
documents.py  documents as commands compile them
offers.py     completions of arguments and options
fields.py     the arguments of ops and combinators in words
"""

from __future__ import annotations

import gc
import os
import sys

from netspec.cli.failures import run

__all__ = ["main", "run"]


def main() -> None:
    """Run the command that the program's arguments describe, and exit with its code."""
    # Most objects of a short process live until its end: searching them for garbage costs a tenth of the time.
    gc.set_threshold(100_000)
    # A stream that the caller has closed is None in Python.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end the program.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    # Python searches all objects once more before it ends, which for a large graph takes as long as compiling it.
    gc.freeze()
    sys.exit(code)
