"""``train: false`` in the source: modules whose parameters get no gradient, at the end of the network's constructor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netspec.ir import Node
from netspec.targets.torch.document import Line
from netspec.targets.torch.layout import Layout, operand_shapes
from netspec.targets.torch.program import reach

_MODULES = frozenset({"class", "sequential_class", "sequential"})
"""The forms of scopes that are one module each."""


def frozen_lines(layout: Layout) -> Iterator[Line]:
    """Yield the lines that freeze parameters, each for as large a module as is frozen in whole."""
    if not any(node.frozen for node in layout.graph):
        return
    owners = {node.module: node for node in layout.graph if _own(node, layout)}
    inside: Counter[str] = Counter(around for module in owners for around in _around(module))
    trained = {around for module, node in owners.items() if not _is_whole(node) for around in _around(module)}
    done: set[str] = set()
    for scope in layout.graph.root.descend():
        module, form = scope.module, layout.forms[scope.path]
        is_frozen = inside[module] and module not in trained and done.isdisjoint(_around(module))
        if is_frozen and scope.path == module and form in _MODULES:
            done.add(module)
            yield _line(reach("self", module))
    for module, node in owners.items():
        if node.frozen and done.isdisjoint(_around(module)):
            # Of what another step owns, that one decides.
            names = [""] if _is_whole(node) else [f".{name}" for name in _own(node, layout)]
            yield from (_line(f"{reach('self', module)}{name}") for name in names)


def _around(module: str) -> Iterator[str]:
    """Yield the paths of the modules around one, the network's last."""
    while module:
        module = module.rpartition(".")[0]
        yield module


def _own(node: Node, layout: Layout) -> tuple[str, ...]:
    return () if node.shared else tuple(node.op.list_parameters(*operand_shapes(node, layout.graph)))


def _is_whole(node: Node) -> bool:
    return node.frozen and not node.ties


def _line(target: str) -> Line:
    return Line(2, f"{target}.requires_grad_(False)")
