"""The reader: scalars of YAML 1.2, places, duplicate keys, anchors and merge keys, files."""

from __future__ import annotations

import copy
import os
import pickle
import random
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics import LimitError, SourceMap, Span, SpecError
from netspec.syntax.yaml import Mapping, Sequence, locate, read, read_file
from tests.support.search import examples

DOCUMENT = """\
netspec: 1
name: tiny
args: {growth: 32, layers: [6, 12, 24, 16], stem: 64}
variants:
  169: {layers: [6, 12, 32, 32]}
blocks:
  unit:
    args: {out: int}
    body:
      - conv: {out: out, kernel: 3, padding: 1}
      - bn
      - relu

network:
  - conv: {out: stem, kernel: 7}
    expect: [stem, 112, 112]
  - repeat: 3
    body:
      - unit: {out: 64}
        name: "unit{i+1}"
  - linear: 1000
expect: {params: 7978856}
"""


def codes(text: str | bytes) -> list[str]:
    """Return the codes that reading a text gives."""
    with pytest.raises(SpecError) as caught:
        read(text, "net.yaml")
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def errors(text: str) -> list[str]:
    """Return what reading a text gives as one line for each error."""
    with pytest.raises(SpecError) as caught:
        read(text, "net.yaml")
    return [str(diagnostic) for diagnostic in caught.value.diagnostics]


