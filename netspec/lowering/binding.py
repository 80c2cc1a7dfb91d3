"""Calls of blocks and documents: the value of every argument, of its declared type and within its bounds."""

from __future__ import annotations

from collections.abc import Mapping as Namespace
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from netspec.diagnostics import Code, Collector, Note, Span, SpecError, nearest
from netspec.language.combinators import COMBINATORS
from netspec.language.messages import as_help, show_value
from netspec.language.model import Block, Parameter
from netspec.language.names import WORD
from netspec.language.other_names import suggest_step
from netspec.language.parameters import TYPES, describe_argument
from netspec.language.shorthand import is_callable
from netspec.lowering.evaluation import ITEMS_PER_ARGUMENT, Evaluated, count_items, evaluate, size
from netspec.lowering.validation import WHOLE
from netspec.ops import OPS
from netspec.sizes import Dim, Ratio
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping, Sequence, merged

COPIES = 4
"""How often the items of a list are copied until it is an argument of a scope, which nobody can change."""

Blocks = Namespace[str, Block]


class BlockReference(str):
    """A block or op passed as an argument: its word, the namespace of that word, and the arguments bound to it."""

    namespace: Blocks
    bound: Mapping | None

    def __new__(cls, word: str, namespace: Blocks, bound: Mapping | None = None) -> BlockReference:
        reference = super().__new__(cls, word)
        reference.namespace, reference.bound = namespace, bound
        return reference


class Environment(NamedTuple):
    """The environment of an argument: the variables of its expressions, and the blocks that its words can name."""

    variables: dict[str, Any]
    namespace: Blocks


class Callee(Protocol):
    """A block or a document, both of which declare arguments."""

    @property
    def name(self) -> str: ...
    @property
    def parameters(self) -> dict[str, Parameter]: ...
    @property
    def namespace(self) -> Blocks: ...


class Defaults(NamedTuple):
    """What the document's ``defaults`` say of a callee, and the environment that they are evaluated in."""

    given: Mapping
    environment: Environment


def bind(
    callee: Callee, given: Mapping, caller: Environment, span: Span, defaults: Defaults | None = None
) -> dict[str, Any]:
    """Return the values of all arguments of a callee for one call, including those of the document's ``defaults``.

    Raises:
        SpecError: NS0307 for one that is missing, NS0309 for one of the wrong type or out of bounds.
        AlreadyReported: one depends on a value that an error left unknown.
    """
    count_items(len(callee.parameters) * ITEMS_PER_ARGUMENT, span)
    call = _Call(callee, given, caller, span, defaults or Defaults(Mapping(), caller))
    collector = Collector()
    for name, parameter in callee.parameters.items():
        try:
            call.values[name] = call.argument(parameter)
        except SpecError as error:
            collector.keep(error)
            call.values[name] = expr.UNKNOWN
        except expr.AlreadyReported:
            call.values[name] = expr.UNKNOWN
    collector.raise_errors()
    # Only now, since the other arguments may have errors of their own.
    if expr.UNKNOWN in call.values.values():
        raise expr.AlreadyReported
    return call.values


@dataclass(slots=True)
class _Call:
    """One call while its arguments are bound; ``values`` are those bound so far."""

    callee: Callee
    given: Mapping
    caller: Environment
    span: Span
    defaults: Defaults
    values: dict[str, Any] = field(default_factory=dict)

    def argument(self, parameter: Parameter) -> Any:
        """Return the value of one argument: from the call, or its default."""
        name = parameter.name
        for given, environment in ((self.given, self.caller), self.defaults):
            if name in given:
                place = given.value_spans.get(name, self.span)
                return self._checked(_read(given[name], parameter, environment, place), parameter, place)
        if parameter.required:
            notes = [Note(parameter.span, "declared here")]
            message = f"{self.callee.name} needs `{name}`"
            raise SpecError.of(
                Code.MISSING_ARGUMENT, message, self.span, notes=notes, help=describe_argument(parameter)
            )
        # A default is written in the callee's file: it reads the arguments before it, never the caller's variables.
        declared = Environment(self.values, self.callee.namespace)
        return self._checked(_read(parameter.default, parameter, declared, parameter.span), parameter, parameter.span)

    def _checked(self, value: Any, parameter: Parameter, span: Span) -> Any:
        violation = _violation(value, parameter)
        if violation is None:
            if isinstance(value, (list, dict)):
                count_items(size(value) * COPIES, span)
            return value
        message = f"{self.callee.name}: `{parameter.name}` {violation.requirement}, not {show_value(value)}"
        notes = [Note(parameter.span, "declared here")] if parameter.span != span else []
        described = as_help(parameter.description) or "change the value, or the argument's declaration"
        raise SpecError.of(Code.INVALID_ARGUMENT, message, span, notes=notes, help=violation.help or described)


# evaluating


