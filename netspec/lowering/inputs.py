"""The declared inputs of a network: names, shapes and dtypes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from netspec.diagnostics import Code, LimitError, Span, SpecError, nearest
from netspec.ir import Input
from netspec.language.loading.overriding import INPUT_KEYS
from netspec.language.messages import show_value
from netspec.language.model import Document
from netspec.language.names import check_name
from netspec.lowering.evaluation import evaluate
from netspec.sizes import stated
from netspec.sizes.shape import AXES, MOST_AXES
from netspec.syntax.yaml import Mapping


def lower_inputs(document: Document, variables: dict[str, Any]) -> tuple[Input, ...]:
    """Return the inputs of a document, with open sizes for all axes but channels and features."""
    declared = _declared(document, variables)
    return tuple(replace(each, symbols=_symbols(each, several=len(declared) > 1)) for each in declared)


def open_sizes(entering: Input) -> list[tuple[str, int]]:
    """Return the open sizes of an input, each with its stated size."""
    sizes = zip(entering.symbols, entering.shape, strict=False)
    return [(name, stated(size)) for name, size in sizes if name is not None]


def _symbols(entering: Input, several: bool) -> tuple[str | None, ...]:
    """Return the names of the open axes: all axes of integers and booleans, and those after the channels of floats."""
    fixed = 1 if entering.dtype == "float" else 0
    rank = len(entering.shape) - fixed
    if rank < 1:
        return ()
    names = [axis[0].upper() for axis in AXES.get(rank, ())] or [f"S{number}" for number in range(1, rank + 1)]
    prefix = f"{entering.name}_" if several else ""
    return (*(None,) * fixed, *(f"{prefix}{name}" for name in names))


def _declared(document: Document, variables: dict[str, Any]) -> tuple[Input, ...]:
    span = document.tree.value_spans.get("input", document.span)
    raw = document.input
    if not isinstance(raw, Mapping):
        return (Input("input", _shape(raw, variables, span)),)
    if "shape" in raw:
        return (_described("input", raw, variables, span),)
    inputs = []
    for name, each in raw.items():
        check_name(name, raw.key_spans[name], numbers=False)
        place = raw.value_spans[name]
        described = isinstance(each, Mapping)
        inputs.append(
            _described(name, each, variables, place) if described else Input(name, _shape(each, variables, place))
        )
    if not inputs:
        raise SpecError.of(Code.INVALID_INPUT, "`input` names no input", span, help="as in `input: [3, 224, 224]`")
    return tuple(inputs)


def _described(name: str, raw: Mapping, variables: dict[str, Any], span: Span) -> Input:
    for key in raw:
        if key not in INPUT_KEYS:
            is_high = key in ("max", "num", "num_embeddings", "vocab", "vocab_size", "classes")
            help_text = "did you mean 'high'?" if is_high else nearest(key, INPUT_KEYS)
            help_text = help_text or f"it takes {', '.join(INPUT_KEYS)}"
            raise SpecError.of(Code.INVALID_INPUT, f"an input has no '{key}'", raw.key_spans[key], help=help_text)
    dtype = raw.get("dtype", "float")
    if dtype not in ("float", "int64", "bool"):
        raise SpecError.of(
            Code.INVALID_INPUT,
            f"an input's dtype is `float`, `int64` or `bool`, not {show_value(dtype)}",
            raw.value_spans["dtype"],
            help=_meant_dtype(dtype) or "`int64` is for the numbers that `embedding` looks up, `bool` for masks",
        )
    shape = _shape(raw.get("shape"), variables, raw.value_spans.get("shape", span))
    return Input(name, shape, dtype, _high(raw, variables))


def _meant_dtype(dtype: Any) -> str:
    for meant, words in (("int64", ("int", "int32", "integer", "long")), ("bool", ("boolean", "mask"))):
        if dtype in words:
            return f"did you mean '{meant}'?"
    is_float = isinstance(dtype, str) and dtype.startswith(("float", "double", "bfloat", "half"))
    return "did you mean 'float'? `netspec build --dtype` says of which size" if is_float else ""


def _high(raw: Mapping, variables: dict[str, Any]) -> int | None:
    if raw.get("high") is None:
        return None
    span = raw.value_spans["high"]
    high = evaluate(raw["high"], variables, span)
    if isinstance(high, bool) or not isinstance(high, int) or high < 1:
        message = f"an input's `high` is a whole number of at least 1, not {show_value(high)}"
        raise SpecError.of(Code.INVALID_INPUT, message, span, help="`high` is larger than every number of the input")
    return high


def _shape(raw: Any, variables: dict[str, Any], span: Span) -> tuple[int, ...]:
    value = evaluate(raw, variables, span)
    sizes = value if isinstance(value, list) else [value]
    if not sizes or any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in sizes):
        message = f"an input's shape is a list of whole numbers of at least 1, not {show_value(value)}"
        raise SpecError.of(Code.INVALID_INPUT, message, span, help="channels first, without the batch: `[3, 224, 224]`")
    if len(sizes) > MOST_AXES:
        message = f"an input of {len(sizes)} axes has too many"
        raise LimitError.of(Code.VALUE_TOO_LARGE, message, span, help=f"at most {MOST_AXES} axes besides the batch")
    return tuple(sizes)
