"""Documents that mean harm, through the whole pipeline: they are refused with a code, or compiled, and soon.

``test_hostile.py`` holds what the reader alone refuses; here a document is expanded, emitted, drawn as a table and
written as JSON, as far as it comes.
"""

# ruff: noqa: E501 (a document per line is easier to read)
from __future__ import annotations

import ast
import json
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import netspec
from netspec.analysis import check_memory, measure_memory
from netspec.cli import run
from netspec.cli.group import COMMANDS
from netspec.diagnostics import LimitError, SpecError
from netspec.diagnostics.render import render
from netspec.ir import Graph
from netspec.pipeline import compile_graph
from netspec.targets.torch import emit_torch
from netspec.views.diagram.svg import draw_svg
from netspec.views.record import graph_json
from netspec.views.summary.table import plain_text, summarize
from tests.support.expensive_documents import EXPENSIVE, PARTS, measure, network, slowness
from tests.support.expression_attacks import ATTACKS
from tests.support.invalid_documents import inside
from tests.support.paths import HOSTILE
from tests.support.search import sample, tries

CORPUS = sorted(HOSTILE.glob("*.yaml"))


SECONDS = 3 * max(1.0, slowness())
"""Of the processor, for any document; a quiet machine needs less than half of it for the worst, a shared one more."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with inside(tmp_path):
        yield tmp_path


PYTHON = re.compile(
    r" at 0x|<class |<netspec|<(Step|Body|Block|Node|Scope) |Pydantic|\bEvaluated\b|\bBlockReference\b|dict\("
)
"""How Python shows objects, which no document holds and no message shows."""


def attempt(text: str, variant: str | None = None, overrides: dict[str, Any] | None = None) -> Graph | SpecError:
    """Return the graph of a document, once all that is made of it is made, or the error that refuses it."""
    start = time.process_time()
    Path("net.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    result: Graph | SpecError
    try:
        result = compile_graph("net.yaml", variant, overrides)
        make_all(result)
    except SpecError as error:
        result = error
        assert render(error.diagnostics).isprintable() or "\n" in render(error.diagnostics)
        assert len(error.diagnostics) <= 200
        shown = "\n".join(map(str, error.diagnostics))
        assert not PYTHON.search(shown), shown
    assert time.process_time() - start < SECONDS
    return result


def make_all(graph: Graph) -> str:
    source = emit_torch(graph)
    plain_text(summarize(graph))
    json.loads(graph_json(graph))
    return source


def refused(text: str, **options: Any) -> set[str]:
    """Return the codes with which a document is refused, which it must be."""
    result = attempt(text, **options)
    assert isinstance(result, SpecError), "nothing is wrong with it"
    return {diagnostic.code for diagnostic in result.diagnostics}


# what would not end, or fill the memory

TREE = "blocks:\n  tree: {args: {n: int}, body: [{add: [[{tree: {n: n-1}}], [{tree: {n: n-1}}]], when: n > 0}]}\n"
BUSH = "blocks:\n  bush: {args: {n: int}, body: [relu, {bush: {n: n-1}, when: n > 0}, {bush: {n: n-1}, when: n > 0}]}\n"
CIRCLE = "blocks:\n  ping: {body: [pong]}\n  pong: {body: [ping]}\n"
WRAPPED = "blocks:\n  wrap: {args: {unit: block}, body: [{wrap: {unit: {wrap: {unit: $unit}}}}]}\n"

# fmt: off
RUNAWAYS = {
    "repeat": (network("- repeat: 10**9\n  body: [relu]"), "NS0702"),
    "repeat in repeat": (network("- repeat: 900\n  body: [{repeat: 900, body: [relu]}]"), "NS0702"),
    "repeat of nothing": (network("- repeat: 900\n  body: [{repeat: 900, body: []}]"), "NS0702"),
    "repeat of what is left out": (
        network("- repeat: 900\n  body: [{repeat: 900, body: [{relu: , when: false}]}]"),
        "NS0702",
    ),
    "repeat with names": (
        network("- repeat: 900\n  name: a\n  body: [{repeat: 900, name: 'b{index}', body: [relu]}]"),
        "NS0702",
    ),
    "foreach": (network("- foreach: {i: range(99999)}\n  body: [{conv: {out: 4, kernel: 1}}]"), "NS0702"),
    "foreach in foreach": (
        network("- foreach: {i: range(999)}\n  body: [{foreach: {j: range(999)}, body: [relu]}]"),
        "NS0702",
    ),
    "foreach over everything": (network("- foreach: {i: range(10**9)}\n  body: [relu]"), "NS0405"),
    "dense": (network("- dense: {layers: 10**9, body: [{conv: {out: 4, kernel: 1}}]}"), "NS0702"),
    "dense in dense": (network("- dense: {layers: 999, body: [{dense: {layers: 999, body: [relu]}}]}"), "NS07"),
    "recursion": (network("- a", "blocks: {a: {body: [a]}}\n"), "NS0701"),
    "two blocks": (network("- ping", CIRCLE), "NS0701"),
    "a tree of blocks": (network("- tree: {n: 60}", TREE), "NS0702"),
    "a bush of blocks": (network("- bush: {n: 60}", BUSH), "NS0702"),
    "blocks in blocks in blocks": (network("- wrap: {unit: relu}", WRAPPED), "NS0701"),
    "using itself": (network("- use: net.yaml"), "NS0701"),
    "extending itself": ("netspec: 1\nextends: net.yaml\n", "NS0004"),
    "an argument that is itself": (network("- $unit", "args: {unit: \"'$unit'\"}\n"), "NS0315"),
    "growing sizes": (network("- repeat: 99\n  body: [{upsample: 4}]"), "NS0703"),
    "growing channels": (network("- repeat: 99\n  body: [{concat: [x, x]}]"), "NS0703"),
    "growing names": (network("- repeat: 9\n  body: [{relu: , name: '" + "a{index}" * 100 + "'}]"), "NS0310"),
    "an input": (network("- relu", input="[3, 999999999, 999999999]"), "NS0703"),
    "a pad": (network("- pad: 2**30"), "NS0703"),
    "a reshape": (network("- reshape: [2**30, -1]"), "NS0510"),
}


SLOW = ("a tree of blocks", "a bush of blocks", "foreach in foreach", "repeat in repeat", "repeat of nothing", "repeat with names")
"""What is stopped only at the very last of the steps that a network may have."""

SLOW_TO_REFUSE = ("a written table of a loop", "arguments of calls")
"""What is refused only after more than a second."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in RUNAWAYS]
)
def test_what_runs_away_is_stopped(name: str) -> None:
    text, code = RUNAWAYS[name]
    codes = refused(text)
    assert all(each.startswith(code) for each in codes), codes


