"""Errors that no document of a few lines can show: of files, encodings, sizes, outputs and machines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import click
import pytest
from pydantic import ValidationError

from netspec.analysis import check_memory, measure_memory
from netspec.cli import build
from netspec.diagnostics import Diagnostic, SpecError
from netspec.ir import Graph
from netspec.language.loading.library import Library
from netspec.limits import Limits
from netspec.ops import OPS
from netspec.output_files import check_folder, check_suffix, write_file
from netspec.pipeline import compile_graph
from netspec.syntax.expr import value
from netspec.syntax.yaml import read_file
from netspec.views.diagram.options import DetailOptions, LayoutOptions
from netspec.views.diagram.svg import draw_svg
from tests.support.invalid_documents import inside

MINIMAL = "netspec: 1\nname: tiny\ninput: [3]\nnetwork: [relu]\n"


def said(action: Callable[[], object], folder: Path) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of the SpecError that an action in a folder must raise."""
    with inside(folder), pytest.raises(SpecError) as caught:
        action()
    return caught.value.diagnostics


def said_of(text: str, folder: Path) -> tuple[Diagnostic, ...]:
    """Return what is said about a file with that text."""
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    return said(lambda: read_file(Path("net.yaml")), folder)


def missing_file(folder: Path) -> tuple[Diagnostic, ...]:
    return said(lambda: compile_graph("desnet121"), folder)


def unreadable_file(folder: Path) -> tuple[Diagnostic, ...]:
    return said(lambda: read_file(Path("gone.yaml")), folder)


def a_file_with_a_slash(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "net.yaml").write_text(MINIMAL)
    return said(lambda: compile_graph("net.yaml/"), folder)


def a_folder(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "net.yaml").mkdir()
    return said(lambda: read_file(Path("net.yaml")), folder)


def a_pipe(folder: Path) -> tuple[Diagnostic, ...]:
    os.mkfifo(folder / "net.yaml")
    return said(lambda: read_file(Path("net.yaml")), folder)


def a_foreign_output(folder: Path) -> tuple[Diagnostic, ...]:
    path = folder / "build" / "tiny" / "tiny.py"
    path.parent.mkdir(parents=True)
    path.write_text("print('mine')\n", encoding="utf-8")
    return said(lambda: write_file(Path("build/tiny/tiny.py"), "text"), folder)


def a_linked_output(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "tiny.py").symlink_to("other.py")
    return said(lambda: write_file(Path("tiny.py"), "text"), folder)


def a_changed_output(folder: Path) -> tuple[Diagnostic, ...]:
    path = folder / "tiny.py"
    write_file(path, "x = 1\n")
    path.write_text(path.read_text(encoding="utf-8") + "y = 2\n", encoding="utf-8")
    return said(lambda: write_file(Path("tiny.py"), "x = 1\n"), folder)


def a_linked_folder(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "elsewhere").mkdir()
    (folder / "tiny").symlink_to("elsewhere")
    return said(lambda: check_folder(Path("tiny")), folder)


def an_import_of_a_loop(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "net.yaml").write_text("netspec: 1\nimport: [loop.yaml]\ninput: [3]\nnetwork: [relu]\n", "utf-8")
    return said(lambda: compile_graph("net.yaml"), folder)


def an_import_of_a_pipe(folder: Path) -> tuple[Diagnostic, ...]:
    os.mkfifo(folder / "pipe.yaml")
    (folder / "net.yaml").write_text("netspec: 1\nimport: [pipe.yaml]\ninput: [3]\nnetwork: [relu]\n", "utf-8")
    return said(lambda: compile_graph("net.yaml"), folder)


def an_output_in_a_file(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "build").write_text("", encoding="utf-8")
    return said(lambda: write_file(Path("build/tiny/tiny.py"), "text"), folder)


def an_output_that_is_a_folder(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "tiny.py").mkdir()
    return said(lambda: write_file(Path("tiny.py"), "text"), folder)


