"""The schema against the compiler: what one accepts the other accepts, and an error is one error in one place.

Each document in ``invalid/`` has one error, which its line marks with ``# error``. Documents that need no blocks of
their own are checked with the general schema, the others with their own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import regress
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from netspec.cli.group import cli
from netspec.diagnostics import Span, SpecError
from netspec.language import load
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.files import library_folder, shipped_folder
from netspec.language.model import STEP_KEYS
from netspec.language.parsing.header import Header
from netspec.lowering import lower
from netspec.ops import OPS
from netspec.ops.patterned import Patterned
from netspec.pipeline import compile_graph
from netspec.syntax import expr
from netspec.syntax.yaml import locate, read, read_file
from netspec.tooling.schema import BRINGS_BLOCKS, document_schema, schema_text
from netspec.tooling.schema.patterns import EXPRESSION, word
from netspec.tooling.starter import SCHEMA
from tests.support import search
from tests.support.documents import with_tensors

INVALID = sorted((Path(__file__).parent / "invalid").glob("*.yaml"))
SHIPPED = [*sorted(shipped_folder().rglob("*.yaml")), *sorted(library_folder().glob("*.yaml"))]
MARK = re.compile(r"# error$", re.MULTILINE)


@cache
def general() -> Draft7Validator:
    schema = document_schema()
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def brings_blocks(tree: Any) -> bool:
    return any(key in tree for key in BRINGS_BLOCKS)


def validator_of(path: Path) -> Draft7Validator:
    """Return what checks a document strictly."""
    return Draft7Validator(document_schema(path)) if brings_blocks(read_file(path)) else general()


def errors(validator: Draft7Validator, tree: Any) -> list[Span]:
    """Return the place of each error: the key that is too much or whose value lacks something, or the value."""
    return sorted(span for error in validator.iter_errors(tree) for span in places(error, tree))


def places(error: Any, tree: Any) -> Iterator[Span]:
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = [*map(re.escape, error.schema.get("properties", ())), *error.schema.get("patternProperties", ())]
        extra = [key for key in error.instance if not any(re.search(f"^{each}$", key) for each in known)]
        assert extra, error.message
        yield from (locate(tree, (*path, key), key=True) for key in extra)
    elif "propertyNames" in error.absolute_schema_path:
        yield locate(tree, (*path, error.instance), key=True)
    else:
        yield locate(tree, path, key=error.validator == "required" and bool(path) and isinstance(path[-1], str))


def marked(text: str) -> list[int]:
    return [text[: found.start()].count("\n") + 1 for found in MARK.finditer(text)]


def network(*steps: Any, **keys: Any) -> dict[str, Any]:
    return {"netspec": 1, "input": [3, 32, 32], "network": list(steps), **keys}


def paths(validator: Draft7Validator, tree: Any) -> list[tuple[Any, ...]]:
    return [tuple(error.absolute_path) for error in validator.iter_errors(tree)]


# invalid documents


def test_there_are_enough_invalid_documents() -> None:
    assert len(INVALID) >= 50
    assert all(len(marked(path.read_text(encoding="utf-8"))) == 1 for path in INVALID)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_schema_reports_the_error_and_nothing_beside_it(path: Path) -> None:
    lines = [span.line for span in errors(validator_of(path), read_file(path))]
    assert lines == marked(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_compiler_reports_the_error_on_the_same_line(path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        lower(load(path))
    assert {each.span and each.span.line for each in caught.value.diagnostics} == set(marked(path.read_text("utf-8")))


def test_without_its_conditions_the_schema_misses_errors() -> None:
    blunt = Draft7Validator({**document_schema(), "definitions": {**document_schema()["definitions"], "ops": {}}})
    tree = read_file(INVALID[0].parent / "stride_zero.yaml")
    assert errors(general(), tree) and not errors(blunt, tree)


# correct documents


@pytest.mark.slow
def test_check_jsonschema_takes_what_ships(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(schema_text(), encoding="utf-8")
    call = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--schemafile",
        str(schema),
        *map(str, search.sample(SHIPPED, 0.34)),
    ]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "path", search.sample([path for path in SHIPPED if b"\nblocks:" in path.read_bytes()]), ids=lambda path: path.stem
)
def test_what_ships_passes_the_schema_of_its_own(path: Path) -> None:
    assert not errors(Draft7Validator(document_schema(path)), read_file(path))


@pytest.mark.parametrize("name", OPS)
def test_samples_and_examples_of_ops_pass(name: str) -> None:
    op = OPS[name]
    example = re.search(r"Example: ``(.*?)``", " ".join((op.__doc__ or "").split()))
    steps = read(f"network:\n  {example[1] if example else '[]'}", "example")["network"]
    merged = op.family == "merge" and not op.operands_from
    for sample, _ in (with_tensors(name, each) for each in op.samples):
        operands = dict.fromkeys(op.operand_names, "x") or ["x"] * len(sample.inputs)
        steps.append({name: {"of": operands, **sample.arguments} if merged else sample.arguments})
    assert not paths(general(), network(*json.loads(json.dumps(steps))))


# arguments, op by op


REQUIRING = [name for name, op in OPS.items() if any(info.is_required() for info in op.model_fields.values())]


def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a step of an op with arguments, and operands where it takes some."""
    op = OPS[name]
    operands = dict.fromkeys(op.operand_names, "x") or ["x"] * op.operands[0]
    return {name: {"of": operands, **arguments} if op.family == "merge" and not op.operands_from else arguments}


