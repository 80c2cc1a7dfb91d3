"""Layout engines: the embedded one that is installed with netspec, and the system's Graphviz on request."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

from graphviz.backend import DOT_BINARY

from netspec.diagnostics import NetspecError
from netspec.views.diagram.options import SECONDS, Engine

EMBEDDED = "graphviz-pure"


class DrawingError(NetspecError):
    """A picture cannot be drawn: the engine is missing or fails."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message}; {help}" if help else message)
        self.message, self.help = message, help


class TooSlow(DrawingError):
    """The engine did not finish within the time limit."""


def lay_out(dot: str, engine: Engine = "auto", seconds: float = SECONDS) -> str:
    """Return the SVG that an engine renders from a DOT text.

    Raises: DrawingError when the engine is missing or fails; TooSlow after the time limit.
    """
    return _find(engine)(dot, seconds)


def _find(engine: Engine) -> Callable[[str, float], str]:
    embedded, system = _embedded(), shutil.which(str(DOT_BINARY))
    if engine in ("auto", "embedded") and embedded:
        return lambda dot, seconds: _run(embedded, dot, seconds)
    if engine == "embedded":
        raise DrawingError(f"the layout engine {EMBEDDED} is not installed", "`pip install graphviz-pure` brings it")
    if system:
        return lambda dot, seconds: _run(system, dot, seconds)
    if engine == "dot":
        raise DrawingError("Graphviz's `dot` is not on the PATH", "leave out the engine: one is installed with netspec")
    raise DrawingError("no layout engine is installed", "`pip install graphviz-pure` brings one")


def _embedded() -> str | None:
    """Return the path of the embedded engine, which is not in the PATH of an environment that is not activated."""
    return shutil.which(EMBEDDED, path=sysconfig.get_path("scripts")) or shutil.which(EMBEDDED)


def _run(program: str, dot: str, seconds: float) -> str:
    # The graphviz package can run an engine too, but without a timeout.
    command = [program, "-Tsvg"]
    try:
        done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise TooSlow(f"{Path(program).name} takes more than {seconds:g} s for this picture") from None
    except OSError as error:
        raise DrawingError(f"{Path(program).name} cannot be run: {error.strerror}") from None
    if done.returncode or b"<svg" not in done.stdout:
        reason = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        # An engine quotes the text that it rejects, which may come from a document.
        raise DrawingError(f"{Path(program).name} fails: {reason[0]!a}")
    return done.stdout.decode()
