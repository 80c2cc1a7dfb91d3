"""From a document to its graph: one ordered walk that expands, names, checks and infers shapes."""

from __future__ import annotations

from netspec.lower import blocks, combinators, merges, placing, residual  # noqa: F401  (they register how steps are expanded)
from netspec.lower.network import lower

__all__ = ["lower"]
