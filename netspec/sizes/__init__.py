"""The sizes of shapes: plain ints, and formulas over sizes that stay open, such as ``(H + 31) // 32``.

Takes open sizes by name (``symbol("H", 224)``, stated at 224) and the arithmetic of strides, poolings and expressions
on them. Gives exact formulas, and the sizes at which the network is legal with the place in the document behind each
limit. Guarantees that a size computed at 224 and read at 320 is the size that the network has at 320, or that 320 is
not legal; that plain ints stay plain ints; and that equal formulas are one object, also after a copy or a pickle.

    form        what a formula is          algebra     its arithmetic, in normal form
    printing    its text, and back         domain      sets of sizes of one symbol
    solver      a condition as a domain    guard       a recorded condition, its reasons and its phase
    context     who decides, and records   exact, dim  ``Dim`` and ``Ratio``: the operators of Python
    questions   holds, proves, pin, ...    describe    legal sizes in words, limits with their guards
    shape       shapes, and how many windows fit into them
"""

from netspec.sizes.context import OpenSizeError, SizeContext
from netspec.sizes.describe import Limit, describe, describe_sizes, limits, phrase
from netspec.sizes.dim import Dim, Ratio, Size, symbol
from netspec.sizes.domain import Domain
from netspec.sizes.guard import Guard, Kind, Phase, Reason
from netspec.sizes.printing import FormulaError
from netspec.sizes.questions import at, at_least, holds, pin, proves, quotient, read_size, scale_down, stated

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