def an_output_of_another_kind(folder: Path) -> tuple[Diagnostic, ...]:
    return said(lambda: check_suffix(Path("tiny.png"), (".svg", ".dot", ".gv")), folder)


def latin1(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "net.yaml").write_text("title: na\xefve\n", encoding="latin-1")
    return said(lambda: read_file(Path("net.yaml")), folder)


def utf16(folder: Path) -> tuple[Diagnostic, ...]:
    (folder / "net.yaml").write_text("title: naive\n", encoding="utf-16")
    return said(lambda: read_file(Path("net.yaml")), folder)


def no_torch(folder: Path) -> tuple[Diagnostic, ...]:
    runtime = "netspec.targets.torch.runtime"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", None)
        patch.delitem(sys.modules, runtime, raising=False)
        return said(lambda: import_module(runtime), folder)


def a_bell(folder: Path) -> tuple[Diagnostic, ...]:
    return said_of("title: ring \x07\n", folder)


def a_hasty_library(folder: Path) -> tuple[Diagnostic, ...]:
    library = Library()
    library._paths = {"unit": folder / "unit.yaml"}
    (folder / "unit.yaml").write_text("netspec: 1\nblocks: {other: {body: [relu]}}\n", encoding="utf-8")
    return said(lambda: library["unit"], folder)


def a_chain(key: str, folder: Path) -> tuple[Diagnostic, ...]:
    for number in range(20):
        value = f"n{number + 1}.yaml"
        text = f"netspec: 1\n{key}: {value if key == 'extends' else [value]}\n"
        (folder / f"n{number}.yaml").write_text(text, encoding="utf-8")
    (folder / "n20.yaml").write_text(MINIMAL, encoding="utf-8")
    (folder / "net.yaml").write_text(MINIMAL + "import: [n0.yaml]\n", encoding="utf-8")
    return said(lambda: compile_graph("net.yaml" if key == "import" else "n0.yaml"), folder)


def too_much_memory(folder: Path) -> tuple[Diagnostic, ...]:
    text = "netspec: 1\nname: large\ninput: [1000000]\nnetwork: [{linear: 250000}]\n"
    (folder / "large.yaml").write_text(text, encoding="utf-8")

    def check() -> None:
        graph = compile_graph("large.yaml")
        check_memory(measure_memory(graph), graph, 16 * 2**30, forward=False)

    return said(check, folder)


def too_little_memory(folder: Path) -> tuple[Diagnostic, ...]:
    """The estimate was right, but somebody else uses the device."""
    (folder / "net.yaml").write_text(MINIMAL, encoding="utf-8")

    class OutOfMemoryError(RuntimeError):
        pass

    def refuse(*arguments: object, **options: object) -> None:
        raise OutOfMemoryError

    class Crowded:
        choose_devices = staticmethod(lambda name, count: [name])
        build_module = staticmethod(refuse)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_import_runtime", lambda: Crowded)
        context = click.Context(build.command)
        return said(lambda: build.command.invoke(_parsed(context, "net.yaml", "--device", "cpu")), folder)


def _parsed(context: click.Context, *arguments: str) -> click.Context:
    build.command.parse_args(context, list(arguments))
    return context


def many_documents(folder: Path) -> tuple[Diagnostic, ...]:
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(MINIMAL, encoding="utf-8")
    text = "netspec: 1\ninput: [3]\nnetwork:\n  - use: one.yaml\n  - use: two.yaml\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    return said(lambda: compile_graph("net.yaml", limits=Limits(documents=1)), folder)


def many_characters(folder: Path) -> tuple[Diagnostic, ...]:
    text = "netspec: 1\ninput: [3]\nnetwork: [relu]\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    return said(lambda: compile_graph("net.yaml", limits=Limits(characters=len(text) - 1)), folder)


