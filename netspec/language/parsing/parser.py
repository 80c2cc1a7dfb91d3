"""From the reader's tree to steps, bodies and blocks: every step is dispatched on its key before anything is checked.

Whatever is wrong is recorded and parsing goes on, so that one run reports every error of a document.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Mapping as Namespace
from typing import Any

from netspec.diagnostics import Code, Collector, Note, Span, nearest
from netspec.language.combinators import COMBINATORS, Combinator
from netspec.language.messages import lowered, show_count, show_kind, show_value, suggest_step
from netspec.language.model import STEP_KEYS, Block, Body, Operand, Step, StepKind
from netspec.language.parameters import wanted
from netspec.language.scope import (
    LABEL,
    RESERVED,
    Scope,
    expression_errors,
    is_always_true,
    template_errors,
    unknown_argument,
    unknown_label,
)
from netspec.language.shorthand import field_words, listed, lone_word, may_be_word, under
from netspec.ops import OPS, Op
from netspec.syntax.yaml import Mapping, Sequence, merged

_NONE: Namespace[str, Any] = {}
IDLE_HELP = "it brings no module; label its values with `as`"


class Parser:
    """Parses bodies and blocks of one file.

    ``namespace`` is what its steps may call beside ops and combinators, ``defaults`` the arguments by op that no call
    needs to give. ``scope`` is what the expressions of the body at hand can see; without one, names are not checked.
    """

    def __init__(
        self,
        namespace: Namespace[str, Block],
        defaults: Namespace[str, Any] = _NONE,
        collector: Collector | None = None,
    ) -> None:
        self.namespace = namespace
        self.defaults = defaults
        self.collector = collector or Collector()
        self.report = self.collector.report
        self.scope: Scope | None = None
        self.lone_words: list[str] = []
        """The steps that were written as a word alone."""

    def check_variable(self, name: str, span: Span, what: str) -> bool:
        """Return whether expressions can use a name for something of the document; report where they cannot."""
        if name in RESERVED:
            message = f"'{name}' cannot name {what}: it has a meaning of its own"
            self.report(Code.INVALID_VARIABLE_NAME, message, span, "choose another name")
        elif not LABEL.match(name):
            help_text = "use up to 64 letters, digits and _, a letter first"
            self.report(Code.INVALID_VARIABLE_NAME, f"{name!a} cannot name {what}", span, help_text)
        return name not in RESERVED and bool(LABEL.match(name))

    # bodies and steps

    def body(self, tree: Any, span: Span, scope: Scope | None = None, variables: Iterable[str] = ()) -> Body:
        """Parse a chain of steps, a list or a single one: in a scope of its own, or in the one around it."""
        around = self.scope
        self.scope = scope or (around.inner(variables) if around else None)
        items = zip(tree, tree.item_spans, strict=True) if isinstance(tree, Sequence) else [(tree, span)]
        steps = [self.step(item, place) for item, place in items]
        self.scope = around
        return Body(tuple(step for step in steps if step), span)

    def step(self, tree: Any, span: Span) -> Step | None:
        """Parse one step, or record why it is none and return None."""
        if isinstance(tree, str):
            self.lone_words.append(tree)
            tree = lone_word(tree, span)
        if not isinstance(tree, Mapping):
            self.report(
                Code.NOT_A_STEP, f"a step is a word or a mapping, not {show_kind(tree)}", span, "as in `- relu`"
            )
            return None
        key = self._key_of(tree, span)
        step = self.keyed_step(key, tree, tree[key], tree.key_spans[key], tree.value_spans[key]) if key else None
        if step is None and self.scope:
            # Its label is there all the same, for the steps that follow.
            self.scope.label(name for name in listed(tree.get("as")) if isinstance(name, str))
        return step

    def _key_of(self, tree: Mapping, span: Span) -> str | None:
        own = [key for key in tree if key not in STEP_KEYS and not (key == "body" and len(tree) > 1)]
        known = [key for key in own if key.startswith("$") or self._kind_of(key)]
        if len(own) == 1:
            return own[0]
        if not own:
            self.report(
                Code.NOT_A_STEP, "the step has no op, block or combinator", span, "as in `- conv: {out: 64, kernel: 3}`"
            )
            return None
        for key in own:
            if key not in known:
                help_text = self._help_beside(key, known)
                self.report(Code.UNKNOWN_STEP, f"unknown step or step key '{key}'", tree.key_spans[key], help_text)
        if len(known) > 1:
            notes = [Note(tree.key_spans[known[0]], "the first")]
            message = f"a step does one thing, and this one has '{known[0]}' and '{known[1]}'"
            self.report(
                Code.AMBIGUOUS_STEP, message, tree.key_spans[known[1]], "make them two steps of the list", notes
            )
        return known[0] if known else None

    def _help_beside(self, key: str, known: list[str]) -> str:
        """Return what to do about an unknown key beside others, of which some may be known."""
        if not known:
            return suggest_step(key, self._callables()) or "`netspec ops` lists what a step can do"
        step = {**OPS, **COMBINATORS}.get(known[0])
        if step and key in step.model_fields:
            return f"an argument stands under its step: `{known[0]}: {{{key}: ...}}`"
        return nearest(key, STEP_KEYS) or f"beside a step may stand {', '.join(STEP_KEYS)}"

    def keyed_step(self, key: str, tree: Mapping, value: Any, span: Span, value_span: Span) -> Step | None:
        """Parse the step whose own key and value are given; ``tree`` holds the step keys beside them."""
        kind = self._kind_of(key)
        if kind is None:
            help_text = suggest_step(key, self._callables()) or "`netspec ops` lists all of them"
            self.report(Code.UNKNOWN_STEP, f"unknown op, block or combinator '{key}'", span, help_text)
            return None
        beside = kind == "combinator" and COMBINATORS[key].beside
        if "body" in tree and not beside and key != "body":
            self.report(
                Code.UNEXPECTED_BODY, f"{key} takes no body beside it", tree.key_spans["body"], self._body_help(key)
            )
        if kind == "combinator":
            self._check_idle(COMBINATORS[key], tree)
        if kind == "argument" and self.scope and key[1:] not in self.scope.names:
            self.collector.add([unknown_argument(key[1:], self.scope.names, span)])
        arguments, operands = self._arguments(kind, key, tree, value, span, value_span)
        step = Step(kind, key, span, arguments, operands, **self._step_keys(tree), places=tree)
        if self.scope:
            self.scope.label(step.label)
        return step

    def _check_idle(self, combinator: type[Combinator], tree: Mapping) -> None:
        for key in combinator.idle:
            if key in tree:
                inside = key in combinator.model_fields
                help_text = f"write it inside, as in `{combinator.key}: {{{key}: ...}}`" if inside else IDLE_HELP
                self.report(
                    Code.STEP_KEY_WITHOUT_EFFECT,
                    f"`{key}` means nothing beside {combinator.key}",
                    tree.key_spans[key],
                    help_text,
                )

    def _body_help(self, key: str) -> str:
        return f"write `{key}: {{body: [...]}}`" if key in COMBINATORS else "make the body a block, or a `sequential`"

    def _kind_of(self, key: str) -> StepKind | None:
        if key.startswith("$"):
            return "argument"
        if key in self.namespace:
            return "block"
        if key in OPS:
            return "merge" if OPS[key].family == "merge" else "op"
        return "combinator" if key in COMBINATORS else None

    def _callables(self) -> list[str]:
        return [*OPS, *COMBINATORS, *self.namespace]

    def _step_keys(self, tree: Mapping) -> dict[str, Any]:
        name = tree.get("name")
        share = tree.get("share")
        if name is not None:
            name = self._text(tree, "name", name)
        if share is not None:
            share = self._text(tree, "share", share)
        for key in ("when", "device"):
            self._check_expressions(tree.get(key), tree, key)
        self._check_expressions(tree.get("expect"), tree, "expect")
        if is_always_true(tree.get("when")):
            help_text = "leave it out, or test an argument"
            self.report(Code.CONDITION_ALWAYS_TRUE, "`when` is always true", tree.value_spans["when"], help_text)
        return {
            "name": name,
            "share": share,
            "when": tree.get("when"),
            "device": tree.get("device"),
            "expect": tree.get("expect"),
            "init": tree.get("init"),
            "label": self._labels(tree, "as"),
            "origin": self._labels(tree, "from"),
        }

    def _text(self, tree: Mapping, key: str, value: Any) -> str | None:
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            self.collector.add(template_errors(str(value), tree.value_spans[key], self.scope))
            return str(value)
        self.report(
            Code.INVALID_STEP_KEY,
            f"`{key}` is a text, not {show_kind(value)}",
            tree.value_spans[key],
            "as in `layer{i+1}`",
        )
        return None

    def _labels(self, tree: Mapping, key: str) -> tuple[str, ...]:
        if key not in tree:
            return ()
        value = tree[key]
        labels = value if isinstance(value, Sequence) else [value]
        places = value.item_spans if isinstance(value, Sequence) else [tree.value_spans[key]]
        for label, place in zip(labels, places, strict=True):
            allowed = isinstance(label, str) and LABEL.match(label)
            if not allowed or (key == "as" and label in RESERVED):
                message = f"`{key}` takes a label or a list of labels, not {show_value(label)}"
                help_text = "a label is a word of letters, digits and _ that means nothing else"
                self.report(Code.INVALID_LABEL, message, place, help_text)
                return ()
            if key == "from":
                self.check_label(label, place)
        return tuple(labels)

    def check_label(self, label: str, span: Span) -> None:
        """Record a label that no earlier step of the body has."""
        if self.scope and label != "x" and label not in self.scope.labels:
            self.collector.add([unknown_label(label, self.scope.labels, span)])

    # arguments

    def _arguments(
        self, kind: StepKind, key: str, tree: Mapping, value: Any, span: Span, value_span: Span
    ) -> tuple[Mapping, tuple[Operand, ...]]:
        if kind == "argument":
            return under("", value, span, value_span), ()
        if kind == "merge":
            return self._merge_arguments(OPS[key], value, span, value_span)
        if kind == "combinator":
            return self._combinator_arguments(COMBINATORS[key], tree, value, span, value_span), ()
        if kind == "block":
            return self._block_arguments(self.namespace[key], tree, value, span, value_span), ()
        op = OPS[key]
        arguments = self._named(value, op.primary, list(op.model_fields), key, span, value_span)
        if arguments is None:
            return Mapping(span.file), ()
        self._check_required(key, op, arguments, tree, span)
        self._check_fields(op, arguments)
        return arguments, ()

    def _named(
        self, value: Any, primary: str | None, fields: Collection[str], key: str, span: Span, value_span: Span
    ) -> Mapping | None:
        """Return the arguments by name; a value that is no mapping stands for the primary one, if there is one."""
        if value is None:
            return Mapping(span.file)
        if not isinstance(value, Mapping):
            if primary is None:
                known = f"as in `{key}: {{{next(iter(fields))}: ...}}`" if fields else f"write `- {key}`"
                self.report(Code.UNNAMED_ARGUMENT, f"{key} takes its arguments by name", value_span, known)
                return None
            return under(primary, value, span, value_span)
        self._check_names(value, fields, key)
        return value

    def _check_names(self, arguments: Mapping, fields: Collection[str], key: str) -> None:
        for name in arguments:
            if name not in fields:
                help_text = nearest(name, fields) or (f"it takes {', '.join(fields)}" if fields else "it takes none")
                self.report(
                    Code.UNKNOWN_ARGUMENT, f"{key} has no argument '{name}'", arguments.key_spans[name], help_text
                )

    def check_arguments(self, op: type[Op], arguments: Mapping) -> None:
        """Record arguments that an op does not have, and errors in the expressions of those that it has."""
        self._check_names(arguments, list(op.model_fields), op.name)
        self._check_fields(op, arguments)

    def _check_fields(self, op: type[Op], arguments: Mapping) -> None:
        for name, value in arguments.items():
            if name in op.model_fields:
                self._check_expressions(value, arguments, name, op.words(name))

    def _check_required(
        self, key: str, model: type[Op | Combinator], arguments: Mapping, tree: Mapping, span: Span
    ) -> None:
        fields, given = model.model_fields, self.defaults.get(key) or ()
        for name, info in fields.items():
            if info.is_required() and name not in given and _is_missing(name, arguments, fields, tree):
                self.report(Code.MISSING_ARGUMENT, f"{key} needs `{name}`", span, lowered(info.description))

    def _check_expressions(
        self, value: Any, holder: Mapping, key: str, words: Collection[str] = (), span: Span | None = None
    ) -> None:
        """Record what is wrong with any expression of a value."""
        if isinstance(value, Sequence):
            for item, place in zip(value, value.item_spans, strict=True):
                self._check_expressions(item, holder, key, words, place)
        if isinstance(value, str) and value not in words:
            self.check_expression(value, span or holder.value_spans[key], words, self.scope)

    def check_expression(self, text: str, span: Span, words: Collection[str] = (), scope: Scope | None = None) -> None:
        """Record what is wrong with an expression in a scope."""
        self.collector.add(expression_errors(text, span, scope, words))

    def _merge_arguments(
        self, op: type[Op], value: Any, span: Span, value_span: Span
    ) -> tuple[Mapping, tuple[Operand, ...]]:
        options = Mapping(span.file)
        if isinstance(value, Mapping) and "of" in value:
            options = value
            for name in value:
                if name != "of" and name not in op.model_fields:
                    fields = [*op.model_fields, "of"]
                    help_text = nearest(name, fields) or f"it takes {', '.join(fields)}"
                    self.report(
                        Code.UNKNOWN_ARGUMENT, f"{op.name} has no argument '{name}'", value.key_spans[name], help_text
                    )
                elif name != "of":
                    self._check_expressions(value[name], value, name, op.words(name))
            value, value_span = value["of"], value.value_spans["of"]
        elif isinstance(value, Mapping) and self._holds_options(op, value):
            return options, ()
        operands = self._operands(op, value, value_span)
        return options, operands

    def _holds_options(self, op: type[Op], operands: Mapping) -> bool:
        """Return whether an option stands among the operands where only a branch could; record it."""
        found = [
            name for name in operands if name in op.model_fields and not isinstance(operands[name], (str, list, dict))
        ]
        for name in found:
            help_text = f"options stand beside the operands: `{op.name}: {{of: [...], {name}: ...}}`"
            self.report(
                Code.INVALID_OPERANDS,
                f"`{name}` is an option of {op.name}, not an operand",
                operands.key_spans[name],
                help_text,
            )
        return bool(found)

    def _operands(self, op: type[Op], value: Any, span: Span) -> tuple[Operand, ...]:
        if isinstance(value, Mapping):
            operands = [self._operand(item, value.value_spans[name], name) for name, item in value.items()]
        elif isinstance(value, Sequence):
            operands = [self._operand(item, place) for item, place in zip(value, value.item_spans, strict=True)]
        elif value is None:
            return ()
        else:
            self.report(
                Code.INVALID_OPERANDS,
                f"{op.name} takes a list or a mapping of operands",
                span,
                f"as in `{op.name}: [x, skip]`",
            )
            return ()
        if op.operand_names and {operand.name for operand in operands} != set(op.operand_names):
            names = ", ".join(op.operand_names)
            shown = ", ".join(f"{name}: {'[...]' if place else 'x'}" for place, name in enumerate(op.operand_names))
            help_text = f"as in `{op.name}: {{{shown}}}`"
            self.report(Code.INVALID_OPERANDS, f"{op.name} takes the operands {names} by name", span, help_text)
            return ()
        by_name = {operand.name: operand for operand in operands}
        ordered = [by_name[name] for name in op.operand_names] if op.operand_names else operands
        least, most = op.operands
        if len(ordered) < least or (most is not None and len(ordered) > most):
            help_text = "an operand is a label, `x` or a list of steps"
            message = f"{op.name} takes {show_count(least, most)}, not {len(ordered)}"
            self.report(Code.INVALID_OPERANDS, message, span, help_text)
        return tuple(ordered)

    def _operand(self, tree: Any, span: Span, name: str | None = None) -> Operand:
        if isinstance(tree, str):
            if self._kind_of(tree) and self.scope and tree not in self.scope.labels:
                message = f"an operand is a label or a list of steps, and '{tree}' is a step"
                self.report(Code.INVALID_OPERANDS, message, span, f"write `[{tree}]`")
                return Operand(tree, span, name)
            self.check_label(tree, span)
            return Operand(tree, span, name)
        return Operand(self.body(tree, span), span, name)

    def _combinator_arguments(
        self, combinator: type[Combinator], tree: Mapping, value: Any, span: Span, value_span: Span
    ) -> Mapping:
        written = self._combinator_written(combinator, tree, value, span, value_span)
        parsed = Mapping(span.file)
        if written is None:
            return parsed
        variables = self._variables(combinator, written)
        for name, argument in written.items():
            place = written.value_spans[name]
            field = self._field(combinator, name, argument, written, place, variables)
            parsed.put(name, field, written.key_spans.get(name, span), place)
        self._check_required(combinator.key, combinator, parsed, tree, span)
        return parsed

    def _combinator_written(
        self, combinator: type[Combinator], tree: Mapping, value: Any, span: Span, value_span: Span
    ) -> Mapping | None:
        fields = list(combinator.model_fields)
        primary = combinator.primary
        whole = isinstance(value, Mapping) and (
            combinator.key == "foreach" or (primary == "body" and not set(value) & set(fields))
        )
        if whole or (isinstance(value, Mapping) and combinator.beside and combinator.key != "foreach"):
            written: Mapping | None = under(str(primary), value, span, value_span)
        else:
            written = self._named(value, primary, fields, combinator.key, span, value_span)
        if written is None or not combinator.beside or "body" not in tree:
            return written
        return merged(written, under("body", tree["body"], tree.key_spans["body"], tree.value_spans["body"]))

    def _variables(self, combinator: type[Combinator], written: Mapping) -> tuple[str, ...]:
        """Return the variables that a combinator brings into its body."""
        lists = written.get("lists") if combinator.key == "foreach" else None
        if isinstance(lists, Mapping):
            return tuple(name for name in lists if self.check_variable(name, lists.key_spans[name], "a variable"))
        return combinator.variables

    def _field(
        self,
        combinator: type[Combinator],
        name: str,
        value: Any,
        written: Mapping,
        span: Span,
        variables: Iterable[str],
    ) -> Any:
        words = field_words(combinator, name)
        if name in combinator.bodies:
            is_word = isinstance(value, str) and (value in words or (value.startswith("$") and words))
            if words and not is_word and isinstance(value, str) and not self._kind_of(value):
                message = f"{combinator.key}: `{name}` is {', '.join(sorted(words))} or steps, not '{value}'"
                self.report(
                    Code.UNKNOWN_STEP, message, span, nearest(value, words) or "as in `[{conv: {out: 64, kernel: 1}}]`"
                )
                return Body((), span)
            return value if is_word else self.body(value, span, variables=variables)
        if name in combinator.texts:
            if isinstance(value, str):
                self.collector.add(template_errors(value, span, self.scope))
            return value
        if isinstance(value, Mapping):
            for key, item in value.items():
                # What a used document takes for a word is not known yet.
                if combinator.key != "use" or not may_be_word(item, "word"):
                    self._check_expressions(item, value, key)
        else:
            self._check_expressions(value, written, name, words)
        return value

    def _block_arguments(self, block: Block, tree: Mapping, value: Any, span: Span, value_span: Span) -> Mapping:
        if not block.complete:
            return Mapping(span.file)
        primary = next(iter(block.parameters), None)
        arguments = self._named(value, primary, list(block.parameters), block.name, span, value_span)
        if arguments is None:
            return Mapping(span.file)
        for name, parameter in block.parameters.items():
            if parameter.required and _is_missing(name, arguments, block.parameters, tree):
                notes = [Note(parameter.span, "declared here")]
                self.report(Code.MISSING_ARGUMENT, f"{block.name} needs `{name}`", span, wanted(parameter), notes)
        for name, argument in arguments.items():
            parameter_of = block.parameters.get(name)
            if parameter_of and not may_be_word(argument, parameter_of.type):
                self._check_expressions(argument, arguments, name)
        return arguments


def _is_missing(name: str, arguments: Mapping, known: Collection[str], tree: Mapping) -> bool:
    """Return whether an argument is not there, and not just misspelled or beside its step, which is said already."""
    if name in arguments or (name in tree and name not in STEP_KEYS):
        return False
    return not any(nearest(other, known) == f"did you mean '{name}'?" for other in arguments if other not in known)
