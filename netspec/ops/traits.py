"""Traits of ops: what the rest of the compiler needs to know of an op beside its shape, cost and code.

No other code knows ops by name, so that an op of a plugin counts towards the depth, is folded, has its padding
legalized and its receptive field computed like a built-in one.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from netspec.dtypes import Dtype
from netspec.ops.tensor_type import TensorType
from netspec.sizes import Size
from netspec.sizes.shape import AxisWindow, Pairs, Shape


class Window(NamedTuple):
    """Which elements along an axis of an operand one element of the result reads.

    Element ``o`` of the result reads those from ``first + stride * o`` to ``last + stride * o``: the whole numbers
    between the two, if these are fractions. Positions outside of the operand are padding. ``axis`` is the axis of the
    result along which ``o`` counts, from 0; None is the axis that is read.

    Example:
        A kernel of 3 with stride 2 and padding 1 reads ``Window(-1, 1, 2)``; doubling each element reads
        ``Window(Fraction(-1, 2), 0, Fraction(1, 2))``, in which there is one whole number for each ``o``.
    """

    first: int | Fraction
    last: int | Fraction
    stride: int | Fraction
    axis: int | None = None


SAME = Window(0, 0, 1)
"""Reads the element at the same position."""
NOTHING = Window(0, -1, 1)
"""Reads no element."""
Windows = tuple[Window | None, ...]
"""A window for each axis of an operand; None reads all of the axis."""


class Layout(NamedTuple):
    """How an op takes axes apart and joins them: the parts of each axis of the operand and of the result.

    Example:
        ``c (h p) -> (c p) h`` is ``Layout((("c",), ("h", "p")), (("c", "p"), ("h",)), {"c": 4, "h": 3, "p": 2})``.
    """

    taken: tuple[tuple[str, ...], ...]
    made: tuple[tuple[str, ...], ...]
    sizes: Mapping[str, int]


class Traits(BaseModel):
    """Traits of an op. The defaults are those of an element-wise op."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    # the batch

    has_batch: ClassVar[bool] = True
    """False when the result is the same for every example, and has no batch axis."""
    stretches: ClassVar[bool] = False
    """True when torch stretches an operand without a batch axis over the batch of the others."""

    # memory

    input_dtype: ClassVar[Literal["float", "int64", "any"]] = "float"
    """The dtype of the operands. The result has the dtype of the operands for ``any`` and is float otherwise."""
    concatenates: ClassVar[bool] = False
    """True when the result is the operands one after another, along one of its axes."""
    moves_elements: ClassVar[bool] = False
    """True when the result holds only elements of the operands, so that their integers keep their bounds."""
    may_alias: ClassVar[bool] = False
    """True when the result may lie in the operand's memory, so that it must not be overwritten in place."""
    keeps_order: ClassVar[bool] = False
    """True when the order of the elements is unchanged, whatever the new axes are."""
    keeps_output: ClassVar[bool] = False
    """True when the gradient needs the op's output, so that it must not be overwritten in place."""
    checks_sizes: ClassVar[bool] = True
    """False where torch computes something, and raises nothing, at sizes that the op refuses."""
    keeps_input: ClassVar[bool] = True
    """False when the gradient does not need the operands, so that another use may overwrite them."""
    open_arguments: ClassVar[frozenset[str]] = frozenset()
    """The fields that accept open sizes; for all others an open size is fixed to its stated value."""
    in_place: ClassVar[bool] = False
    """True when the op's torch code has an ``inplace`` argument."""
    depends_on_mode: ClassVar[bool] = False
    """True when the op differs between training and evaluation: it is a module, or its code reads ``self.training``."""

    def stretches_operand(self, position: int) -> bool:
        """Return whether torch stretches an operand without a batch axis over the batch of the others."""
        return self.stretches

    def operand_dtypes(self, position: int) -> tuple[Dtype, ...]:
        """Return the dtypes that an operand may have; none is named where all operands have any one dtype."""
        return () if self.input_dtype == "any" else (self.input_dtype,)

    def always_module(self, operands: int) -> bool:
        """Return whether the op must be a module on that many operands."""
        return self.depends_on_mode

    @property
    def is_function(self) -> bool:
        """Whether the op has no module with these arguments, since all of its weights are operands."""
        return False

    def allocates(self, training: bool) -> bool:
        """Return whether the result has memory of its own, rather than sharing that of the first operand."""
        return True

    keeps_layout: ClassVar[bool] = False
    """True when the axes of the result lie in memory in the order in which those of the first operand do."""

    @property
    def strided(self) -> bool:
        """Whether the result is not contiguous in memory, so that a reshape copies it."""
        return False

    @property
    def reorders(self) -> bool:
        """Whether it is so because its axes lie in memory in another order, and not because there are gaps."""
        return self.strided

    limit_field: ClassVar[str] = ""
    """The argument that says how many integers there are, for ops that take integers below a limit."""

    def integers_below(self, position: int, *shapes: Shape) -> Size | None:
        """Return the exclusive upper bound of an operand's integers, or None."""
        return None

    def bound_results(self, bounds: tuple[int | None, ...], *operands: TensorType) -> tuple[int | None, ...]:
        """Return the exclusive upper bounds of the integers in the results, given those of the operands.

        None is a bound that is not known. Results that are not listed have none.
        """
        known = [bound for bound in bounds if bound is not None]
        return (max(known),) if known and self.moves_elements else ()

    # counting and comparing

    counts_as_layer: ClassVar[bool] = False
    """True when the op counts towards the depth of a network, as papers count it."""
    channel_fields: ClassVar[frozenset[str]] = frozenset()
    """The arguments that depend on the channels, in which blocks of one box may differ."""

    @property
    def trains_last_axis(self) -> bool:
        """Whether the op has weights for each element of the last axis, and of no other."""
        return False

    # padding

    padding_identity: ClassVar[float | Literal["lowest"]] = 0.0
    """The value of the op's padding: a number, or ``lowest``, which never wins a maximum."""

    @property
    def padding_counts(self) -> bool:
        """Whether the op counts its padding as elements, so that a ``pad`` before it computes the same."""
        return True

    def padding_around(self, shape: Shape) -> Pairs:
        """Return the padding of the op, as [before, after] per axis; empty for an op without padding."""
        return ()

    def explicit_padding(self, shape: Shape) -> Pairs | None:
        """Return the padding around an operand if torch's layer does not support it, else None.

        The op is then replaced by a ``pad`` and the result of ``without_padding``. Most layers of torch pad both sides
        of an axis alike.
        """
        pairs = self.padding_around(shape)
        # torch.nn.Conv2d: padding is "added to all four sides", by one number per axis.
        return pairs if any(before != after for before, after in pairs) else None

    def pads_by_size(self, shape: Shape) -> tuple[AxisWindow, ...]:
        """Return the window along each axis of an op whose padding depends on the size that enters; else nothing.

        TensorFlow's SAME does, beside a stride. Where that size stays open, no number says how much to pad, and a layer
        of the generated module computes it.
        """
        return ()

    def without_padding(self) -> Self:
        """Return the op without its padding, to follow a ``pad``."""
        # The copy is not validated: 0 is valid for every type of padding.
        return self.model_copy(update={"padding": 0})

    def pad_arguments(self) -> dict[str, object]:
        """Return the arguments of the ``pad`` for this op's padding, besides its sides."""
        return {"value": self.padding_identity}

    # receptive fields

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...] | None:
        """Return the windows of each operand that one element of the result reads, axis by axis.

        An empty tuple is that of an element-wise op, whose operands are broadcast; None is that of an op that reads
        everything. What only training reads, such as the other examples of a batch, does not count.
        """
        return ()

    def layout(self, *shapes: Shape) -> Layout | None:
        """Return how the op moves its elements, if that is all it does; else None."""
        return None

    # parameters

    def zero_rows(self) -> dict[str, str]:
        """Return the parameters with a row that stays zero, and the attribute of torch's layer that holds its index.

        An initializer fills the whole parameter, and torch zeroes the row only in its constructor.
        """
        return {}