SCALARS: list[tuple[str, Any]] = [
    ("", None),
    ("~", None),
    ("null", None),
    ("NULL", None),
    ("nUll", "nUll"),
    ("true", True),
    ("False", False),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("0", 0),
    ("-12", -12),
    ("+12", 12),
    ("0777", 777),
    ("0o17", 15),
    ("0o18", "0o18"),
    ("0x1F", 31),
    ("-0x1F", "-0x1F"),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("2001-01-01", "2001-01-01"),
    ("1e-3", 0.001),
    ("1E5", 1e5),
    ("1.", 1.0),
    (".5", 0.5),
    ("-.5e+2", -50.0),
    (".", "."),
    ("-", None),
    ("1e", "1e"),
    ("1.2.3", "1.2.3"),
    ("٣", "٣"),
    ("'1'", "1"),
    ('"true"', "true"),
    ("'~'", "~"),
    ("''", ""),
    ("!!str 1", "1"),
    ("!!int '3'", 3),
    ("!!float 3", 3.0),
    ("! 1", "1"),
    ("4*width", "4*width"),
    ("$act", "$act"),
    ("9007199254740992", 2**53),
    ("-9007199254740992", -(2**53)),
    ("1e-999", 0.0),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    if text == "-":
        value, text = [None], "\n  -"
    got = read(f"a: {text}\n", "net.yaml")["a"]
    assert (got, type(got) if value != [None] else list) == (value, type(value))


@pytest.mark.parametrize("text", ["9007199254740993", "-9007199254740993", "0xFFFFFFFFFFFFFFFF", "1e999", "-1e400"])
@pytest.mark.parametrize("more", ["", " "])
def test_numbers_out_of_range_are_refused(text: str, more: str) -> None:
    assert errors(f"a: {text}{more}")[0].startswith("net.yaml:1:4: NS0109")


def test_tree_is_plain_data() -> None:
    tree = read(DOCUMENT, "net.yaml")
    assert isinstance(tree, Mapping) and isinstance(tree["network"], Sequence)
    assert tree == yaml.safe_load(DOCUMENT.replace("169:", '"169":'))
    assert list(tree) == ["netspec", "name", "args", "variants", "blocks", "network", "expect"]


@pytest.mark.parametrize("key", ["169", "1.5", "true", "null", "1e3", "~"])
def test_keys_are_texts_as_written(key: str) -> None:
    tree = read(f"{key}: 1\n", "net.yaml")
    assert list(tree) == [key]
    assert locate(tree, (key,), key=True) == Span("net.yaml", 1, 1, 1, 1 + len(key))


LOCATIONS: list[tuple[tuple[str | int, ...], bool, tuple[int, int, int, int]]] = [
    ((), False, (1, 1, 22, 26)),
    (("name",), False, (2, 7, 2, 11)),
    (("name",), True, (2, 1, 2, 5)),
    (("args",), False, (3, 7, 3, 54)),
    (("args", "layers", 2), False, (3, 36, 3, 38)),
    (("variants", "169"), True, (5, 3, 5, 6)),
    (("variants", 169), True, (5, 3, 5, 6)),
    (("variants", "169", "layers"), False, (5, 17, 5, 32)),
    (("blocks", "unit"), False, (8, 5, 12, 13)),
    (("blocks", "unit", "body", 1), False, (11, 9, 11, 11)),
    (("network", 0), False, (15, 5, 16, 29)),
    (("network", 1, "body", 0, "name"), False, (20, 15, 20, 26)),
    (("network", 1, "body", 0, "nothing"), False, (19, 9, 20, 26)),
    (("network", 1, "body", 0, "nothing"), True, (19, 9, 20, 26)),
    (("network", 1, "body", 7), False, (19, 7, 20, 26)),
    (("network", 9, "body"), False, (15, 3, 21, 17)),
    (("network", "conv"), False, (15, 3, 21, 17)),
    (("name", "deeper", 3), False, (2, 7, 2, 11)),
    (("nothing",), False, (1, 1, 22, 26)),
]


@pytest.mark.parametrize(("loc", "key", "place"), LOCATIONS)
def test_locate(loc: tuple[str | int, ...], key: bool, place: tuple[int, int, int, int]) -> None:
    assert locate(read(DOCUMENT, "net.yaml"), loc, key) == Span("net.yaml", *place)


def test_locate_in_trees_that_were_changed() -> None:
    tree = read("a: {b: 1}\nc: [1]\n", "net.yaml")
    tree["new"] = tree["a"]
    tree["c"].append(tree["a"])
    tree["plain"] = {"x": [1]}
    assert str(locate(tree, ("new", "b"))) == "net.yaml:1:8"
    assert str(locate(tree, ("c", 1, "b"))) == "net.yaml:1:8"
    assert locate(tree, ("plain", "x", 0)) == tree.span
    assert str(locate(7, ("a",))) == "<document>:1:1"


def walk(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return every path of a tree."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(inner for key, value in items for inner in walk(value, (*path, key)))]


def test_every_span_covers_the_text_of_its_value() -> None:
    tree = read(DOCUMENT, "net.yaml")
    lines = DOCUMENT.split("\n")
    for path in walk(tree):
        span = locate(tree, path)
        value = tree
        for part in path:
            value = value[part]
        if not isinstance(value, (dict, list)):
            shown = lines[span.line - 1][span.column - 1 : span.end_column - 1]
            assert yaml.safe_load(shown) == value, path
        if path and isinstance(path[-1], str):
            key = locate(tree, path, key=True)
            assert lines[key.line - 1][key.column - 1 : key.end_column - 1] == path[-1]


def test_columns_count_characters() -> None:
    tree = read("a: ['é😀', b]\r\nc: 1\r\n", "net.yaml")
    assert str(locate(tree, ("a", 1))) == "net.yaml:1:11"
    assert str(locate(tree, ("c",))) == "net.yaml:2:4"


def test_trees_can_be_copied_and_pickled() -> None:
    tree = read(DOCUMENT, "net.yaml")
    for twin in (copy.deepcopy(tree), pickle.loads(pickle.dumps(tree))):
        assert twin == tree
        assert twin["network"].item_spans == tree["network"].item_spans
        assert twin["args"].key_spans == tree["args"].key_spans


# duplicate keys


def test_duplicate_keys_are_all_reported_with_both_places() -> None:
    assert errors("a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\na: 3\n") == [
        "net.yaml:2:17: NS0102 key 'c' is given twice (remove one of the two)",
        "net.yaml:3:1: NS0102 key 'a' is given twice (remove one of the two)",
        "net.yaml:4:1: NS0102 key 'a' is given twice (remove one of the two)",
    ]
    with pytest.raises(SpecError) as caught:
        read("a: 1\n'a': 2\n", "net.yaml")
    assert [str(note.span) for note in caught.value.diagnostics[0].notes] == ["net.yaml:1:1"]


@pytest.mark.parametrize("seed", range(20))
def test_injected_duplicates_are_found_at_their_line(seed: int) -> None:
    """A duplicate goes into a random block mapping of a random document, at a random later line."""
    chance = random.Random(seed)
    for _ in range(30):
        groups = [[f"k{index}" for index in range(chance.randint(1, 6))] for _ in range(chance.randint(1, 8))]
        lines = [line for number, keys in enumerate(groups) for line in _group(number, keys, chance)]
        at = chance.choice([index for index, line in enumerate(lines) if line.startswith("  k")])
        key = lines[at].strip().partition(":")[0]
        end = next((index for index in range(at, len(lines)) if lines[index].startswith("g")), len(lines))
        into = chance.choice([index for index in range(at + 1, end + 1) if not lines[index - 1].endswith("|")])
        lines.insert(into, f"  {key}: again")
        with pytest.raises(SpecError) as caught:
            read("\n".join(lines), "net.yaml")
        (diagnostic,) = caught.value.diagnostics
        assert (diagnostic.code, diagnostic.span) == (
            "NS0102",
            Span("net.yaml", into + 1, 3, into + 1, 3 + len(key)),
        )
        assert diagnostic.notes[0].span.line == at + 1


def _group(number: int, keys: list[str], chance: random.Random) -> list[str]:
    lines = [f"g{number}:"]
    for key in keys:
        lines += chance.choice([[f"  {key}: 1"], [f"  {key}: {{k0: 1, k1: 2}}"], [f"  {key}: |", "    k0: text"]])
    return lines


# anchors and merge keys


def test_an_alias_is_the_same_object_with_its_own_place() -> None:
    tree = read("a: &a {b: 1}\nc: *a\nd: [*a]\ne: &s 5\nf: *s\n", "net.yaml")
    assert tree["a"] is tree["c"] is tree["d"][0] and tree["f"] == 5
    assert str(locate(tree, ("c",))) == "net.yaml:2:4"
    assert str(locate(tree, ("c", "b"))) == "net.yaml:1:11"


MERGES: list[tuple[str, Any]] = [
    ("<<: *base", {"x": 1, "y": 2}),
    ("<<: *base\n  z: 3", {"x": 1, "y": 2, "z": 3}),
    ("<<: *base\n  y: 3", {"x": 1, "y": 3}),
    ("y: 3\n  <<: *base", {"y": 3, "x": 1}),
    ("<<: [*base, *other]", {"x": 1, "y": 2, "z": 9}),
    ("<<: [*other, *base]", {"y": 8, "z": 9, "x": 1}),
    ("<<: {y: 5}\n  x: 4", {"y": 5, "x": 4}),
    ("<<: []\n  x: 4", {"x": 4}),
    ("'<<': 1", {"<<": 1}),
    ("!!merge <<: *base", {"x": 1, "y": 2}),
    ("!!str <<: 1", {"<<": 1}),
]


@pytest.mark.parametrize(("body", "value"), MERGES)
def test_merge_keys(body: str, value: Any) -> None:
    tree = read(f"base: &base {{x: 1, y: 2}}\nother: &other {{y: 8, z: 9}}\nmerged:\n  {body}\n", "net.yaml")
    assert tree["merged"] == value and list(tree["merged"]) == list(value)
    assert set(tree["merged"].key_spans) == set(tree["merged"].value_spans) == set(value)


def test_merged_keys_keep_the_place_where_they_are_written() -> None:
    tree = read("base: &base {x: 1, y: 2}\nmerged:\n  <<: *base\n  y: 3\n", "net.yaml")
    assert str(locate(tree, ("merged", "x"))) == "net.yaml:1:17"
    assert str(locate(tree, ("merged", "x"), key=True)) == "net.yaml:1:14"
    assert str(locate(tree, ("merged", "y"))) == "net.yaml:4:6"
    assert str(locate(tree, ("merged", "y"), key=True)) == "net.yaml:4:3"


MERGE_ERRORS = [
    ("<<: *base\n  z: 1\n  z: 2", "5:3: NS0102 key 'z' is given twice"),
    ("<<: *base\n  x: 1\n  x: 2", "5:3: NS0102 key 'x' is given twice"),
    ("x: 1\n  <<: *base\n  x: 2", "5:3: NS0102 key 'x' is given twice"),
    ("<<: *base\n  <<: *base", "4:3: NS0102 key '<<' is given twice"),
    ("<<: 1", "3:7: NS0110 '<<' takes a mapping or a list of mappings"),
    ("<<: [*base, 1]", "3:7: NS0110 '<<' takes a mapping or a list of mappings"),
    ("<<: *bsae", "3:7: NS0106 no anchor 'bsae' above this alias (did you mean 'base'?)"),
]


@pytest.mark.parametrize(("body", "expected"), MERGE_ERRORS)
def test_merge_errors(body: str, expected: str) -> None:
    (error,) = errors(f"base: &base {{x: 1, y: 2}}\nmerged:\n  {body}\n")
    assert error.startswith(f"net.yaml:{expected}")


def test_errors_of_several_kinds_come_together_and_the_syntax_error_last() -> None:
    text = "a: 1\na: 2\nb: *nothing\nc: !!binary x\nd: 1e999\ne: [1, 2\n"
    assert codes(text) == ["NS0102", "NS0106", "NS0104", "NS0109", "NS0101"]


def test_errors_end_at_a_hundred_and_are_short() -> None:
    assert len(codes("a: 1\n" * 5000)) == 100
    twice = f"? {'k' * 5000}\n: 1\n" * 2
    assert max(map(len, errors(twice))) < 300


SYNTAX = [
    ("a: [1, 2", "1:4: NS0101 this '[' is never closed (add the missing ']')"),
    ("a: {b: 1\n\n", "1:4: NS0101 this '{' is never closed (add the missing '}')"),
    ("a: [1, 2\nb: 3\n", "1:4: NS0101 this '[' is never closed"),
    ("- conv: {name: layer{i+1}}", "1:21: NS0101 expected ',' or '}' (close the '{', or put quotes around a text"),
    ("a:\n\tb: 1", "2:1: NS0101 a tab cannot indent a line (indent with spaces)"),
    ("a:\n  b: 1\n\tc: 1", "3:1: NS0101 a tab cannot indent a line (indent with spaces)"),
    ("a: |\n\tx", "2:1: NS0101 a tab cannot indent a line (indent with spaces)"),
    ("a: @x", "1:4: NS0101 a value cannot begin with '@' (put quotes around the text)"),
    ("a: `x`", "1:4: NS0101 a value cannot begin with '`'"),
    ("a: b: c", "1:5: NS0101 a ':' where no key is allowed (put quotes around a text with ': '"),
    ("a: 'x\nb: 1", "1:4: NS0101 this quote is never closed"),
    ('a: "x\n---\n', "1:4: NS0101 this quote is never closed"),
    ('a: "\\q"', "1:5: NS0101 unknown escape in a quoted text"),
    ("- a\nb: 1", "2:1: NS0101 this line does not fit the list around it"),
    ("a:\n  - b\n c: 1", "3:2: NS0101 this line is indented less than the one above it, and more than those around it"),
    (
        "a:\n  b: 1\n c: 1",
        "3:2: NS0101 this line is indented less than the one above it, and more than those around it",
    ),
    (
        "- a:\n    b: 1\n   c: 1",
        "3:4: NS0101 this line is indented less than the one above it, and more than those around it",
    ),
    ("name: {i}x", "1:10: NS0101 unexpected text after a value"),
    ("a: -", "1:4: NS0101 a list cannot begin here"),
    ("a: 1\nb\n", "2:1: NS0101 no ':' after this key (write 'key: value'"),
    ("[a]]", "1:4: NS0101 unexpected text after the end of the document"),
    ("a: ]", "1:4: NS0101 a value is missing here"),
    ("a: {b: 1,, c: 2}", "1:10: NS0101 a value is missing here"),
    ("a: &", "1:5: NS0101 a name is missing after '&' or '*'"),
    ("a: |x\n", "1:4: NS0101 this block text is malformed"),
    ("a: !<x y", "1:4: NS0101 this tag is malformed"),
    ("%YAML 2.0\n---\na: 1", "1:1: NS0101 this directive is not understood"),
    ("a: {b:[1]}", "1:6: NS0101 no space after ':' (write 'key: value')"),
    ("a: ? b", "1:4: NS0101 a '?' where no key is allowed"),
]


@pytest.mark.parametrize(("text", "expected"), SYNTAX)
def test_syntax_errors_say_what_to_do(text: str, expected: str) -> None:
    (error,) = errors(text)
    assert error.startswith(f"net.yaml:{expected}")


def test_a_bracket_that_stays_open_is_pointed_at() -> None:
    with pytest.raises(SpecError) as caught:
        read("a: [1,\n    2 {3}]\n", "net.yaml")
    assert [(str(note.span), note.label) for note in caught.value.diagnostics[0].notes] == [
        ("net.yaml:1:4", "begins here")
    ]


def test_the_python_parser_gives_the_same_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = read(DOCUMENT, "net.yaml")
    monkeypatch.setattr("netspec.syntax.yaml.reader.LOADER", yaml.SafeLoader)
    slow = read(DOCUMENT, "net.yaml")
    assert slow == tree
    assert [locate(slow, path) for path in walk(slow)] == [locate(tree, path) for path in walk(tree)]
    for text, _ in SYNTAX:
        if "b:[1]" not in text:  # which this parser reads
            assert codes(text) == ["NS0101"], text


# files and lines


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    tree = read_file(path)
    assert tree == {"a": 1, "b": 2}
    assert str(locate(tree, ("a",), key=True)) == f"{path}:1:1"
    assert [SourceMap().line(str(path), line) for line in (0, 1, 2, 3, 4)] == [None, "a: 1", "b: 2", "", None]


def test_what_is_not_a_readable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to("net.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    expected = {
        tmp_path / "nte.yaml": "NS0001",
        tmp_path / "net.yaml" / "inner.yaml": "NS0001",
        tmp_path / "loop.yaml": "NS0001",
        tmp_path / ("x" * 300): "NS0001",
        Path("a\0b"): "NS0001",
        tmp_path: "NS0002",
        tmp_path / "pipe.yaml": "NS0002",
        Path("/dev/zero"): "NS0002",
    }
    for path, code in expected.items():
        with pytest.raises(SpecError) as caught:
            read_file(path)
        assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code], path
    assert read_file(tmp_path / "link.yaml") == {"a": 1}
    with pytest.raises(SpecError, match=r"did you mean 'net\.yaml'"):
        read_file(tmp_path / "nte.yaml")


def test_a_file_may_have_a_mebibyte_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(b"a: 1\n#".ljust(2**20, b"x"))
    assert read_file(path) == {"a": 1}
    path.write_bytes(b"a: 1\n#".ljust(2**20 + 1, b"x"))
    with pytest.raises(LimitError, match="NS0711"):
        read_file(path)


def test_reading_costs_no_more_than_pyyaml_takes() -> None:
    """Two thousand lines take about as long as PyYAML's own C loader needs, which has no places and no checks."""
    step = "  - conv: {out: 64, kernel: 3}\n  - bn\n  - relu\n  - block:\n      a: 1\n"
    text = "network:\n" + step * 400
    ours = min(_seconds(lambda: read(text, "net.yaml")) for _ in range(7))
    theirs = min(_seconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader)) for _ in range(7))
    assert ours < 3 * theirs


