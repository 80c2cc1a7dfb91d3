"""Invalid documents in Markdown, with what netspec says about them.

A case is a section: prose, a document, files beside it, a command where it is not ``netspec check net.yaml``, and the
diagnostics as text.

    ```yaml                 the document, net.yaml; ``yaml fail`` where a mended one follows
    ```yaml units.yaml      a file beside it
    ```console              $ netspec check net.yaml --variant wide --set growth=24
    ```text                 what is said
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import netspec
from netspec.diagnostics import Diagnostic, SourceMap, SpecError
from netspec.diagnostics.render import render
from netspec.ir import Graph
from netspec.pipeline import compile_graph
from netspec.targets.torch import emit_torch

PACKAGE = Path(netspec.__file__).parent
_FENCE = re.compile(r"^```(\w+) ?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_SECTION = re.compile(r"^(?=## )", re.MULTILINE)


@dataclass(slots=True)
class Case:
    """One section: the documents by the name of their file, what is asked, and where the answer stands in it."""

    text: str
    files: dict[str, str] = field(default_factory=dict)
    mended: str | None = None
    command: str = "check"
    variant: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    answer: tuple[int, int] | None = None

    @property
    def title(self) -> str:
        """The heading."""
        return self.text.partition("\n")[0].lstrip("# ")


def read_case(text: str) -> Case:
    """Return the case of a section."""
    case = Case(text)
    for fence in _FENCE.finditer(text):
        language, info, content = fence.groups()
        if language == "yaml" and info in ("", "fail") and "net.yaml" in case.files:
            case.mended = content
        elif language == "yaml":
            case.files[info if info.endswith((".yaml", ".yml")) else "net.yaml"] = content
        elif language == "text":
            case.answer = fence.span(3)
        elif language == "console":
            _read_command(case, content)
    return case


def _read_command(case: Case, line: str) -> None:
    words = shlex.split(line.removeprefix("$ netspec "))
    case.command = words[0]
    for option, value in pairwise(words):
        if option == "--variant":
            case.variant = value
        elif option == "--set":
            key, _, text = value.partition("=")
            case.overrides[key] = text


def read_cases(path: Path) -> list[Case]:
    """Return the cases of a file; what stands before the first section is no case."""
    return [read_case(section) for section in _SECTION.split(path.read_text(encoding="utf-8"))[1:]]


def diagnose(case: Case, folder: Path, *, mended: bool = False) -> tuple[Diagnostic, ...]:
    """Return what is said about a case in a folder, warnings too; nothing where all is well."""
    try:
        return compile_case(case, folder, mended=mended).warnings
    except SpecError as error:
        return error.diagnostics


def compile_case(case: Case, folder: Path, *, mended: bool = False) -> Graph:
    """Return the graph of a case in a folder.

    Raises: SpecError with what is wrong.
    """
    files = {**case.files, "net.yaml": case.mended} if mended and case.mended else case.files
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with inside(folder):
        graph = compile_graph("net.yaml", case.variant, dict(case.overrides))
        if case.command == "source":
            emit_torch(graph)
    return graph


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder, so that messages show short paths."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def shown(case: Case, diagnostics: tuple[Diagnostic, ...], folder: Path) -> str:
    """Return diagnostics as they are printed, for a reader who has the document in ``/project``."""
    sources = SourceMap()
    for key, value in case.overrides.items():
        sources.add(f"--set {key}", value)
    with inside(folder):
        text = render(diagnostics, sources=sources).replace(str(folder.resolve()), "/project")
    return text.replace(f"{PACKAGE.parent}{os.sep}", "") + "\n"


def answered(case: Case, text: str) -> str:
    """Return the section with another answer."""
    start, end = case.answer or (len(case.text), len(case.text))
    return case.text[:start] + text + case.text[end:]
