"""What a document says about things declared elsewhere: arguments of a family, of ops, and in variants."""

from __future__ import annotations

from collections.abc import Iterable

from netspec.diagnostics import Code, nearest
from netspec.language.model import Parameter
from netspec.language.other_names import suggest_step
from netspec.language.parsing.parser import Parser
from netspec.language.scope import Scope
from netspec.ops import OPS
from netspec.syntax.yaml import Mapping


def check_settings(parser: Parser, trees: list[Mapping]) -> None:
    """Record arguments that a document sets without declaring them: it only extends another, which has none such.

    ``trees`` are the documents, each of which extends the next.
    """
    # A document with steps of its own may declare arguments for them; without any, a new one could only be a typo.
    own, *others = trees
    if not others or own.get("network") is not None or own.get("blocks"):
        return
    known = {name for tree in others for name in tree.get("args") or ()}
    _check_known(parser, own.get("args") or Mapping(), sorted(known), own["extends"])


def check_variants(parser: Parser, tree: Mapping, parameters: Iterable[str]) -> None:
    """Record arguments that a variant sets and the document does not have."""
    for values in (tree.get("variants") or {}).values():
        _check_known(parser, values, list(parameters), tree.get("name") or "the document")


def _check_known(parser: Parser, values: Mapping, known: list[str], owner: str) -> None:
    for name in values:
        if name not in known:
            help_text = nearest(name, known) or (f"it has {', '.join(known)}" if known else "declare it in `args`")
            parser.report(Code.UNKNOWN_SETTING, f"{owner} has no argument '{name}'", values.key_spans[name], help_text)


def check_defaults(parser: Parser, tree: Mapping, parameters: dict[str, Parameter]) -> None:
    """Record ``defaults`` and ``init`` for ops that do not exist, and wrong arguments of those that do."""
    for key in ("defaults", "init"):
        for name, span in (tree[key].key_spans if tree.get(key) else {}).items():
            if name not in OPS:
                help_text = suggest_step(name, OPS) or "`netspec ops` lists all of them"
                parser.report(Code.UNKNOWN_OP, f"`{key}` has no op '{name}'", span, help_text)
    parser.scope = Scope(parameters=parameters)
    for name, values in (tree.get("defaults") or {}).items():
        if name in OPS:
            parser.check_arguments(OPS[name], values)
    parser.scope = None
