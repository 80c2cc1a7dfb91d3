"""The pages for people: every example runs and shows what is true, and what is generated is not stale."""

from __future__ import annotations

import re
import runpy
import shlex
import tomllib
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import netspec
from netspec.cli import run
from netspec.cli.group import COMMANDS
from netspec.language.combinators import COMBINATORS, AuxiliaryOutput, Residual, Scan
from netspec.language.initializers import FUNCTIONS as INITIALIZERS
from netspec.language.loading.document import LARGEST_CHAIN
from netspec.language.loading.files import shipped_names
from netspec.language.loading.library import library
from netspec.language.model import STEP_KEYS
from netspec.language.parameters import TYPES
from netspec.language.parsing.declarations import BLOCK_KEYS
from netspec.language.parsing.header import Expectation, Header
from netspec.limits import Limits
from netspec.lowering.budget import DEEPEST_BODY, DEEPEST_CALL
from netspec.ops import OPS
from netspec.syntax.expr import ELEMENTWISE, FUNCTIONS
from netspec.syntax.yaml.reader import MAX_DEPTH, MAX_NODES, MAX_SCALAR
from netspec.tooling.block_example import example_document
from netspec.views.diagram.options import MOST_BOXES, MOST_EDGES
from tests.support.examples import compile_somewhere
from tests.support.markdown import Page, complete, examples, fits

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN = (
    "README.md", "CONTRIBUTING.md", "docs/language.md", "docs/idioms.md", "docs/attention.md", "docs/detection.md",
    "docs/generative.md", "docs/recurrences.md", "docs/tutorial.md", "docs/design.md",
)  # fmt: skip
GENERATED: dict[str, Any] = runpy.run_path(str(DOCS / "generate.py"))["PAGES"]


