"""The arguments of a step, by its kind: names and expressions are checked, bodies are parsed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from netspec.diagnostics import Code, Note, Span, nearest
from netspec.language.combinators import COMBINATORS, Combinator
from netspec.language.mentions import mentioned
from netspec.language.messages import as_help, show_kind
from netspec.language.model import STEP_KEYS, Block, Body, Operand, StepKind, Text
from netspec.language.other_names import suggest_argument
from netspec.language.parameters import describe_argument
from netspec.language.parsing.operands import OperandParser
from netspec.language.scope import Variables, formula_errors, narrowed, template_errors
from netspec.language.shorthand import field_words, is_callable, may_be_word, under, variable_names
from netspec.ops import OPS, Op
from netspec.ops.einsum import Einsum
from netspec.ops.patterned import Patterned
from netspec.syntax.pattern import PatternError
from netspec.syntax.yaml import Mapping, Sequence, merged
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


class ArgumentParser(OperandParser):
    """Parses the arguments of steps."""

    def arguments(self, kind: StepKind, call: Call) -> tuple[Mapping, tuple[Operand, ...]]:
        """Return the arguments of a step by name, and the operands of a merge."""
        match kind:
            case "argument":
                return call.under(""), ()
            case "merge":
                return self._merge_arguments(OPS[call.key], call)
            case "formula":
                return self._formula_arguments(OPS[call.key], call), ()
            case "combinator":
                return self._combinator_arguments(COMBINATORS[call.key], call), ()
            case "block":
                return self._block_arguments(self.namespace[call.key], call), ()
        return self._op_arguments(OPS[call.key], call), ()

    # ops

    def _op_arguments(self, op: type[Op], call: Call) -> Mapping:
        if issubclass(op, Patterned):
            return self._pattern_arguments(op, call)
        arguments = self.named(call, op.primary, list(op.model_fields))
        if arguments is None:
            return Mapping(call.span.file)
        self._check_required(op, arguments, call)
        self._check_fields(op, arguments)
        return arguments

    def _formula_arguments(self, op: type[Op], call: Call) -> Mapping:
        arguments = self.named(call, op.primary, list(op.model_fields))
        if arguments is None:
            return Mapping(call.span.file)
        self._check_required(op, arguments, call)
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
            self.report(
                Code.MISSING_ARGUMENT, f"{op.name} needs a `pattern`", call.span, f'as in `{op.name}: "{op.example}"`'
            )
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
            help_text = help_text or suggest_argument(name, fields) or taken
            self.report(Code.UNKNOWN_ARGUMENT, message, arguments.key_spans[name], help_text)

    def check_arguments(self, op: type[Op], arguments: Mapping) -> None:
        """Report unknown arguments of an op, and errors in the expressions of the others."""
        # A pattern fits the value that it is written for, and is nobody's default.
        allowed = [] if issubclass(op, Patterned) else [name for name in op.model_fields if name not in op.verbatim]
        self.check_names(arguments, allowed, op.name)
        if allowed:
            self._check_fields(op, arguments)

    def _check_fields(self, op: type[Op], arguments: Mapping) -> None:
        for name, value in arguments.items():
            if name in op.verbatim and isinstance(value, str):
                arguments[name] = Text(value)
            elif name in op.model_fields:
                self.check_expressions(value, arguments, name, op.words(name))

    def _check_required(self, model: type[Op | Combinator], arguments: Mapping, call: Call) -> None:
        fields, given = model.model_fields, self.defaults.get(call.key) or ()
        for name, info in fields.items():
            if info.is_required() and name not in given and self._is_missing(name, arguments, fields, call):
                self.report(Code.MISSING_ARGUMENT, f"{call.key} needs `{name}`", call.span, as_help(info.description))

    # merges

    def _merge_arguments(self, op: type[Op], call: Call) -> tuple[Mapping, tuple[Operand, ...]]:
        if issubclass(op, Einsum):
            return self._einsum_arguments(op, call)
        value, options = call.value, Mapping(call.span.file)
        if not isinstance(value, Mapping) or self.is_loop(value):
            return options, self.operands(op, value, call.value_span)
        if "of" in value:
            self.check_names(value, [*op.model_fields, "of"], op.name)
            self._check_fields(op, value)
            return value, self.operands(op, value["of"], value.value_spans["of"])
        if self.holds_options(op, value):
            return options, ()
        return options, self.operands(op, value, call.value_span)

    def _einsum_arguments(self, op: type[Einsum], call: Call) -> tuple[Mapping, tuple[Operand, ...]]:
        """Return a pattern, and the operands beside it; a pattern alone takes the values that enter."""
        arguments = call.value if isinstance(call.value, Mapping) else call.under("pattern")
        self.check_names(arguments, ["pattern", "of"], op.name)
        text = arguments.get("pattern")
        if not isinstance(text, str):
            help_text = 'as in `einsum: {pattern: "q d, k d -> q k", of: [q, k]}`'
            self.report(Code.MISSING_ARGUMENT, f"{op.name} needs a `pattern`", call.span, help_text)
            return Mapping(call.span.file), ()
        place = arguments.value_spans["pattern"]
        try:
            op.read(text)
        except PatternError as error:
            self.report(Code.INVALID_PATTERN, error.message, narrowed(place, error, text), error.help)
        self._check_fields(op, arguments)
        operands = self.operands(op, arguments["of"], arguments.value_spans["of"]) if "of" in arguments else ()
        return arguments, operands

    # combinators

    def _combinator_arguments(self, combinator: type[Combinator], call: Call) -> Mapping:
        fields = self._combinator_fields(combinator, call)
        parsed = Mapping(call.span.file)
        if fields is None:
            return parsed
        variables = self._variables(combinator, fields)
        for name in fields:
            field = self._field(combinator, name, fields, variables)
            parsed.put(name, field, fields.key_spans.get(name, call.span), fields.value_spans[name])
        self._check_required(combinator, parsed, call)
        return parsed

    def _combinator_fields(self, combinator: type[Combinator], call: Call) -> Mapping | None:
        """Return the fields of a combinator, with those that some have as keys of the step."""
        if isinstance(call.value, Mapping) and combinator.is_primary(call.value):
            if combinator.beside and not combinator.variables_field:
                message = f"{call.key} takes no mapping"
                help_text = f"`body` stands beside it, as in `- {call.key}: 2` and `body: [relu]` on the next line"
                self.report(Code.INVALID_ARGUMENT, message, call.value_span, help_text)
                return None
            fields: Mapping | None = call.under(str(combinator.primary))
        else:
            fields = self.named(call, combinator.primary, list(combinator.model_fields))
        beside = [key for key in combinator.beside if key in call.tree]
        if fields is None or not beside:
            return fields
        together = merged(fields)
        together.take(call.tree, *beside)
        return together

    def _variables(self, combinator: type[Combinator], fields: Mapping) -> Variables:
        """Return the variables that a combinator defines for its body."""
        named = fields.get(combinator.variables_field) if combinator.variables_field else None
        if not isinstance(named, Mapping):
            return dict.fromkeys(combinator.variables, False)
        variables: dict[str, Span] = {}
        values: set[str] = set()
        labels = {"x", *(self.scope.labels if self.scope else ())}
        for key in named:
            if not labels.isdisjoint(mentioned(named[key])):
                values.update(variable_names(key))
            for name in variable_names(key):
                span = named.key_spans[key]
                if name in variables:
                    notes = [Note(variables[name], "the first")]
                    self.report(
                        Code.INVALID_VARIABLE_NAME, f"two variables are called '{name}'", span, "rename one", notes
                    )
                elif self.check_variable(name, span, "a variable"):
                    variables[name] = span
        return {name: name in values for name in variables}

    def _field(self, combinator: type[Combinator], name: str, fields: Mapping, variables: Variables) -> Any:
        value, span = fields[name], fields.value_spans[name]
        if name == combinator.defined_field and isinstance(value, Mapping):
            self._define(value)
            return value
        if name in combinator.bodies:
            return self._body_or_word(combinator, name, fields, variables)
        if name in combinator.verbatim:
            if isinstance(value, str):
                self.collector.add(template_errors(value, span, self.scope))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                if name == combinator.variables_field:
                    self._check_elements(item, value, key)
                # The argument types of another document are not known yet.
                elif name not in combinator.forwarded or not may_be_word(item, "word"):
                    self.check_expressions(item, value, key)
        else:
            self.check_expressions(value, fields, name, field_words(combinator, name))
        return value

    def _check_elements(self, value: Any, holder: Mapping, key: str, span: Span | None = None) -> None:
        """Report errors in the expressions among the elements of a list, of which some are words."""
        if isinstance(value, Sequence):
            for item, place in zip(value, value.item_spans, strict=True):
                self._check_elements(item, holder, key, place)
        elif not (isinstance(value, str) and is_callable(value, self.namespace) and self._is_unknown(value)):
            self.check_expressions(value, holder, key, span=span)

    def _is_unknown(self, name: str) -> bool:
        return self.scope is None or name not in self.scope.names

    def _define(self, named: Mapping) -> None:
        """Check expressions and bring their names into scope, in the order in which they are evaluated."""
        for name, value in named.items():
            self.check_expressions(value, named, name)
            if not self.check_variable(name, named.key_spans[name], "a number") or not self.scope:
                continue
            if name in self.scope.labels:
                message = f"'{name}' is a label already"
                self.report(Code.INVALID_VARIABLE_NAME, message, named.key_spans[name], "choose another name")
            self.scope.define(name)

    def _body_or_word(self, combinator: type[Combinator], name: str, fields: Mapping, variables: Variables) -> Any:
        value, span = fields[name], fields.value_spans[name]
        words = field_words(combinator, name)
        if not words or not isinstance(value, str):
            return self.body(value, span, variables=variables)
        if value in words or value.startswith("$"):
            return value
        if self.kind_of(value):
            return self.body(value, span, variables=variables)
        message = f"{combinator.key}: `{name}` is {', '.join(sorted(words))} or steps, not '{value}'"
        help_text = nearest(value, words) or "as in `[{conv: {out: 64, kernel: 1}}]`"
        self.report(Code.UNKNOWN_STEP, message, span, help_text)
        return Body((), span)

    # blocks

    def _block_arguments(self, block: Block, call: Call) -> Mapping:
        arguments = None
        if block.complete:
            arguments = self.named(call, next(iter(block.parameters), None), list(block.parameters))
        if arguments is None:
            return Mapping(call.span.file)
        for name, parameter in block.parameters.items():
            if parameter.required and self._is_missing(name, arguments, block.parameters, call):
                notes = [Note(parameter.span, "declared here")]
                self.report(
                    Code.MISSING_ARGUMENT,
                    f"{block.name} needs `{name}`",
                    call.span,
                    describe_argument(parameter),
                    notes,
                )
            if name in arguments and not may_be_word(arguments[name], parameter.type):
                self.check_expressions(arguments[name], arguments, name)
        return arguments

    def _is_missing(self, name: str, arguments: Mapping, known: Collection[str], call: Call) -> bool:
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
