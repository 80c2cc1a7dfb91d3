"""From a path or a name to a Document: reading, ``extends``, ``import``, variants and overrides."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping as Namespace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from netspec.errors import Diagnostic, Note, Span, SpecError, fault, nearest
from netspec.reader import Mapping, locate, read_file
from netspec.spec.declarations import declare, define
from netspec.spec.files import find, refer
from netspec.spec.header import Header
from netspec.spec.library import library
from netspec.spec.model import Block, Body, Document
from netspec.spec.overriding import override
from netspec.spec.parsing import TYPES, Parser, show_value

LARGEST_CHAIN = 16
"""How many documents may extend or import each other in a row."""

MERGED = ("args", "variants", "defaults", "init", "blocks")
"""The keys whose entries add up over ``extends``; every other key of the nearer document replaces the farther one's."""

NOT_INHERITED = ("extends", "import", "expect", "reference", "notes")
"""The keys that speak of one file only."""


def load(path_or_name: str | Path, variant: str | None = None, overrides: dict[str, Any] | None = None) -> Document:
    """Return the document at a path, or the shipped one of that name, with a variant and overrides applied.

    Raises: SpecError with every fault that was found.

    Example:
        >>> from netspec.spec.loading import load
        >>> load("resnet18").title
        'ResNet-18'
    """
    path = find(path_or_name)
    chain = _chain(path)
    document = _assemble(path, chain)
    return override(document, variant, overrides or {})


def _chain(path: Path) -> list[tuple[Path, Mapping]]:
    """Return the files from the document to the farthest one it extends, each with its checked tree."""
    chain: list[tuple[Path, Mapping]] = []
    span: Span | None = None
    while True:
        if any(path.resolve() == earlier.resolve() for earlier, _ in chain):
            raise fault("NS0004", f"{path.name} extends itself", span)
        if len(chain) == LARGEST_CHAIN:
            raise fault("NS0004", f"more than {LARGEST_CHAIN} documents extend each other", span)
        tree = read_document(path)
        chain.append((path, tree))
        if tree.get("extends") is None:
            return chain
        span = tree.value_spans["extends"]
        path = refer(tree["extends"], path, span)


def read_document(path: Path) -> Mapping:
    """Return the tree of a file whose top level is a valid header.

    Raises: SpecError with every fault of the top level.
    """
    tree = read_file(path)
    if not isinstance(tree, Mapping):
        span = Span(str(path), 1, 1, 1, 2)
        raise fault(
            "NS0201", f"a document is a mapping, not {show_value(tree)}", span, help="it starts with `netspec: 1`"
        )
    try:
        Header.model_validate(tree)
    except ValidationError as error:
        raise SpecError(_header_fault(tree, each) for each in error.errors()) from None
    return tree


def _header_fault(tree: Mapping, error: Any) -> Diagnostic:
    loc = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        known = list(Header.model_fields) if len(loc) == 1 else list(tree.get(loc[0], ()))
        known = [info.alias or name for name, info in Header.model_fields.items()] if len(loc) == 1 else _expectations()
        help_text = nearest(str(loc[-1]), known) or f"it takes {', '.join(known)}"
        where = "a document" if len(loc) == 1 else f"`{loc[0]}`"
        return Diagnostic("NS0202", f"{where} has no '{loc[-1]}'", locate(tree, loc, key=True), help=help_text)
    if error["type"] == "missing":
        return Diagnostic("NS0203", f"the document has no `{loc[-1]}`", tree.span, help="start it with `netspec: 1`")
    message = f"`{'.'.join(map(str, loc))}`: {error['msg'][0].lower()}{error['msg'][1:]}"
    return Diagnostic("NS0204", message, locate(tree, loc), help=_header_help(loc))


def _header_help(loc: tuple[Any, ...]) -> str:
    if loc == ("name",):
        return "a name has letters, digits and _, and starts with a letter"
    if loc == ("netspec",):
        return "this version reads format 1: `netspec: 1`"
    return ""


def _expectations() -> list[str]:
    from netspec.spec.header import Expectation

    return list(Expectation.model_fields)


