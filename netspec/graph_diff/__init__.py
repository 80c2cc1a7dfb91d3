"""What two networks differ in.

    alignment.py     two lists of steps, matched in order
    matching.py      two trees of scopes: matched ops, and runs of steps that only one network has
    differences.py   differences as data
    edits.py         what changed in a matched op
rows.py           how steps that only one network has are described
grouping.py      equal edits at many places, once
    comparing.py     all of it: two graphs in, differences out

The package is not called ``diff``, because that is the function ``netspec.diff``.
"""

from __future__ import annotations

from netspec.graph_diff.comparing import Comparison, compare_graphs
from netspec.graph_diff.differences import Change, Difference, Part, Where

__all__ = ["Change", "Comparison", "Difference", "Part", "Where", "compare_graphs"]
