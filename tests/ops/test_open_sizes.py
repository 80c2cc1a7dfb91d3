"""Every op on open sizes: what it infers is what it infers from plain numbers, or the sizes are not legal."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pydantic import ValidationError

from netspec.ops import OPS, Op, Sample, ShapeError
from netspec.sizes import Dim, Reason, Size, SizeContext, at, symbol
from netspec.sizes.shape import AxisWindow, Shape, count_windows

ROUNDS = 60


class Open:
    """A sample whose sizes are open, with what its op infers, and the context that decided."""

    def __init__(self, op: Op, shapes: tuple[Shape, ...], context: SizeContext) -> None:
        self.op, self.shapes, self.context = op, shapes, context
        with context.deciding(Reason(subject=op.name)):
            self.result = op.infer_shape(*shapes)
            self.macs = op.count_macs(*shapes)
            parameters = op.list_parameters(*shapes).values()
            # a weight has plain numbers, so that a size in one is fixed
            self.parameters = [tuple(map(int, shape)) for shape in parameters]

    def shapes_at(self, sizes: dict[str, int]) -> tuple[tuple[int, ...], ...]:
        return tuple(shape_at(shape, sizes) for shape in self.shapes)


def shape_at(shape: Shape, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(at(size, sizes) for size in shape)  # type: ignore[misc]


def open_axes(shapes: tuple[Shape, ...], first: int) -> tuple[tuple[Shape, ...], dict[str, int]]:
    """Open all axes from the given one on: equal sizes of an axis are one symbol, and a size of 1 stays plain."""
    stated: dict[str, int] = {}

    def open_size(axis: int, size: int) -> Size:
        if axis < first or size == 1:
            return size
        stated[f"S{axis}_{size}"] = size
        return symbol(f"S{axis}_{size}", size)

    return tuple(tuple(open_size(*each) for each in enumerate(shape)) for shape in shapes), stated  # type: ignore[arg-type]


def first_open(op: type[Op]) -> int:
    """Return the first axis that has positions: the channels come first, but for sequences, whose features are last."""
    return 0 if op.family in ("sequence", "linear") else 1


# How many heads of the queries read one head of the keys is decided, and to which axes a mask stretches: other sizes at
# which the shape is the same are left out.
DECIDED = ("attend",)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("everything", [False, True], ids=["axes", "channels too"])
def test_open_sizes_give_what_plain_numbers_give(name: str, everything: bool) -> None:
    draw = random.Random(name)
    for sample in OPS[name].samples:
        op = OPS[name].model_validate(sample.arguments)
        shapes, stated = open_axes(sample.inputs, 0 if everything else first_open(OPS[name]))
        opened = Open(op, shapes, SizeContext(stated))
        assert shape_at(opened.result, stated) == op.infer_shape(*sample.inputs)
        assert opened.context.broken(stated) is None
        for _ in range(ROUNDS if stated else 0):
            sizes = {each: draw.randint(1, 2 * size + 3) for each, size in stated.items()}
            check_at(opened, sizes, op, exact=name not in DECIDED)


def check_at(opened: Open, sizes: dict[str, int], op: Op, exact: bool = True) -> None:
    """At legal sizes everything is what plain numbers give, at others something is not; the op has the sizes too."""
    shapes = opened.shapes_at(sizes)
    legal = opened.context.broken(sizes) is None
    try:
        expected = op.infer_shape(*shapes)
        parameters = list(op.list_parameters(*shapes).values())
    except ShapeError:
        assert not legal, (op, sizes)
        return
    same = shape_at(opened.result, sizes) == expected and parameters == opened.parameters
    if legal:
        assert same and at(opened.macs, sizes) == op.count_macs(*shapes), (op, sizes)
    elif exact:
        assert not same, (op, sizes, opened.context.broken(sizes))


@pytest.mark.parametrize(("op", "sample"), [(op, sample) for op in OPS.values() for sample in op.invalid_samples])
def test_what_is_refused_is_refused_of_open_sizes(op: type[Op], sample: Sample) -> None:
    shapes, stated = open_axes(sample.inputs, 0)
    with SizeContext(stated).deciding(Reason()), pytest.raises(ShapeError) as caught:
        op.model_validate(sample.arguments).infer_shape(*shapes)
    with pytest.raises(ShapeError) as plain:
        op.model_validate(sample.arguments).infer_shape(*sample.inputs)
    assert (caught.value.message, caught.value.operand) == (plain.value.message, plain.value.operand)


# arguments that stay open

H, W = symbol("H", 12), symbol("W", 20)
OPEN_ARGUMENTS: list[tuple[str, dict[str, Any], bool]] = [
    ("slice", {"axis": 2, "start": H // 3, "stop": H - 2}, True),
    ("slice", {"axis": 3, "start": -(W // 2), "step": 2}, True),
    ("reshape", {"shape": [-1, H, W]}, True),
    ("reshape", {"shape": [4, H * W]}, True),
    ("reshape", {"shape": [2, 2 * H, W]}, True),
    ("rearrange", {"pattern": "c (h p) (w q) -> (h w) (c p q)", "sizes": [["p", H // 3], ["q", 4]]}, True),
    ("rearrange", {"pattern": "c h w -> w (h c)", "sizes": [["w", 2 * H - 4]]}, True),
    ("tile", {"pattern": "c h w -> (c g) h w n", "sizes": [["g", W // 5], ["n", H]]}, True),
    ("upsample", {"size": [2 * H, W // 5], "mode": "bilinear"}, True),
    ("roll", {"axes": [3, 2], "shift": [-W, H // 2]}, True),
    ("adaptive_avgpool", {"out": [H // 4, W // 4]}, True),
    ("adaptive_maxpool", {"out": H // 6}, True),
    ("maxpool", {"kernel": [H // 4, 2], "stride": 2}, True),
    ("avgpool", {"kernel": [H // 4, W // 4], "stride": [1, 2]}, True),
    # how often an open window fits is decided: other sizes at which it fits as often by chance are left out
    ("avgpool", {"kernel": [H // 4, W // 4]}, False),
    ("maxpool", {"kernel": [H // 4, 2], "ceil": True}, False),
    ("maxpool", {"kernel": 2, "stride": [H // 4, W // 5]}, False),
    ("lp_pool", {"norm": 2, "kernel": [H // 2, 3], "stride": 1}, True),
    ("lp_pool", {"norm": 2, "kernel": 2, "stride": [H // 4, 1]}, False),
    ("pad", {"sides": [[H // 5, 8 - H // 2], [0, W]]}, True),
    ("pad", {"sides": [H // 4, 0], "mode": "reflect"}, True),
]


def evaluated(value: Any, sizes: dict[str, int]) -> Any:
    return (
        [evaluated(each, sizes) for each in value]
        if isinstance(value, list)
        else (at(value, sizes) if isinstance(value, Dim) else value)
    )


@pytest.mark.parametrize(("name", "arguments", "exact"), OPEN_ARGUMENTS)
def test_arguments_stay_open(name: str, arguments: dict[str, Any], exact: bool) -> None:
    draw, legal = random.Random(name), 0
    opened = Open(OPS[name].model_validate(arguments), ((4, H, W),), SizeContext({"H": 12, "W": 20}))
    for _ in range(300):
        sizes = {"H": draw.randint(1, 24), "W": draw.randint(1, 40)}
        plain = {key: evaluated(value, sizes) for key, value in arguments.items()}
        try:
            op = OPS[name].model_validate(plain)
        except ValidationError:
            assert opened.context.broken(sizes) is not None, sizes
            continue
        check_at(opened, sizes, op, exact)
        legal += opened.context.broken(sizes) is None
    assert legal > 0


def test_every_open_argument_is_tried() -> None:
    tried = {(type_of, field) for name, arguments, _ in OPEN_ARGUMENTS for type_of in [name] for field in arguments}
    declared = {(op.name, field) for op in OPS.values() for field in op.open_arguments}
    # the three pools share their fields
    assert declared - tried <= {
        ("maxpool", "stride"),
        ("avgpool", "stride"),
        ("lp_pool", "stride"),
        ("lp_pool", "kernel"),
    }
    assert all(field in OPS[name].model_fields for name, field in declared)


@pytest.mark.parametrize("name", OPS)
def test_all_other_arguments_need_plain_numbers(name: str) -> None:
    op, size = OPS[name], symbol("H", 1)
    for field in op.model_fields:
        arguments = {**op.samples[0].arguments, field: size}
        if field not in op.open_arguments:
            with pytest.raises(ValidationError):
                op.model_validate(arguments)


def test_windows_that_round_up_are_counted_without_a_condition() -> None:
    context = SizeContext({"H": 12})
    with context.deciding(Reason()):
        assert str(count_windows(H, AxisWindow(3, 2), (1, 1), ceil=True)) == "H // 2 + 1"
        assert str(count_windows(H, AxisWindow(3, 2), (0, 0), ceil=True)) == "H // 2"
    assert context.guards == ()


def test_a_gate_of_size_one_stretches_without_a_condition() -> None:
    """An SE block's gate says nothing about the size of what it acts on, which may be 1 too."""
    context = SizeContext({"H": 12, "W": 20})
    with context.deciding(Reason()):
        assert OPS["mul"]().infer_shape((4, H, W), (4, 1, 1), (1, H, W)) == (4, H, W)
        assert OPS["lerp"]().infer_shape((4, H, W), (4, H, W), (1, 1, W)) == (4, H, W)
    assert context.guards == ()


def test_padding_of_tensorflow_leaves_the_size_open() -> None:
    context = SizeContext({"H": 12, "W": 20})
    with context.deciding(Reason()):
        op = OPS["conv"].model_validate({"out": 8, "kernel": 3, "stride": 2, "padding": "same_tf"})
        assert [str(size) for size in op.infer_shape((3, H, W))] == ["8", "(H + 1) // 2", "(W + 1) // 2"]
    assert context.guards == ()
