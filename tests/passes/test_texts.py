"""Each pass, as pairs of texts: the graph before it, and the one after it.

The pairs of a pass stand in ``tests/golden/passes`` under its name. A graph before may leave types and parameters out;
``make golden`` writes the graphs after.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable

import pytest

from netspec.ir.text import parse_graph, print_graph
from netspec.passes import PASSES
from tests.support.paths import GOLDEN, ROOT

_PAIR = re.compile(r"```before\n(.*?)```\n\n```after\n(.*?)```\n", re.DOTALL)

for _path in sorted((ROOT / "netspec").rglob("*.py")):
    if "(Pass, name=" in _path.read_text(encoding="utf-8"):
        importlib.import_module(".".join(_path.relative_to(ROOT).with_suffix("").parts))


def test_every_pass_has_its_texts() -> None:
    assert PASSES.keys() == {path.stem for path in (GOLDEN / "passes").glob("*.md")}


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_makes_of_a_graph_what_its_texts_say(name: str, golden: Callable[[str, str], None]) -> None:
    run = PASSES[name]().run

    def expected(pair: re.Match[str]) -> str:
        graph = parse_graph(pair[1])
        text = print_graph(graph)
        after = run(graph)
        assert print_graph(graph) == text, "it changed the graph that it was given"
        assert run(after) is after, "it has something to do after itself"
        return f"```before\n{pair[1]}```\n\n```after\n{print_graph(after)}```\n"

    pairs = (GOLDEN / "passes" / f"{name}.md").read_text(encoding="utf-8")
    text, count = _PAIR.subn(expected, pairs)
    assert count == pairs.count("\n## ") > 0
    golden(f"passes/{name}.md", text)
