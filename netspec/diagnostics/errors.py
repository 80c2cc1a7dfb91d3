"""The exceptions of netspec. Each is defined where it is raised; all have one root.

    NetspecError             whatever netspec raises on purpose
    ├── SpecError            a document is wrong; holds every diagnostic of the run
    │   ├── LimitError       it asks for more than a limit allows
    │   └── TooManyErrors    it has so many errors that the run stopped
    ├── ExpressionError      syntax.expr: an expression cannot be read, or has no value
    ├── PatternError         syntax.pattern: a pattern of axes cannot be read
    ├── AlreadyReported      syntax.expr: a value depends on one that an error left unknown
    ├── ShapeError           ops: an op cannot take these values
    ├── GraphSyntaxError     ir: the text of a graph cannot be read
    ├── PluginError          ops: a module with ops cannot be used
    ├── DeviceError          targets.torch: there is no such device
    ├── DrawingError         views: a picture cannot be drawn
    │   └── TooSlow          the layout takes too long
    └── InternalError        netspec is wrong, and not the document
        ├── InvalidGraph     ir: a graph breaks a rule that holds for all graphs
        ├── UnsafeSource     targets.torch: a generated file holds what the printer never writes
        └── ShapeMismatch    targets.torch: the module computes other shapes than the graph has

``ExpressionError``, ``PatternError`` and ``ShapeError`` have no place: the code that evaluates the expression, parses
the step or adds the op turns them into diagnostics. ``AlreadyReported`` never leaves the lowering. Only
``netspec.limits`` and ``netspec.sizes``, which are below this package and know nothing of documents, have exceptions of
their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from netspec.diagnostics.codes import Code
from netspec.diagnostics.model import Diagnostic, Note, Span, in_order


class NetspecError(Exception):
    """The root of all exceptions that netspec raises on purpose."""


class SpecError(NetspecError):
    """Every error found in a document, sorted by place and without repeats.

    Example:
        >>> error = SpecError.of(Code.UNKNOWN_STEP, "unknown step 'cnov'", help="did you mean 'conv'?")
        >>> print(error)
        NS0301 unknown step 'cnov' (did you mean 'conv'?)
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_order(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))

    @classmethod
    def of(
        cls,
        code: Code,
        message: str,
        span: Span | None = None,
        *,
        help: str = "",
        notes: Iterable[Note] = (),
    ) -> Self:
        """Return the error with a single diagnostic, ready to raise."""
        return cls([Diagnostic(code, message, span, notes=tuple(notes), help=help)])


class LimitError(SpecError):
    """A limit refused the document before anything was allocated."""

    exit_code = 3


class TooManyErrors(SpecError):
    """The run stopped at the limit on errors."""


class InternalError(NetspecError):
    """Something that netspec made is wrong, whatever the document says: please report it."""
