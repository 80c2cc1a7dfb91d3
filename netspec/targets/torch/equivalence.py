"""The equivalence of scopes that share a class: everything that its text depends on, except the values of arguments.

It is ``ir.equality`` over the lines of classes. Convolutions of different strides may share a class, whose constructor
then has the stride as an argument, so sizes are ignored. Compared is the torch code of each line, which may differ for
equal ops too, as when only one of them runs in training only.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from netspec.analysis.dense_layers import dense_layers
from netspec.ir import Node, Scope
from netspec.ir.equality import Equivalence
from netspec.ops import Torch
from netspec.targets.torch.document import literal
from netspec.targets.torch.layout import Item, Layout, path_inside
from netspec.targets.torch.local_sizes import local_sizes
from netspec.targets.torch.plan import ClassPlan


class ClassEquivalence(Equivalence):
    """Compares scopes by their generated classes; ``plans`` are those planned so far, by path."""

    def __init__(self, layout: Layout, plans: Mapping[str, ClassPlan]) -> None:
        self.root = layout.graph.root
        self._layout = layout
        self._plans = plans

    def items(self, scope: Scope) -> Sequence[Item]:
        """Return the items that the lines of a scope compute."""
        # A loop records how its layers differ, so that the first represents all of them.
        if self._is_loop(scope):
            return [dense_layers(scope)[0].layer]
        return self._layout.items[scope.path]

    def reads(self, item: Item) -> Sequence[str]:
        """Return the operands of an item."""
        return item.reads if isinstance(item, Node) else tuple(self._layout.live[item.path].live_ins)

    def results(self, item: Item) -> Sequence[str]:
        """Return the results of an item."""
        return item.values if isinstance(item, Node) else tuple(self._layout.live[item.path].live_outs)

    def label(self, item: Item) -> Hashable:
        """Return the torch code of a node, or the kind of class or ``nn.Sequential`` of a scope."""
        if isinstance(item, Node):
            # As text, since 1 == 1.0 and their texts differ.
            initializers = repr((item.init, item.op.zero_rows())) if item.init else ""
            return _spelling(self._layout.text_of(item)), initializers
        block = item.block if item.kind == "block" else ""
        return block, self._layout.forms[item.path], self._growth(item)

    def role(self, item: Item) -> Hashable:
        """Return the role of an item in the enclosing class: its attribute, device and mode."""
        layout, home = self._layout, self._layout.homes[item]
        attribute, place = path_inside(item.module, home.module), path_inside(item.path, home.path)
        training_only = item.path in layout.training_only and home.path not in layout.training_only
        moves = layout.placement.moves(item, layout.ends(item)[0], home)
        # An attribute at another path than the item's was constructed by an earlier line.
        return (attribute, attribute == place) if layout.is_member(item) else None, training_only, moves

    def _is_loop(self, scope: Scope) -> bool:
        return scope.path in self._plans and self._plans[scope.path].loop is not None

    def _growth(self, scope: Scope) -> Hashable:
        """Return which arguments of a loop's layers grow; constant ones have another expression."""
        return tuple(step.value == 0 for step in self._plans[scope.path].growth) if self._is_loop(scope) else None


def _spelling(torch: Torch) -> Hashable:
    # Sizes that are computed in `forward` are no arguments of a constructor, so their lines must be equal.
    arguments = tuple(
        (each.name, each.positional, literal(each.value) if local_sizes(each.value) else "") for each in torch.arguments
    )
    return torch.template, torch.locals, torch.layer, arguments