def complete(name: str) -> dict[str, Any]:
    """Return arguments with which an op is complete."""
    arguments: dict[str, Any] = json.loads(json.dumps(OPS[name].samples[0].arguments))
    return arguments


@pytest.mark.parametrize("name", OPS)
def test_a_wrong_argument_is_one_error(name: str) -> None:
    for field in OPS[name].model_fields:
        for wrong in ({"a": 1}, "${width}", "a && b"):
            step = call(name, {**complete(name), field: wrong})
            assert paths(general(), network("relu", step)) == [("network", 1, name, field)], (field, wrong)


@pytest.mark.parametrize("name", OPS)
def test_an_expression_or_word_can_stand_for_any_argument(name: str) -> None:
    for field in OPS[name].model_fields.keys() - OPS[name].verbatim:
        texts = ["$width", "a if x.rank == 2 else b[-1]", *sorted(OPS[name].words(field))]
        steps = [call(name, {**complete(name), field: text}) for text in texts]
        assert not paths(general(), network(*steps)), field


# The names of a pattern are arguments, whatever they are.
@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.family == "merge" or not op.verbatim])
def test_an_unknown_argument_is_one_error(name: str) -> None:
    step = call(name, {**complete(name), "nonsense": 1})
    assert paths(general(), network("relu", step)) == [("network", 1, name)]


@pytest.mark.parametrize("name", REQUIRING)
def test_without_its_arguments_an_op_is_one_error(name: str) -> None:
    assert paths(general(), network("relu", name)) == [("network", 1)]
    for nothing in (None, {}):
        found = paths(general(), network("relu", {name: nothing}))
        assert set(found) == {("network", 1, name)}


@pytest.mark.parametrize("name", [name for name in OPS if name != "relu"])
def test_two_ops_in_a_step_are_one_error(name: str) -> None:
    assert paths(general(), network({"relu": None, **call(name, complete(name))})) == [("network", 0)]


# explanations


@pytest.mark.parametrize("name", [*OPS, *COMBINATORS])
def test_every_word_and_argument_is_explained(name: str) -> None:
    definitions = general().schema["definitions"]
    kinds = (f"{kind}.{name}" for kind in ("op", "merge", "combinator"))
    schema = next(definitions[place] for place in kinds if place in definitions)
    assert schema["description"] and schema["description"] in schema["markdownDescription"].replace("\n", " ")
    model = OPS.get(name) or COMBINATORS[name]
    described = schema.get("then", schema).get("properties", {})
    hidden = {"sizes"} if issubclass(model, Patterned) else set()  # these stand beside the pattern, each under its name
    assert name in ("repeat", "foreach", "let") or set(model.model_fields) - hidden <= set(described)
    assert all(each["description"] for each in described.values())


def test_keys_of_steps_and_documents_are_explained() -> None:
    schema = general().schema
    definitions, beside = schema["definitions"], schema["definitions"]["step"]["else"]["properties"]
    for key, about in STEP_KEYS.items():
        # Bodies differ between kinds of steps, so that these are not shared.
        assert definitions.get(f"key.{key}", beside[key])["description"] == about
    assert list(schema["properties"]) == [info.alias or name for name, info in Header.model_fields.items()]
    assert all(each["description"] for each in schema["properties"].values())


