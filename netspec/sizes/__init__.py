"""The sizes of shapes: plain ints, and formulas over open (symbolic) sizes, such as ``(H + 31) // 32``.

Input: open sizes by name (``symbol("H", 224)``, stated at 224) and the arithmetic of strides, poolings and expressions
on them. Output: exact formulas, and the legal sizes with the place in the document behind each limit. Guarantees: a
formula computed at 224 and evaluated at 320 is the size of the network at 320, or 320 is not legal; plain ints stay
plain ints; equal formulas are one object, also after a copy or a pickle.

    form        what a formula is          algebra     its arithmetic, in normal form
    printing    its text                   reading     the form of a text
    solver      a condition as a domain    domain      sets of sizes of one symbol
    context     who decides, and records   guard       a recorded condition, its reasons and its phase
    questions   holds, proves, pin, ...    exact, dim  ``Dim`` and ``Ratio``: the operators of Python
    shape       shapes, and windows        legal_sizes  which sizes are legal, in words
    local       a size in terms of those of other values
"""

from typing import TYPE_CHECKING

from netspec.lazy import lazy_names
from netspec.sizes.context import OpenSizeError, SizeContext
from netspec.sizes.dim import Dim, Ratio, Size, symbol
from netspec.sizes.domain import Domain
from netspec.sizes.guard import Guard, Kind, Phase, Reason
from netspec.sizes.questions import at, at_least, at_stated_sizes, holds, pin, proves, quotient, scale_down, stated

if TYPE_CHECKING:
    from netspec.sizes.legal_sizes import Limit, describe, describe_sizes, limits, phrase
    from netspec.sizes.reading import FormulaError, read_size

__all__ = [
    "Dim",
    "Domain",
    "FormulaError",
    "Guard",
    "Kind",
    "Limit",
    "OpenSizeError",
    "Phase",
    "Ratio",
    "Reason",
    "Size",
    "SizeContext",
    "at",
    "at_least",
    "at_stated_sizes",
    "describe",
    "describe_sizes",
    "holds",
    "limits",
    "phrase",
    "pin",
    "proves",
    "quotient",
    "read_size",
    "scale_down",
    "stated",
    "symbol",
]

# Printing and reading sizes is needed only where something is shown, and not while a graph is built.
__getattr__ = lazy_names(
    "netspec.sizes",
    {
        "FormulaError": "netspec.sizes.reading",
        "Limit": "netspec.sizes.legal_sizes",
        "describe": "netspec.sizes.legal_sizes",
        "describe_sizes": "netspec.sizes.legal_sizes",
        "limits": "netspec.sizes.legal_sizes",
        "phrase": "netspec.sizes.legal_sizes",
        "read_size": "netspec.sizes.reading",
    },
)