def _read(raw: Any, parameter: Parameter, environment: Environment, span: Span) -> Any:
    """Return the value of an unevaluated argument: a word, a block with arguments, or an expression's value."""
    variables, namespace = environment
    if isinstance(raw, str) and not raw.startswith("$"):
        if parameter.type in ("word", "block"):
            return _word(raw, namespace)
        # Without a declared type the spelling decides: a lone word that is no variable can only be meant as a word.
        if parameter.type == "any" and WORD.match(raw) and raw not in variables:
            return _word(raw, namespace)
    if _is_partial(raw, parameter, namespace):
        return _partial(raw, environment)
    return evaluate(raw, variables, span)


def elements(raw: Any, environment: Environment, span: Span) -> Any:
    """Return the elements of a list that is iterated over, of which some are words of ops or blocks."""
    variables, namespace = environment
    if isinstance(raw, (Sequence, Mapping)):
        count_items(len(raw), span)
    if isinstance(raw, Sequence):
        return [elements(item, environment, place) for item, place in zip(raw, raw.item_spans, strict=True)]
    if isinstance(raw, Mapping):
        return {key: elements(item, environment, raw.value_spans[key]) for key, item in raw.items()}
    if isinstance(raw, str) and raw not in variables and is_callable(raw, namespace):
        return _word(raw, namespace)
    return evaluate(raw, variables, span)


def _word(word: str, namespace: Blocks) -> str:
    return BlockReference(word, namespace) if word in namespace else word


def _is_partial(raw: Any, parameter: Parameter, namespace: Blocks) -> bool:
    """Return whether an argument is a block or op with arguments; one of any type is so only if its word is known."""
    if not isinstance(raw, Mapping) or len(raw) != 1:
        return False
    (word,) = raw
    return parameter.type in ("block", "word") or (parameter.type == "any" and (word in OPS or word in namespace))


def _partial(raw: Mapping, environment: Environment) -> BlockReference:
    """Return a block or op with some arguments bound, as in ``unit: {bottleneck: {groups: 32}}``."""
    variables, namespace = environment
    ((word, given),) = raw.items()
    if isinstance(given, Mapping):
        count_items(len(given) * ITEMS_PER_ARGUMENT, raw.value_spans[word])
    arguments = by_name(word, given, namespace, raw.key_spans[word], raw.value_spans[word])
    bound = merged(arguments)
    for name, value in arguments.items():
        # Whether a lone word is an expression depends on the type that the block declares, so it is not evaluated here.
        is_word = isinstance(value, str) and WORD.match(value) and value not in variables
        bound[name] = value if is_word else Evaluated(evaluate(value, variables, arguments.value_spans[name]))
    return BlockReference(word, namespace, bound)


def by_name(word: str, given: Any, namespace: Blocks, span: Span, value_span: Span) -> Mapping:
    """Return the value under an op's or block's word as arguments by name; a lone value is the primary argument."""
    if word not in OPS and word not in namespace:
        meant = "" if word in COMBINATORS else suggest_step(word, [*OPS, *namespace])
        help_text = meant or "make it a block, under `blocks:`"
        raise SpecError.of(Code.UNKNOWN_STEP, f"unknown op or block '{word}'", span, help=help_text)
    if isinstance(given, Mapping):
        return given
    arguments = Mapping(span.file)
    if given is None:
        return arguments
    primary = OPS[word].primary if word in OPS else next(iter(namespace[word].parameters), None)
    if primary is None:
        help_text = f"as in `{word}: {{name: value}}`; `netspec ops {word}` lists them"
        raise SpecError.of(Code.UNNAMED_ARGUMENT, f"{word} takes its arguments by name", value_span, help=help_text)
    arguments.put(primary, given, span, value_span)
    return arguments


# checking


class _Violation(NamedTuple):
    """The requirement of a declaration that a value violates, and a help line."""

    requirement: str
    help: str = ""


def _violation(value: Any, parameter: Parameter) -> _Violation | None:
    """Return the first requirement of a declaration that a value violates."""
    if not _has_type(value, parameter):
        is_fraction = isinstance(value, float) and parameter.type == "int"
        return _Violation(f"must be {TYPES[parameter.type]}", WHOLE if is_fraction else "")
    if isinstance(value, (int, float, Dim, Ratio)):
        if parameter.least is not None and value < parameter.least:
            return _Violation(f"must be at least {parameter.least}")
        if parameter.most is not None and value > parameter.most:
            return _Violation(f"must be at most {parameter.most}")
    if parameter.choices and value not in parameter.choices:
        names = [str(choice) for choice in parameter.choices]
        return _Violation(f"must be one of {', '.join(names)}", nearest(str(value), names))
    return None


def _has_type(value: Any, parameter: Parameter) -> bool:
    # In Python a boolean is an integer; in a document `true` is not a number of channels.
    is_number = isinstance(value, (int, float, Dim, Ratio)) and not isinstance(value, bool)
    match parameter.type:
        case "int":
            return is_number and not isinstance(value, (float, Ratio))
        case "float":
            return is_number
        case "number":
            # A default such as `stride: 2` implies only this type, and `[2, 1]` is a valid stride too.
            return is_number or isinstance(value, (bool, list))
        case "bool":
            return isinstance(value, bool)
        case "word" | "block":
            return isinstance(value, str) or value is None
        case "list":
            return isinstance(value, (list, tuple))
        case "value":
            return isinstance(value, expr.Value) or (value is None and not parameter.required)
    return True
