"""The map of sources: what is read, what is shown, and what stands in an editor."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netspec.diagnostics import SourceMap, SpecError
from netspec.diagnostics.render import render
from netspec.pipeline import compile_graph

NET = "netspec: 1\ninput: [3, 8, 8]\nimport: [blocks.yaml]\nnetwork: [unit]\n"
BLOCKS = "netspec: 1\nblocks: {unit: {body: [relu]}}\n"


def test_lines_are_those_of_the_text_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("a: 1\n")
    sources = SourceMap()
    assert sources.read(path) == "a: 1\n"
    path.write_text("a: 2\n")
    assert sources.read(path) == "a: 1\n" and sources.line(str(path), 1) == "a: 1"
    assert SourceMap().line(str(path), 1) == "a: 2"
    assert SourceMap().line(str(tmp_path / "none.yaml"), 1) is None


def test_bytes_that_are_not_utf8_are_shown_as_far_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\nb: \xff\n")
    sources = SourceMap()
    for _ in range(2):
        with pytest.raises(SpecError, match=r"net\.yaml:2:4: NS0007"):
            sources.read(path)
    assert sources.line(str(path), 2) == "b: \ufffd"


def test_an_unsaved_text_is_read_in_place_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    Path("blocks.yaml").write_text(BLOCKS)
    assert [node.op.name for node in compile_graph("net.yaml")] == ["relu"]
    sources = SourceMap({"blocks.yaml": BLOCKS.replace("relu", "tanh")})
    assert [node.op.name for node in compile_graph("net.yaml", sources=sources)] == ["tanh"]


def test_an_unsaved_text_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sources = SourceMap({"net.yaml": NET, str(tmp_path / "blocks.yaml"): BLOCKS.replace("relu", "rleu")})
    with pytest.raises(SpecError) as caught:
        compile_graph("net.yaml", sources=sources)
    assert "2 | blocks: {unit: {body: [rleu]}}" in render(caught.value.diagnostics, sources=sources)


def test_a_text_without_a_file_has_a_name() -> None:
    sources = SourceMap()
    sources.add("<text>", "a: 1\nb: 2")
    assert sources.line("<text>", 2) == "b: 2" and sources.line("<text>", 3) is None


def test_every_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that import each other over many ways would otherwise be read over all of these ways: 2**12 here."""
    for depth in range(12):
        following = f"import: [a{depth + 1}.yaml, b{depth + 1}.yaml]\n" if depth < 11 else ""
        for name in "ab":
            text = f"netspec: 1\n{following}blocks: {{{name}{depth}: {{body: [relu]}}}}\n"
            (tmp_path / f"{name}{depth}.yaml").write_text(text)
    (tmp_path / "net.yaml").write_text("netspec: 1\ninput: [3]\nimport: [a0.yaml, b0.yaml]\nnetwork: [a0, b0]\n")
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda name, *rest: opened.append(str(name)) or real(name, *rest))
    assert len(compile_graph(tmp_path / "net.yaml")) == 2
    assert sorted(opened) == sorted(str(path) for path in tmp_path.iterdir())


def test_showing_many_places_takes_time_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = SourceMap()
    calls = 0

    def split(text: str) -> tuple[str, ...]:
        nonlocal calls
        calls += 1
        return tuple(text.split("\n"))

    monkeypatch.setattr("netspec.diagnostics.sources.split_lines", split)
    for name in range(20):
        sources.add(f"<{name}>", "a\n" * 1000)
    for line in range(1, 1000):
        assert all(sources.line(f"<{name}>", line) == "a" for name in range(20))
    assert calls == 20
