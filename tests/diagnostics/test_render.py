"""Diagnostics in every format, and text of documents that must not act on whoever reads it."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import PureWindowsPath

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics import Code, Diagnostic, Frame, Note, SourceMap, Span, SpecError
from netspec.diagnostics.render import FORMATS, Format, printable, render
from netspec.syntax.yaml import read
from tests.support.search import examples

TEXT = "\n".join(
    [
        *["# line"] * 28,
        "  bottleneck:",
        "    args: {width: int}",
        "    body: []",
        "",
        "  shortcut: identity",
        *["# line"] * 7,
        "      - residual:",
        "          body: []",
    ]
)
ERROR = Diagnostic(
    Code.SHAPE_MISMATCH,
    "add needs equal shapes",
    Span("specs/resnet50.yaml", 41, 9, 41, 17),
    label="body gives 256x28x28",
    notes=(Note(Span("specs/resnet50.yaml", 33, 13, 33, 21), "shortcut gives 256x56x56"),),
    help="give the shortcut the body's stride, or use `shortcut: auto`",
    chain=(
        Frame("layer2.0", "layer", Span("specs/resnet50.yaml", 58, 5, 58, 9)),
        Frame("layer2.0", "bottleneck", Span("specs/resnet50.yaml", 30, 5, 30, 9)),
    ),
)
PLAIN = Diagnostic(Code.UNREADABLE_FILE, "cannot read 'x.yaml': no such file or directory")


SOURCES = SourceMap({"specs/resnet50.yaml": TEXT})


def test_text() -> None:
    assert render([ERROR, PLAIN], sources=SOURCES) == (
        """\
error[NS0501]: add needs equal shapes
  --> specs/resnet50.yaml:41:9
   |
41 |       - residual:
   |         ^^^^^^^^ body gives 256x28x28
33 |   shortcut: identity
   |             -------- shortcut gives 256x56x56
   = help: give the shortcut the body's stride, or use `shortcut: auto`
   = in: layer2.0 (line 58) > bottleneck (line 30)

