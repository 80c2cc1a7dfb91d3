"""Documents that cost more than they look like, against every command that takes a document, found by reflection.

Each command runs as it is, and with each of its switches and choices, in a process of its own: within 5 s of the
processor and 1 GB it gives an answer, or an error with a code.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from netspec.cli.group import COMMANDS
from netspec.cli.offers import offer_specs
from tests.support.expensive_documents import EXPENSIVE, PARTS, measure
from tests.support.invalid_documents import inside

NEEDED = {"build": ["--no-run", "--force"], "draw": ["-o", "-"], "new": ["made", "--force"]}
"""What a command is run with besides. A module that runs takes the time that torch takes, which is not netspec's."""
LEFT_OUT = frozenset(
    {"channels_last", "deny_warnings", "dtype", "engine", "exit_code", "force", "format", "kind", "no_run", "traceback"}
)
"""Options that change what is said, or that only a module that runs or another program would notice."""
LIMITS = {"build": 10.0}
"""In seconds, where they are more than five: a build is the work of four other commands."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with inside(tmp_path):
        for name, content in PARTS.items():
            Path(name).write_text(content, encoding="utf-8")
        yield tmp_path


def commands_of_documents() -> Iterator[tuple[str, click.Command]]:
    """Yield the commands of which an argument or option is completed by the names of networks."""
    for name in COMMANDS:
        command: click.Command = import_module(f"netspec.cli.{name}").command
        if any(_is_document(each) for each in command.params):
            yield name, command


def _is_document(parameter: click.Parameter) -> bool:
    return parameter._custom_shell_complete is offer_specs


def forms(name: str, command: click.Command) -> Iterator[tuple[str, ...]]:
    """Yield the arguments of a command on a document: without options, with each switch, and with each choice."""
    documents: list[str] = []
    for each in filter(_is_document, command.params):
        documents += [each.opts[0], "net.yaml"] if isinstance(each, click.Option) else ["net.yaml"]
    plain = (name, *documents, *NEEDED.get(name, ()))
    yield plain
    for option in command.params:
        if not isinstance(option, click.Option) or option.name in LEFT_OUT:
            continue
        if option.is_flag:
            yield *plain, option.opts[0]
        elif isinstance(option.type, click.Choice):
            yield *plain, option.opts[0], [each for each in option.type.choices if each != option.default][-1]


FORMS = [form for name, command in commands_of_documents() for form in forms(name, command)]
PLAIN = [form for name, command in commands_of_documents() for form in list(forms(name, command))[:1]]
ANSWERED = [name for name, (_, code) in EXPENSIVE.items() if code is None]
REFUSED = [name for name, (_, code) in EXPENSIVE.items() if code is not None]
CASES = [*((name, form) for name in ANSWERED for form in FORMS), *((name, form) for name in REFUSED for form in PLAIN)]
"""What is refused is refused before commands differ."""
SLICE = CASES[:: len(CASES) // 11]


def test_every_command_about_documents_is_found() -> None:
    found = [name for name, _ in commands_of_documents()]
    assert found == ["new", "build", "check", "summary", "sizes", "draw", "source", "diff", "compare", "schema"]
    assert {"--all", "--json", "--edges"} <= {argument for form in FORMS for argument in form}
    assert {form[0] for _, form in SLICE} > {"build", "draw"}


def hold(name: str, form: tuple[str, ...]) -> None:
    Path("net.yaml").write_text(EXPENSIVE[name][0], encoding="utf-8")
    exit_code, said = measure(*form, limit=LIMITS.get(form[0], 5))
    assert "Traceback" not in said and "internal error" not in said, said
    assert len(said) < 10**6
    if exit_code in (1, 3):
        assert "[NS0" in said, said
    else:
        assert exit_code == 0, said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "form"), SLICE, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_command_answers_or_refuses_soon(name: str, form: tuple[str, ...]) -> None:
    hold(name, form)


@pytest.mark.full
@pytest.mark.parametrize("form", FORMS, ids=" ".join)
@pytest.mark.parametrize("name", ANSWERED)
def test_every_command_answers_soon(name: str, form: tuple[str, ...]) -> None:
    hold(name, form)


@pytest.mark.full
@pytest.mark.parametrize("form", PLAIN, ids=" ".join)
@pytest.mark.parametrize("name", REFUSED)
def test_every_command_refuses_soon(name: str, form: tuple[str, ...]) -> None:
    hold(name, form)