# fmt: on
# what costs too much for its length


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if code is None or name in SLOW_TO_REFUSE else ())
        for name, (_, code) in sample([*EXPENSIVE.items()], 0.34)
    ],
)
def test_short_documents_are_soon_answered_or_refused(name: str) -> None:
    text, code = EXPENSIVE[name]
    Path("net.yaml").write_text(text, encoding="utf-8")
    for part, content in PARTS.items():
        Path(part).write_text(content, encoding="utf-8")
    commands = ["source", "summary"] if code is None else ["check"]
    for command in commands:
        exit_code, said = measure(command, "net.yaml", "--format", "concise")
    if code is None:
        assert exit_code == 0, said
    else:
        assert exit_code == (1 if code == "NS0313" else 3) and f" {code} " in said, said
        assert len(said) < 10**6


@pytest.mark.slow
@pytest.mark.parametrize("key", ["use", "import", "extends"])
def test_a_long_document_is_not_parsed_again_and_again(key: str) -> None:
    """However it is named: by documents that each use, import or extend it, or by hard links."""
    blocks = "".join(f"  b{index}: {{body: [relu]}}\n" for index in range(25_000))
    Path("big.yaml").write_text(f"netspec: 1\ninput: [4]\nblocks:\n{blocks}network: [relu]\n")
    for index in range(20):
        if key == "use":
            os.link("big.yaml", f"part{index}.yaml")
        else:
            named = "[big.yaml]" if key == "import" else "big.yaml"
            Path(f"part{index}.yaml").write_text(f"netspec: 1\n{key}: {named}\ninput: [4]\nnetwork: [relu]\n")
    Path("net.yaml").write_text(network("\n".join(f"- use: part{index}.yaml" for index in range(20)), input="[4]"))
    exit_code, said = measure("check", "net.yaml", "--format", "concise")
    assert exit_code == 3 and "NS0706" in said, said


