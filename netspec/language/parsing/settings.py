"""Settings of what is declared elsewhere: arguments of extended documents, of ops, and in variants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netspec.diagnostics import Code, nearest
from netspec.language.combinators import COMBINATORS
from netspec.language.messages import show_value
from netspec.language.model import Parameter
from netspec.language.other_names import suggest_step
from netspec.language.parsing.parser import Parser
from netspec.language.scope import Scope
from netspec.ops import OPS
from netspec.syntax.yaml import Mapping

NUMBERS = ("index", "count")
"""What ``defaults`` can read of a call: its place among those that are numbered, from 0, and how many there are."""


def check_settings(parser: Parser, trees: list[Mapping]) -> None:
    """Report arguments that a document without steps sets and no document that it extends declares.

    ``trees`` are the documents, each of which extends the next.
    """
    # A document with steps may declare arguments for them; without any, an unknown argument can only be a typo.
    own, *others = trees
    if not others or own.get("network") is not None or own.get("blocks"):
        return
    known = {name for tree in others for name in tree.get("args") or ()}
    _check_known(parser, own.get("args") or Mapping(), sorted(known), own["extends"])


def check_variants(parser: Parser, tree: Mapping, parameters: Iterable[str]) -> None:
    """Report arguments that a variant sets and the document does not have."""
    for values in (tree.get("variants") or {}).values():
        _check_known(parser, values, list(parameters), tree.get("name") or "the document")


def _check_known(parser: Parser, values: Mapping, known: list[str], owner: str) -> None:
    for name in values:
        if name not in known:
            help_text = nearest(name, known) or (f"it has {', '.join(known)}" if known else "declare it in `args`")
            parser.report(Code.UNKNOWN_SETTING, f"{owner} has no argument '{name}'", values.key_spans[name], help_text)


def check_reference(parser: Parser, tree: Mapping) -> None:
    """Report references that name no constructor of a library, and `keys` for none of them."""
    reference = tree.get("reference") or Mapping()
    libraries = [name for name in reference if name != "keys"]
    for library in libraries:
        if not _is_constructor(reference[library]):
            message = f"`{library}` is a constructor, alone or with its arguments, not {show_value(reference[library])}"
            help_text = f"as in `{library}: resnet18`, or `{library}: {{resnet18: {{num_classes: 10}}}}`"
            parser.report(Code.INVALID_DOCUMENT_VALUE, message, reference.value_spans[library], help_text)
    if "keys" in reference and reference["keys"] not in libraries:
        message = f"`keys` must name one of the reference's libraries, not {show_value(reference['keys'])}"
        help_text = f"it names {', '.join(libraries)}" if libraries else "name the library too"
        parser.report(Code.INVALID_DOCUMENT_VALUE, message, reference.value_spans["keys"], help_text)


def check_published(parser: Parser, tree: Mapping) -> None:
    """Report a published accuracy without figures, or with contradictory ones."""
    published = tree.get("published")
    if not isinstance(published, Mapping):
        return  # missing, or reported with the rest of the header
    top1, top5 = published.get("top1"), published.get("top5")
    if top1 is None and top5 is None:
        message, help_text = "`published` has neither `top1` nor `top5`", "add the accuracy in percent, or leave it out"
        parser.report(Code.INVALID_DOCUMENT_VALUE, message, tree.key_spans["published"], help_text)
    elif isinstance(top1, int | float) and isinstance(top5, int | float) and top1 > top5:
        message = f"`top1` is {top1}, which is more than `top5`, {top5}"
        help_text = "both are accuracies in percent; of an error, write 100 less the error"
        parser.report(Code.INVALID_DOCUMENT_VALUE, message, published.value_spans["top1"], help_text)


def _is_constructor(value: Any) -> bool:
    if isinstance(value, Mapping) and len(value) == 1:
        ((value, arguments),) = value.items()
        return isinstance(value, str) and value.isidentifier() and isinstance(arguments, Mapping)
    return isinstance(value, str) and value.isidentifier()


def check_defaults(parser: Parser, tree: Mapping, parameters: dict[str, Parameter]) -> None:
    """Report ``defaults`` and ``init`` of unknown words, and wrong arguments of known ones."""
    combinators = {name: each for name, each in COMBINATORS.items() if each.default_fields()}
    known = {"init": [*OPS, *parser.namespace], "defaults": [*OPS, *parser.namespace, *combinators]}
    for key, words in known.items():
        for name, span in (tree[key].key_spans if tree.get(key) else {}).items():
            if name not in words:
                help_text = suggest_step(name, words) or "`netspec ops` lists all of them"
                parser.report(Code.UNKNOWN_OP, f"`{key}` has no op or block '{name}'", span, help_text)
    parser.scope = Scope(NUMBERS, parameters=parameters)
    for name, values in (tree.get("defaults") or {}).items():
        if name in OPS:
            parser.check_arguments(OPS[name], values)
        elif name in parser.namespace:
            parser.check_block_defaults(parser.namespace[name], values)
        elif name in combinators:
            parser.check_combinator_defaults(combinators[name], values)
    parser.scope = None