error[NS0001]: cannot read 'x.yaml': no such file or directory"""
    )


def test_colour_adds_nothing_but_colour() -> None:
    painted = render([ERROR, PLAIN], color=True, sources=SOURCES)
    assert painted.startswith("\x1b[1;31merror[NS0501]\x1b[0m\x1b[1m: add needs equal shapes\x1b[0m\n")
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render([ERROR, PLAIN], sources=SOURCES)
    for name in set(FORMATS) - {"text"}:
        assert render([ERROR], name, color=True) == render([ERROR], name)


def test_concise() -> None:
    assert render([ERROR, PLAIN], "concise") == (
        "specs/resnet50.yaml:41:9: NS0501 add needs equal shapes "
        "(give the shortcut the body's stride, or use `shortcut: auto`)\n"
        "NS0001 cannot read 'x.yaml': no such file or directory"
    )


def test_github() -> None:
    assert render([ERROR, PLAIN], "github") == (
        "::error file=specs/resnet50.yaml,line=41,col=9,endLine=41,endColumn=17,title=NS0501"
        "::add needs equal shapes%0Ahelp: give the shortcut the body's stride, or use `shortcut: auto`\n"
        "::error title=NS0001::cannot read 'x.yaml': no such file or directory"
    )


def test_json() -> None:
    first, second = json.loads(render([ERROR, PLAIN], "json"))
    place = {"file": "specs/resnet50.yaml", "line": 41, "column": 9, "end_line": 41, "end_column": 17}
    assert first["place"] == place
    assert {key: first[key] for key in ("code", "message", "label", "help")} == {
        "code": "NS0501",
        "message": "add needs equal shapes",
        "label": "body gives 256x28x28",
        "help": "give the shortcut the body's stride, or use `shortcut: auto`",
    }
    assert [(note["place"]["line"], note["label"]) for note in first["notes"]] == [(33, "shortcut gives 256x56x56")]
    assert [(frame["path"], frame["name"], frame["place"]["line"]) for frame in first["chain"]] == [
        ("layer2.0", "layer", 58),
        ("layer2.0", "bottleneck", 30),
    ]
    assert (second["code"], second["place"], second["notes"], second["chain"]) == ("NS0001", None, [], [])


def closed(required: str, optional: str = "", **properties: object) -> dict[str, object]:
    """Return the schema of an object with these properties and no other."""
    assert set(properties) == {*required.split(), *optional.split()}
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


# What section 3 of SARIF 2.1.0 asks of the properties that are used here.
POSITIVE = {"type": "integer", "minimum": 1}
MESSAGE = closed("text", text={"type": "string", "minLength": 1})
URI = {"type": "string", "pattern": r"^(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"}
REGION = closed(
    "startLine startColumn endLine endColumn",
    startLine=POSITIVE,
    startColumn=POSITIVE,
    endLine=POSITIVE,
    endColumn=POSITIVE,
)
PHYSICAL = closed("artifactLocation region", artifactLocation=closed("uri", uri=URI), region=REGION)
LOCATIONS = {
    "type": "array",
    "items": closed("physicalLocation", "message", physicalLocation=PHYSICAL, message=MESSAGE),
}
RULES = {"type": "array", "uniqueItems": True, "items": closed("id", id={"type": "string"})}
DRIVER = closed("name rules", name={"const": "netspec"}, rules=RULES)
RESULT = closed(
    "ruleId ruleIndex level message",
    "locations relatedLocations",
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations=LOCATIONS,
    relatedLocations=LOCATIONS,
)
RUN = closed(
    "tool columnKind results",
    tool=closed("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
)
SARIF = closed(
    "$schema version runs",
    version={"const": "2.1.0"},
    runs={"type": "array", "items": RUN},
    **{"$schema": {"type": "string", "format": "uri"}},
)


def test_sarif() -> None:
    odd = Diagnostic(Code.DUPLICATE_KEY, "key 'a' is given twice", Span("a folder/é:#?.yaml", 2, 1, 2, 2))
    absolute = Diagnostic(Code.SHAPE_MISMATCH, "again", Span("/tmp/net.yaml", 2, 1, 2, 2))
    log = json.loads(render([ERROR, PLAIN, odd, absolute], "sarif"))
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["NS0001", "NS0102", "NS0501"]
    assert [result["ruleIndex"] for result in run["results"]] == [2, 0, 1, 2]
    error, plain, strange, rooted = run["results"]
    assert error["locations"][0]["physicalLocation"]["region"]["startLine"] == 41
    assert error["relatedLocations"][0]["message"]["text"] == "shortcut gives 256x56x56"
    assert "locations" not in plain
    assert strange["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20folder/%C3%A9%3A%23%3F.yaml"
    assert rooted["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///tmp/net.yaml"


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("C:\\nets\\a b.yaml", "file:///C:/nets/a%20b.yaml"),
        ("\\\\host\\share\\é.yaml", "file://host/share/%C3%A9.yaml"),
        ("nets\\a#1.yaml", "nets/a%231.yaml"),
    ],
)
def test_files_of_windows_in_sarif(file: str, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netspec.diagnostics.render.sarif.PurePath", PureWindowsPath)
    log = json.loads(render([Diagnostic(Code.SHAPE_MISMATCH, "again", Span(file, 2, 1, 2, 2))], "sarif"))
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_nothing_said(name: Format) -> None:
    assert render([], name).count("\n") == 0 or json.loads(render([], name))["runs"][0]["results"] == []


# frames


def frame(text: str, span: tuple[int, int, int, int], label: str = "", file: str = "net.yaml") -> list[str]:
    """Return the lines of a frame below its headline."""
    sources = SourceMap()
    sources.add(file, text)
    return render([Diagnostic(Code.UNKNOWN_STEP, "m", Span(file, *span), label)], sources=sources).split("\n")[1:]


FRAMES = [
    ("a: 1", (1, 4, 1, 5), "", ["1 | a: 1", "  |    ^"]),
    ("a: 1", (1, 4, 1, 4), "here", ["1 | a: 1", "  |    ^ here"]),
    ("a: 1", (1, 9, 1, 12), "", ["1 | a: 1", "  |     ^"]),
    ("a:\n  b: 1\n  c: 2", (2, 3, 3, 7), "", ["2 |   b: 1", "  |   ^^^^"]),
    ("a:\t1", (1, 4, 1, 5), "", [r"1 | a:\t1", "  |     ^"]),
    ("\x1b: 1", (1, 4, 1, 5), "", [r"1 | \x1b: 1", "  |       ^"]),
    ("网络: 1", (1, 5, 1, 6), "", ["1 | 网络: 1", "  |       ^"]),
    ("e\u0301: 1", (1, 5, 1, 6), "", ["1 | e\u0301: 1", "  |    ^"]),
    ("网络: 1", (1, 1, 1, 3), "", ["1 | 网络: 1", "  | ^^^^"]),
    ("Ａ: 1", (1, 4, 1, 5), "", ["1 | Ａ: 1", "  |     ^"]),
    ("", (1, 1, 1, 2), "", ["1 |", "  | ^"]),
    ("a: 1", (7, 1, 7, 2), "", []),
    ("a: 1", (7, 1, 7, 2), "gone", ["7 | gone"]),
]


@pytest.mark.parametrize(("text", "span", "label", "expected"), FRAMES)
def test_frames(text: str, span: tuple[int, int, int, int], label: str, expected: list[str]) -> None:
    arrow, *rest = frame(text, span, label)
    assert arrow == f" --> net.yaml:{span[0]}:{span[1]}"
    assert rest == (["  |", *expected] if expected else [])


@pytest.mark.parametrize("column", [1, 50, 61, 400, 990, 1000])
def test_long_lines_are_cut_around_the_caret(column: int) -> None:
    text = "".join(chr(ord("a") + index % 26) for index in range(1000))
    _, _, shown, carets = frame(text, (1, column, 1, column + 500))
    assert len(shown) < 120 and len(carets) < 120
    at = carets.index("^")
    assert shown[at] == text[column - 1]
    assert shown.startswith("1 | …") == (column > 61)


@pytest.mark.parametrize("at", [45, 59, 80])
def test_long_lines_are_escaped_before_in_and_after_the_caret(at: int) -> None:
    text = "x" * at + "\x1b" + "x" * (200 - at)
    _, _, shown, carets = frame(text, (1, 60, 1, 70))
    assert "\\x1b" in shown and shown.isprintable()
    assert shown[carets.index("^") :].startswith(r"\x1b" if at == 59 else "xxxx")


def test_a_note_in_another_file_names_it() -> None:
    sources = SourceMap({"one.yaml": "a: 1\n", "two.yaml": "b: 2\n"})
    notes = (Note(Span("two.yaml", 1, 4, 1, 5), "there"), Note(Span("two.yaml", 1, 1, 1, 2), "too"))
    error = Diagnostic(Code.UNKNOWN_STEP, "m", Span("one.yaml", 1, 1, 1, 2), "here", notes)
    assert render([error], sources=sources).split("\n")[1:] == [
        " --> one.yaml:1:1",
        "  |",
        "1 | a: 1",
        "  | ^ here",
        " ::: two.yaml:1:4",
        "  |",
        "1 | b: 2",
        "  |    - there",
        "1 | b: 2",
        "  | - too",
    ]


def test_a_long_chain_loses_its_middle() -> None:
    span = Span("net.yaml", 1, 1, 1, 2)
    far = Span("blocks.yaml", 5, 1, 5, 2)
    chain = tuple(Frame(f"path{index}", f"name{index}", far if index == 19 else span) for index in range(20))
    last = render([Diagnostic(Code.UNKNOWN_STEP, "m", span, chain=chain)]).split("\n")[-1]
    assert last == (
        "  = in: path0 (line 1) > name1 (line 1) > name2 (line 1) > name3 (line 1) > … 12 more … > "
        "name16 (line 1) > name17 (line 1) > name18 (line 1) > name19 (blocks.yaml:5)"
    )


# text of documents


HOSTILE = [
    "\x1b[2J\x1b[31m",
    "\x1b]8;;http://x\x07link\x1b]8;;\x07",
    "\x9b31m",
    "\r\x1b[Koverwritten",
    "\b\b\b",
    "a\nb",
    "\x00",
    "\x7f",
    "\u202egnp.exe",
    "\u2066\u2069\u200e\u200f\u061c",
    "\u2028\u2029\u0085",
    "\ufeff\u200b\u00ad\U000e0041",
    "\ud800",
    "::error file=x::owned",
    "x\n::set-output name=a::b",
    "[/x] [red] [link=x]",
    "100%0A::error::x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_printable_leaves_nothing_that_acts(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable() and printable(shown) == shown


@examples(100)
@given(st.text())
def test_printable_is_exact_about_what_it_escapes(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(character)[0] == "C" for character in shown)
    if text.isprintable():
        assert shown == text
    elif "\\" not in text:
        assert shown.encode("latin-1", "backslashreplace").decode("unicode_escape") == text


def strings(value: object) -> list[str]:
    """Return every text in a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", [*HOSTILE, "é"])