def text_of(name: str) -> str:
    """Return the text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


LONG = [f"docs/{name}.md" for name in ("attention", "detection", "generative", "recurrences")]
"""Pages of whole networks, whose examples take more than a second together."""


# examples


@pytest.mark.usefixtures("forgotten_ops")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in WRITTEN]
)
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(tmp_path)
    page = Page(ROOT / name, tmp_path)
    wrong = list(page.differences())
    if request.config.getoption("--update-golden"):
        _update(page, wrong)
    elif wrong:
        shown = [f"{name}:{each.line} shows\n{each.text}but it is\n{result}" for each, result in wrong]
        pytest.fail("\n".join(shown), pytrace=False)


def _update(page: Page, wrong: list[Any]) -> None:
    text = page.text
    for example, result in reversed(wrong):
        assert "…" not in example.text, f"{page.path.name}:{example.line} leaves something out: mend it by hand"
        text = text[: example.start] + result + text[example.end :]
    page.path.write_text(text, encoding="utf-8")


# what is generated

OF_ALL = ("zoo.md", "pictures/accuracy.svg")
"""What is made from all networks that ship."""

PAGES = [pytest.param(name, marks=pytest.mark.zoo if name in OF_ALL else ()) for name in GENERATED if ".md" in name]
PICTURES = [pytest.param(name, marks=pytest.mark.zoo if name in OF_ALL else ()) for name in GENERATED if ".svg" in name]


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_not_stale(name: str) -> None:
    assert (DOCS / name).read_bytes() == GENERATED[name]().encode(), "`make docs` writes it anew"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_not_stale(name: str) -> None:
    # Another version of the layout engine may place the same boxes elsewhere.
    shown, now = (re.findall(r">([^<>\n]+)</", text) for text in (text_of(f"docs/{name}"), GENERATED[name]()))
    assert shown == now and shown, "`make docs` draws it anew"


@pytest.mark.parametrize("name", [*OPS, *COMBINATORS])
def test_the_example_of_every_op_compiles(name: str) -> None:
    (example,) = re.findall(r"Example: ``(.*?)``", (OPS.get(name) or COMBINATORS[name]).__doc__ or "", re.DOTALL)
    compile_somewhere(" ".join(example.split()).removeprefix("- "))


@pytest.mark.parametrize("name", library())
def test_the_example_of_every_library_block_compiles(name: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(example_document(library()[name]), encoding="utf-8")
    assert netspec.compile(tmp_path / "net.yaml").outputs


# what pages say of the code


def listed(page: str, heading: str) -> set[str]:
    """Return the words in the first column of the table whose first heading is that."""
    found: set[str] = set()
    for match in re.finditer(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE):
        for row in match[1].splitlines():
            found |= set(re.findall(r"`([^`]+)`", row.split(" | ")[0]))
    return found


def first_words(texts: Collection[str]) -> set[str]:
    """Return the words that calls begin with."""
    return {re.split(r"\W", text)[0] for text in texts}


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("key", {info.alias or name for name, info in Header.model_fields.items()} | {*STEP_KEYS, *BLOCK_KEYS}),
        ("type", set(TYPES)),
        ("combinator", set(COMBINATORS)),
        ("total", set(Expectation.model_fields)),
        ("merge", {name for name, op in OPS.items() if op.family == "merge" and not op.operands_from}),
        ("argument", {*Residual.model_fields, *AuxiliaryOutput.model_fields, *Scan.model_fields}),
    ],
)
def test_the_language_is_described_completely(heading: str, known: set[str]) -> None:
    assert listed(text_of("docs/language.md"), heading) == known


def test_functions_are_described_completely() -> None:
    described = first_words(listed(text_of("docs/language.md"), "function"))
    assert described == {*FUNCTIONS, *INITIALIZERS}
    assert first_words(listed(text_of("docs/language.md"), "function of elements")) == set(ELEMENTWISE)


def test_limits_are_what_the_page_says() -> None:
    page = text_of("docs/language.md")
    section = page[page.index("## Limits") : page.index("## A whole")]
    rows = re.findall(r"^\| (.*?) \| (.*?) \|(.*)\|$", section, re.MULTILINE)
    limits = {what: most for what, most, _ in rows}
    options = {option.strip(" `") for _, _, option in rows if "--max" in option}
    assert options == {*(f"--max-{each.name}" for each in fields(Limits)), "--max-memory", "--max-edges"} | {
        "--max-boxes",
        "--max-seconds",
    }
    assert [
        limits["nesting of YAML"],
        limits["length of a text"],
        limits["values of a file"],
        limits["blocks calling each other"],
        limits["bodies inside each other"],
        limits["nodes of a network"],
        limits["steps expanded"],
        limits["operands of all nodes"],
        limits["items that expressions go over"],
        limits["documents in use"],
        limits["elements of a value"],
        limits["lines of a picture"],
        limits["boxes of a picture"],
        limits["documents extending or importing each other"],
    ] == [
        f"{MAX_DEPTH} levels",
        f"{MAX_SCALAR:,} characters",
        f"{MAX_NODES:,}",
        f"{DEEPEST_CALL} deep",
        f"{DEEPEST_BODY} deep",
        f"{Limits().nodes:,}",
        f"{Limits().steps:,}",
        f"{Limits().operands:,}",
        f"{Limits().items:,}",
        f"{Limits().documents:,}",
        f"2^{Limits().elements.bit_length() - 1}",
        f"{MOST_EDGES:,}",
        f"{MOST_BOXES:,}",
        f"{LARGEST_CHAIN} in a row",
    ]


def test_the_readme_has_every_command() -> None:
    assert {cell.split()[1] for cell in listed(text_of("README.md"), "command")} == set(COMMANDS)


PLACES = {
    "SPEC…": "lenet5 lenet5_modern", "[SPEC]": "lenet5", "SPEC": "lenet5_modern", "A B": "lenet5 lenet5_modern",
    "FILE.svg": "file.svg", "[NAME]": "conv", "NAME": "mine", "CODE": "NS0501", "SHELL": "bash",
}  # fmt: skip
"""What the tests write where the README leaves a place open."""


def commands_of(page: str) -> list[str]:
    """Return the commands of netspec that a page names, in the text and in blocks, with all places filled."""
    found = re.findall(r"`(netspec [^`]+)`", page) + re.findall(r"^(netspec .*)$", page, re.MULTILINE)
    for place, filling in PLACES.items():
        found = [re.sub(rf"(?<=[ ]){re.escape(place)}(?![\w.])", filling, command) for command in found]
    return list(dict.fromkeys(found))


@pytest.mark.usefixtures("forgotten_ops")
@pytest.mark.parametrize("command", [*commands_of(text_of("README.md")), *commands_of(text_of("examples/README.md"))])
def test_the_commands_of_the_readme_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [
        str(ROOT / word) if word.startswith(("examples/", "specs/")) else word
        for word in shlex.split(command, comments=True)[1:]
    ]
    assert run(arguments) == ("--exit-code" in arguments)


@pytest.mark.zoo
def test_the_settings_and_variants_of_the_readme_exist() -> None:
    page = text_of("README.md")
    settings = dict(re.findall(r"--set (\w+)=([\w,]+)", page))
    assert netspec.compile("densenet121", overrides=settings).params
    variants = {name for network in shipped_names() for name in netspec.load(network).variants}
    assert set(re.findall(r"--variant (\w+)", page)) <= variants
    extras = set(re.findall(r"pip install '\.\[(\w+)\]'", page))
    assert extras and extras <= set(tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"])


def test_every_command_of_make_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", text_of("Makefile"), re.MULTILINE))
    for name in WRITTEN:
        assert set(re.findall(r"(?:`|^)make ([\w-]+)", text_of(name), re.MULTILINE)) <= targets, name


@pytest.mark.parametrize("name", [*WRITTEN, *(f"docs/{each}" for each in GENERATED if each.endswith(".md"))])
def test_links_lead_somewhere(name: str) -> None:
    page = re.sub(r"^```.*?^```$", "", text_of(name), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", page) + re.findall(r'(?:src|href)="([^"]+)"', page):
        path, _, anchor = target.partition("#")
        there = (ROOT / name).parent / path if path else ROOT / name
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), target


def anchors(page: str) -> set[str]:
    """Return what the headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_paths_that_the_design_names_exist() -> None:
    for path in re.findall(r"`((?:netspec|tests|specs|docs)/[\w/.]*)`", text_of("docs/design.md")):
        assert (ROOT / path).exists(), path


