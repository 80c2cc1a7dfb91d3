"""``init:``: how parameters start, per op of a document or per step."""

from __future__ import annotations

from typing import Any

from netspec.errors import Diagnostic, Span, SpecError, fault, nearest
from netspec.graph import Initializer
from netspec.lower.arguments import evaluate
from netspec.lower.context import Context
from netspec.ops import Op
from netspec.reader import Mapping
from netspec.spec.model import Document, Step
from netspec.spec.scope import WORD
from netspec.spec.wording import show_value

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "constant": ("val",),
    "zeros": (),
    "ones": (),
    "normal": ("mean", "std"),
    "trunc_normal": ("mean", "std", "a", "b"),
    "uniform": ("a", "b"),
    "xavier_normal": ("gain",),
    "xavier_uniform": ("gain",),
    "kaiming_normal": ("a", "mode", "nonlinearity"),
    "kaiming_uniform": ("a", "mode", "nonlinearity"),
    "orthogonal": ("gain",),
    "dirac": ("groups",),
    "eye": (),
}
"""The initializers by their name in ``torch.nn.init``, with the arguments they take."""

OTHER_NAMES = {
    "msra": "kaiming_normal",
    "he": "kaiming_normal",
    "he_normal": "kaiming_normal",
    "he_uniform": "kaiming_uniform",
    "xavier": "xavier_uniform",
    "glorot": "xavier_uniform",
    "glorot_uniform": "xavier_uniform",
    "glorot_normal": "xavier_normal",
    "gaussian": "normal",
}
"""What other frameworks call them, for suggestions."""

ARGUMENT_WORDS = {
    "mode": ("fan_in", "fan_out"),
    "nonlinearity": ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"),
}
"""The words that arguments of initializers take."""
WORDS = frozenset({*FUNCTIONS, *OTHER_NAMES})
_CHOICE = f"a number, a list, or one of {', '.join(FUNCTIONS)}"
Rules = tuple[tuple[str, Initializer], ...]


def initializers(step: Step, op: Op, context: Context) -> Rules:
    """Return the rules of a step's own ``init:``."""
    if step.init is None:
        return ()
    return _rules(step.init, context.variables, step.place("init"))


def document_rules(document: Document, variables: dict[str, Any]) -> dict[str, Rules]:
    """Return the rules of a document's ``init:``, by op.

    Raises: SpecError NS0316 with everything that is no initializer.
    """
    rules: dict[str, Rules] = {}
    faults: list[Diagnostic] = []
    for name, raw in document.init.items():
        try:
            rules[name] = _rules(raw, variables, document.init.value_spans[name])
        except SpecError as error:
            faults.extend(error.diagnostics)
    if faults:
        raise SpecError(faults)
    return rules


def _rules(raw: Any, variables: dict[str, Any], span: Span) -> Rules:
    if not isinstance(raw, Mapping):
        return (("weight", _initializer(raw, variables, span)),)
    if len(raw) == 1 and _means_function(next(iter(raw))):
        return (("weight", _initializer(raw, variables, span)),)
    return tuple((name, _initializer(value, variables, raw.value_spans[name])) for name, value in raw.items())


def _means_function(name: str) -> bool:
    return name in FUNCTIONS or name in OTHER_NAMES or bool(nearest(name, FUNCTIONS))


def _initializer(raw: Any, variables: dict[str, Any], span: Span) -> Initializer:
    if isinstance(raw, str) and (raw in WORDS or (WORD.match(raw) and raw not in variables)):
        function = _function(raw, span)
        if function == "constant":
            raise fault("NS0316", "constant needs its value", span, help="write the number itself, as in `bias: 0.1`")
        return Initializer(function)
    if isinstance(raw, Mapping):
        return _called(raw, variables, span)
    value = evaluate(raw, variables, span)
    if isinstance(value, list):
        return Initializer("values", (("values", _frozen(value)),))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise fault("NS0316", f"{show_value(raw)} is no way to start a parameter", span, help=_CHOICE)
    return Initializer("constant", (("val", float(value)),))


def _called(raw: Mapping, variables: dict[str, Any], span: Span) -> Initializer:
    if len(raw) != 1:
        raise fault(
            "NS0316", "an initializer is one name with its arguments", span, help="as in `{normal: {std: 0.01}}`"
        )
    ((name, arguments),) = raw.items()
    function = _function(name, raw.key_spans[name])
    if not isinstance(arguments, Mapping):
        raise fault("NS0316", f"{function} takes its arguments by name", span, help="as in `{normal: {std: 0.01}}`")
    for argument in arguments:
        if argument not in FUNCTIONS[function]:
            known = ", ".join(FUNCTIONS[function]) or "none"
            help_text = nearest(argument, FUNCTIONS[function]) or f"it takes {known}"
            raise fault(
                "NS0316", f"{function} has no argument '{argument}'", arguments.key_spans[argument], help=help_text
            )
    values = {
        key: evaluate(value, variables, arguments.value_spans[key], ARGUMENT_WORDS.get(key, ()))
        for key, value in arguments.items()
    }
    return Initializer(function, tuple(values.items()))


def _function(name: str, span: Span) -> str:
    if name in FUNCTIONS:
        return name
    other = OTHER_NAMES.get(name)
    help_text = f"torch calls it `{other}`" if other else nearest(name, FUNCTIONS) or _CHOICE
    raise fault("NS0316", f"unknown initializer '{name}'", span, help=help_text)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
