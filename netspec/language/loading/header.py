"""The top level of a file: read, and checked before anything below it is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from netspec.diagnostics import MOST_ERRORS, Code, Collector, Diagnostic, SourceMap, Span, SpecError
from netspec.language.messages import show_kind
from netspec.language.names import LONGEST_NAME, NAME, wrong_name
from netspec.language.other_keys import DOCUMENT_KEYS, suggest_key
from netspec.language.parsing.header import Expectation, Header, Published
from netspec.syntax.yaml import Mapping, locate, read_file
from netspec.syntax.yaml.spacing import missing_mark


def read_document(path: Path, sources: SourceMap, collector: Collector | None = None) -> Mapping:
    """Return the tree of a file whose top level is a valid header.

    With a collector, errors of keys on which nothing else depends are only collected, if there are no others.

    Raises: SpecError with every error of the top level.
    """
    tree = read_file(path, sources)
    if not isinstance(tree, Mapping):
        span = Span(str(path), 1, 1, 1, 2)
        mark = missing_mark(tree) if isinstance(tree, str) else None
        help_text = mark[1] if mark else "it starts with `netspec: 1`"
        raise SpecError.of(Code.NOT_A_DOCUMENT, f"a document is a mapping, not {show_kind(tree)}", span, help=help_text)
    try:
        Header.model_validate(tree)
    except ValidationError as error:
        # pydantic may report thousands of wrong keys; the limit on errors holds here too.
        errors = error.errors()[:MOST_ERRORS]
        diagnostics = [_header_error(tree, each) for each in errors]
        if collector is None or not all(map(_is_minor, errors)):
            raise SpecError(diagnostics) from None
        collector.add(diagnostics)
    return tree


ASIDE = ("name", "title", "cite", "notes", "reference", "published", "expect")
"""The keys on which nothing else in a document depends."""


def _is_minor(error: Any) -> bool:
    """Return whether an error of the header does not affect the rest, unlike a misspelled key."""
    key = str(error["loc"][0])
    others = [info.alias or name for name, info in Header.model_fields.items() if name not in ASIDE]
    return key in ASIDE or (error["type"] == "extra_forbidden" and not suggest_key(key, others, DOCUMENT_KEYS))


def _header_error(tree: Mapping, error: Any) -> Diagnostic:
    # For an error of a key, pydantic's location ends with "[key]", which is no part of the tree.
    loc = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        header = [info.alias or name for name, info in Header.model_fields.items()]
        known = header if len(loc) == 1 else list(_PARTS[loc[0]].model_fields)
        meant = suggest_key(str(loc[-1]), known, DOCUMENT_KEYS if len(loc) == 1 else {})
        help_text = meant or f"it takes {', '.join(known)}"
        where = "a document" if len(loc) == 1 else f"`{loc[0]}`"
        return Diagnostic(
            Code.UNKNOWN_DOCUMENT_KEY, f"{where} has no '{loc[-1]}'", locate(tree, loc, key=True), help=help_text
        )
    if error["type"] == "missing" and len(loc) > 1:
        message = f"`{loc[0]}` has no `{loc[-1]}`"
        return Diagnostic(Code.MISSING_DOCUMENT_KEY, message, locate(tree, loc[:-1], key=True), help=_header_help(loc))
    if error["type"] == "missing":
        return Diagnostic(
            Code.MISSING_DOCUMENT_KEY, f"the document has no `{loc[-1]}`", tree.span, help="start it with `netspec: 1`"
        )
    if loc[0] == "outputs" and isinstance(error["input"], str):
        return _outputs_error(tree, loc, error["input"])
    message = f"`{'.'.join(map(str, loc))}` {_REQUIREMENTS[error['type']]}, not {show_kind(error['input'])}"
    is_long = error["type"] == "string_pattern_mismatch" and len(error["input"]) > LONGEST_NAME
    help_text = wrong_name(error["input"]) if is_long else _header_help(loc)
    return Diagnostic(Code.INVALID_DOCUMENT_VALUE, message, locate(tree, loc), help=help_text)


def _outputs_error(tree: Mapping, loc: tuple[Any, ...], given: str) -> Diagnostic:
    """Return the diagnostic of outputs that are one label without a list, or what is picked without a name."""
    is_label = NAME.match(given) is not None
    message = f"`{'.'.join(map(str, loc))}` must be {'a list' if is_label else 'letters, digits and _'}, not {given!a}"
    help_text = f"as in `outputs: [{given}]`" if is_label else f'give it a name, as in `outputs: {{first: "{given}"}}`'
    help_text = wrong_name(given) if len(given) > LONGEST_NAME else help_text
    return Diagnostic(Code.INVALID_DOCUMENT_VALUE, message, locate(tree, loc), help=help_text)


_PARTS: dict[str, type[BaseModel]] = {"expect": Expectation, "published": Published}
"""The keys of a document whose own keys are known."""

_REQUIREMENTS = {
    "dict_type": "must be a mapping",
    "float_type": "must be a number",
    "greater_than_equal": "must be at least 0",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most 100",
    "list_type": "must be a list",
    "literal_error": "must be 1",
    "model_type": "must be a mapping",
    "string_pattern_mismatch": "must be letters, digits and _",
    "string_type": "must be a text",
}
"""The requirements behind pydantic's errors about a header."""


def _header_help(loc: tuple[Any, ...]) -> str:
    """Return an example of the part of the header at a location."""
    if loc[0] == "expect":
        return "as in `expect: {params: 11689512}`"
    return _HEADER_HELP.get(str(loc[0]), "write it as a text; put quotes around one that looks like a number")


_HEADER_HELP = {
    "netspec": "this version reads format 1: `netspec: 1`",
    "name": "it is the name of a class and of files too, and starts with a letter",
    "reference": "as in `reference: {torchvision: resnet18}`",
    "published": "as in `published: {dataset: ImageNet, top1: 75.3, top5: 92.2, source: 'table 4, one crop'}`",
    "extends": "as in `extends: resnet18`, or `extends: family.yaml`",
    "import": "as in `import: [blocks/units.yaml]`",
    "args": "as in `args: {width: 64}`",
    "variants": "as in `variants: {wide: {width: 128}}`",
    "defaults": "as in `defaults: {conv: {bias: false}}`",
    "init": "as in `init: {conv: kaiming_normal}`",
    "outputs": "as in `outputs: [logits, features]`",
    "blocks": "as in `blocks: {unit: {body: [relu]}}`",
    "tensors": "as in `tensors: {token: {shape: [1, 64], init: zeros}}`",
}