def many_lines(folder: Path) -> tuple[Diagnostic, ...]:
    return said(lambda: draw_svg(_drawn(folder), DetailOptions(expand_all=True, most_edges=1)), folder)


def many_boxes(folder: Path) -> tuple[Diagnostic, ...]:
    return said(lambda: draw_svg(_drawn(folder), layout=LayoutOptions(most_boxes=1)), folder)


def _drawn(folder: Path) -> Graph:
    text = (
        "netspec: 1\nname: net\ninput: [4, 8, 8]\nnetwork:\n  - conv: {out: 4, kernel: 1}\n  - maxpool: {kernel: 2}\n"
    )
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    with inside(folder):
        return compile_graph("net.yaml")


def large_file(folder: Path) -> tuple[Diagnostic, ...]:
    return said_of("#" * (2**20 + 1), folder)


def long_text(folder: Path) -> tuple[Diagnostic, ...]:
    return said_of(f"notes: {'x' * 10_001}\n", folder)


def many_values(folder: Path) -> tuple[Diagnostic, ...]:
    return said_of(f"args: {{sizes: [{'1,' * 200_000}]}}\n", folder)


def many_aliases(folder: Path) -> tuple[Diagnostic, ...]:
    return said_of(f"a: &a 1\nb: [{'*a, ' * 1_001}]\n", folder)


def alias_bomb(folder: Path) -> tuple[Diagnostic, ...]:
    lines = [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in pairwise("abcdef")]
    return said_of("\n".join(["a: &a [1, 2, 3, 4]", *lines]) + "\n", folder)


def long_list(folder: Path) -> tuple[Diagnostic, ...]:
    text = "netspec: 1\nargs: {sizes: [1, 2, 3]}\ninput: [3]\nnetwork: [{linear: len(sizes)}]\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value, "MAX_ITEMS", 2)
        return said(lambda: compile_graph("net.yaml"), folder)


def a_pattern_in_python(folder: Path) -> tuple[Diagnostic, ...]:
    """What a program gives to an op has no place; pydantic says what is wrong."""
    with pytest.raises(ValidationError, match="a pattern has an arrow"):
        OPS["rearrange"](pattern="c h w")
    with pytest.raises(ValidationError, match="einsum takes two values"):
        OPS["einsum"](pattern="c h w -> c")
    return ()


UNCOMMON: dict[str, Callable[[Path], tuple[Diagnostic, ...]]] = {
    "NS0325": a_pattern_in_python,
    "NS0001": missing_file,
    "NS0001 gone": unreadable_file,
    "NS0001 slash": a_file_with_a_slash,
    "NS0002": a_folder,
    "NS0002 pipe": a_pipe,
    "NS0004 extends": lambda folder: a_chain("extends", folder),
    "NS0004 import": lambda folder: a_chain("import", folder),
    "NS0001 loop": an_import_of_a_loop,
    "NS0001 pipe": an_import_of_a_pipe,
    "NS0005": a_foreign_output,
    "NS0005 changed": a_changed_output,
    "NS0005 folder": a_linked_folder,
    "NS0005 link": a_linked_output,
    "NS0006": an_output_in_a_file,
    "NS0006 kind": an_output_of_another_kind,
    "NS0006 folder": an_output_that_is_a_folder,
    "NS0007": latin1,
    "NS0007 UTF-16": utf16,
    "NS0008": no_torch,
    "NS0103": a_bell,
    "NS0208": a_hasty_library,
    "NS0405 long list": long_list,
    "NS0707": too_much_memory,
    "NS0707 crowded": too_little_memory,
    "NS0706": many_documents,
    "NS0706 characters": many_characters,
    "NS0708": many_lines,
    "NS0708 boxes": many_boxes,
    "NS0711": large_file,
    "NS0712": long_text,
    "NS0714": many_values,
    "NS0715": many_aliases,
    "NS0716": alias_bomb,
}
"""By code, and what is special about it: how to make netspec say it in an empty folder."""
