"""From a path or a name to a Document: reading, ``extends``, ``import``, variants and overrides."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping as Namespace
from pathlib import Path
from typing import Any

from netspec.diagnostics import Code, Collector, SourceMap, Span, SpecError, in_order
from netspec.language.loading.extends import merge_documents
from netspec.language.loading.files import find, refer
from netspec.language.loading.header import read_document
from netspec.language.loading.imports import LARGEST_CHAIN, Importer
from netspec.language.loading.library import library
from netspec.language.loading.overriding import override
from netspec.language.loading.unused import report_unused_arguments
from netspec.language.messages import show_value
from netspec.language.model import Block, Body, Document, Parameter, StoredTensor
from netspec.language.parsing.declarations import check_outputs, define_blocks
from netspec.language.parsing.parameters import parse_parameters
from netspec.language.parsing.parser import Parser
from netspec.language.parsing.settings import (
    check_defaults,
    check_published,
    check_reference,
    check_settings,
    check_variants,
)
from netspec.language.parsing.tensors import parse_tensors
from netspec.language.scope import Scope
from netspec.syntax.yaml import Mapping, locate


def load(
    path_or_name: str | Path,
    variant: str | None = None,
    overrides: dict[str, Any] | None = None,
    sources: SourceMap | None = None,
) -> Document:
    """Return the document at a path, or the shipped one of that name, with a variant and overrides applied.

    ``sources`` keeps every text that is read, for code frames, and may hold unsaved texts of an editor.

    Raises: SpecError with every error that was found.

    Example:
        >>> from netspec.language.loading.document import load
        >>> load("resnet18").title
        'ResNet-18'
    """
    sources = sources or SourceMap()
    collector = Collector()
    path = find(path_or_name, sources)
    document = _assemble(_chain(path, sources, collector), sources, collector)
    return override(document, variant, overrides or {})


def _chain(path: Path, sources: SourceMap, collector: Collector) -> list[tuple[Path, Mapping]]:
    """Return the files from the document to the farthest one it extends, each with its checked tree.

    Errors of the top level that do not affect the rest of a file are collected.
    """
    chain: list[tuple[Path, Mapping]] = []
    span: Span | None = None
    while True:
        # Resolved, since the same file may be reached by several paths or through a link.
        if any(path.resolve() == earlier.resolve() for earlier, _ in chain):
            raise SpecError.of(
                Code.CIRCULAR_REFERENCE, f"{path.name} extends itself", span, help="extend another document, or none"
            )
        if len(chain) == LARGEST_CHAIN:
            message = f"more than {LARGEST_CHAIN} documents extend each other"
            raise SpecError.of(Code.CIRCULAR_REFERENCE, message, span, help="extend one of the first directly")
        tree = read_document(path, sources, collector)
        chain.append((path, tree))
        if tree.get("extends") is None:
            return chain
        span = tree.value_spans["extends"]
        path = refer(tree["extends"], path, span, sources)


def _assemble(chain: list[tuple[Path, Mapping]], sources: SourceMap, collector: Collector) -> Document:
    """Return the document of a chain of files; raise SpecError with every error of all of them."""
    trees = [tree for _, tree in chain]
    tree = merge_documents(trees)
    importer = Importer(sources, collector)
    imported = importer.blocks_of(chain)
    # The document's own blocks shadow others of the same name. They are defined below, before any lookup.
    own: dict[str, Block] = {}
    namespace: Namespace[str, Block] = ChainMap(own, imported, library())  # type: ignore[arg-type]
    parser = Parser(namespace, tree.get("defaults") or Mapping(), collector)
    define_blocks(parser, tree, own, imported)
    parameters = _parameters(parser, tree, trees)
    tensors, network = _network(parser, tree, parameters)
    _check_input(parser, tree)
    collector.raise_errors()
    assert network is not None, "a document without one has been reported"
    # Last, and only without errors: a step that could not be parsed may read the arguments that seem unread.
    inherited = {str(path) for path, _ in chain[1:]}  # each is checked when it is compiled itself
    blocks = [each for each in (*own.values(), *importer.blocks) if each.span.file not in inherited]
    report_unused_arguments(tree, parameters, blocks, importer, parser)
    return Document(
        **_header_fields(tree, chain[0][0]),
        parameters=parameters,
        namespace=namespace,
        blocks=own,
        tensors=tensors,
        network=network,
        sources=sources,
        warnings=in_order(collector.warnings),
    )


def _header_fields(tree: Mapping, path: Path) -> dict[str, Any]:
    """Return the fields of a document that are copied from its top level."""
    return {
        "path": path,
        "name": tree.get("name") or _name_of(path),
        "title": tree.get("title", ""),
        "cite": tree.get("cite", ""),
        "notes": tree.get("notes", ""),
        "reference": tree.get("reference") or {},
        "published": tree.get("published") or Mapping(),
        "arguments": Mapping(str(path)),
        "variants": tree.get("variants") or {},
        "defaults": tree.get("defaults") or Mapping(),
        "init": tree.get("init") or Mapping(),
        "input": tree["input"],
        "outputs": _outputs(tree),
        "expect": tree.get("expect") or Mapping(),
        "span": tree.span,
        "tree": tree,
    }


def _name_of(path: Path) -> str:
    """Return the name of a file as a valid name for a network, whose generated module can then be imported."""
    # A file may be called `res-net 2.yaml`, but Python imports only identifiers.
    name = re.sub(r"[^A-Za-z0-9_]+", "_", path.stem)
    return (name if name[:1].isalpha() else f"net_{name.strip('_')}".rstrip("_"))[:64]


def _parameters(parser: Parser, tree: Mapping, trees: list[Mapping]) -> dict[str, Parameter]:
    """Parse the arguments of a document; check its variants and defaults, which name arguments too."""
    parameters = parse_parameters(parser, tree["args"], tree.span) if tree.get("args") else {}
    for each in parameters.values():
        if each.type == "value":
            message = f"`{each.name}` would be the value of a step, which only blocks are called with"
            parser.report(Code.INVALID_DECLARATION, message, each.span, "declare it under `input`")
    check_settings(parser, trees)
    check_variants(parser, tree, parameters)
    check_reference(parser, tree)
    check_published(parser, tree)
    check_defaults(parser, tree, parameters)
    return parameters


def _network(
    parser: Parser, tree: Mapping, parameters: dict[str, Parameter]
) -> tuple[tuple[StoredTensor, ...], Body | None]:
    """Parse the network and its tensors; if a declaration of an argument is wrong, names are not checked."""
    if tree.get("network") is None:
        _report_missing(parser, tree, "network", "write its steps below it, as in `- relu`")
        return (), None
    entered = tree.get("input")
    inputs = entered if isinstance(entered, Mapping) and "shape" not in entered else Mapping()
    inputs = Mapping() if _names_axes(entered) else inputs
    for name in inputs:
        if name != "input":  # the name of a single input in every document
            parser.check_variable(name, inputs.key_spans[name], "an input")
    is_complete = set(tree.get("args") or ()) == set(parameters) and not _lists_inputs(tree)
    scope = Scope.of_body(parameters, inputs) if is_complete else None
    tensors = parse_tensors(parser, tree, scope)
    body = parser.body(tree["network"], tree.value_spans["network"], scope=scope)
    for name, taken in _outputs(tree):
        if not isinstance(taken, str):
            message, help_text = f"the output '{name}' is a label, not {show_value(taken)}", 'as in `{p3: "levels[0]"}`'
            parser.report(Code.INVALID_DOCUMENT_VALUE, message, locate(tree, ("outputs", name)), help_text)
            return tensors, body
    check_outputs(parser, tree, [taken for _, taken in _outputs(tree)], scope)
    return tensors, body


def _lists_inputs(tree: Mapping) -> bool:
    """Return whether a document has a list of inputs in place of a mapping, so that their names are unknown."""
    return isinstance(tree.get("input"), list) and any(isinstance(each, Mapping) for each in tree["input"])


def _outputs(tree: Mapping) -> tuple[tuple[str, Any], ...]:
    """Return what the network returns, each with its name; of a list, each label is its own name."""
    outputs = tree.get("outputs") or ()
    return tuple(outputs.items() if isinstance(outputs, dict) else ((label, label) for label in outputs))


AXES = frozenset({*"bcdhlntw", "batch", "channels", "depth", "features", "height", "length", "time", "width"})
"""The names under which a mapping gives the sizes of axes."""


def _names_axes(entered: Any) -> bool:
    """Return whether an input's sizes are given by the names of axes, which would be several inputs."""
    if not isinstance(entered, Mapping) or not all(isinstance(size, (int, str)) for size in entered.values()):
        return False
    names = {name.lower() for name in entered}
    # The states of a recurrence are called `h` and `c` too.
    return len(names) > 1 and names <= AXES and bool(names & {"w", "l", "channels", "height", "length", "width"})


