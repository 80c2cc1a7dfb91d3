"""The torch code of an op: a template, and the arguments that fill it."""

from enum import Enum
from typing import Any, Literal, NamedTuple


class Required(Enum):
    """The marker of an argument without a default. None cannot be used: that is the default of some arguments."""

    # An enumeration's member is the same object after a copy or a pickle, which `is` needs.

    REQUIRED = "required"

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = Required.REQUIRED
"""Marks an argument that has no default, and is always written."""


class Argument(NamedTuple):
    """One argument of a torch call. It is written only when it differs from torch's default.

    ``field`` is the op's own argument that it comes from, where that has another name. ``counts`` says what of the
    channels it counts: the input's (``in_channels``), other ``channels``, or ``positions`` among them. Classes whose
    scopes differ in such numbers take them as arguments of their own, or compute one from another.
    """

    name: str
    value: object
    default: object = REQUIRED
    positional: bool = False
    field: str = ""
    counts: Literal["", "in_channels", "channels", "positions"] = ""


IN_PLACE = Argument("inplace", False, False)
"""An argument of activations and dropouts; torch's target sets it where the operand has no other use."""


class Torch(NamedTuple):
    """The torch code of an op: a template, and the arguments that fill its placeholders.

    Placeholders: ``{arguments}`` is the list of the arguments as in a call (leading ones without their name where
    ``positional``), ``{name}`` is one argument's value, ``{0}`` ``{1}`` are the operands and ``{operands}`` all of
    them, comma-separated. A module's template has no operands: it is what stands right of ``self.conv1 =``.
    ``layer`` names the file in ``netspec/targets/torch/layers`` whose class the template uses where torch lacks it, or
    is the path of such a file, ending in ``.py``. ``calls`` is how many torch functions a function's template calls.
    ``locals`` are variables that are assigned before, each a name and a template, which ``{local_NAME}`` stands for;
    ``calls`` does not count these.
    """

    template: str
    arguments: tuple[Argument, ...] = ()
    layer: str | None = None
    calls: int = 1
    locals: tuple[tuple[str, str], ...] = ()
