"""What an op is: a frozen, validated record of its arguments that infers its shape, cost and torch code.

A new op is one subclass of ``Op`` in one of the files beside this one; nothing else needs to change. The class
registers itself under its name, and every test of ops iterates over the registry.

No file of this folder imports annotations from the future: pydantic would evaluate the texts of a class and of all its
bases anew for each op, which takes a fifth of the time in which a document is checked.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, NamedTuple, Self

from netspec.ops.axes import axis_index
from netspec.ops.fields import words
from netspec.ops.tensor_type import TensorType
from netspec.ops.torch_code import Torch
from netspec.ops.traits import Traits
from netspec.sizes import Dim, Size, at_stated_sizes
from netspec.sizes.shape import Shape, elements

OPS: dict[str, "type[Op]"] = {}
"""Every op by the word that a step uses for it."""
DECLARED: dict[str, "type[Op]"] = {}
"""The ops without a word: what a document declares beside its steps."""

Family = Literal[
    "convolution", "linear", "normalization", "activation", "pooling", "regularization", "shape", "merge", "sequence"
]


class Sample(NamedTuple):
    """An example of an op for tests and documentation: arguments as in YAML, and the shapes of the operands."""

    arguments: dict[str, Any]
    inputs: tuple[Shape, ...]


class Op(Traits):
    """The base class of all ops. A subclass with ``name=`` is registered under that name.

    Class attributes describe the op, fields are its arguments, and the compiler calls the methods. ``shapes`` are
    always the shapes of the operands, channels first, without the batch axis. Sizes are plain numbers or open: compare
    each size by itself (``any(size < 1 for size in sizes)`` and not ``min(sizes) < 1``, which compares height and
    width), and never with a sentinel such as -1.
    """

    name: ClassVar[str]
    family: ClassVar[Family]
    primary: ClassVar[str | None] = None
    """The field of a bare value: ``linear: 1000`` is ``linear: {out: 1000}``."""
    verbatim: ClassVar[frozenset[str]] = frozenset()
    """The fields whose text is no expression: a pattern of axes, or a drawing. They are nobody's default."""
    axis_fields: ClassVar[frozenset[str]] = frozenset()
    """The fields that hold an axis, or several, of the first operand by name or number."""
    operands: ClassVar[tuple[int, int | None]] = (1, 1)
    """The minimum and maximum number of operands; None is no limit."""
    operands_from: ClassVar[str | None] = None
    """The field of the formula that names the operands, for ops that have one."""
    operand_names: ClassVar[tuple[str, ...]] = ()
    """The names that operands must have, in order, for ops like ``lerp``."""
    optional_operands: ClassVar[tuple[str, ...]] = ()
    """The names of operands behind these that may be left out; then the others may be a list too."""
    result_names: ClassVar[tuple[str, ...]] = ()
    """The names of the results in generated code, for ops with several."""
    weight_names: ClassVar[tuple[str, ...]] = ()
    """The arguments in whose place a tensor may stand, which is then a further operand."""
    samples: ClassVar[tuple[Sample, ...]]
    """Valid uses, over which the tests iterate."""
    invalid_samples: ClassVar[tuple[Sample, ...]] = ()
    """Uses that ``infer_shape`` must refuse with a ShapeError."""

    def __init_subclass__(cls, name: str | None = None, declared: bool = False, **options: Any) -> None:
        super().__init_subclass__(**options)
        if name is None:
            return
        # With two ops of one name, the order of imports would decide what documents mean.
        if (other := OPS.get(name) or DECLARED.get(name)) is not None:
            raise TypeError(f"two ops are called {name!r}: {other.__qualname__} and {cls.__qualname__}")
        cls.name = name
        (DECLARED if declared else OPS)[name] = cls

    @abstractmethod
    def infer_shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the result; raise ShapeError when the op cannot take these operands."""

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        """Return the types of all results: one, of the shape that ``infer_shape`` gives, for all but a few ops.

        An op with several results overrides this, and returns the shape of the first from ``infer_shape``.

        Raises: ShapeError when the op cannot take these operands.
        """
        dtype = operands[0].dtype if self.input_dtype == "any" else "float"
        return (TensorType(self.infer_shape(*(each.shape for each in operands)), dtype),)

    @abstractmethod
    def count_macs(self, *shapes: Shape) -> Size:
        """Return the multiply-accumulates of one example; zero for all but convolutions, linear layers and matmuls."""

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        """Return the trainable tensors by torch's name for them, with their shapes."""
        return {}

    def module_parameters(self, *shapes: Shape) -> frozenset[str]:
        """Return the names of the parameters of torch's module, those that another step owns among them."""
        return frozenset(self.list_parameters(*shapes))

    def given(self) -> tuple[str, ...]:
        """Return the weights that are operands behind the others, in their order."""
        return ()

    def tied(self) -> tuple[str, ...]:
        """Return the weights that other steps own."""
        return ()

    def operand_limits(self) -> tuple[int, int | None]:
        """Return the minimum and maximum number of operands with these arguments; None is no limit."""
        return self.operands

    def emit_module(self, *shapes: Shape) -> Torch | None:
        """Return the ``nn.Module`` that computes the op, or None where torch has only a function."""
        return None

    def emit_function(self, *shapes: Shape) -> Torch | None:
        """Return the function call that computes the op, or None where it must be a module."""
        return None

    def canonical(self, *shapes: Shape) -> "Op":
        """Return the normal form of the op: the same for all ops that compute the same on these operands.

        Equivalent spellings are replaced by one, and arguments that have no effect here by their default:
        a kernel of ``[2, 2]`` becomes 2, ``valid`` padding 0, and ``depth_multiplier`` a number of groups.
        """
        return self

    def with_optional(self, *names: str) -> "Op":
        """Return the op for operands of which these optional ones are given."""
        return self

    def without_batch(self, alone: tuple[bool, ...], *shapes: Shape) -> "Op | None":
        """Return the op for operands of which some have no batch axis, or None where these must be expanded."""
        return self if self.stretches else None

    def with_fields(self, **fields: Any) -> Self:
        """Return the op with other values for some fields, which are known to be valid."""
        # The same object if nothing changes, since facts are cached by the identity of ops.
        unchanged = all(getattr(self, name) == value for name, value in fields.items())
        return self if unchanged else self.model_copy(update=fields)

    def located(self, *shapes: Shape) -> Self:
        """Return the op with the numbers of its axes in place of their names.

        Which axis a name means may follow from which sizes are open, which is known only while a graph is built.
        """
        numbers: dict[str, Any] = {}
        for field in self.axis_fields:
            axes = getattr(self, field)
            if isinstance(axes, str):
                numbers[field] = axis_index(self.name, axes, shapes[0]) + 1
            elif isinstance(axes, tuple) and any(isinstance(axis, str) for axis in axes):
                indices = (
                    axis_index(self.name, axis, shapes[0]) + 1 if isinstance(axis, str) else axis for axis in axes
                )
                numbers[field] = tuple(indices)
        return self.with_fields(**numbers) if numbers else self

    def at_stated_sizes(self) -> Self:
        """Return the op with numbers in place of the formulas of open sizes among its arguments."""
        if not self.open_arguments:
            return self
        given = {name: getattr(self, name) for name in self.open_arguments}
        numbers = {name: at_stated_sizes(value) for name, value in given.items()}
        return self.model_copy(update=numbers) if any(numbers[name] is not given[name] for name in given) else self

    def open_sizes(self) -> tuple[Dim, ...]:
        """Return the formulas of open sizes among the arguments."""
        return tuple(size for name in sorted(self.open_arguments) for size in open_sizes_in(getattr(self, name)))

    def abbreviate(self, shape: Shape) -> str:
        """Return the main arguments in a few characters, as in ``3x3, s2``; shape is the first operand's."""
        return ""

    def count_parameters(self, *shapes: Shape) -> Size:
        """Return the number of trainable numbers."""
        return sum(map(elements, self.list_parameters(*shapes).values())) + self.count_lengths(*shapes)

    def count_lengths(self, *shapes: Shape) -> Size:
        """Return the trainable numbers beside those of ``list_parameters``: the length of each row of a weight."""
        return 0

    def count_stored_bits(self, number: int, *shapes: Shape) -> Size:
        """Return the bits that the parameters take in a file in which a plain number takes ``number`` of them."""
        return number * self.count_parameters(*shapes)

    @classmethod
    def words(cls, field: str) -> frozenset[str]:
        """Return the words that a field allows; any other string there is an expression."""
        known = _WORDS.get((cls, field))
        if known is None:
            info = cls.model_fields[field]
            known = words(info.annotation).union(*(words(each) for each in info.metadata))
            _WORDS[cls, field] = known
        return known


def open_sizes_in(value: Any) -> Iterator[Dim]:
    """Yield the open sizes in an argument, or in a record of arguments."""
    if isinstance(value, Dim):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from open_sizes_in(item)


_WORDS: dict[tuple[type[Op], str], frozenset[str]] = {}

# pydantic evaluates the annotations of a class and of all its bases anew for each subclass, which for the twenty class
# variables of these two was a sixth of the time that `netspec check` takes. It has recorded by now which names are
# class variables, so that subclasses may still set them without an annotation.
for _base in (Traits, Op):
    for _name in _base.__class_vars__ & _base.__annotations__.keys():
        del _base.__annotations__[_name]
