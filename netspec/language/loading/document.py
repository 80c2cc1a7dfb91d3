"""From a path or a name to a Document: reading, ``extends``, ``import``, variants and overrides."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable
from collections.abc import Mapping as Namespace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from netspec.diagnostics import MOST_ERRORS, Code, Collector, Diagnostic, Note, Span, SpecError, nearest
from netspec.language.loading.extends import merge_documents
from netspec.language.loading.files import find, refer
from netspec.language.loading.library import library
from netspec.language.loading.overriding import override
from netspec.language.messages import show_kind
from netspec.language.model import Block, Body, Document
from netspec.language.parsing.declarations import check_outputs, declare, define
from netspec.language.parsing.header import Header
from netspec.language.parsing.parameters import parse_parameters
from netspec.language.parsing.parser import Parser
from netspec.language.parsing.settings import check_defaults, check_settings, check_variants
from netspec.language.scope import Scope
from netspec.syntax.yaml import Mapping, locate, read_file

LARGEST_CHAIN = 16
"""How many documents may extend or import each other in a row."""


def load(path_or_name: str | Path, variant: str | None = None, overrides: dict[str, Any] | None = None) -> Document:
    """Return the document at a path, or the shipped one of that name, with a variant and overrides applied.

    Raises: SpecError with every error that was found.

    Example:
        >>> from netspec.language.loading.document import load
        >>> load("resnet18").title
        'ResNet-18'
    """
    path = find(path_or_name)
    collector = Collector()
    document = _assemble(path, _chain(path, collector), collector)
    return override(document, variant, overrides or {})


def _chain(path: Path, collector: Collector) -> list[tuple[Path, Mapping]]:
    """Return the files from the document to the farthest one it extends, each with its checked tree.

    Errors of the top level that leave what stands below it as it is are collected.
    """
    chain: list[tuple[Path, Mapping]] = []
    span: Span | None = None
    while True:
        if any(path.resolve() == earlier.resolve() for earlier, _ in chain):
            raise SpecError.of(
                Code.CIRCULAR_REFERENCE, f"{path.name} extends itself", span, help="extend another document, or none"
            )
        if len(chain) == LARGEST_CHAIN:
            message = f"more than {LARGEST_CHAIN} documents extend each other"
            raise SpecError.of(Code.CIRCULAR_REFERENCE, message, span, help="extend one of the first directly")
        tree = read_document(path, collector)
        chain.append((path, tree))
        if tree.get("extends") is None:
            return chain
        span = tree.value_spans["extends"]
        path = refer(tree["extends"], path, span)


def read_document(path: Path, collector: Collector | None = None) -> Mapping:
    """Return the tree of a file whose top level is a valid header.

    With a collector, errors of keys on which nothing else depends are left to it, where there are no others.

    Raises: SpecError with every error of the top level.
    """
    tree = read_file(path)
    if not isinstance(tree, Mapping):
        span = Span(str(path), 1, 1, 1, 2)
        raise SpecError.of(
            Code.NOT_A_DOCUMENT,
            f"a document is a mapping, not {show_kind(tree)}",
            span,
            help="it starts with `netspec: 1`",
        )
    try:
        Header.model_validate(tree)
    except ValidationError as error:
        errors = error.errors()[:MOST_ERRORS]
        diagnostics = [_header_error(tree, each) for each in errors]
        if collector is None or not all(map(_is_minor, errors)):
            raise SpecError(diagnostics) from None
        collector.add(diagnostics)
    return tree


ASIDE = ("name", "title", "cite", "notes", "reference", "expect")
"""The keys on which nothing else in a document depends."""


def _is_minor(error: Any) -> bool:
    """Return whether an error of the header leaves the rest as it is: it is no misspelled key that others depend on."""
    key = str(error["loc"][0])
    others = [info.alias or name for name, info in Header.model_fields.items() if name not in ASIDE]
    return key in ASIDE or (error["type"] == "extra_forbidden" and not nearest(key, others))


def _header_error(tree: Mapping, error: Any) -> Diagnostic:
    loc = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        known = [info.alias or name for name, info in Header.model_fields.items()] if len(loc) == 1 else _expectations()
        help_text = nearest(str(loc[-1]), known) or f"it takes {', '.join(known)}"
        where = "a document" if len(loc) == 1 else f"`{loc[0]}`"
        return Diagnostic(
            Code.UNKNOWN_DOCUMENT_KEY, f"{where} has no '{loc[-1]}'", locate(tree, loc, key=True), help=help_text
        )
    if error["type"] == "missing":
        return Diagnostic(
            Code.MISSING_DOCUMENT_KEY, f"the document has no `{loc[-1]}`", tree.span, help="start it with `netspec: 1`"
        )
    message = f"`{'.'.join(map(str, loc))}` {_REQUIREMENTS[error['type']]}, not {show_kind(error['input'])}"
    return Diagnostic(Code.INVALID_DOCUMENT_VALUE, message, locate(tree, loc), help=_header_help(loc))


_REQUIREMENTS = {
    "dict_type": "must be a mapping",
    "greater_than_equal": "must be at least 0",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "literal_error": "must be 1",
    "model_type": "must be a mapping",
    "string_pattern_mismatch": "must be letters, digits and _",
    "string_type": "must be a text",
}
"""What pydantic's complaints about a header mean."""


