"""The ``args:`` of a document or block: names, types, bounds and defaults."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, Span, nearest
from netspec.language.messages import show_kind, show_value
from netspec.language.model import Parameter, ParameterType
from netspec.language.names import WORD
from netspec.language.parameters import TYPES
from netspec.language.parsing.parser import Parser
from netspec.language.scope import Scope
from netspec.ops.torch_code import REQUIRED
from netspec.syntax.yaml import Mapping, locate

DECLARATION_KEYS = ("type", "default", "min", "max", "choices", "description")


def parse_parameters(parser: Parser, tree: Any, span: Span) -> dict[str, Parameter]:
    """Parse an ``args:`` mapping."""
    if not isinstance(tree, Mapping):
        message = f"`args` is a mapping from names to types or defaults, not {show_kind(tree)}"
        parser.report(Code.INVALID_ARGS, message, span, "as in `{width: 64}`")
        return {}
    parameters: dict[str, Parameter] = {}
    # Only earlier arguments: defaults are evaluated in the order of declaration.
    earlier = Scope()
    for name, value in tree.items():
        place = tree.key_spans[name]
        if parser.check_variable(name, place, "an argument"):
            parameters[name] = _parameter(parser, name, value, place, parameters)
            _check_default(parser, parameters[name], locate(tree, (name, "default")), earlier)
            earlier.names[name] = None
    return parameters


def _check_default(parser: Parser, parameter: Parameter, span: Span, earlier: Scope) -> None:
    default = parameter.default
    is_word = parameter.type in ("word", "block") or (parameter.type == "any" and WORD.match(str(default)))
    if isinstance(default, str) and not is_word:
        parser.check_expression(default, span, scope=earlier)


def _parameter(parser: Parser, name: str, value: Any, span: Span, earlier: dict[str, Parameter]) -> Parameter:
    if isinstance(value, str) and value in TYPES:
        return Parameter(name, value, REQUIRED, span)
    if isinstance(value, Mapping) and "type" in value:
        return _typed_parameter(parser, name, value, span)
    return Parameter(name, _type_of(value, earlier), value, span)


def _typed_parameter(parser: Parser, name: str, tree: Mapping, span: Span) -> Parameter:
    for key in tree:
        if key not in DECLARATION_KEYS:
            help_text = nearest(key, DECLARATION_KEYS) or f"it takes {', '.join(DECLARATION_KEYS)}"
            parser.report(
                Code.INVALID_DECLARATION, f"an argument's declaration has no '{key}'", tree.key_spans[key], help_text
            )
    kind, default = tree["type"], tree.get("default", REQUIRED)
    if not isinstance(kind, str) or kind not in TYPES:
        help_text = nearest(str(kind), TYPES) or f"one of {', '.join(TYPES)}"
        parser.report(Code.INVALID_DECLARATION, f"unknown type {show_value(kind)}", tree.value_spans["type"], help_text)
        return Parameter(name, "any", default, span)
    least, most = _bound(parser, tree, "min"), _bound(parser, tree, "max")
    description = str(tree.get("description") or "")
    return Parameter(name, kind, default, span, least, most, _choices(parser, tree), description)


def _bound(parser: Parser, tree: Mapping, key: str) -> float | None:
    bound = tree.get(key)
    if bound is None or (isinstance(bound, (int, float)) and not isinstance(bound, bool)):
        return bound
    parser.report(
        Code.INVALID_DECLARATION,
        f"`{key}` is a number, not {show_kind(bound)}",
        tree.value_spans[key],
        "as in `min: 1`",
    )
    return None


def _choices(parser: Parser, tree: Mapping) -> tuple[Any, ...]:
    choices = tree.get("choices")
    if choices is None or isinstance(choices, list):
        return tuple(choices or ())
    message = f"`choices` is a list of values, not {show_kind(choices)}"
    parser.report(Code.INVALID_DECLARATION, message, tree.value_spans["choices"], "as in `choices: [relu, elu]`")
    return ()


def _type_of(value: Any, earlier: dict[str, Parameter]) -> ParameterType:
    """Infer the type from a default: a single word that names no earlier argument is a word."""
    # Booleans first: for Python they are integers.
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, list):
        return "list"
    if isinstance(value, str):
        return "word" if WORD.match(value) and value not in earlier else "any"
    return "any"