NESTED = {
    "sequential": ("{name: s, sequential: [", "]}"),
    "branches": ("{name: s, add: {a: x, b: [", "]}}"),
    "residual": ("{name: s, residual: {body: [", "]}}"),
}


@pytest.mark.parametrize("kind", NESTED)
def test_bodies_nested_as_deeply_as_may_be_reach_every_stage(kind: str) -> None:
    """Whatever is expanded is emitted, drawn and compared too: no stage is out of breath before the first."""
    opening, closing = NESTED[kind]
    inner = f"{opening * 3}tanh, {{b: {{n: n - 1}}, when: n > 0}}{closing * 3}"
    graph = attempt(network("- b: {n: 31}", f"blocks: {{b: {{args: {{n: int}}, body: [relu, {inner}]}}}}\n"))
    assert isinstance(graph, Graph) and len(list(graph.root.descend())) > 120
    assert draw_svg(graph) and netspec.diff(graph, graph) and netspec.source(graph, target="equations")
    assert refused(network("- b: {n: 33}", f"blocks: {{b: {{args: {{n: int}}, body: [relu, {inner}]}}}}\n")) == {
        "NS0701"
    }


@pytest.mark.slow
def test_every_connection_of_a_long_dense_block_is_not_drawn() -> None:
    Path("net.yaml").write_text(network("- dense: {layers: 4900, body: [{conv: {out: 1, kernel: 1}}]}"))
    code, said = measure("draw", "net.yaml", "--edges", "full", "--all", "-o", "net.svg")
    assert code == 3 and "NS0708" in said and "--max-edges" in said


LIFTED = {
    "nodes": ("- repeat: 200\n  body: [relu]", 100, 200),
    "steps": ("- repeat: 200\n  body: [{relu: , when: index < 3}]", 100, 500),
    "operands": ("- add: [x, x, x, x]", 3, 4),
    "axes": ("- relu\n- flatten", 3, 4),
    "inputs": ("netspec: 1\ninput: {a: [2], b: [2]}\nnetwork: [{add: [a, b]}]\n", 1, 2),
    "outputs": ("- repeat: 3\n  body: [relu]\n  collect: all\n- from: all", 2, 3),
    "items": ("- relu:\n  when: len(range(50)) > len(range(x.channels))", 40, 200),
    "documents": ("- use: small.yaml\n- use: part.yaml", 1, 2),
    "characters": ("- use: small.yaml\n- use: part.yaml", 150, 300),
    "elements": ("- upsample: 2", 300, 1024),
}


