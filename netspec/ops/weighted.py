"""What ops share whose weights may come from elsewhere: from tensors of the document, or from another step."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from netspec.diagnostics import Code
from netspec.dtypes import Dtype
from netspec.ops.base import Op
from netspec.ops.shape_error import ShapeError
from netspec.ops.traits import Windows
from netspec.sizes import Size
from netspec.sizes.shape import Shape, show

OWN = "own"
"""Stands for a weight that is a parameter of the op."""
GIVEN = "given"
"""Stands for a weight that is an operand, behind the value that the op works on."""
TIED = "tied"
"""Stands for a weight that is a parameter of another step, which owns it."""


def _source(expected: str, own: type) -> PlainValidator:
    def check(value: Any) -> Any:
        if (type(value) is own and (own is bool or value == OWN)) or value in (GIVEN, TIED):
            return value
        raise PydanticCustomError("netspec", "{expected}", {"expected": f"expected {expected}"})

    return PlainValidator(check)


# Not `Literal`: its words could be written in a document, where they would stand for a weight that is not there.
Weight = Annotated[
    str, _source("a tensor, or a formula over tensors", str), WithJsonSchema({"type": "string", "format": "tensor"})
]
Bias = Annotated[
    bool | str,
    _source("true, false, or a tensor", bool),
    WithJsonSchema({"type": "boolean", "format": "tensor"}),
]
"""Whether there is a bias, which is the op's own for True."""


def weight_field() -> Any:
    """Return the field of the weight."""
    return Field(OWN, description="A tensor, a formula over tensors, or the weight of a step, as in `label.weight`.")


KernelParametrization = Literal["spectral_norm", "weight_norm"]
MatrixParametrization = Literal["spectral_norm", "weight_norm", "orthogonal"]


def parametrization_field(of_matrix: bool) -> Any:
    """Return the field of what a weight is computed by."""
    orthogonal = ", or an orthogonal matrix" if of_matrix else ""
    about = "what its largest singular value divides, or a direction and a length for each row"
    return Field(None, description=f"What torch computes the weight by: {about}{orthogonal}.")


class Weighted(Op):
    """An op with a weight and perhaps a bias, each of which may be given."""

    weight_names: ClassVar[tuple[str, ...]] = ("weight", "bias")
    said_by_weight: ClassVar[tuple[str, ...]]
    """The arguments that follow from the shape of a given weight."""

    @abstractmethod
    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """Return the shapes of all weights by torch's name for them, wherever they come from."""

    @classmethod
    def sizes_of(cls, weight: Shape, values: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that follow from the shape of a given weight, beside those that are written."""
        return {}

    def given(self) -> tuple[str, ...]:
        return tuple(name for name in self.weight_names if getattr(self, name) == GIVEN)

    def tied(self) -> tuple[str, ...]:
        return tuple(name for name in self.weight_names if getattr(self, name) == TIED)

    def check_weights(self, *shapes: Shape) -> None:
        """Raise ShapeError for weights that do not fit."""
        given = self.given()
        if self.parametrization and (given + self.tied())[:1] == ("weight",):
            raise ShapeError(
                f"{self.name} with `parametrize` has a weight of its own",
                help="leave out `parametrize`, or `weight`",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        if not given:
            return
        wanted = self.weight_shapes(shapes[0])
        if "weight" in given and wanted.keys() - given:
            raise ShapeError(
                f"{self.name} takes its weight from a tensor, and its bias from nowhere",
                help="a layer has both or none of its own: write `bias: false`, or name a tensor for it too",
                operand=1 if len(shapes) > 1 else None,
                code=Code.CONFLICTING_ARGUMENTS,
            )
        for position, (name, shape) in enumerate(zip(given, shapes[1:], strict=False), 1):
            if shape != wanted[name]:
                raise ShapeError(
                    f"{self.name} needs a {name} of {show(wanted[name])}, got {show(shape)}",
                    help=f"as in `{name}: {{shape: [{', '.join(str(size) for size in wanted[name])}]}}` of `tensors`",
                    operand=position,
                )

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        wanted = self.weight_shapes(shapes[0])
        return {name: shape for name, shape in wanted.items() if getattr(self, name) in (True, OWN)}

    @property
    def parametrization(self) -> str:
        """What the weight is computed by, or an empty text."""
        return getattr(self, "parametrize", None) or ""

    def count_lengths(self, *shapes: Shape) -> Size:
        return self.weight_shapes(*shapes)["weight"][0] if self.parametrization == "weight_norm" else 0

    def module_parameters(self, *shapes: Shape) -> frozenset[str]:
        return super().module_parameters(*shapes) | frozenset(self.tied())

    def operand_limits(self) -> tuple[int, int | None]:
        return (len(self.given()) + 1,) * 2

    @property
    def is_function(self) -> bool:
        return "weight" in self.given()

    def stretches_operand(self, position: int) -> bool:
        return position > 0  # a weight has no batch

    def operand_dtypes(self, position: int) -> tuple[Dtype, ...]:
        return ("float",) if position else super().operand_dtypes(position)

    def with_weights(self, windows: Windows, *shapes: Shape) -> tuple[Windows, ...]:
        """Return the windows of the value, and those of the weights, which are read as a whole."""
        return (windows, *((None,) * len(shape) for shape in shapes[1:]))