# patterns


def patterns(schema: Any) -> Iterator[str]:
    for key, value in schema.items() if isinstance(schema, dict) else ():
        if key == "pattern" and isinstance(value, str):
            yield value
        yield from value if key == "patternProperties" else ()
        yield from patterns(value)
    for value in schema if isinstance(schema, list) else ():
        yield from patterns(value)


def test_editors_can_read_every_pattern() -> None:
    found = set(patterns(general().schema))
    assert len(found) > 100
    for pattern in found:
        # Editors compile them as ECMAScript with the flag u, which is stricter than Python.
        assert regress.Regex(pattern, "u")


PIECES = st.sampled_from(
    [
        *"abx019+-*/%()[].,:<>=! \n",
        "==",
        "!=",
        "**",
        " if ",
        " else ",
        " and ",
        "'a?b'",
        '"{}"',
        "x.channels",
        "min(",
        "$",
    ]
)


@search.examples(100)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_the_pattern_takes_whatever_is_an_expression(text: str) -> None:
    try:
        expr.parse(text)
    except expr.ExpressionError:
        return
    assert re.search(EXPRESSION["pattern"], text)


@pytest.mark.parametrize(
    "text", ["${width}", "a && b", "i = 0", "2^3", "a ? b : c", "{i}", "", " ", "2 × 3", "'a", "a; b", "3x3", "3x28x28"]
)
def test_the_pattern_refuses_what_no_expression_has(text: str) -> None:
    with pytest.raises(expr.ExpressionError):
        expr.parse(text)
    assert not re.search(EXPRESSION["pattern"], text)


def test_words_with_marks_are_taken_as_they_are() -> None:
    pattern = regress.Regex(str(word(["nearest-exact", "a.b"])["pattern"]), "u")
    assert [pattern.find(text) is not None for text in ("nearest-exact", "a.b", "axb2", "$mode")] == [
        True,
        True,
        False,
        True,
    ]


# blocks that a document brings along


OWN = """\
netspec: 1
input: [3, 32, 32]
blocks:
  unit: {args: {out: int, act: {type: word, default: relu, choices: [relu, elu]}}, body: [{linear: out}, $act]}
"""


def own_errors(path: Path, steps: str, head: str = OWN) -> list[tuple[Any, ...]]:
    path.write_text(f"{head}network: {steps}\n", encoding="utf-8")
    return paths(Draft7Validator(document_schema(path)), read_file(path))


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("[{unit: 8}, {unit: {out: n, act: elu}, name: a}, {unit: {out: 8, act: $act}}]", []),
        ("[{unit: true}]", [("network", 0, "unit")]),
        ("[{unit: {out: 8, act: gelu}}]", [("network", 0, "unit", "act")]),
        ("[{unit: {}}]", [("network", 0, "unit")]),
        ("[unit]", [("network", 0)]),
        ("[{unit: 8, relu: {}}]", [("network", 0)]),
        ("[{se: {ratio: 4}}]", [("network", 0, "se")]),
    ],
)
def test_blocks_of_the_document_are_known_with_their_arguments(tmp_path: Path, steps: str, found: list[Any]) -> None:
    assert own_errors(tmp_path / "net.yaml", steps) == found


