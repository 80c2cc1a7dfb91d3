"""Errors and warnings about documents, each with a stable code, a place and what to do about it.

codes.py       every code, with its severity and its page
model.py       places and diagnostics
errors.py      the tree of exceptions
collector.py   the errors of one stage of the compiler
suggest.py     the known name nearest to an unknown one
sources.py     the texts of documents: files, and what an editor has not saved
render/        diagnostics as text for people and as records for programs
pages/         a page per code, which ``netspec explain`` prints
"""

from __future__ import annotations

from netspec.diagnostics.codes import Code, Severity
from netspec.diagnostics.collector import MOST_ERRORS, Collector
from netspec.diagnostics.errors import InternalError, LimitError, NetspecError, SpecError, TooManyErrors
from netspec.diagnostics.model import Diagnostic, Frame, Note, Span, in_order
from netspec.diagnostics.sources import SourceMap
from netspec.diagnostics.suggest import nearest

__all__ = [
    "MOST_ERRORS",
    "Code",
    "Collector",
    "Diagnostic",
    "Frame",
    "InternalError",
    "LimitError",
    "NetspecError",
    "Note",
    "Severity",
    "SourceMap",
    "Span",
    "SpecError",
    "TooManyErrors",
    "in_order",
    "nearest",
]
