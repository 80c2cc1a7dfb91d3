"""Documents: what may be written, read into records that the lowering expands."""

from __future__ import annotations

from netspec.spec.loading import load
from netspec.spec.model import Block, Body, Document, Operand, Parameter, Step

__all__ = ["Block", "Body", "Document", "Operand", "Parameter", "Step", "load"]