def test_blocks_of_imported_and_extended_documents_are_known(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(OWN + "network: [relu]\n", encoding="utf-8")
    (tmp_path / "more.yaml").write_text("netspec: 1\nblocks: {other: {body: [relu]}}\nimport: [net.yaml]\n", "utf-8")
    head = "netspec: 1\nextends: base.yaml\nimport: [more.yaml]\n"
    assert own_errors(tmp_path / "net.yaml", "[{unit: 8}, other, othr]", head) == [("network", 2)]


def test_a_block_is_known_while_its_document_is_invalid(tmp_path: Path) -> None:
    head = OWN + "titel: x\nvariants: 3\n"
    found = own_errors(tmp_path / "net.yaml", "[{unit: 8}, 5]", head)
    assert sorted(found, key=len) == [(), ("variants",), ("network", 1)]


def test_a_file_that_does_not_exist_is_said_to(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="NS0001"):
        own_errors(tmp_path / "net.yaml", "[relu]", "netspec: 1\nextends: none.yaml\n")


def test_the_general_schema_takes_unknown_words_only_where_blocks_may_come_from() -> None:
    steps = ["mine", {"mine": {"a": 1}, "name": "m"}, {"se": {"ratio": 4}}]
    assert paths(general(), network(*steps)) == [("network", 0), ("network", 1), ("network", 2, "se")]
    for key, value in (("blocks", {"mine": {"body": ["mine"]}}), ("import", ["a.yaml"]), ("extends", "a.yaml")):
        assert not paths(general(), network(*steps, **{key: value}))
        assert paths(general(), network(*steps, "conv", **{key: value})) == [("network", 3)]
        assert paths(general(), network({"mine": {}, "conv": {"kernel": 3}}, **{key: value})) == [("network", 0)]


# commands


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(cli, arguments)


def unsigned(path: Path) -> Any:
    """Return a written schema as it is printed: without the checksum in its comment."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    return schema | {"$comment": schema["$comment"].partition(", checksum")[0]}


def test_schema_prints_json_or_writes_it(tmp_path: Path) -> None:
    shown = invoke("schema")
    assert json.loads(shown.stdout) == general().schema
    path = tmp_path / "made" / "schema.json"
    for _ in range(2):
        assert invoke("schema", "resnet50", "-o", str(path)).stdout == f"wrote {path}\n"
    assert unsigned(path) == document_schema(shipped_folder() / "resnet50.yaml")
    path.write_text("{}", encoding="utf-8")
    assert isinstance(invoke("schema", "-o", str(path)).exception, SpecError)
    assert path.read_text(encoding="utf-8") == "{}"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    done = invoke("new", "tiny", "--out", str(tmp_path))
    assert done.exit_code == 0 and "netspec build" in done.stdout, done.output
    return tmp_path / "tiny.yaml"


def test_a_new_document_compiles_and_names_its_schema(made: Path) -> None:
    graph = compile_graph(made)
    assert (graph.name, graph.outputs[0].node) == ("tiny", "classifier")
    first = made.read_text(encoding="utf-8").partition("\n")[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA}"
    schema = unsigned(made.parent / SCHEMA)
    assert schema == general().schema and not errors(general(), read_file(made))
    assert not brings_blocks(read_file(made)), "the general schema would be lenient with it"


def test_a_document_is_overwritten_by_force_alone(made: Path) -> None:
    made.write_text("generated by netspec, but changed since\n", encoding="utf-8")
    refused = invoke("new", "tiny", "--out", str(made.parent))
    assert refused.exit_code == 2 and "--force" in refused.output
    assert made.read_text(encoding="utf-8").startswith("generated")
    assert invoke("new", "tiny", "--out", str(made.parent), "--force").exit_code == 0
    assert compile_graph(made).name == "tiny"
    assert invoke("new", "other", "--out", str(made.parent)).exit_code == 0, "the schema is netspec's to write anew"


@pytest.mark.parametrize("name", ["tiny-net", "../tiny", "1tiny", "", "a" * 65, "tiny.yaml"])
def test_only_a_name_can_name_a_document(name: str, tmp_path: Path) -> None:
    refused = invoke("new", name, "--out", str(tmp_path))
    assert refused.exit_code == 2 and "letters" in refused.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("extended", ["resnet18", "googlenet", "densenet121"])
def test_a_new_document_can_extend_a_shipped_one(extended: str, tmp_path: Path) -> None:
    assert invoke("new", "mine", "--from", extended, "--out", str(tmp_path)).exit_code == 0
    path, shipped = tmp_path / "mine.yaml", load(extended)
    assert not errors(validator_of(path), read_file(path))
    assert compile_graph(path).params == compile_graph(shipped).params
    assert list(read_file(path)["args"]) == list(shipped.parameters)


def test_a_new_document_can_extend_a_file_of_its_project(made: Path) -> None:
    folder = made.parent / "more"
    call = ("new", "mine", "--from", str(made), "--out", str(folder))
    assert "a netspec.toml in a folder around both" in invoke(*call).output and not folder.exists()
    (made.parent / "pyproject.toml").touch()
    assert invoke(*call).exit_code == 0
    assert read_file(folder / "mine.yaml")["extends"] == "../tiny.yaml"
    assert compile_graph(folder / "mine.yaml").params == compile_graph(made).params