# the tools themselves


@pytest.mark.parametrize(
    ("shown", "found", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n…\n", "a\nb\nc\n", True),
        ("…\nc\n", "a\nb\nc\n", True),
        ("time: … s\n", "time: 3.2 s\n", True),
        ("a\nb\n", "a\nc\n", False),
        ("a\n", "a\nb\n", False),
        ("…\nb\n", "a\nc\n", False),
        ("time: … s\n", "time: 3.2 s more\n", False),
    ],
)
def test_fits(shown: str, found: str, same: bool) -> None:
    assert fits(shown, found) is same


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        ("```yaml\n- relu\n```\n\n```text\nrelu1 = relu(input)  3x32x32\n```\n", False),
        ("```yaml\n- relu\n```\n\n```text\nrelu1 = relu(input) 3x32x31\n```\n", True),
        ("```yaml\n- relu\n```\n\n```text\nrelu2 = relu(input) 3x32x32\n```\n", True),
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", True),
        (
            "```yaml\n# a.yaml\n- relu\n```\n```console\n$ netspec check a.yaml\nok  a.yaml  0 params  0 MACs\n"
            "    input 3 x H x W: H, W any; output 3 x H x W\n```\n",
            False,
        ),
        (
            "```yaml\n# a.yaml\n- relu\n```\n```console\n$ netspec check a.yaml\nok  a.yaml  1 params  0 MACs\n```\n",
            True,
        ),
    ],
)
def test_a_page_that_is_wrong_is_seen(page: str, wrong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text(page, encoding="utf-8")
    assert bool(list(Page(tmp_path / "page.md", tmp_path).differences())) is wrong


def test_an_example_that_does_not_compile_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text("```yaml\n- rleu\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="NS0301"):
        list(Page(tmp_path / "page.md", tmp_path).differences())


def test_parts_become_documents() -> None:
    assert complete("- relu\n") == "network:\n- relu\nnetspec: 1\ninput: [3, 32, 32]\n"
    assert complete("input: [4]\nnetwork: relu\n") == "input: [4]\nnetwork: relu\nnetspec: 1\n"
    assert complete("blocks: {}\n") == "blocks: {}\nnetspec: 1\ninput: [3, 32, 32]\nnetwork: [relu]\n"
    assert [each.line for each in examples("a\n```yaml\n- relu\n```\n\n```text\nb\n```\n")] == [2, 6]
