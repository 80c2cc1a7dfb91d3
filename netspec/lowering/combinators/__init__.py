"""How combinators are expanded. Importing this package registers all of them."""

from __future__ import annotations

from netspec.lowering.combinators import dense, loops, outputs, residual, split, use  # noqa: F401
