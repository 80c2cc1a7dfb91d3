"""What is wrong with a document: said with a stable code, a place and what to do about it.

model.py     places, diagnostics, and the exceptions that carry them
suggest.py   the known name nearest to an unknown one
sources.py   texts of documents, read safely and kept for code frames
render/      diagnostics as text for people and as records for programs
pages/       a page per code, which ``netspec explain`` prints
"""

from __future__ import annotations

from netspec.diagnostics.model import MOST_FAULTS, Diagnostic, Frame, LimitError, Note, Span, SpecError, fault
from netspec.diagnostics.suggest import nearest

__all__ = ["MOST_FAULTS", "Diagnostic", "Frame", "LimitError", "Note", "Span", "SpecError", "fault", "nearest"]
