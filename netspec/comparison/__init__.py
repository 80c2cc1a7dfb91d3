"""What two networks differ in.

alignment.py    two lists of steps: which of the one is which of the other
matching.py     two trees of scopes: matched ops, and runs of steps that only one network has
records.py      differences as data
folding.py      the same difference at many places, once
comparing.py    all of it: two graphs in, differences out
"""

from __future__ import annotations

from netspec.comparison.comparing import Comparison, compare_graphs
from netspec.comparison.records import Change, Difference, Part, Where

__all__ = ["Change", "Comparison", "Difference", "Part", "Where", "compare_graphs"]
