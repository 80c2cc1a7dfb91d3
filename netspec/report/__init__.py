"""Facts read off a graph: totals, memory, receptive fields and what each scope adds up to.

totals.py         parameters, MACs, FLOPs, depth, and how they are counted
expectations.py   the totals that a document promises
memory.py         bytes of parameters and of values while they are needed
receptive.py      how much of the input each value sees
scopes.py         sums per scope
"""

from __future__ import annotations

from netspec.report.expectations import check_expectations
from netspec.report.memory import Memory, check_memory, measure_memory
from netspec.report.receptive import receptive_fields
from netspec.report.scopes import ScopeTotals, measure_scopes
from netspec.report.totals import COUNTING_RULE, Totals, measure

__all__ = [
    "COUNTING_RULE",
    "Memory",
    "ScopeTotals",
    "Totals",
    "check_expectations",
    "check_memory",
    "measure",
    "measure_memory",
    "measure_scopes",
    "receptive_fields",
]
