"""Warnings about computed values and inputs that are never used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netspec.diagnostics import Code, Collector, Span
from netspec.ir import Input, Output
from netspec.language.mentions import mentioned
from netspec.language.model import Block, Document, Step
from netspec.lowering.builder import Builder, Result
from netspec.syntax.yaml import locate


def report_unused(document: Document, inputs: tuple[Input, ...], outputs: tuple[Output, ...], builder: Builder) -> None:
    """Report unused steps and inputs."""
    collector = builder.collector
    # Uses are collected over the whole graph: a step may be used in only one call of its block.
    read = {path for node in builder.graph.nodes.values() for path in node.inputs} | {each.node for each in outputs}
    for step in _unused_steps(builder.results, read):
        help_text = "take it with `from` or a merge, or remove the step"
        collector.report(Code.UNUSED_VALUE, f"nothing uses the value of {step.key}", step.span, help_text)
    _report_inputs(document, [each.name for each in inputs if each.name not in read], collector)
    for block, label in _unread_labels(builder):
        message, help_text = f"{block.name} never reads its input '{label}'", "read it, or remove it from `inputs`"
        collector.report(Code.UNUSED_INPUT, message, block.span, help_text)


def _unused_steps(results: list[Result], read: set[str]) -> Iterator[Step]:
    """Yield the steps whose values are never read, wherever they are expanded; of nested steps the outermost.

    A caller may leave some of the values that a block returns unused.
    """
    used: set[Span] = set()
    candidates: list[tuple[Step, set[str]]] = []
    for step, values in results:
        unread = [value.path for value in values if value.path not in read]
        if len(unread) < len(values):
            used.add(step.span)
        if unread:
            candidates.append((step, {value.path for value in values}))
    judged: set[str] = set()
    for step, paths in reversed(candidates):  # outer steps are recorded after inner ones
        if step.span not in used and not paths <= judged:
            yield step
        judged |= paths


def _report_inputs(document: Document, unread: list[str], collector: Collector) -> None:
    # An input that a step disabled by `when` mentions is used with other settings.
    names = mentioned(document.tree["network"]) if unread else frozenset()
    for name in unread:
        if name not in names:
            span = locate(document.tree, ("input", name), key=True)
            help_text = f"take it with `from: {name}`, or remove it"
            collector.report(Code.UNUSED_INPUT, f"nothing reads the input '{name}'", span, help_text)


def _unread_labels(builder: Builder) -> Iterable[tuple[Block, str]]:
    """Yield the named inputs of blocks that no call of the block reads, and that its body does not mention."""
    read: dict[Block, set[str]] = {}
    for block, values, scope in builder.calls:
        if block.mentions is None:
            continue
        inside = {path for node in scope.traverse() for path in node.inputs}.union(scope.outputs)
        labels = (label for label, value in zip(block.inputs, values, strict=False) if value.path in inside)
        read.setdefault(block, set(block.mentions)).update(labels)
    for block, names in read.items():
        yield from ((block, label) for label in block.inputs if label not in names)