def _check_input(parser: Parser, tree: Mapping) -> None:
    entered = tree.get("input")
    if isinstance(entered, Mapping) and _names_axes(entered):
        sizes = ", ".join(str(size) for name, size in entered.items() if name.lower() not in ("b", "n", "batch"))
        message, span = "an input's shape is a list of sizes, not sizes by name", tree.value_spans["input"]
        parser.report(Code.INVALID_INPUT, message, span, f"channels first, without the batch: `input: [{sizes}]`")
    elif entered is None:
        _report_missing(parser, tree, "input", "as in `input: [3, 224, 224]`")
    elif _lists_inputs(tree):
        message, span = "an input's shape is a list of whole numbers", tree.value_spans["input"]
        parser.report(Code.INVALID_INPUT, message, span, "name several as in `input: {left: [3, 8, 8], right: [4]}`")


def _report_missing(parser: Parser, tree: Mapping, key: str, help_text: str) -> None:
    """Report a missing key at the beginning of the document, an empty or an indented one at its own place."""
    if key in tree:
        parser.report(Code.MISSING_DOCUMENT_KEY, f"`{key}` is empty", tree.key_spans[key], help_text)
        return
    message, span = f"the document has no `{key}`", tree.span
    for around, value in tree.items():
        if isinstance(value, Mapping) and key in value and around in tree.key_spans:
            span, help_text = value.key_spans[key], f"it is indented, and so belongs to `{around}`"
    parser.report(Code.MISSING_DOCUMENT_KEY, message, span, help_text)
