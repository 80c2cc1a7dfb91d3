"""Passes: from graphs to graphs.

A pass is a class in a file of its own, and a line in the pipeline that it belongs to: a target's, for what only that
target needs. It works with a ``Rewriter``, and is run by a ``PassManager``, which verifies every graph that a pass
makes.

manager.py   what a pass is, and running passes in order
"""

from __future__ import annotations

from netspec.passes.manager import PASSES, Pass, PassManager

__all__ = ["PASSES", "Pass", "PassManager"]