def _assemble(path: Path, chain: list[tuple[Path, Mapping]]) -> Document:
    tree = _merge([each for _, each in chain])
    own: dict[str, Block] = {}
    imported = _import_all(chain)
    namespace: Namespace[str, Block] = ChainMap(own, imported, library())  # type: ignore[arg-type]
    parser = Parser(namespace)
    blocks = tree.get("blocks") or Mapping()
    _refuse_doubles(parser, blocks, imported)
    own.update(declare(parser, blocks, namespace))
    define(parser, blocks, own)
    parameters = parser.parameters(tree["args"], tree.span) if tree.get("args") else {}
    _check_settings(parser, chain)
    network = _network(parser, tree)
    _check_required(parser, tree)
    if parser.diagnostics or network is None:
        raise SpecError(parser.diagnostics)
    arguments = Mapping(str(path))
    return Document(
        path=path,
        name=tree.get("name") or path.stem,
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


def _merge(trees: list[Mapping]) -> Mapping:
    """Return one tree in which nearer documents win; the first tree is the nearest."""
    nearest_tree, *farther = trees
    merged = Mapping(nearest_tree.span.file)
    for tree in [*reversed(farther), nearest_tree]:
        inherited = tree if tree is nearest_tree else {k: v for k, v in tree.items() if k not in NOT_INHERITED}
        for key, value in inherited.items():
            both = key in MERGED and isinstance(merged.get(key), Mapping) and isinstance(value, Mapping)
            overlaid = _settings(merged[key], value) if both and key == "args" else value
            merged[key] = _overlay(merged[key], overlaid) if both else value
            merged.key_spans[key], merged.value_spans[key] = tree.key_spans[key], tree.value_spans[key]
    return merged


def _overlay(lower: Mapping, upper: Mapping) -> Mapping:
    result = Mapping(upper.span.file)
    for layer in (lower, upper):
        result.update(layer)
        result.key_spans.update(layer.key_spans)
        result.value_spans.update(layer.value_spans)
    return result


def _settings(declared: Mapping, given: Mapping) -> Mapping:
    """Return the nearer document's arguments; a value keeps the type and bounds that the farther one declares."""
    result = _overlay(Mapping(), given)
    for name, value in given.items():
        if _is_declaration(declared.get(name)) and not _is_declaration(value):
            result[name] = _with_default(declared[name], value, given.value_spans[name])
    return result


def _is_declaration(value: Any) -> bool:
    return (isinstance(value, Mapping) and "type" in value) or (isinstance(value, str) and value in TYPES)


def _with_default(declaration: Any, value: Any, span: Span) -> Mapping:
    changed = Mapping(span.file)
    if isinstance(declaration, Mapping):
        changed = _overlay(changed, declaration)
    else:
        changed["type"] = declaration
    changed["default"] = value
    changed.value_spans["default"] = span
    return changed


def _network(parser: Parser, tree: Mapping) -> Body | None:
    if tree.get("network") is None:
        parser.report("NS0203", "the document has no `network`", tree.span, "add `network:` with a list of steps")
        return None
    return parser.body(tree["network"], tree.value_spans["network"])


def _check_required(parser: Parser, tree: Mapping) -> None:
    if tree.get("input") is None:
        parser.report("NS0203", "the document has no `input`", tree.span, "add one, as in `input: [3, 224, 224]`")


def _check_settings(parser: Parser, chain: list[tuple[Path, Mapping]]) -> None:
    """Record arguments that a document sets without declaring them: it only extends another, which has none such."""
    own = chain[0][1]
    if len(chain) == 1 or own.get("network") is not None or own.get("blocks"):
        return
    known = {name for _, tree in chain[1:] for name in tree.get("args") or ()}
    for name in own.get("args") or ():
        if name not in known:
            help_text = nearest(name, known) or f"it has {', '.join(sorted(known))}"
            span = own["args"].key_spans[name]
            parser.report("NS0214", f"{own['extends']} has no argument '{name}'", span, help_text)


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
            raise fault("NS0212", f"two imported files define the block '{name}'", span, notes=notes)
        imported[name] = block


def _blocks_of(path: Path, span: Span, trail: tuple[Path, ...]) -> dict[str, Block]:
    if any(path.resolve() == each.resolve() for each in trail):
        raise fault("NS0004", f"{path.name} imports itself", span)
    if len(trail) > LARGEST_CHAIN:
        raise fault("NS0004", f"more than {LARGEST_CHAIN} files import each other", span)
    tree = read_document(path)
    own: dict[str, Block] = {}
    imported: dict[str, Block] = {}
    for text, place in _imports(tree):
        _add_import(imported, refer(text, path, place), place, (*trail, path))
    namespace: Namespace[str, Block] = ChainMap(own, imported, library())  # type: ignore[arg-type]
    parser = Parser(namespace)
    blocks = tree.get("blocks") or Mapping()
    _refuse_doubles(parser, blocks, imported)
    own.update(declare(parser, blocks, namespace))
    define(parser, blocks, own)
    if parser.diagnostics:
        raise SpecError(parser.diagnostics)
    return own


def _refuse_doubles(parser: Parser, blocks: Mapping, imported: dict[str, Block]) -> None:
    for name in blocks:
        if name in imported:
            notes = [Note(imported[name].span, "imported from here")]
            parser.report("NS0212", f"the block '{name}' is defined twice", blocks.key_spans[name], "rename one", notes)
