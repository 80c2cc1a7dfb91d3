"""What all tests share: golden files, and the option that writes them anew."""

from __future__ import annotations

import difflib
import gc
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.command_line import Result, Run
from tests.support.paths import GOLDEN, ROOT, TESTS
from tests.support.search import EFFORT

SHOWN = 60
MOST_CASES = 16
"""Of a test with more cases than these, the quick tests run every fourth."""
GARBAGE = 100_000
"""After how many new objects Python looks for garbage among them."""

# Golden files are data, even where they are Python.
collect_ignore = ["golden"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew instead of comparing with them"
    )


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what `-m` does not ask for
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as ``zoo`` the tests of the zoo, and those that a shipped network's name is a parameter of.

    In the quick tests, leave out three of four cases of the long walks.
    """
    shipped = {path.stem for path in (ROOT / "specs").glob("*.yaml")}
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        named = any(_name(value) in shipped for value in values)
        if named or _is_of_the_zoo(item.path):
            item.add_marker("zoo")
    if EFFORT < 1:
        left_out = _long_walks(items)
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _long_walks(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return three of four cases of each test that has many."""
    walks: dict[str, list[pytest.Item]] = {}
    for item in items:
        if hasattr(item, "callspec"):
            walks.setdefault(item.nodeid.partition("[")[0], []).append(item)
    long = [walk for walk in walks.values() if len(walk) > MOST_CASES]
    return {item for walk in long for place, item in enumerate(walk) if place % 4}


def pytest_configure() -> None:
    """Look for garbage rarely: to go through what is imported and collected again and again takes seconds."""
    gc.set_threshold(GARBAGE)


def pytest_collection_finish() -> None:
    """Look for garbage only in what tests make: what is imported stays."""
    gc.freeze()


@cache
def _is_of_the_zoo(path: Path) -> bool:
    return TESTS / "zoo" in path.parents


def _name(parameter: object) -> str:
    """Return the network that a test's parameter names, or that a path to a document leads to."""
    return parameter.stem if isinstance(parameter, Path) else parameter if isinstance(parameter, str) else ""


@pytest.fixture
def forgotten_ops() -> Iterator[None]:
    """Forget afterwards which ops a test registered, and the modules that they came from."""
    from netspec.ops import OPS  # the process that only hands tests out to others needs no netspec

    ops, modules = dict(OPS), set(sys.modules)
    yield
    OPS.clear()
    OPS.update(ops)
    for name in set(sys.modules) - modules:
        if name.startswith(("netspec_plugin_", "my_")):
            del sys.modules[name]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command of netspec here; return its exit code, output and errors."""
    from netspec.cli import run

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = run(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text byte by byte with the file of that path below ``tests/golden``."""
    update = request.config.getoption("--update-golden")

    def compare(path: str, text: str) -> None:
        if update:
            _write(GOLDEN / path, text)
        else:
            _compare(GOLDEN / path, text)

    return compare


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _compare(path: Path, text: str) -> None:
    assert path.is_file(), f"{path} does not exist yet: `make golden` writes it"
    expected = path.read_bytes()
    if expected == text.encode():
        return
    lines = difflib.unified_diff(
        expected.decode(errors="replace").splitlines(), text.splitlines(), "golden", "now", lineterm=""
    )
    shown = "\n".join([*lines][:SHOWN]) or "the same lines, but other bytes"
    pytest.fail(f"{path.relative_to(GOLDEN.parent)} differs; `make golden` writes it anew\n{shown}", pytrace=False)
