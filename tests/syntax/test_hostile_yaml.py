"""Documents that mean harm: the corpus in ``hostile/``, and what is too large to keep as a file.

Each file's name begins with the code of the one error that must stop it.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from netspec.diagnostics import LimitError, SpecError
from netspec.syntax.yaml import read, read_file
from tests.support.paths import HOSTILE
from tests.support.search import sample

CORPUS = sorted(HOSTILE.glob("*.yaml"))
SECONDS = 0.5

LEVELS = 100_000
LARGE: dict[str, tuple[str, str]] = {
    "brackets": ("[" * LEVELS, "NS0713"),
    "braces": ("{a: " * LEVELS, "NS0713"),
    "braces as keys": ("{" * 900, "NS0108"),  # newer parsers look no further than 1,000 for a key's end
    "dashes": ("- " * LEVELS, "NS0713"),
    "questions": ("? " * LEVELS, "NS0108"),
    "indented keys": ("".join(f"{' ' * level}a:\n" for level in range(1_400)), "NS0713"),
    "brackets and braces": ("[{a: " * LEVELS, "NS0713"),
    "anchored brackets": ("".join(f"&a{level} [" for level in range(LEVELS)), "NS0713"),
    "deep below a key": ("a:\n  - b: " + "[" * LEVELS, "NS0713"),
    "closed again": ("[" * 60_000 + "]" * 60_000, "NS0713"),
    "too large": ("a: 1\n" + "#" * 2**20, "NS0711"),
    "one long text": ("a: " + "x" * 1_000_000, "NS0712"),
    "one long quoted text": ("a: '" + "x " * 500_000 + "'", "NS0712"),
    "one long block text": ("a: |\n" + "  x\n" * 200_000, "NS0712"),
    "tag directives": ("".join(f"%TAG !a{index}! x\n" for index in range(50_000)), "NS0104"),
    "yaml directives": ("%YAML 1.2\n" * 50_000, "NS0101"),
    "control characters": ("\x01" * 1_000_000, "NS0103"),
    "duplicates": ("a: 1\n" * 200_000, "NS0102"),
    "unknown aliases": ("- *a\n" * 200_000, "NS0106"),
    "documents": ("---\n" * 200_000, "NS0105"),
    "comment": ("#" * 1_000_000, "NS0111"),
    "digits": ("a: 1" + "0" * 9_000, "NS0109"),
}


def refusal(text: str | bytes | Path) -> tuple[set[str], float, SpecError]:
    """Return the codes that stop a document, the seconds that took, and the error."""
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        read_file(text) if isinstance(text, Path) else read(text, "net.yaml")
    seconds = time.process_time() - start
    return {diagnostic.code for diagnostic in caught.value.diagnostics}, seconds, caught.value


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_corpus(path: Path) -> None:
    codes, seconds, error = refusal(path)
    assert codes == {path.name.partition("-")[0]}
    assert seconds < SECONDS
    assert isinstance(error, LimitError) == path.name.startswith("NS07")


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) > 60


@pytest.mark.parametrize("name", LARGE)
def test_large_documents_are_refused_at_once(name: str) -> None:
    text, code = LARGE[name]
    codes, seconds, _ = refusal(text)
    assert codes == {code}
    assert seconds < SECONDS


@pytest.mark.parametrize(
    "text",
    sample(["[" + "1," * 300_000 + "1]", "- 1\n" * 250_000, "{" + "".join(f"{i}: ," for i in range(120_000)) + "}"]),
)
def test_two_hundred_thousand_values_are_enough(text: str) -> None:
    codes, seconds, _ = refusal(text)
    assert codes == {"NS0714"}
    assert seconds < 6


AT_THE_LIMIT: dict[str, str] = {
    "64 levels": "[" * 64 + "]" * 64,
    "10,000 characters": "a: " + "x" * 10_000,
    "1,000 aliases": "- &a 1\n" + "- *a\n" * 1_000,
    "100,000 values of aliases": "- &a [" + "1," * 99 + "]\n" + "- *a\n" * 1_000,
}
OVER_THE_LIMIT: dict[str, tuple[str, str]] = {
    "65 levels": ("[" * 65 + "]" * 65, "NS0713"),
    "10,001 characters": ("a: " + "x" * 10_001, "NS0712"),
    "1,001 aliases": ("- &a 1\n" + "- *a\n" * 1_001, "NS0715"),
    "101,000 values of aliases": ("- &a [" + "1," * 100 + "]\n" + "- *a\n" * 1_000, "NS0716"),
}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
def test_a_document_at_a_limit_is_read(name: str) -> None:
    read(AT_THE_LIMIT[name], "net.yaml")


@pytest.mark.parametrize("name", OVER_THE_LIMIT)
def test_a_document_over_a_limit_is_refused(name: str) -> None:
    text, code = OVER_THE_LIMIT[name]
    codes, _, error = refusal(text)
    assert codes == {code} and isinstance(error, LimitError) and error.exit_code == 3
