"""The parts that several kinds of lines have in common: types, arguments, initializers and attributes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from netspec.diagnostics import Span
from netspec.dtypes import Dtype
from netspec.ir.node import Initializer
from netspec.ir.text.scanner import PLAIN, WORD, GraphSyntaxError, Line
from netspec.ops import DECLARED, OPS, Op, TensorType

ARGUMENT = re.compile(r"\w+ *=", re.ASCII)
NUMBER = re.compile(r"\d+", re.ASCII)
SHAPE = re.compile(r"scalar\b|\d+(?:x\d+)*", re.ASCII)


def read_argument(line: Line, decoder: json.JSONDecoder = PLAIN) -> tuple[str, Any]:
    """Return the name and the value of an argument."""
    name = line.match(WORD, "the name of an argument")
    line.expect("=")
    return name, line.json(decoder)


def read_initializers(line: Line) -> tuple[str, Initializer]:
    """Return the name of a parameter and its initializer."""
    name = line.match(WORD, "the name of a parameter")
    line.expect("=")
    function = line.match(WORD, "an initializer")
    line.expect("(")
    arguments = () if line.next_is(")") else line.several(lambda: read_argument(line))
    line.expect(")")
    return name, Initializer(function, arguments)


def read_type(line: Line) -> TensorType:
    """Return the shape and the dtype of a value."""
    shape = line.match(SHAPE, "a shape")
    return TensorType(() if shape == "scalar" else tuple(map(int, shape.split("x"))), read_dtype(line))


def read_dtype(line: Line) -> Dtype:
    """Return the dtype, which is written unless it is float."""
    return next((each for each in get_args(Dtype) if line.take(each)), "float")


def read_live_in(line: Line) -> tuple[str, str]:
    """Return the name of a live-in of a scope, and the name that the block gives it, if any."""
    return line.value(), line.match(WORD, "a name") if line.take("as") else ""


def make_op(word: str, arguments: Mapping[str, Any], span: Span) -> Op:
    """Return the op of that name with these arguments, validated."""
    known = OPS.get(word) or DECLARED.get(word)
    if known is None:
        raise GraphSyntaxError(f"there is no op {word!r}", span)
    try:
        return known.model_validate(arguments)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise GraphSyntaxError(f"{word}: {where}: {wrong['msg']}", span) from None


def read_attributes(line: Line, known: Collection[str]) -> dict[str, Any]:
    """Return the attributes at the end of the line of a node or scope, by the names of their fields."""
    attributes: dict[str, Any] = {}
    while not line.ended and not line.next_is("{"):
        at, word = line.span, line.match(WORD, "one of " + ", ".join(known))
        if word not in known:
            raise GraphSyntaxError(f"expected one of {', '.join(known)}, not {word!r}", at)
        match word:
            case "shares":
                attributes["module"] = line.value()
            case "as":
                attributes["label"] = line.match(WORD, "a label")
            case "named" | "frozen":
                attributes[word] = True
            case "device":
                attributes["device"] = int(line.match(NUMBER, "a number"))
            case "init":
                attributes["init"] = line.several(lambda: read_initializers(line))
            case "rounds":
                attributes["rounds"] = int(line.match(NUMBER, "a number"))
            case "sizes":
                attributes["size_inputs"] = line.several(line.value)
            case "ties":
                attributes["ties"] = line.several(lambda: read_argument(line))
            case "expressions":
                attributes["expressions"] = line.several(lambda: read_argument(line))
    return attributes
