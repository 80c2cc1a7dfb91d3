"""The graph as JSON: totals first, then scopes and nodes, one line each, so that two versions can be compared."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from netspec.analysis import measure, measure_memory, measure_scopes, receptive_fields, symbolic_types
from netspec.ir import Graph, Input, Node, Output, Scope
from netspec.ops import Op
from netspec.sizes.shape import Shape, stated_shape
from netspec.version import MARK
from netspec.views.sizes import formulas, sizes_record

VERSION = 2
"""The version of this format; it is increased when a field changes its meaning or is removed."""


def graph_record(graph: Graph, *, dtype: str = "float32", batch: int = 1) -> dict[str, Any]:
    """Return the graph as plain data: totals, inputs, outputs, scopes and nodes.

    Files are relative to the document's folder, so that the record does not depend on its location. ``input`` and
    ``output`` are shapes, or mappings of shapes by name where there are several; auxiliary outputs that
    exist in training only are not in ``output``, but they are among ``outputs``. Beside each ``shape`` stands its
    ``formula``, where sizes that stay open are texts over the names that ``sizes`` has.
    """
    writer = NodeWriter(graph)
    evaluated = [output for output in graph.outputs if not output.train_only]
    return {
        "generator": MARK,
        "version": VERSION,
        "name": graph.name,
        "title": graph.title,
        "cite": graph.cite,
        "source": Path(graph.source).name,
        "published": None if graph.published is None else asdict(graph.published),
        "args": _plain(graph.arguments),
        **_without_nodes(asdict(measure(graph))),
        "memory": asdict(measure_memory(graph, dtype, batch)),
        "input": _shapes((each.name, each.shape) for each in graph.inputs),
        "output": _shapes((each.name, graph.shape_of(each.node)) for each in evaluated),
        "sizes": sizes_record(graph),
        "inputs": [_input(each) for each in graph.inputs],
        "outputs": [_output(graph, each) for each in graph.outputs],
        "scopes": _scopes(graph),
        "nodes": [writer.record(node) for node in graph],
    }


def graph_json(graph: Graph, *, dtype: str = "float32", batch: int = 1) -> str:
    """Return the graph as deterministic JSON text."""
    return lines_json(graph_record(graph, dtype=dtype, batch=batch))


def lines_json(record: dict[str, Any]) -> str:
    """Return a record as JSON with one line per entry, and per item of an entry that is a list of records."""
    entries = [f"  {json.dumps(key)}: {_entry(value)}" for key, value in record.items()]
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _entry(value: Any) -> str:
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return json.dumps(value, ensure_ascii=False)
    lines = [f"    {json.dumps(item, ensure_ascii=False)}" for item in value]
    return "[\n" + ",\n".join(lines) + "\n  ]"


def _without_nodes(totals: dict[str, Any]) -> dict[str, Any]:
    # In the record, `nodes` is the list of nodes, not their number.
    return {key: value for key, value in totals.items() if key != "nodes"}


def _shapes(named: Iterable[tuple[str, Shape]]) -> Any:
    shapes = {name: list(shape) for name, shape in named}
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes


def _input(each: Input) -> dict[str, Any]:
    return {
        "name": each.name,
        "shape": list(each.shape),
        "formula": formulas(each.symbolic_type.shape),
        "dtype": each.dtype,
        "high": each.high,
    }


def _output(graph: Graph, each: Output) -> dict[str, Any]:
    return {
        "name": each.name,
        "node": each.node,
        "shape": list(graph.shape_of(each.node)),
        "formula": formulas(symbolic_types(graph)[each.node].shape),
        "train_only": each.train_only,
        "loss_weight": each.loss_weight,
    }


def _scopes(graph: Graph) -> list[dict[str, Any]]:
    totals = measure_scopes(graph)
    return [
        _scope(scope)
        | {key: getattr(totals[scope], key) for key in ("params", "training_params", "macs", "training_macs")}
        for scope in graph.root.descend()
    ]


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "path": scope.path,
        "kind": scope.kind,
        "block": scope.block,
        "arguments": _plain(scope.arguments),
        "inputs": list(scope.inputs),
        "outputs": list(scope.outputs),
        "line": scope.span.line,
    }


class NodeWriter:
    """Makes records of nodes. Equal steps share their op and file, so the fields of these are cached."""

    def __init__(self, graph: Graph) -> None:
        self._folder = Path(graph.source).parent
        self._fields = receptive_fields(graph)
        self._types = symbolic_types(graph)
        self._arguments: dict[int, dict[str, Any]] = {}
        self._files: dict[str, str] = {}

    def record(self, node: Node) -> dict[str, Any]:
        """Return a node as plain data."""
        field = self._fields[node.path]
        return {
            "path": node.path,
            "op": node.op.name,
            "arguments": self._arguments_of(node.op),
            "inputs": list(node.inputs),
            "shape": list(node.results[0].shape),
            "formula": formulas(self._types[node.path].shape),
            "dtype": node.results[0].dtype,
            "further": [self._result(value) for value in node.values[1:]],
            "params": node.params,
            "macs": node.macs,
            "receptive_field": None if field is None else list(field),
            "module": node.module,
            "scope": node.scope.path,
            "file": self._file(node.span.file),
            "line": node.span.line,
        }

    def _result(self, value: str) -> dict[str, Any]:
        kind = self._types[value]
        return {"shape": list(stated_shape(kind.shape)), "formula": formulas(kind.shape), "dtype": kind.dtype}

    def _arguments_of(self, op: Op) -> dict[str, Any]:
        # The graph keeps its ops alive, so ids are unique.
        if id(op) not in self._arguments:
            self._arguments[id(op)] = op.model_dump(mode="json", warnings=False)
        return self._arguments[id(op)]

    def _file(self, file: str) -> str:
        if file not in self._files:
            self._files[file] = relative_path(file, self._folder)
        return self._files[file]


def relative_path(file: str, folder: PurePath) -> str:
    """Return a file relative to a folder; absolute if there is no relative path, as between drives of Windows."""
    with suppress(ValueError):
        file = os.path.relpath(file, folder)
    return file.replace(os.sep, "/")


def _plain(value: Any) -> Any:
    """Return a value of a document as JSON data; a block that is an argument becomes its name."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
