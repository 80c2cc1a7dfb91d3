"""Ops that move elements along axes: shifts around the ends, and reversals."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import axis_index, axis_indices
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Axes, OpenShift
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Windows
from netspec.sizes import Size, stated
from netspec.sizes.shape import Shape


class Moving(Op):
    """The base class of ops that move elements along axes and change no size."""

    family = "shape"
    input_dtype = "any"
    moves_elements = True
    keeps_input = False
    axis_fields = frozenset({"axes"})

    @property
    def along(self) -> tuple[int | str, ...]:
        """The axes, by name or number."""
        given: tuple[int | str, ...] = getattr(self, "axes")  # noqa: B009  declared by the subclasses
        return given

    def infer_shape(self, *shapes: Shape) -> Shape:
        axis_indices(self.name, self.along, shapes[0])
        return shapes[0]

    def count_macs(self, *shapes: Shape) -> int:
        return 0


class Roll(Moving, name="roll"):
    """Shifts the elements along axes; those that leave at one end enter at the other.

    Formula: ``y[i] = x[(i - shift) % size]`` along each of the axes

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis, when one is given twice, or when the shifts are not one per axis.

    Example: ``- roll: {axes: [height, width], shift: -3}``

    Source: torch.roll; for windows that are shifted: Liu et al. 2021, arXiv:2103.14030.
    """

    open_arguments = frozenset({"shift"})
    samples = (
        Sample({"axes": ["height", "width"], "shift": -1}, ((4, 3, 5),)),
        Sample({"axes": [3, 1], "shift": [7, 1]}, ((4, 3, 5),)),
        Sample({"axes": -1, "shift": 0}, ((4, 6),)),
        Sample({"axes": 1, "shift": [2]}, ((5,),)),
    )
    invalid_samples = (
        Sample({"axes": "height", "shift": 1}, ((4, 5),)),
        Sample({"axes": [2, -1], "shift": 1}, ((4, 5),)),
        Sample({"axes": 2, "shift": [1, 1]}, ((4, 5),)),
    )

    axes: Axes = Field(description="The axes along which the elements are shifted.")
    shift: OpenShift = Field(description="How far, towards the end; a number for all axes, or one per axis.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        shape = super().infer_shape(*shapes)
        if isinstance(self.shift, tuple) and len(self.shift) != len(self.along):
            raise ShapeError(
                f"roll has {len(self.along)} axes, and {len(self.shift)} shifts",
                help="give one number for all axes, or one per axis",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        return shape

    def shifts(self, shape: Shape) -> dict[int, Size]:
        """Return the shift along each axis, by its index."""
        each = self.shift if isinstance(self.shift, tuple) else (self.shift,) * len(self.along)
        return dict(sorted(zip((axis_index("roll", axis, shape) for axis in self.along), each, strict=True)))

    def canonical(self, *shapes: Shape) -> Op:
        (shape,) = shapes
        turned = {index: shift % shape[index] for index, shift in self.shifts(shape).items()}
        moved = {index: shift for index, shift in turned.items() if shift} or dict([*turned.items()][:1])
        return self.with_fields(axes=tuple(index + 1 for index in moved), shift=tuple(moved.values()))

    def emit_function(self, *shapes: Shape) -> Torch:
        shifts = self.shifts(shapes[0])
        by, axes = tuple(shifts.values()), tuple(index + 1 for index in shifts)
        arguments = (
            Argument("shifts", by if len(by) > 1 else by[0], positional=True, field="shift"),
            Argument("dims", axes if len(axes) > 1 else axes[0], positional=True, field="axes"),
        )
        return Torch("torch.roll({0}, {arguments})", arguments)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        (shape,) = shapes
        shifts = self.shifts(shape)
        # What comes around the end is far away, so that an axis counts as read from end to end.
        moved = {index for index, shift in shifts.items() if stated(shift) % stated(shape[index])}
        return (tuple(None if index in moved else SAME for index in range(len(shape))),)

    def abbreviate(self, shape: Shape) -> str:
        return ", ".join(f"{stated(shift):+d}" for shift in dict.fromkeys(self.shifts(shape).values()))


class Flip(Moving, name="flip"):
    """Reverses the order of the elements along axes.

    Formula: ``y[i] = x[size - 1 - i]`` along each of the axes

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis, or when one is given twice.

    Example: ``- flip: width``

    Source: torch.flip.
    """

    keeps_layout = True
    primary = "axes"
    samples = (
        Sample({"axes": "width"}, ((4, 3, 5),)),
        Sample({"axes": [-1, 1]}, ((4, 6),)),
        Sample({"axes": "features"}, ((5,),)),
    )
    invalid_samples = (Sample({"axes": "height"}, ((4, 5),)), Sample({"axes": [2, -1]}, ((4, 5),)))

    axes: Axes = Field(description="The axes along which the order is reversed.")

    def _indices(self, shape: Shape) -> tuple[int, ...]:
        return axis_indices("flip", self.along, shape)

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(axes=tuple(index + 1 for index in self._indices(shapes[0])))

    def emit_function(self, *shapes: Shape) -> Torch:
        axes = tuple(index + 1 for index in self._indices(shapes[0]))
        return Torch("torch.flip({0}, {arguments})", (Argument("dims", axes, positional=True, field="axes"),))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        reversed_axes = self._indices(shapes[0])
        return (tuple(None if index in reversed_axes else SAME for index in range(len(shapes[0]))),)