def _seconds(work: Any) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


# anything at all


@examples(300)
@given(st.data())
def test_mutated_documents_give_a_tree_or_a_coded_error(data: st.DataObject) -> None:
    content = bytearray(DOCUMENT.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.one_of(st.binary(max_size=3), st.sampled_from(_PIECES)))
        content[at : at + data.draw(st.integers(0, 4))] = piece
    _read_or_refuse(bytes(content))


_PIECES = [
    b"{",
    b"[",
    b"]",
    b"}",
    b"&a ",
    b"*a",
    b"<<: ",
    b"- ",
    b"? ",
    b": ",
    b"\t",
    b"'",
    b'"',
    b"|\n",
    b"!!int ",
    b"%",
]


@examples(200)
@given(
    st.one_of(
        st.binary(max_size=60), st.text(max_size=60), st.text(alphabet="ab:-[]{}&*!|>'\"%@? \n\t<#,", max_size=60)
    )
)
def test_any_text_gives_a_tree_or_a_coded_error(text: str | bytes) -> None:
    _read_or_refuse(text)


def _read_or_refuse(text: str | bytes) -> None:
    sources = SourceMap()
    try:
        if isinstance(text, bytes):
            text = sources.decode(text, "net.yaml")
        sources.add("net.yaml", text)
        read(text, "net.yaml")
    except SpecError as error:
        assert error.diagnostics
        for diagnostic in error.diagnostics:
            assert diagnostic.code.startswith("NS0") and diagnostic.message and diagnostic.help
            assert diagnostic.span is None or sources.line("net.yaml", diagnostic.span.line) is not None


NEATLY = """\
name: net
args:
  width: 8
  depth: 2
input: [3, 8, 8]
blocks:
  unit:
    args:
      out: int
      stride: 1
    body:
      - conv:
          out: out
          kernel: 3
          padding: 1
        name: first
        as: keep
      - residual:
          body: relu
          after: relu
      - relu
network:
  - unit: {out: width}
    name: second
  - foreach: {stage: [1, 2]}
    body: [relu]
  - flatten
  - linear: 10
expect:
  params: 1
  macs: 2
"""


@pytest.mark.parametrize("columns", [-1, 1])
@pytest.mark.parametrize("number", range(1, NEATLY.count("\n") + 1))
def test_the_line_that_is_indented_wrongly_is_reported(number: int, columns: int) -> None:
    lines = NEATLY.splitlines()
    line = lines[number - 1]
    indentation = len(line) - len(line.lstrip()) + columns
    if indentation < 0:
        pytest.skip("the line has no indentation to take away")
    lines[number - 1] = " " * indentation + line.lstrip()
    # The only key of a mapping may stand at any column.
    if line.strip() != "unit:":
        (error,) = errors("\n".join(lines))
        assert error.startswith(f"net.yaml:{number}:{indentation + 1}: NS0101 this line is indented")
