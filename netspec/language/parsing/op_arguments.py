"""The arguments of ops, and what the arguments of every step have in common: names, required ones, expressions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from netspec.diagnostics import Code, Span
from netspec.language.combinators import Combinator
from netspec.language.messages import as_help, show_kind
from netspec.language.model import STEP_KEYS, Text
from netspec.language.other_names import suggest_argument
from netspec.language.parsing.operands import OperandParser
from netspec.language.scope import TIE, formula_errors, narrowed, source_of
from netspec.language.shorthand import under
from netspec.ops import Op
from netspec.ops.patterned import Patterned
from netspec.ops.weighted import Weighted
from netspec.syntax import expr
from netspec.syntax.pattern import PatternError
from netspec.syntax.yaml import Mapping
from netspec.syntax.yaml.spacing import missing_mark


@dataclass(frozen=True, slots=True)
class Call:
    """A step as written: its own key and value with their spans, and the mapping with its other keys."""

    key: str
    value: Any
    span: Span
    value_span: Span
    tree: Mapping

    @classmethod
    def of(cls, key: str, tree: Mapping) -> Call:
        """Return the call under a key of a mapping."""
        return cls(key, tree[key], tree.key_spans[key], tree.value_spans[key], tree)

    def under(self, name: str) -> Mapping:
        """Return the value as the only argument, of that name."""
        return under(name, self.value, self.span, self.value_span)


class OpArgumentParser(OperandParser):
    """Parses the arguments of ops."""

    def op_arguments(self, op: type[Op], call: Call) -> Mapping:
        if issubclass(op, Patterned):
            return self._pattern_arguments(op, call)
        arguments = self.named(call, op.primary, list(op.model_fields))
        if arguments is None:
            return Mapping(call.span.file)
        self.check_required(op, arguments, call)
        self.check_fields(op, arguments)
        return arguments

    @staticmethod
    def names_operands(op: type[Op], call: Call) -> bool:
        """Return whether the step of an op that may have several operands gives them under ``of``."""
        return op.operands[1] != 1 and isinstance(call.value, Mapping) and "of" in call.value

    def formula_arguments(self, op: type[Op], call: Call) -> Mapping:
        arguments = self.named(call, op.primary, list(op.model_fields))
        if arguments is None:
            return Mapping(call.span.file)
        self.check_required(op, arguments, call)
        name = str(op.operands_from)
        text = arguments.get(name)
        if isinstance(text, str):
            self.collector.add(formula_errors(text, arguments.value_spans[name], self.scope))
        elif name in arguments:
            message = f"`{name}` is a text, not {show_kind(text)}"
            self.report(Code.INVALID_ARGUMENT, message, arguments.value_spans[name], "as in `x * sigmoid(x)`")
        return arguments

    def _pattern_arguments(self, op: type[Patterned], call: Call) -> Mapping:
        """Return a pattern, and the sizes of its names: those given, and the arguments in scope of these names."""
        given = call.value if isinstance(call.value, Mapping) else call.under("pattern")
        text = given.get("pattern")
        if not isinstance(text, str):
            self.report(Code.MISSING_ARGUMENT, f"{op.name} needs a `pattern`", call.span, f"as in `{op.example}`")
            return Mapping(call.span.file)
        place = given.value_spans["pattern"]
        sizes = [name for name in given if name != "pattern"]
        scope = self.scope
        try:
            pattern = op.read(text)
            self.check_names(given, ["pattern", *pattern.names], op.name)
            variables = [name for name in pattern.names if scope and name in scope.names and name not in scope.labels]
            if all(name in pattern.names for name in sizes):  # else one is misspelled, which is said already
                op.check_sizes(pattern, {*sizes, *variables})
        except PatternError as error:
            self.report(Code.INVALID_PATTERN, error.message, narrowed(place, error, text), error.help)
            variables = []
        arguments = Mapping(call.span.file)
        arguments.put("pattern", Text(text), given.key_spans["pattern"], place)
        for name in sizes:
            self.check_expressions(given[name], given, name)
            arguments.put(name, given[name], given.key_spans[name], given.value_spans[name])
        for name in variables:
            if name not in arguments:
                arguments.put(name, name, place, place)
        return arguments

    def named(self, call: Call, primary: str | None, fields: Collection[str]) -> Mapping | None:
        """Return the arguments by name; a value that is no mapping is the primary argument, if there is one."""
        if call.value is None:
            return Mapping(call.span.file)
        if isinstance(call.value, Mapping):
            self.check_names(call.value, fields, call.key)
            return call.value
        if primary is not None:
            return call.under(primary)
        known = f"as in `{call.key}: {{{next(iter(fields))}: ...}}`" if fields else f"write `- {call.key}`"
        self.report(Code.UNNAMED_ARGUMENT, f"{call.key} takes its arguments by name", call.value_span, known)
        return None

    def check_names(self, arguments: Mapping, fields: Collection[str], key: str) -> None:
        """Report arguments of other names than those."""
        taken = f"it takes {', '.join(fields)}" if fields else "it takes none"
        for name in arguments:
            if name in fields:
                continue
            message, help_text = missing_mark(name) or (f"{key} has no argument '{name}'", "")
            if name in STEP_KEYS:
                help_text = f"write `{name}` beside `{key}`, as a key of the step"
            help_text = help_text or self._instead_of(name, fields, key) or taken
            self.report(Code.UNKNOWN_ARGUMENT, message, arguments.key_spans[name], help_text)

    @staticmethod
    def _instead_of(name: str, fields: Collection[str], key: str) -> str:
        """Return the help for an argument that a step does not have."""
        if key == "reduce" and name in ("axes", "axis", "dim", "dims", "op", "pattern", "reduction"):
            return "the axes stand under the function, as in `reduce: {mean: [height, width]}`"
        if key == "reduce" and name == "std":
            return "`var` is its square, as in `reduce: {var: [height, width]}`"
        meant = suggest_argument(name, fields)
        if not meant and key == "use":
            return f"what it gives to the document stands under `args`, as in `args: {{{name}: ...}}`"
        return meant

    def check_arguments(self, op: type[Op], arguments: Mapping) -> None:
        """Report unknown arguments of an op, and errors in the expressions of the others."""
        # A pattern fits the value that it is written for, and is nobody's default.
        allowed = [] if issubclass(op, Patterned) else [name for name in op.model_fields if name not in op.verbatim]
        self.check_names(arguments, allowed, op.name)
        if allowed:
            self.check_fields(op, arguments)

    def check_fields(self, op: type[Op], arguments: Mapping) -> None:
        for name, value in arguments.items():
            if name in op.verbatim and isinstance(value, str):
                arguments[name] = Text(value)
            elif name in op.weight_names and isinstance(value, str):
                self._check_weight(value, arguments.value_spans[name])
            elif name in op.model_fields:
                self.check_expressions(value, arguments, name, op.words(name))

    def _check_weight(self, text: str, span: Span) -> None:
        """Report errors in a tensor, a formula over tensors, or the weight of a step with a label."""
        tie = TIE.fullmatch(source_of(text))
        if tie is not None:
            self.check_label(tie[1], span)
        else:
            self.collector.add(formula_errors(text, span, self.scope, expr.parse_weight_formula))

    def check_required(self, model: type[Op | Combinator], arguments: Mapping, call: Call) -> None:
        fields, given = model.model_fields, self.defaults.get(call.key) or ()
        if issubclass(model, Weighted) and isinstance(arguments.get("weight"), str):
            given = (*given, *model.said_by_weight)
        for name, info in fields.items():
            if info.is_required() and name not in given and self.is_missing(name, arguments, fields, call):
                self.report(Code.MISSING_ARGUMENT, f"{call.key} needs `{name}`", call.span, as_help(info.description))

    def is_missing(self, name: str, arguments: Mapping, known: Collection[str], call: Call) -> bool:
        """Return whether an argument is missing, unless a misspelled or misplaced one was reported already."""
        beside = [key for key in call.tree if key not in STEP_KEYS and key != call.key]
        if name in arguments or name in beside:
            return False
        meant = f"did you mean '{name}'?"
        others = [
            *(each for each in arguments if each not in known),
            *(each for each in beside if not self.kind_of(each)),
        ]
        return not any(suggest_argument(other, known) == meant for other in others)