def _header_help(loc: tuple[Any, ...]) -> str:
    """Return how the part of the header at a place is written."""
    if loc[0] == "expect":
        return "as in `expect: {params: 11689512}`"
    return _HEADER_HELP.get(str(loc[0]), "put quotes around a text that looks like a number")


_HEADER_HELP = {
    "netspec": "this version reads format 1: `netspec: 1`",
    "name": "it is the name of a class and of files too, and starts with a letter",
    "reference": "as in `reference: {torchvision: resnet18}`",
    "import": "as in `import: [blocks/units.yaml]`",
    "args": "as in `args: {width: 64}`",
    "variants": "as in `variants: {wide: {width: 128}}`",
    "defaults": "as in `defaults: {conv: {bias: false}}`",
    "init": "as in `init: {conv: kaiming_normal}`",
    "outputs": "as in `outputs: [logits, features]`",
    "blocks": "as in `blocks: {unit: {body: [relu]}}`",
}


def _expectations() -> list[str]:
    from netspec.language.parsing.header import Expectation

    return list(Expectation.model_fields)


def _assemble(path: Path, chain: list[tuple[Path, Mapping]], collector: Collector) -> Document:
    tree = merge_documents([each for _, each in chain])
    own: dict[str, Block] = {}
    imported = _import_all(chain)
    namespace: Namespace[str, Block] = ChainMap(own, imported, library())  # type: ignore[arg-type]
    parser = Parser(namespace, tree.get("defaults") or Mapping(), collector)
    _define_blocks(parser, tree, own, imported)
    parameters = parse_parameters(parser, tree["args"], tree.span) if tree.get("args") else {}
    complete = set(tree.get("args") or ()) == set(parameters)
    check_settings(parser, [each for _, each in chain])
    check_variants(parser, tree, parameters)
    check_defaults(parser, tree, parameters)
    network = _network(parser, tree, parameters if complete else None)
    _check_required(parser, tree)
    collector.raise_errors()
    assert network is not None, "a document without one has been reported"
    arguments = Mapping(str(path))
    return Document(
        path=path,
        name=tree.get("name") or _name_of(path),
        title=tree.get("title", ""),
        cite=tree.get("cite", ""),
        notes=tree.get("notes", ""),
        reference=tree.get("reference") or {},
        parameters=parameters,
        arguments=arguments,
        variants=tree.get("variants") or {},
        defaults=tree.get("defaults") or Mapping(),
        init=tree.get("init") or Mapping(),
        input=tree["input"],
        outputs=tuple(tree.get("outputs") or ()),
        namespace=namespace,
        blocks=own,
        network=network,
        expect=tree.get("expect") or Mapping(),
        span=tree.span,
        tree=tree,
    )


