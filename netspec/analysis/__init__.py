"""Facts read off a graph: costs, memory, receptive fields and what each scope adds up to.

Each is computed once per graph and shared by all callers, which must not change it.

costs.py              parameters, MACs, FLOPs, depth, and how they are counted
expectations.py       the totals that a document expects
liveness.py           when each value is used for the last time in evaluation
memory.py             bytes of parameters and of values while they are needed
receptive_field.py    how many elements of the input each value depends on
dependence.py         what the elements of a value depend on, op by op
spans.py              arithmetic of receptive fields along one axis
scopes.py             sums per scope
symbolic_shapes.py    the types of all values over open sizes
dense_layers.py       the layers of dense blocks
device_placement.py   the device of every value when steps name devices
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netspec.lazy import lazy_names

if TYPE_CHECKING:
    from netspec.analysis.costs import COUNTING_RULE, Totals, measure
    from netspec.analysis.expectations import check_expectations
    from netspec.analysis.memory import Memory, check_memory, measure_memory
    from netspec.analysis.receptive_field import receptive_fields
    from netspec.analysis.scopes import ScopeTotals, add_up, measure_scopes
    from netspec.analysis.symbolic_shapes import symbolic_types

__all__ = [
    "COUNTING_RULE",
    "Memory",
    "ScopeTotals",
    "Totals",
    "add_up",
    "check_expectations",
    "check_memory",
    "measure",
    "measure_memory",
    "measure_scopes",
    "receptive_fields",
    "symbolic_types",
]

# `netspec check` compares totals and needs nothing else from here.
__getattr__ = lazy_names(
    "netspec.analysis",
    {
        "COUNTING_RULE": "netspec.analysis.costs",
        "Memory": "netspec.analysis.memory",
        "ScopeTotals": "netspec.analysis.scopes",
        "Totals": "netspec.analysis.costs",
        "add_up": "netspec.analysis.scopes",
        "check_expectations": "netspec.analysis.expectations",
        "check_memory": "netspec.analysis.memory",
        "measure": "netspec.analysis.costs",
        "measure_memory": "netspec.analysis.memory",
        "measure_scopes": "netspec.analysis.scopes",
        "receptive_fields": "netspec.analysis.receptive_field",
        "symbolic_types": "netspec.analysis.symbolic_shapes",
    },
)