def test_no_format_lets_text_of_a_document_act(text: str, name: Format) -> None:
    file = f"{text}.yaml"
    span = Span(file, 1, 1, 1, 9)
    sources = SourceMap()
    sources.add(file, f"{text}: 1\n{text}\n")
    error = Diagnostic(Code.UNKNOWN_STEP, text, span, text, (Note(span, text),), text, (Frame(text, text, span),))
    alone = Diagnostic(Code.UNKNOWN_STEP, text)
    for output in (
        render([error], name, sources=sources),
        render([alone], name),
        render([error, alone], name, color=True, sources=sources),
    ):
        output = re.sub(r"\x1b\[[0-9;]+m", "", output) if name == "text" else output
        lines = output.split("\n")
        assert all(line.isprintable() for line in lines)
        if name in ("json", "sarif"):
            assert output.isascii() and all(part.isprintable() for part in strings(json.loads(output)))
        commands = [line for line in lines if line.startswith("::")]
        assert all(line.startswith("::error ") for line in commands) and bool(commands) == (name == "github")
        assert len(commands) == (len(lines) if name == "github" else 0)


def test_workflow_commands_keep_text_in_its_place() -> None:
    error = Diagnostic(Code.UNKNOWN_STEP, "100% a::b\n", Span("a,line=9::b%.yaml", 1, 1, 2, 1))
    assert render([error], "github") == (
        "::error file=a%2Cline=9%3A%3Ab%25.yaml,line=1,col=1,endLine=2,title=NS0301::100%25 a::b\\n"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_reader_finds_can_be_shown(name: Format) -> None:
    for text in ("a: [1", "a: 1\na: 2", "a: &x [*x]", "\x00", "a: 1\n---\nb", "", "%TAG ! x\n"):
        with pytest.raises(SpecError) as caught:
            read(text, "net.yaml")
        assert "NS01" in render(caught.value.diagnostics, name)
