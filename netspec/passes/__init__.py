"""Passes: from graphs to graphs.

A pass is a class in a file of its own, and a line in a pipeline: that of a target, if only this target needs it. It
works with a ``Rewriter``, and is run by a ``PassManager``, which verifies the graph after every pass.

manager.py   the base class of passes, and the pass manager
"""

from __future__ import annotations

from netspec.passes.manager import PASSES, Pass, PassManager

__all__ = ["PASSES", "Pass", "PassManager"]
