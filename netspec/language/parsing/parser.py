"""From the YAML tree to steps, bodies and blocks: every step is dispatched on its key before anything is checked.

Errors are collected and parsing continues, so that one run reports every error of a document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Namespace
from dataclasses import replace
from typing import Any

from netspec.diagnostics import Code, Collector, Note, Span
from netspec.language.combinators import COMBINATORS, Combinator
from netspec.language.loading.files import suggest_network
from netspec.language.messages import show_kind, show_value
from netspec.language.model import STEP_KEYS, Block, Body, Step, StepKind
from netspec.language.names import LONGEST_NAME, wrong_name
from netspec.language.other_keys import STEP_KEYS as OTHER_STEP_KEYS
from netspec.language.other_keys import suggest_key
from netspec.language.other_names import suggest_argument, suggest_step
from netspec.language.parsing.arguments import ArgumentParser
from netspec.language.parsing.op_arguments import Call
from netspec.language.scope import LABEL, RESERVED, Scope, Variables, is_always_true, template_errors, unknown_argument
from netspec.language.shorthand import as_list, bare_word, under
from netspec.ops import OPS
from netspec.syntax.yaml import Mapping, Sequence
from netspec.syntax.yaml.spacing import missing_mark

KINDS = ("type", "op", "layer", "module", "class", "class_name", "kind")
"""The keys under which other formats give the word of a step."""

LABEL_HELP = "a label is a word of letters, digits and _ that means nothing else"
BESIDE = frozenset(key for each in COMBINATORS.values() for key in each.beside)
"""The keys of steps that belong to their combinator."""


class Parser(ArgumentParser):
    """Parses bodies and blocks of one file."""

    def __init__(
        self,
        namespace: Namespace[str, Block],
        defaults: Namespace[str, Any] | None = None,
        collector: Collector | None = None,
    ) -> None:
        super().__init__(namespace, defaults, collector)
        self.bare_words: list[str] = []
        """The steps that were written as a word alone."""

    def body(self, tree: Any, span: Span, variables: Variables | None = None, scope: Scope | None = None) -> Body:
        """Parse a chain of steps, a list or a single one, in a new inner scope or in the given one."""
        around = self.scope  # None where a declaration has errors, so that they are not reported as unknown names again
        self.scope = scope or (around.inner(variables) if around else None)
        items = zip(tree, tree.item_spans, strict=True) if isinstance(tree, Sequence) else [(tree, span)]
        steps = [self.step(item, place) for item, place in items]
        self.scope = around
        return Body(tuple(step for step in steps if step), span)

    def step(self, tree: Any, span: Span) -> Step | None:
        """Parse one step, or report why it is not one and return None."""
        if isinstance(tree, str):
            self.bare_words.append(tree)
            tree = bare_word(tree, span)
        if not isinstance(tree, Mapping):
            is_row = isinstance(tree, Sequence) and len(tree) > 1
            help_text = "as in `- conv: {out: 64, kernel: 3}`, or `- relu`" if is_row else "as in `- relu`"
            self.report(Code.NOT_A_STEP, f"a step is a word or a mapping, not {show_kind(tree)}", span, help_text)
            return None
        if _only_takes_values(tree):
            return self._values_step(tree)
        key = self._key_of(tree, span)
        step = self.call(Call.of(key, tree)) if key is not None else None
        if step is None and self.scope:
            # Later steps may still refer to its label.
            self.scope.label(name for name in as_list(tree.get("as")) if isinstance(name, str))
        return step

    def _values_step(self, tree: Mapping) -> Step:
        key = "from" if "from" in tree else "as"
        step = Step("values", key, tree.key_spans[key], Mapping(tree.span.file), **self._step_keys(tree), places=tree)
        if self.scope:
            self.scope.label(step.label)
        return step

    def _key_of(self, tree: Mapping, span: Span) -> str | None:
        # The key alone decides the kind of a step, so that one typo is one error.
        own = [key for key in tree if key not in STEP_KEYS and not (key in BESIDE and len(tree) > 1)]
        known = [key for key in own if key.startswith("$") or self.kind_of(key)]
        if len(own) == 1:
            return own[0]
        if not own:
            help_text = "as in `- conv: {out: 64, kernel: 3}`"
            if "else" in tree:
                help_text = "`else` stands beside the `when` of the step that it replaces, as a key of that step"
            self.report(Code.NOT_A_STEP, "the step has no op, block or combinator", span, help_text)
            return None
        if not known and own[0] in KINDS and isinstance(tree[own[0]], str):
            word = tree[own[0]]
            help_text = suggest_step(word, self.callables()) if not self.kind_of(word) else ""
            help_text = help_text or f"the word is the key, as in `- {word}: {{{own[1]}: ...}}`"
            self.report(Code.UNKNOWN_STEP, f"a step has no '{own[0]}'", tree.key_spans[own[0]], help_text)
            return None
        for key in own:
            if key not in known:
                help_text = self._help_for_extra_key(key, known)
                self.report(Code.UNKNOWN_STEP, f"unknown step or step key '{key}'", tree.key_spans[key], help_text)
                if self.scope and help_text == "did you mean 'as'?":
                    self.scope.label(name for name in as_list(tree[key]) if isinstance(name, str))
        # Of several known keys the first is parsed, so that errors inside it are found in the same run.
        if len(known) > 1:
            notes = [Note(tree.key_spans[known[0]], "the first")]
            message = f"a step does one thing, and this one has '{known[0]}' and '{known[1]}'"
            self.report(
                Code.AMBIGUOUS_STEP, message, tree.key_spans[known[1]], "make them two steps of the list", notes
            )
        return known[0] if known else None

    def _help_for_extra_key(self, key: str, known: list[str]) -> str:
        """Return the help for an unknown key beside others, some of which may be known."""
        if not known:
            return suggest_step(key, self.callables()) or "`netspec ops` lists what a step can do"
        step = {**OPS, **COMBINATORS}.get(known[0])
        if step and key in step.model_fields:
            others = "of: [...], " if self.kind_of(known[0]) == "merge" else ""
            return f"arguments go under their step: `{known[0]}: {{{others}{key}: ...}}`"
        is_combinator = self.kind_of(known[0]) == "combinator"
        beside = [*STEP_KEYS, *(COMBINATORS[known[0]].beside if is_combinator else ())]
        meant = suggest_key(key, beside, OTHER_STEP_KEYS)
        if not meant and step:
            argument = suggest_argument(key, step.model_fields)
            meant = argument and f"arguments go under their step: {argument}"
        return meant or f"a step may also have {', '.join(STEP_KEYS)}"

    def call(self, call: Call) -> Step | None:
        """Parse a step from its own key and value."""
        kind = self.kind_of(call.key)
        if kind is None:
            self._report_unknown(call)
            return None
        self._check_step_keys(kind, call)
        if kind == "op" and self.names_operands(OPS[call.key], call):
            kind = "merge"
        arguments, operands = self.arguments(kind, call)
        keys = self._step_keys(call.tree)
        keys["collected"] = collected = self._collected(call.tree) if "collect" in arguments else None
        step = Step(kind, call.key, call.span, arguments, operands, **keys, places=call.tree)
        if self.scope:
            self.scope.label((*step.label, *([collected] if collected else ())))
        return step

    def _report_unknown(self, call: Call) -> None:
        mark = missing_mark(call.key)
        message = mark[0] if mark else f"unknown op, block or combinator '{call.key}'"
        help_text = mark[1] if mark else self._held(call.key) or suggest_network(call.key)
        help_text = help_text or suggest_step(call.key, self.callables())
        self.report(Code.UNKNOWN_STEP, message, call.span, help_text or "`netspec ops` lists all of them")

    def _held(self, name: str) -> str:
        """Return the help for a name in scope where a step's word is needed."""
        if name == "input":
            return ""
        if self.scope and name in self.scope.labels:
            return f"it is a value: go on with it by `from: {name}`"
        if self.scope and name in self.scope.names:
            return f"to call what the argument holds, write `${name}`"
        return ""

    def _check_step_keys(self, kind: StepKind, call: Call) -> None:
        """Report step keys without effect, and an argument that is not in scope."""
        key, tree = call.key, call.tree
        combinator = COMBINATORS[key] if kind == "combinator" else None
        for name in BESIDE & tree.keys():
            if key != name and not (combinator and combinator.beside):
                help_text = (
                    self._body_help(key) if name == "body" else "only `repeat` and `foreach` have rounds to collect"
                )
                self.report(Code.UNEXPECTED_BODY, f"{key} takes no `{name}`", tree.key_spans[name], help_text)
        if combinator:
            self._check_ignored_keys(combinator, tree)
        if kind == "argument" and self.scope and key[1:] not in self.scope.names:
            self.collector.add([unknown_argument(key[1:], self.scope.names, call.span, self.scope)])

    def _check_ignored_keys(self, combinator: type[Combinator], tree: Mapping) -> None:
        for key in combinator.ignored_keys:
            if key in tree:
                inside = key in combinator.model_fields
                help_text = (
                    f"write it inside, as in `{combinator.key}: {{{key}: ...}}`" if inside else combinator.ignored_help
                )
                message = f"`{key}` has no effect on {combinator.key}"
                self.report(Code.STEP_KEY_WITHOUT_EFFECT, message, tree.key_spans[key], help_text)

    def _body_help(self, key: str) -> str:
        return f"write `{key}: {{body: [...]}}`" if key in COMBINATORS else "make the body a block, or a `sequential`"

    def _step_keys(self, tree: Mapping) -> dict[str, Any]:
        for key in ("name", "when", "share", "expect", "device", "train", "init"):
            if key in tree and tree[key] is None:
                message, help_text = f"`{key}` has no value", "write one behind it, or leave the key out"
                self.report(Code.INVALID_STEP_KEY, message, tree.key_spans[key], help_text)
        name = tree.get("name")
        share = tree.get("share")
        if name is not None:
            name = self._text(tree, "name", name)
            if self.scope and name:
                self.scope.named.add(name)
        if share is not None:
            share = self._text(tree, "share", share)
        for key in ("when", "device", "train"):
            self.check_expressions(tree.get(key), tree, key)
        self.check_expressions(tree.get("expect"), tree, "expect")
        if is_always_true(tree.get("when"), self.scope):
            help_text = "leave it out, or test an argument"
            self.report(Code.CONDITION_ALWAYS_TRUE, "`when` is always true", tree.value_spans["when"], help_text)
        return {
            "name": name,
            "share": share,
            "when": tree.get("when"),
            "otherwise": self._alternative(tree, name) if "else" in tree else None,
            "device": tree.get("device"),
            "train": tree.get("train"),
            "expect": tree.get("expect"),
            "init": tree.get("init"),
            "label": self._labels(tree, "as"),
            "origin": self._labels(tree, "from"),
        }

    def _alternative(self, tree: Mapping, name: str | None) -> Step:
        """Return the step for ``else``: the only one of its body, or all of them in one."""
        place = tree.value_spans["else"]
        body = self.body(tree["else"], place)
        if "when" not in tree and not any(OTHER_STEP_KEYS.get(key) == "when" for key in tree):
            help_text = "write the condition, as in `when: i > 0`, or leave it out"
            message = "`else` has no effect without `when`"
            self.report(Code.STEP_KEY_WITHOUT_EFFECT, message, tree.key_spans["else"], help_text)
        if len(body) == 1 and not body.steps[0].places.keys() & STEP_KEYS.keys() and body.steps[0].kind != "combinator":
            return replace(body.steps[0], name=name, share=tree.get("share"))
        arguments = under("body", body, tree.key_spans["else"], place)
        step = Step("combinator", "sequential", tree.key_spans["else"], arguments, name=name, share=tree.get("share"))
        return replace(step, places=tree)

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

    def _collected(self, tree: Mapping) -> str | None:
        label, place = tree["collect"], tree.value_spans["collect"]
        if isinstance(label, str) and LABEL.match(label) and label not in RESERVED:
            return label
        message = f"`collect` takes a label, not {show_value(label)}"
        self.report(Code.INVALID_LABEL, message, place, LABEL_HELP)
        return None

    def _labels(self, tree: Mapping, key: str) -> tuple[str, ...]:
        if key not in tree:
            return ()
        value = tree[key]
        labels = value if isinstance(value, Sequence) else [value]
        places = value.item_spans if isinstance(value, Sequence) else [tree.value_spans[key]]
        for label, place in zip(labels, places, strict=True):
            allowed = isinstance(label, str) and (LABEL.match(label) or key == "from")
            # `from` takes `x` and `input` too, which `as` cannot define.
            if not allowed or (key == "as" and label in RESERVED):
                message = f"`{key}` takes a label or a list of labels, not {show_value(label)}"
                is_long = isinstance(label, str) and len(label) > LONGEST_NAME
                help_text = LABEL_HELP
                if key == "from" and isinstance(label, int):
                    help_text = "steps have no numbers: label one by `as: here`, and go on with `from: here`"
                if isinstance(label, str) and (found := re.match(r"(\w+)(\[|\.append\b|\.add\b)", label)):
                    help_text = f"the values of all rounds of a loop are labelled by its `collect: {found[1]}`"
                if label == -1:
                    help_text = "leave it out: a step takes the value of the one before"
                self.report(Code.INVALID_LABEL, message, place, wrong_name(label) if is_long else help_text)
                return ()
            if key == "from":
                self.check_label(label, place)
        return tuple(labels)


def _only_takes_values(tree: Mapping) -> bool:
    """Return whether a step only selects or labels values."""
    return bool(tree.keys() & {"from", "as"}) and tree.keys() <= {"from", "as", "when", "else", "expect"}
