"""The names in scope for expressions, and the errors of expressions, templates and labels in such a scope.

Scopes are lexical: what a body can read is defined above it in the document. So an unknown name is always an error,
even in a block that is never called or in a step that ``when`` disables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from netspec.diagnostics import Code, Diagnostic, Note, Span, nearest
from netspec.language.messages import show_value
from netspec.language.model import Parameter
from netspec.language.names import NAME, WORD
from netspec.ops import OPS
from netspec.syntax import expr

LABEL = NAME
LEFT_OUT_HELP = "give the step an `else`, or label another one before it"
RESERVED = frozenset({"x", "input", "index", *expr.FUNCTIONS, *expr.CONSTANTS})


TIE = re.compile(rf"\s*([A-Za-z]\w*)\.(?!(?:{'|'.join(expr.ATTRIBUTES)})\b)(\w+)\s*", re.ASCII)
"""A weight of the step with a label, as in ``tokens.weight``."""

OTHER_WORDS = {
    "h": "height",
    "w": "width",
    "c": "channels",
    "d": "depth",
    "l": "length",
    "t": "length",
    "time": "length",
    "seq": "length",
    "dim": "features",
    "embedding": "features",
    "hidden": "features",
    "auto": "same",
}
"""The words of other libraries for those that an argument has."""


Variables = Mapping[str, bool]
"""The variables that a combinator defines for its body, and whether each may stand for a value instead of a number."""


class Marked(Protocol):
    """An error that knows which part of a text is wrong."""

    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...


class Scope:
    """The names that expressions can read, and the labels that steps can refer to."""

    __slots__ = ("labels", "later", "named", "names", "parameters")

    def __init__(
        self, names: Iterable[str] = (), labels: Iterable[str] = (), parameters: Mapping[str, Parameter] | None = None
    ) -> None:
        self.parameters = parameters or {}
        self.names = dict.fromkeys((*self.parameters, *names))
        self.labels = dict.fromkeys(labels)
        self.named: set[str] = set()
        """The names of earlier steps, which no step can refer to."""
        self.later: frozenset[str] = frozenset()
        """The names that the same ``let`` defines further on."""

    @classmethod
    def of_body(cls, parameters: Mapping[str, Parameter], inputs: Iterable[str] = ()) -> Scope:
        """Return the scope in which the body of a block or document begins."""
        values = (name for name, each in parameters.items() if each.type == "value")
        labels = ("input", *inputs, *values)
        return cls(("x", *labels), labels, parameters)

    def inner(self, names: Variables | None = None) -> Scope:
        """Return the scope of an inner body, with additional variables; those that are true may stand for values."""
        if not names:
            return Scope(self.names, self.labels, self.parameters)
        visible = {name: each for name, each in self.parameters.items() if name not in names}
        labels = (name for name, may_be_value in names.items() if may_be_value)
        return Scope((*self.names, *names), (*self.labels, *labels), visible)

    def declaration(self, help_text: str) -> tuple[Note, ...]:
        """Return a note with the declaration of a suggested argument, whose spelling may be the wrong one."""
        name = help_text.removeprefix("did you mean '").removesuffix("'?")
        known = self.parameters.get(name)
        return (Note(known.span, f"'{name}' is declared here"),) if known else ()

    def least(self) -> dict[str, float]:
        """Return the smallest values that arguments and counters can have."""
        bounds = {each.name: each.least for each in self.parameters.values() if each.type in ("int", "float", "number")}
        return {"index": 0} | {name: bound for name, bound in bounds.items() if bound is not None}

    def define(self, name: str) -> None:
        """Add a name of ``let``, for the steps after it; it hides an argument of that name."""
        self.names[name] = None
        self.parameters = {known: each for known, each in self.parameters.items() if known != name}

    def label(self, labels: Iterable[str]) -> None:
        """Add the labels of a step, for the steps after it."""
        for label in labels:
            self.names[label] = self.labels[label] = None


def source_of(text: str) -> str:
    """Return the expression of a text: ``$name`` is the argument of that name."""
    return text[1:] if text.startswith("$") and text[1:2] != "{" else text


def expression_errors(text: str, span: Span, scope: Scope | None, words: Collection[str] = ()) -> list[Diagnostic]:
    """Return the errors of an expression that are found without values."""
    try:
        expression = expr.parse(source_of(text))
    except expr.ExpressionError as error:
        # A name with a letter that none may have is refused where it is declared.
        is_reported = scope is None and source_of(text)[error.offset : error.offset + 1].isalpha()
        return [] if is_reported and not text.isascii() else [expression_error(error, text, span, words)]
    if not scope:
        return []
    return [_unknown_name(error, text, span, scope, words) for error in expression.unknown(scope.names)]


def formula_errors(
    text: str, span: Span, scope: Scope | None, parse: Callable[[str], expr.Formula] = expr.parse_formula
) -> list[Diagnostic]:
    """Return the errors of a formula, over values or as ``parse`` says, that can be found without values."""
    try:
        formula = parse(source_of(text))
    except expr.ExpressionError as error:
        return [expression_error(error, text, span)]
    return [_unknown_name(error, text, span, scope) for error in formula.unknown(scope.names)] if scope else []


def _unknown_name(
    error: expr.ExpressionError, text: str, span: Span, scope: Scope, words: Collection[str] = ()
) -> Diagnostic:
    """Return the diagnostic of a name that is not in scope; it may be that of a step, or a word without quotes."""
    source = source_of(text)
    name = source[error.offset : error.offset + error.length]
    if name in scope.named:
        error.help = f"a step is called so: write `as: {name}` there, which labels its value"
    elif name in scope.later:
        error.help = f"`{name}` is defined after it: change their order"
    elif re.search(rf"[=!]= *{name}\b", source) and not error.help.startswith("did you mean"):
        error.help = f"a word is compared in quotes of its own: '{name}'"
    return expression_error(error, text, span, words, scope.declaration(error.help))


def template_errors(template: str, span: Span, scope: Scope | None) -> list[Diagnostic]:
    """Return the errors of the expressions in a name such as ``layer{i+1}``."""
    try:
        fields = expr.fields(template)
    except expr.ExpressionError as error:
        return [expression_error(error, template, span)]
    return [
        expression_error(error.at(offset + error.offset, error.length), template, span)
        for expression, offset in fields
        for error in (expression.unknown(scope.names) if scope else ())
    ]


def expression_error(
    error: expr.ExpressionError, text: str, span: Span, words: Collection[str] = (), notes: tuple[Note, ...] = ()
) -> Diagnostic:
    """Return the diagnostic of an error in an expression, with the span narrowed to the wrong part.

    If words are allowed too, an unknown name is treated as a misspelled word.
    """
    if words and error.code == Code.UNKNOWN_NAME and WORD.match(text):
        meant = OTHER_WORDS.get(text.lower(), "")
        help_text = f"did you mean '{meant}'?" if meant in words else nearest(text, words)
        help_text = help_text or ("list the axes" if text == "all" else "it is no name in scope either")
        return Diagnostic(
            Code.INVALID_ARGUMENT, f"{show_value(text)} is none of the words {_listed(words)}", span, help=help_text
        )
    if text[error.offset : error.offset + error.length] in words:
        return Diagnostic(
            error.code, error.message, narrowed(span, error, text), help="that word cannot be part of an expression"
        )
    if error.code == Code.UNKNOWN_NAME and text in OPS and not notes:
        help_text = f"where numbers and lists are allowed, a word needs quotes of its own: \"'{text}'\""
        return Diagnostic(error.code, error.message, span, help=help_text)
    help_text = error.help or (f"write an expression, or one of the words {_listed(words)}" if words else "")
    notes = notes or error.notes
    return Diagnostic(error.code, error.message, narrowed(span, error, text), notes=notes, help=help_text)


def _listed(words: Collection[str]) -> str:
    return ", ".join(sorted(words))


def narrowed(span: Span, error: Marked, text: str) -> Span:
    """Return the part of a one-line scalar that an error is about; all of it if escapes may shift the columns."""
    # The span is that of the source, the text is its value. Their lengths agree, or differ by two quotes, unless there
    # are escapes or line breaks, after which columns are unknown.
    quotes = span.end_column - span.column - len(text)
    if span.line != span.end_line or quotes not in (0, 2) or (quotes and ("'" in text or "\\" in text)):
        return span
    start = span.column + quotes // 2 + error.offset + len(text) - len(source_of(text))
    return Span(span.file, span.line, start, span.line, start + max(error.length, 1))


def is_always_true(condition: Any, scope: Scope | None = None) -> bool:
    """Return whether a condition is true whatever the values in scope are."""
    if not isinstance(condition, str):
        return isinstance(condition, (bool, int, float)) and bool(condition)
    return expr.known_truth(source_of(condition), scope.least() if scope else {}) is True


def unknown_label(label: str, labels: Iterable[str], span: Span, is_name: bool = False) -> Diagnostic:
    """Return the diagnostic of a label that no earlier step has; it may be the name of one."""
    names = [*labels, "x"]
    help_text = f"a step is called so: write `as: {label}` there, which labels its value" if is_name else ""
    help_text = help_text or nearest(label, names) or f"labels here: {', '.join(names)}"
    return Diagnostic(Code.UNKNOWN_LABEL, f"no earlier step of this body is labelled '{label}'", span, help=help_text)


def label_left_out(label: str, place: Span, span: Span) -> Diagnostic:
    """Return the diagnostic of a label whose only step ``when`` leaves out."""
    notes = (Note(place, "the step that has it"),)
    return Diagnostic(
        Code.UNKNOWN_LABEL, f"the step labelled '{label}' is left out", span, notes=notes, help=LEFT_OUT_HELP
    )


def null_value(name: str, place: Span, span: Span) -> Diagnostic:
    """Return the diagnostic of an argument that stands for a value, where a call does not give it."""
    notes = (Note(place, "declared here"),)
    help_text = f"put `when: {name} is not null` on the step"
    return Diagnostic(Code.UNKNOWN_LABEL, f"`{name}` is null in this call", span, notes=notes, help=help_text)


def unknown_argument(name: str, names: Iterable[str], span: Span, scope: Scope | None = None) -> Diagnostic:
    """Return the diagnostic of a step ``$name`` without such an argument."""
    known = [each for each in names if each not in RESERVED]
    help_text = nearest(name, known) or (f"arguments here: {', '.join(known)}" if known else "declare it in `args`")
    notes = scope.declaration(help_text) if scope else ()
    return Diagnostic(Code.UNKNOWN_NAME, f"unknown argument '${name}'", span, notes=notes, help=help_text)
