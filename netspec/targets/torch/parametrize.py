"""Parametrized weights in the source: torch replaces a parameter by what it is computed from, once all have started."""

from __future__ import annotations

from collections.abc import Iterator

from netspec.ir import Node
from netspec.ops.weighted import Weighted
from netspec.targets.torch.document import Line
from netspec.targets.torch.layout import Layout, needs_module
from netspec.targets.torch.program import reach

Layers = dict[str, list[tuple[Node, str]]]
"""The layers of each torch class, with how their weights are parametrized."""


def parametrization(layout: Layout) -> Iterator[Line]:
    """Yield the lines that parametrize weights: in a loop where all layers of a class are alike, else one by one."""
    layers = _layers(layout)
    if not layers:
        return
    # Other modules may hold layers of torch.
    are_all_torchs = not any(needs_module(node) and layout.text_of(node).layer for node in layout.graph)
    keyword = "if"
    for name, uses in layers.items():
        kinds = {kind for _, kind in uses}
        if len(uses) > 1 and len(kinds) == 1 and "" not in kinds and are_all_torchs:
            if keyword == "if":
                # Parametrizing makes modules, over which the loop would go.
                yield Line(2, "for module in list(self.modules()):")
            yield Line(3, f"{keyword} isinstance(module, {name}):")
            yield Line(4, f"nn.utils.parametrizations.{kinds.pop()}(module)")
            keyword = "elif"
            continue
        for node, kind in uses:
            if kind:
                yield Line(2, f"nn.utils.parametrizations.{kind}({reach('self', node.module)})")


def _layers(layout: Layout) -> Layers:
    found: Layers = {}
    for node in layout.graph:
        if isinstance(node.op, Weighted) and needs_module(node) and not node.shared:
            name = layout.text_of(node).template.partition("(")[0]
            found.setdefault(name, []).append((node, node.op.parametrization))
    return {name: uses for name, uses in found.items() if any(kind for _, kind in uses)}