def _name_of(path: Path) -> str:
    """Return a file's name as one that a network may have, so that what is built of it can be imported."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", path.stem)
    return (name if name[:1].isalpha() else f"net_{name.strip('_')}".rstrip("_"))[:64]


def _network(parser: Parser, tree: Mapping, parameters: Iterable[str] | None) -> Body | None:
    """Parse the network; where its arguments are not known for certain, names are not checked."""
    if tree.get("network") is None:
        parser.report(
            Code.MISSING_DOCUMENT_KEY, "the document has no `network`", tree.span, "add `network:` with a list of steps"
        )
        return None
    entered = tree.get("input")
    inputs = entered if isinstance(entered, Mapping) and "shape" not in entered else ()
    scope = None if parameters is None else Scope.of_body(parameters, inputs)
    body = parser.body(tree["network"], tree.value_spans["network"], scope)
    check_outputs(parser, tree, tuple(tree.get("outputs") or ()), scope)
    return body


def _check_required(parser: Parser, tree: Mapping) -> None:
    if tree.get("input") is None:
        parser.report(
            Code.MISSING_DOCUMENT_KEY, "the document has no `input`", tree.span, "add one, as in `input: [3, 224, 224]`"
        )


def _import_all(chain: list[tuple[Path, Mapping]]) -> dict[str, Block]:
    imported: dict[str, Block] = {}
    for path, tree in reversed(chain):
        for text, span in _imports(tree):
            _add_import(imported, refer(text, path, span), span, (path,))
    return imported


def _imports(tree: Mapping) -> list[tuple[str, Span]]:
    sequence = tree.get("import") or ()
    return [(text, locate(tree, ("import", index))) for index, text in enumerate(sequence)]


def _add_import(imported: dict[str, Block], path: Path, span: Span, trail: tuple[Path, ...]) -> None:
    for name, block in _blocks_of(path, span, trail).items():
        earlier = imported.get(name)
        if earlier and earlier.span != block.span:
            notes = [Note(earlier.span, "the first"), Note(block.span, "the second")]
            help_text = "rename one, or import only one of the files"
            raise SpecError.of(
                Code.DUPLICATE_BLOCK, f"two imported files define the block '{name}'", span, notes=notes, help=help_text
            )
        imported[name] = block


def _blocks_of(path: Path, span: Span, trail: tuple[Path, ...]) -> dict[str, Block]:
    if any(path.resolve() == each.resolve() for each in trail):
        raise SpecError.of(
            Code.CIRCULAR_REFERENCE, f"{path.name} imports itself", span, help="move what both need into a third file"
        )
    if len(trail) > LARGEST_CHAIN:
        message = f"more than {LARGEST_CHAIN} files import each other"
        raise SpecError.of(Code.CIRCULAR_REFERENCE, message, span, help="import the last ones directly")
    tree = read_document(path)
    own: dict[str, Block] = {}
    imported: dict[str, Block] = {}
    for text, place in _imports(tree):
        _add_import(imported, refer(text, path, place), place, (*trail, path))
    namespace: Namespace[str, Block] = ChainMap(own, imported, library())  # type: ignore[arg-type]
    parser = Parser(namespace)
    _define_blocks(parser, tree, own, imported)
    parser.collector.raise_errors()
    return own


def _define_blocks(parser: Parser, tree: Mapping, own: dict[str, Block], imported: dict[str, Block]) -> None:
    """Put the blocks of a document into ``own``, which the parser's namespace begins with."""
    blocks = tree.get("blocks") or Mapping()
    _refuse_doubles(parser, blocks, imported)
    own.update(declare(parser, blocks, parser.namespace))
    define(parser, blocks, own)


def _refuse_doubles(parser: Parser, blocks: Mapping, imported: dict[str, Block]) -> None:
    for name in blocks:
        if name in imported:
            notes = [Note(imported[name].span, "imported from here")]
            parser.report(
                Code.DUPLICATE_BLOCK,
                f"the block '{name}' is defined twice",
                blocks.key_spans[name],
                "rename one",
                notes,
            )
