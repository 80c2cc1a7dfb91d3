"""Examples in Markdown: found, run in order, and compared with what stands below them.

A ``yaml`` example is a document, or a part of one that is completed: steps alone are its ``network``, and where it has
none of its own the input is 3x32x32. One whose first line is a comment with a file's name is kept in that file for the
examples after it. A ``text`` example below it is what the document becomes, or its errors. A ``python`` example is run,
and a ``text`` below it is what it prints. A ``console`` example holds ``$ netspec`` commands with their output.

``…`` alone on a line stands for any lines, and within one for anything.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import netspec
from netspec.cli import run
from netspec.diagnostics import SpecError
from netspec.diagnostics.render import render
from netspec.ir import Graph, Output
from netspec.sizes.shape import show

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w/]+\.yaml)\n")
NETWORK = re.compile(r"^(network|extends):", re.MULTILINE)
TOP_LEVEL = re.compile(r"^(netspec|input|network|blocks|extends):", re.MULTILINE)


class Example(NamedTuple):
    """A fenced part of a page: its language, its text and where that begins."""

    language: str
    text: str
    line: int
    start: int

    @property
    def end(self) -> int:
        """Where the text ends in the page."""
        return self.start + len(self.text)


def examples(page: str) -> list[Example]:
    """Return the fenced parts of a Markdown text, in order."""
    return [
        Example(match[1], match[2], page.count("\n", 0, match.start()) + 1, match.start(2))
        for match in FENCE.finditer(page)
    ]


def complete(text: str) -> str:
    """Return the document of an example; what is added stands where it changes no line's number if it can."""
    keys = set(TOP_LEVEL.findall(text))
    if text.startswith("- ") or text.split("\n", 1)[-1].startswith("- "):
        text, keys = f"network:\n{text}", {"network"}
    if "netspec" in keys or all(line.startswith("#") for line in text.splitlines()):
        return text
    added = ["netspec: 1"] + (["input: [3, 32, 32]"] if not keys & {"input", "extends"} else [])
    added += ["network: [relu]"] if not keys & {"network", "extends"} else []
    return text + "\n".join(added) + "\n"


def outline(graph: Graph) -> str:
    """Return a graph with a line per value, and its outputs where there are more than the last value."""
    rows = [
        (
            node.path,
            f"= {node.op.name}({', '.join(node.inputs)})",
            ", ".join(show(each.shape) for each in node.results),
            f"{node.params:,}" if node.params else "",
        )
        for node in graph
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if len(graph.outputs) > 1 or graph.outputs[0].name != "output":
        lines += map(_returned, graph.outputs)
    return "\n".join(line.replace("  = ", " = ", 1) for line in lines) + "\n"


def _returned(output: Output) -> str:
    weight = f", loss weight {output.loss_weight:g}" if output.loss_weight != 1 else ""
    return f"returns {output.name}: {output.node}{' in training' if output.train_only else ''}{weight}"


def fits(expected: str, found: str) -> bool:
    """Return whether a text is what a page shows, in which … stands for anything."""
    lines = [".*".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n" for line in expected.splitlines()]
    pattern = "".join(r"(?:.*\n)*" if line == r".*[ ]*\n" else line for line in lines)
    return re.fullmatch(pattern, found) is not None


def agree(shown: str, found: str) -> bool:
    """Return whether a page shows what is found; where lines are left out, columns may have another width."""
    return fits(shown, found) or ("…" in shown and fits(_narrow(shown), _narrow(found)))


def _narrow(text: str) -> str:
    return "".join(" ".join(line.split()) + "\n" for line in text.splitlines())


class Page:
    """Runs a page's examples in order, each seeing the files and Python names that earlier ones left."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.text = path.read_text(encoding="utf-8")
        self.names: dict[str, Any] = {}

    def differences(self) -> Iterator[tuple[Example, str]]:
        """Yield every shown result that is not the true one, with the true one; raise where an example fails."""
        found = examples(self.text)
        for example, following in zip_longest(found, found[1:]):
            shown = following if following and following.language == "text" else None
            if example.language == "console":
                result, shown = self._console(example.text), example
            elif example.language == "yaml":
                result = self._document(example, shown)
            elif example.language == "python":
                result = self._python(example)
            else:
                continue
            if shown is not None and not agree(shown.text, result):
                yield shown, result

    def _document(self, example: Example, shown: Example | None) -> str:
        name = match[1] if (match := FILE.match(example.text)) else "net.yaml"
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(complete(example.text), encoding="utf-8")
        if not shown and not NETWORK.search(path.read_text(encoding="utf-8")):
            return ""
        try:
            return outline(netspec.compile(name))
        except SpecError as error:
            errors = render(error.diagnostics) + "\n"
            assert shown and "error[" in shown.text, f"{self.path.name}:{example.line} has errors:\n{errors}"
            return errors

    def _python(self, example: Example) -> str:
        code = compile("\n" * example.line + example.text, str(self.path), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self.names)
        return printed.getvalue()

    def _console(self, text: str) -> str:
        return "".join(f"{line}\n{_output(line)}" for line in text.splitlines() if line.startswith("$ "))


def _output(line: str) -> str:
    program, *arguments = shlex.split(line.removeprefix("$ "))
    assert program == "netspec", f"only netspec can be run: {line}"
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        run(arguments)
    return printed.getvalue()
