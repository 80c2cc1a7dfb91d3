"""``netspec list``: the networks that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netspec.cli.output import print_columns, print_json, progress
from netspec.diagnostics import SpecError


@click.command("list")
@click.option("--numbers", is_flag=True, help="Compile each network, and show its parameters and MACs.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(numbers: bool, as_json: bool) -> None:
    """List the networks that ship, with their papers; each name can be used as SPEC."""
    from netspec.language.loading.files import shipped_names

    records = [_described(name) for name in shipped_names()]
    if numbers:
        for record in records:
            with progress(f"compiling {record['name']} …"):
                record |= _measured(record["name"])
    if as_json:
        print_json(records)
    elif records:
        _print(records, numbers)


def _described(name: str) -> dict[str, Any]:
    from netspec.language.loading.files import shipped_folder

    try:
        texts = _header(shipped_folder() / f"{name}.yaml")
    except SpecError:
        texts = {"title": "(has errors: `netspec check` shows them)"}
    named = {key: str(texts.get(key, "")) for key in ("title", "cite")}
    published = texts.get("published")
    return {
        "name": name,
        **named,
        "variants": list(texts.get("variants") or ()),
        "published": dict(published) if published else None,
    }


def _header(path: Path) -> dict[str, Any]:
    """Return the top level of a document and of those it extends; nothing below is looked at."""
    from netspec.diagnostics import SourceMap
    from netspec.language.loading.extends import NOT_INHERITED
    from netspec.language.loading.files import refer
    from netspec.language.loading.header import read_document
    from netspec.language.loading.imports import LARGEST_CHAIN

    # Not load(): parsing the bodies of all networks would take seconds.
    sources = SourceMap()
    merged: dict[str, Any] = {}
    for _ in range(LARGEST_CHAIN):
        tree = read_document(path, sources)
        # Keys that `extends` does not inherit count only in the document itself, which is the first.
        merged = {**{key: tree[key] for key in tree if not merged or key not in NOT_INHERITED}, **merged}
        if tree.get("extends") is None:
            break
        path = refer(tree["extends"], path, tree.span, sources)
    return merged


def _measured(name: str) -> dict[str, Any]:
    from netspec.pipeline import compile_graph

    try:
        graph = compile_graph(name)
    except SpecError:
        return {"params": None, "macs": None}
    return {"params": graph.params, "macs": graph.macs}


def _print(records: list[dict[str, Any]], numbers: bool) -> None:
    from netspec.diagnostics.render import printable

    rows = [
        [record["name"], *_amounts(record, numbers), _accuracy(record), record["title"], record["cite"]]
        for record in records
    ]
    headings = ["name", *(["params", "MACs"] if numbers else []), "accuracy", "title", "paper"]
    rows = [headings, *([printable(cell) for cell in row] for row in rows)]
    print_columns(rows, right=frozenset({1, 2}) if numbers else frozenset())


def _accuracy(record: dict[str, Any]) -> str:
    """Return the published accuracy, top-1 if it is known, else top-5."""
    published = record["published"] or {}
    for key, mark in (("top1", ""), ("top5", " top-5")):
        if published.get(key) is not None:
            return f"{published['dataset']} {published[key]:.4g} %{mark}"
    return ""


def _amounts(record: dict[str, Any], numbers: bool) -> list[str]:
    if not numbers:
        return []
    return ["?" if record[key] is None else f"{record[key]:,}" for key in ("params", "macs")]
