"""From a document to its graph: one ordered walk that expands, names, checks and infers shapes."""

from __future__ import annotations

from netspec.lower import combinators, residual  # noqa: F401  (they register how combinators are expanded)
from netspec.lower.network import lower

__all__ = ["lower"]