@pytest.mark.parametrize("name", LIFTED)
def test_every_limit_is_lifted_by_the_option_that_its_message_names(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body, least, enough = LIFTED[name]
    Path("small.yaml").write_text(PARTS["small.yaml"])
    Path("part.yaml").write_text(PARTS["small.yaml"])
    Path("net.yaml").write_text(body if body.startswith("netspec") else network(body))
    option = f"--max-{name}"
    for command in ("check", "summary", "source"):
        assert run([command, "net.yaml", option, str(least)]) == 3
        assert f"`{option}`" in capsys.readouterr().err
        assert run([command, "net.yaml", option, str(enough)]) == 0
    with pytest.raises(LimitError):
        netspec.compile("net.yaml", limits=netspec.Limits(**{name: least}))
    assert len(netspec.compile("net.yaml", limits=netspec.Limits(**{name: enough})))


LIFTED_BESIDE = {
    "memory": (["build", "--no-run", "--force"], "1kB", "1GB"),
    "edges": (["draw", "--all", "-o", "-"], "3", "9"),
    "boxes": (["draw", "--all", "-o", "-"], "1", "9"),
    "seconds": (["draw", "--all", "-o", "-"], "0.1", "9"),
}
"""The limits of single commands: the command, a value that a network of five layers exceeds, and one that it does not."""


@pytest.mark.parametrize("name", LIFTED_BESIDE)
def test_limits_of_single_commands_are_lifted_by_the_option_that_their_message_names(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.run

    def slow(command: list[str], *, timeout: float, **options: Any) -> Any:
        if timeout < 1:
            raise subprocess.TimeoutExpired(command, timeout)
        return process(command, timeout=timeout, **options)

    monkeypatch.setattr(subprocess, "run", slow)
    Path("net.yaml").write_text(network("\n".join("- linear: 9" for _ in range(5)), input="[9]"))
    command, least, enough = LIFTED_BESIDE[name]
    assert run([*command, "net.yaml", f"--max-{name}", least]) == 3
    assert f"`--max-{name}`" in capsys.readouterr().err
    assert run([*command, "net.yaml", f"--max-{name}", enough]) == 0


def test_every_limit_is_tried() -> None:
    """Each option that sets a limit, of whichever command, stands in one of the tables, and each limit has an option."""
    assert set(LIFTED) == {each.name for each in fields(netspec.Limits())}
    found: dict[str, set[str]] = {}
    for command in COMMANDS:
        for parameter in import_module(f"netspec.cli.{command}").command.params:
            for option in parameter.opts:
                if option.startswith("--max-"):
                    found.setdefault(option.removeprefix("--max-"), set()).add(command)
    assert set(found) == {*LIFTED, *LIFTED_BESIDE}
    assert all(found[name] == {command[0]} for name, (command, _, _) in LIFTED_BESIDE.items())


WEIGHTS = {
    "linear": network("- linear: 500000", input="[1000000]"),
    "huge linear": network("- linear: 2**31 - 1\n- linear: 2**31 - 1", input="[2147483647]"),
    "embedding": network("- embedding: {num: 2**31 - 1, dim: 2**9}", input="{shape: [1], dtype: int64}"),
    "filter": network("- conv: {out: 2**31 - 1, kernel: 2**31 - 1, padding: 2**30}"),
    "convolution": network("- conv: {out: 10**6, kernel: 7, padding: 3}", input="[1000000, 1, 1]"),
    "lstm": network("- lstm: {hidden: 400000}", input="[1, 400000]"),
    "many": network("- repeat: 200\n  body: [{linear: 40000}]", input="[40000]"),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_terabyte_of_weights_is_refused_by_arithmetic(name: str) -> None:
    graph = attempt(WEIGHTS[name])
    assert isinstance(graph, Graph)
    assert graph.params * 4 > 10**12
    with pytest.raises(LimitError):
        check_memory(measure_memory(graph), graph, 2**40, forward=False)


# names and texts

PAYLOADS = [
    'a"b', "a'b", "'''", '"""', 'x"""\nimport os\nos.system("id")\n"""', "x\nimport os", "a\\", "\\N{DASH}", "\\x41",
    "{__import__('os')}", "{{x}}", "{0}", "%s%n", "${x}", "`id`", "$(id)", "; rm -rf /", "</title><script>alert(1)</script>",
    "]]>", "<!-- -->", "&lt;", "javascript:alert(1)", "../../etc/passwd", "/etc/passwd", "a.b", "a b", "a-b", "__class__",
    "__init__", "self", "torch", "nn", "F", "forward", "super", "class", "None", "x", "input", "index", "0", "00", "-1",
    "1e9", "\u00e9", "\u4e2d\u6587", "\ud83d\ude00", "\u202eabc", "\u2028", "\x00", "\x1b[31m", "\x07", "\ufeff", "[/x]",
    "::error ::x", "\r", "\t", "a" * 64, "a" * 65, "a" * 9999, "\u0391lpha", "e\u0301", "#x", "# type: ignore", "'; DROP TABLE",
]  # fmt: skip

PLACES = {
    "name": "netspec: 1\nname: PAYLOAD\ninput: [4]\nnetwork: [{linear: 2}]\n",
    "title": "netspec: 1\ntitle: PAYLOAD\ninput: [4]\nnetwork: [{linear: 2}]\n",
    "cite": "netspec: 1\ncite: PAYLOAD\nnotes: PAYLOAD\nreference: {timm: PAYLOAD}\ninput: [4]\nnetwork: [{linear: 2}]\n",
    "step": network("- linear: 2\n  name: PAYLOAD", input="[4]"),
    "block's step": network("- b:\n  name: PAYLOAD\n- b", "blocks: {b: {body: [{linear: 2}, {relu: , name: PAYLOAD}]}}\n", "[4]"),
    "share": network("- linear: 4\n  share: PAYLOAD\n- linear: 4\n  share: PAYLOAD", input="[4]"),
    "label": network("- linear: 4\n  as: PAYLOAD\n- add: [x, PAYLOAD]", input="[4]"),
    "branch": network("- add: {x: x, PAYLOAD: [{linear: 4}, relu]}\n  name: both", input="[4]"),
    "block": network("- PAYLOAD", "blocks: {PAYLOAD: {body: [{linear: 2}, relu]}}\n", "[4]"),
    "argument": network("- linear: 2", "args: {PAYLOAD: 3}\n", "[4]"),
    "value": network("- linear: 2", "args: {kind: PAYLOAD, other: {type: word, default: PAYLOAD}}\n", "[4]"),
    "block's value": network("- b: {kind: PAYLOAD}\n- b", "blocks: {b: {args: {kind: {type: word, default: w}}, body: [{linear: 2}]}}\n", "[4]"),
    "variant": "netspec: 1\nargs: {n: 2}\nvariants: {PAYLOAD: {n: 3}}\ninput: [4]\nnetwork: [{linear: n}]\n",
    "input": "netspec: 1\ninput: {PAYLOAD: [4], other: [4]}\nnetwork: [{add: [PAYLOAD, other]}, {linear: 2}]\n",
    "output": "netspec: 1\noutputs: [PAYLOAD]\ninput: [4]\nnetwork: [{linear: 2, as: PAYLOAD}]\n",
    "head": network("- output: {name: PAYLOAD, body: [{linear: 2}]}\n- linear: 2", input="[4]"),
    "variable": network("- foreach: {PAYLOAD: [1, 2]}\n  body: [{linear: 2}]", input="[4]"),
    "init": network("- linear: 2\n  init: {weight: {kaiming_normal: {nonlinearity: PAYLOAD}}}", "init: {linear: PAYLOAD}\n", "[4]"),
    "parameter": network("- linear: 2\n  init: {PAYLOAD: 1}", input="[4]"),
    "op": network("- PAYLOAD", input="[4]"),
    "step key": network("- linear: 2\n  PAYLOAD: 3", input="[4]"),
    "op's argument": network("- linear: {out: 2, PAYLOAD: 3}", input="[4]"),
    "word": network("- upsample: {scale: 2, mode: PAYLOAD}"),
    "file": "netspec: 1\nimport: [PAYLOAD]\nextends: PAYLOAD\ninput: [4]\nnetwork: [{use: PAYLOAD}]\n",
    "key": "netspec: 1\nPAYLOAD: 1\ninput: [4]\nnetwork: [{linear: 2}]\n",
    "expression": network("- linear: PAYLOAD", input="[4]"),
}  # fmt: skip


TEXTS = ("title", "cite", "value", "block's value", "variant", "label", "argument", "output", "variable", "share")
"""The places whose text is no name in the file, so that the file must not depend on it."""


def skeleton(source: str) -> str:
    """Return a source's syntax tree without imports, texts and names."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    for node in ast.walk(tree):
        for field in ("name", "id", "attr", "arg"):
            if isinstance(getattr(node, field, None), str):
                setattr(node, field, "_")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = "_"
    return ast.dump(tree)


@pytest.mark.parametrize("place", PLACES)
def test_texts_stay_texts(place: str) -> None:
    """Whatever stands where a document may choose a text, the emitted file says the same as with a harmless word."""
    harmless = attempt(PLACES[place].replace("PAYLOAD", "harmless"))
    expected = skeleton(emit_torch(harmless)) if isinstance(harmless, Graph) else None
    for payload in sample(PAYLOADS):
        # JSON's quotes are YAML's, but for characters beyond the first plane, which must stand as they are.
        quoted = json.dumps(payload, ensure_ascii=not any(ord(each) > 0xFFFF for each in payload))
        graph = attempt(PLACES[place].replace("PAYLOAD", quoted))
        if isinstance(graph, Graph) and place in TEXTS:
            assert expected == skeleton(emit_torch(graph)), payload


MANY = 3_000

CROWDS = {
    "labels": network("\n".join(f"- relu:\n  as: a{index}" for index in range(MANY)) + "\n- add: [x, b]"),
    "blocks": network("- c", "blocks:\n" + "".join(f"  b{index}: {{body: [relu]}}\n" for index in range(MANY))),
    "arguments": network("- linear: c", "args:\n" + "".join(f"  a{index}: 1\n" for index in range(MANY))),
    "unknown steps": network("\n".join(f"- unknown{index}" for index in range(MANY))),
    "unknown names": network("\n".join(f"- linear: unknown{index}" for index in range(MANY)), input="[4]"),
    "unknown names among many": network(
        "\n".join(f"- linear: unknown{index}" for index in range(MANY)),
        "args:\n" + "".join(f"  argument{index}: 1\n" for index in range(MANY)), "[4]",
    ),
    "unknown labels among many": network(
        "\n".join(f"- relu:\n  as: label{index}" for index in range(MANY)) + "\n"
        + "\n".join(f"- add: [x, lable{index}]" for index in range(MANY))
    ),
    "unknown arguments": network(f"- linear: {{out: 3, {', '.join(f'a{index}: 1' for index in range(MANY))}}}", input="[4]"),
    "wrong values": network("- concat:\n" + "\n".join("    - [{conv: {out: 0, kernel: 1}}]" for _ in range(MANY))),
    "wrong shapes": network("- concat:\n" + "\n".join(f"    - [{{conv: {{out: 1, kernel: {index}}}}}]" for index in range(9, MANY))),
    "names that are taken": network("- relu:\n  name: a\n" * MANY),
    "operands": network("- add: [" + "x, " * MANY + "y]"),
    "long words": network("- " + "a" * 9_000 + "\n- linear: " + "b" * 250 + "\n- relu:\n  from: " + "c" * 9_000),
    "declared names": network("- relu", "args: {" + ", ".join(f"'a {index}': 1" for index in range(MANY)) + "}\n"),
    "unknown keys": "netspec: 1\n" + "".join(f"key{index}: 1\n" for index in range(MANY)),
    "unknown variants' arguments": network("- relu", "variants: {a: {" + ", ".join(f"b{index}: 1" for index in range(MANY)) + "}}\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", sample([*CROWDS]))
def test_crowds_are_refused_at_once(name: str) -> None:
    assert refused(CROWDS[name])


# expressions, wherever they may stand

EXPRESSIONS = {
    "argument": network("- linear: BOMB", input="[4]"),
    "list": network("- conv: {out: 4, kernel: [BOMB, 1]}"),
    "condition": network("- relu:\n  when: BOMB"),
    "name": network("- relu:\n  name: NAME"),
    "pin": network("- relu:\n  expect: BOMB"),
    "device": network("- relu:\n  device: BOMB"),
    "share": network("- relu:\n  share: NAME"),
    "repeat": network("- repeat: BOMB\n  body: [relu]"),
    "foreach": network("- foreach: {i: BOMB}\n  body: [relu]"),
    "dense": network("- dense: {layers: BOMB, body: [relu]}"),
    "split": network("- split: BOMB"),
    "merge": network("- concat: {of: [x, x], axis: BOMB}"),
    "default": network("- linear: a", "args: {a: {type: int, default: BOMB}}\n", "[4]"),
    "block's default": network("- b", "blocks: {b: {args: {a: {type: int, default: BOMB}}, body: [{linear: a}]}}\n", "[4]"),
    "block's argument": network("- b: {a: BOMB}", "blocks: {b: {args: {a: 1}, body: [{linear: a}]}}\n", "[4]"),
    "defaults": network("- conv: {out: 4, kernel: 1}", "defaults: {conv: {groups: BOMB}}\n"),
    "input": network("- relu", input="[BOMB]"),
    "bound": network("- embedding: {num: 3, dim: 2}", input="{shape: [1], dtype: int64, high: BOMB}"),
    "init": network("- linear: 2", "init: {linear: {normal: {std: BOMB}}}\n", "[4]"),
    "bound argument": network("- b: {u: {linear: {out: BOMB}}}", "blocks: {b: {args: {u: block}, body: [$u]}}\n", "[4]"),
    "residual": network("- residual: {body: [bn], scale: BOMB}"),
    "formula": network("- formula: BOMB"),
    "weight": network("- linear: {out: 4, weight: BOMB}", input="[4]"),
    "bias": network("- linear: {out: 4, bias: BOMB}", input="[4]"),
    "training": network("- linear: 4\n  train: BOMB", input="[4]"),
    "tensor": network("- add: [x, t]", "tensors: {t: {shape: [BOMB], init: zeros}}\n", "[4]"),
    "constant": network("- add: [x, t]", "tensors: {t: {axes: {i: 4}, value: BOMB}}\n", "[4]"),
    "axis of a constant": network("- add: [x, t]", "tensors: {t: {axes: {i: BOMB}, value: i / 2}}\n", "[4]"),
    "start of a tensor": network("- add: [x, t]", "tensors: {t: {shape: 4, init: BOMB}}\n", "[4]"),
}  # fmt: skip

BOMBS = [*ATTACKS[::4], ("__import__('os').system('id')", "NS04"), ("(lambda: 0)()", "NS04"), ("x.__class__", "NS04")]


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_expressions_are_bounded_wherever_they_stand(place: str) -> None:
    for bomb, _ in sample(BOMBS):
        if len(bomb) < 9_000:
            name = json.dumps("a{" + bomb + "}")
            text = EXPRESSIONS[place].replace("BOMB", json.dumps(bomb)).replace("NAME", name)
            # Some bombs are mere words where words may stand; none may harm.
            attempt(text)
    assert refused(EXPRESSIONS[place].replace("BOMB", "9**9**9").replace("NAME", "'a{9**9**9}'")) <= {"NS0405"}


def test_settings_are_bounded_too() -> None:
    text = network("- linear: n", "args: {n: 2}\nvariants: {big: {n: 9**9**9}}\n", "[4]")
    assert refused(text, overrides={"n": "9**9**9"}) == {"NS0405"}
    assert refused(text, variant="big") == {"NS0405"}
    assert refused(text, overrides={"n": "[" * 100}) == {"NS0713"}
    assert refused(text, overrides={"input": "[10**9, 10**9]"}) == {"NS0703"}
    assert refused(text, overrides={"n": "!!python/name:os.system x"}) == {"NS0104"}
    assert refused(text, overrides={"n.0.0.0": "1"}) == {"NS0214"}
    assert refused(text, overrides={f"input.{'9' * 5_000}": "1"}) == {"NS0214"}


# yaml bombs


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_does_not_get_through(path: Path) -> None:
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        compile_graph(path)
    assert {diagnostic.code for diagnostic in caught.value.diagnostics} == {path.name.partition("-")[0]}
    assert time.process_time() - start < SECONDS


# the wrong kind of value, wherever there is one

EVERYTHING = """
netspec: 1
name: everything
title: Everything
cite: nobody
args:
  width: 4
  depth: {type: int, default: 2, min: 1, max: 9, description: Number of layers.}
  act: {type: word, default: relu, choices: [relu, elu]}
  sizes: [4, 8]
  unit: {type: block, default: side}
variants: {wide: {width: 8}}
defaults: {conv: {bias: false}}
init: {conv: kaiming_normal, bn: {weight: 1, bias: 0}, linear: {weight: {normal: {std: 0.01}}, bias: [0, 1]}}
input: {image: [4, 8, 8], words: {shape: [3], dtype: int64, high: 10}}
outputs: [main, words_too]
blocks:
  side:
    args: {out: 4, kernel: {type: int, default: 1}}
    description: A block.
    body:
      - conv: {out: out, kernel: kernel, padding: same}
      - relu:
        when: false
  pair:
    args: {act: elu}
    inputs: [left, right]
    outputs: [left, both]
    body:
      - add: {of: [left, right], broadcast: false}
        as: both
      - $act
network:
  - embedding: {num: 10, dim: 4}
    from: words
    as: words_too
  - conv: {out: width, kernel: 3, padding: [[1, 1], [1, 1]], groups: 1}
    from: image
    name: first
    expect: [4, 8, 8]
    init: {weight: xavier_normal}
    device: 0
  - bn
  - $act
  - foreach: {i: range(2), size: sizes}
    name: stages
    body:
      - side: {out: size}
        name: stage{i}
        share: same{i}
  - repeat: depth
    body:
      - residual: {body: [bn, {side: {out: x.channels}}], shortcut: auto, scale: 0.5, survival: 0.9, after: relu}
  - dense: {layers: 2, body: [{conv: {out: 2, kernel: 1}}]}
    name: dense
  - split: {sizes: [4, -1], axis: 1}
    as: [a, b]
  - sequential: [{$unit: {out: 8}}, relu]
    name: tail
    from: b
    as: c
  - mul: {x: x, gate: [global_avgpool, {conv: {out: x.channels, kernel: 1}}, sigmoid]}
    name: gated
  - pair: {act: $act}
    from: [c, x]
    as: [d, e]
  - output: {name: aux, body: [global_avgpool, flatten, {linear: 2}], train_only: true, loss_weight: 0.3}
    from: d
  - lerp: {start: x, end: [relu], weight: [{conv: {out: 8, kernel: 1}}, sigmoid]}
    from: e
  - global_avgpool
  - flatten
  - linear: 2
    as: main
expect: {depth: 12}
"""

WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 3, 10**15, 1.5, "", "word", "x", "$act", "$x", "a b", "{x}", [], [[]], [1, "a", None], {}, {"a": {"b": 1}},
    {"type": 3}, {"of": 3}, {"shape": []}, [{}], {"": ""}, "-1", "x.shape", "1/0", "null", {"relu": {"a": [1]}}, [["a"]],
)  # fmt: skip

SAMPLES = tries(700)


def places_in(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places_in(value, (*path, key))


def with_value(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = deepcopy(tree)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def everything() -> Any:
    import yaml

    return yaml.safe_load(EVERYTHING)


def test_everything_compiles() -> None:
    error = attempt(EVERYTHING)
    assert isinstance(error, SpecError), "its depth is not 12"
    assert [each.code for each in error.diagnostics if each.severity == "error"] == ["NS0602"]


def test_values_of_the_wrong_kind_are_errors() -> None:
    tree = everything()
    paths = list(places_in(tree))
    dice = random.Random(9)
    for _ in range(SAMPLES):
        path, value = dice.choice(paths), dice.choice(WRONG)
        text = json.dumps(with_value(tree, path, value))
        try:
            attempt(text)
        except Exception as error:
            raise AssertionError(f"{'.'.join(map(str, path))}: {value!r} gives {error!r}") from error


def test_keys_of_the_wrong_kind_are_errors() -> None:
    tree = everything()
    mappings = [path for path in places_in(tree) if isinstance(path[-1], str)]
    dice = random.Random(10)
    for _ in range(SAMPLES // 2):
        *around, key = dice.choice(mappings)
        target = changed = deepcopy(tree)
        for each in around:
            target = target[each]
        target[dice.choice(["relu", "body", "name", "$act", "", "of", "type", "args", "x", key + "q"])] = target.pop(
            key
        )
        attempt(json.dumps(changed))
