"""The arguments of a step, by its kind: names and expressions are checked, bodies are parsed."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, Note, Span, nearest
from netspec.language.combinators import COMBINATORS, Combinator
from netspec.language.mentions import mentioned
from netspec.language.messages import show_value
from netspec.language.model import Block, Body, Operand, StepKind
from netspec.language.names import WORD
from netspec.language.other_names import suggest_step
from netspec.language.parameters import describe_argument
from netspec.language.parsing.op_arguments import Call, OpArgumentParser
from netspec.language.scope import Variables, narrowed, template_errors
from netspec.language.shorthand import (
    field_words,
    is_callable,
    may_be_word,
    named_values,
    sizes_of_zeros,
    variable_names,
)
from netspec.ops import OPS, Op
from netspec.ops.einsum import Einsum
from netspec.syntax.pattern import PatternError
from netspec.syntax.yaml import Mapping, Sequence, merged


class ArgumentParser(OpArgumentParser):
    """Parses the arguments of steps."""

    def arguments(self, kind: StepKind, call: Call) -> tuple[Mapping, tuple[Operand, ...]]:
        """Return the arguments of a step by name, and the operands of a merge."""
        match kind:
            case "argument":
                return call.under(""), ()
            case "merge":
                return self._merge_arguments(OPS[call.key], call)
            case "formula":
                return self.formula_arguments(OPS[call.key], call), ()
            case "combinator":
                return self._combinator_arguments(COMBINATORS[call.key], call), ()
            case "block":
                return self._block_arguments(self.namespace[call.key], call), ()
        return self.op_arguments(OPS[call.key], call), ()

    # merges

    def _merge_arguments(self, op: type[Op], call: Call) -> tuple[Mapping, tuple[Operand, ...]]:
        if issubclass(op, Einsum):
            return self._einsum_arguments(op, call)
        value, options = call.value, Mapping(call.span.file)
        if not isinstance(value, Mapping) or self.is_loop(value):
            return options, self.operands(op, value, call.value_span)
        if "of" in value:
            self.check_names(value, [*op.model_fields, "of"], op.name)
            self.check_fields(op, value)
            return value, self.operands(op, value["of"], value.value_spans["of"])
        if self.holds_options(op, value):
            return options, ()
        return options, self.operands(op, value, call.value_span)

    def _einsum_arguments(self, op: type[Einsum], call: Call) -> tuple[Mapping, tuple[Operand, ...]]:
        """Return a pattern, and the operands beside it; a pattern alone takes the values that enter."""
        arguments = call.value if isinstance(call.value, Mapping) else call.under("pattern")
        self.check_names(arguments, ["pattern", "of"], op.name)
        text = arguments.get("pattern")
        if "pattern" not in arguments and not self.is_missing("pattern", arguments, ["pattern", "of"], call):
            return Mapping(call.span.file), ()  # given under another name, which is said already
        if not isinstance(text, str):
            help_text = 'as in `einsum: {pattern: "q d, k d -> q k", of: [q, k]}`'
            self.report(Code.MISSING_ARGUMENT, f"{op.name} needs a `pattern`", call.span, help_text)
            return Mapping(call.span.file), ()
        place = arguments.value_spans["pattern"]
        try:
            op.read(text)
        except PatternError as error:
            self.report(Code.INVALID_PATTERN, error.message, narrowed(place, error, text), error.help)
            return arguments, ()
        self.check_fields(op, arguments)
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
        self.check_required(combinator, parsed, call)
        return parsed

    def _combinator_fields(self, combinator: type[Combinator], call: Call) -> Mapping | None:
        """Return the fields of a combinator, with those that some have as keys of the step."""
        named = combinator.variables_field or combinator.defined_field
        if named and not isinstance(call.value, Mapping):
            example = "{width: [32, 64]}" if combinator.variables_field else "{hidden: 64}"
            message = f"{call.key} takes names, each with its {'list' if combinator.variables_field else 'number'}"
            self.report(Code.INVALID_ARGUMENT, message, call.value_span, f"as in `{call.key}: {example}`")
            self._define_all(call.value)
            return None
        if isinstance(call.value, Mapping) and combinator.is_primary(call.value):
            if combinator.beside and not combinator.variables_field:
                message = f"{call.key} takes no mapping"
                help_text = f"`body` stands beside it, as in `- {call.key}: 2` and `body: [relu]` on the next line"
                if "pattern" in call.value:
                    help_text = "`tile` repeats a value along axes"
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

    def _define_all(self, value: Any) -> None:
        """Define all names that a wrong value mentions, so that their uses are not reported again."""
        if self.scope:
            for name in ("index", *mentioned(value)):
                self.scope.define(name)

    def _variables(self, combinator: type[Combinator], fields: Mapping) -> Variables:
        """Return the variables that a combinator defines for its body."""
        if combinator.value_fields:
            return self._named_values(combinator, fields)
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

    def _named_values(self, combinator: type[Combinator], fields: Mapping) -> Variables:
        """Return the names of the values that a body begins with, whose labels are checked on the way."""
        names: dict[str, Span] = {}
        for field in combinator.value_fields:
            for name, value, span in named_values(fields[field], fields.value_spans[field]) if field in fields else ():
                if not isinstance(value, str):
                    message = f"{combinator.key}: `{field}` takes a label, not {show_value(value)}"
                    self.report(Code.INVALID_LABEL, message, span, "as in `over: words`, or `over: {word: words}`")
                    continue
                sizes = sizes_of_zeros(value) if field == combinator.zero_field else None
                if sizes is None:
                    self.check_label(value, span)
                else:
                    self.check_expression(sizes, span, (), self.scope)
                if name == value == "x":
                    continue  # the current value has no name, and neither have its elements
                if name in names:
                    message = f"two values of the body are called '{name}'"
                    notes = [Note(names[name], "the first")]
                    self.report(Code.INVALID_VARIABLE_NAME, message, span, "rename one", notes)
                elif self.check_variable(name, span, "a value"):
                    names[name] = span
        return dict.fromkeys(names, True)

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
            # Asked last: to look for what a name resembles takes longer than all else here.
            is_word = isinstance(value, str) and WORD.match(value) and self._is_unknown(value)
            if is_word and (meant := suggest_step(value, self.callables())):
                place = span or holder.value_spans[key]
                self.report(Code.UNKNOWN_NAME, f"unknown name '{value}'", place, meant)
            else:
                self.check_expressions(value, holder, key, span=span)

    def _is_unknown(self, name: str) -> bool:
        return self.scope is None or name not in self.scope.names

    def _define(self, named: Mapping) -> None:
        """Check expressions and bring their names into scope, in the order in which they are evaluated."""
        names = list(named)
        for place, (name, value) in enumerate(named.items(), 1):
            if self.scope:
                self.scope.later = frozenset(names[place:])
            self._check_number(name, value, named)
            if not self.check_variable(name, named.key_spans[name], "a number") or not self.scope:
                continue
            if name in self.scope.labels:
                if value in ("x", *self.scope.labels):
                    continue  # said already
                message = f"'{name}' is a label already"
                self.report(Code.INVALID_VARIABLE_NAME, message, named.key_spans[name], "choose another name")
            self.scope.define(name)

    def _check_number(self, name: str, value: Any, named: Mapping) -> None:
        """Report errors in the number of a name, and a value in its place."""
        if isinstance(value, str) and self.scope and value in ("x", *self.scope.labels):
            message, help_text = "`let` names numbers, and this is a value", f"label a value with `as: {name}`"
            self.report(Code.INVALID_ARGUMENT, message, named.value_spans[name], help_text)
            self.scope.label([name])
        else:
            self.check_expressions(value, named, name)

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
        given = self.defaults.get(block.name) or ()
        for name, parameter in block.parameters.items():
            is_needed = parameter.required and name not in given
            if is_needed and self.is_missing(name, arguments, block.parameters, call):
                notes = [Note(parameter.span, "declared here")]
                self.report(
                    Code.MISSING_ARGUMENT,
                    f"{block.name} needs `{name}`",
                    call.span,
                    describe_argument(parameter),
                    notes,
                )
        self._check_block_expressions(block, arguments)
        return arguments

    def check_block_defaults(self, block: Block, arguments: Mapping) -> None:
        """Report unknown arguments of a block, and errors in the expressions of the others."""
        if block.complete:
            self.check_names(arguments, list(block.parameters), block.name)
            self._check_block_expressions(block, arguments)

    def check_combinator_defaults(self, combinator: type[Combinator], arguments: Mapping) -> None:
        """Report arguments of a combinator that have no default, and errors in the expressions of the others."""
        fields = combinator.default_fields()
        self.check_names(arguments, fields, combinator.key)
        for name in fields:
            if name in arguments:
                self.check_expressions(arguments[name], arguments, name, field_words(combinator, name))

    def _check_block_expressions(self, block: Block, arguments: Mapping) -> None:
        for name, parameter in block.parameters.items():
            if name in arguments and not may_be_word(arguments[name], parameter.type):
                self.check_expressions(arguments[name], arguments, name)
