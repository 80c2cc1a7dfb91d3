"""Every op against torch: shapes, parameters, cost, both ways to write it, and what its gradient needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from netspec.dtypes import Dtype
from netspec.ops import OPS, Op, Sample, ShapeError, TensorType, Window
from netspec.ops.torch_code import IN_PLACE
from netspec.sizes.shape import Shape, elements
from tests.support.op_forms import BATCH, cases, dtype_of, forms, legal, make, on_meta, operands, run
from tests.support.search import tries

DTYPES: dict[torch.dtype, Dtype] = {
    torch.float64: "float",
    torch.float32: "float",
    torch.int64: "int64",
    torch.bool: "bool",
}
SECTIONS = ("Formula", "Shape", "Cost", "Example", "Source")
INVALID = [
    pytest.param(name, sample, id=f"{name}-{index}")
    for name, op in OPS.items()
    for index, sample in enumerate(op.invalid_samples)
]


# every sample of every op

EVERY_OP = pytest.mark.parametrize("name", OPS)


@EVERY_OP
def test_shape_rule_is_torchs(name: str) -> None:
    for sample in OPS[name].samples:
        op, shapes = make(sample, name)
        expected = op.infer_shape(*shapes)
        op, shapes = legal(op, shapes)
        assert op.infer_shape(*shapes) == expected, sample
        types = [TensorType(shape, dtype_of(op, place)) for place, shape in enumerate(shapes)]
        for form in forms(op, shapes):
            results = on_meta(form, operands(op, shapes))
            found = [TensorType(tuple(each.shape[1:]), DTYPES[each.dtype]) for each in results]
            assert found == list(op.infer_results(*types)) and found[0].shape == expected, sample
            assert all(len(each) == BATCH for each in results)


@EVERY_OP
def test_parameters_are_torchs(name: str) -> None:
    for op, shapes in cases(name):
        found = {key: tuple(each.shape) for form in forms(op, shapes) for key, each in form.named_parameters()}
        assert op.list_parameters(*shapes) == found, op
        assert op.count_parameters(*shapes) == sum(map(elements, found.values())), op


@EVERY_OP
def test_macs_are_half_of_torchs_flops(name: str) -> None:
    for sample in OPS[name].samples:
        op, shapes = make(sample, name)
        expected = op.count_macs(*shapes)
        op, shapes = legal(op, shapes)
        for form in forms(op, shapes):
            with FlopCounterMode(display=False) as counter:
                on_meta(form, operands(op, shapes))
            assert counter.get_total_flops() == 2 * expected * BATCH, sample


@EVERY_OP
def test_module_and_function_give_the_same(name: str) -> None:
    for op, shapes in cases(name):
        results = [run(form, operands(op, shapes)) for form in forms(op, shapes)]
        assert all(torch.equal(result, results[0]) for result in results), op
        assert not results[0].isnan().any(), op


@EVERY_OP
def test_in_place_gives_the_same(name: str) -> None:
    for op, shapes in cases(name):
        texts = [text for text in (op.emit_module(*shapes), op.emit_function(*shapes)) if text]
        assert all((IN_PLACE in text.arguments) == op.in_place for text in texts), op
        if not op.in_place:
            continue
        for form, training in product(forms(op, shapes, inplace=True), (False, True)):
            tensors = operands(op, shapes)
            result = run(form, tensors, training)
            assert result.data_ptr() == tensors[0].data_ptr(), op
            assert torch.equal(result, run(next(forms(op, shapes)), operands(op, shapes), training)), op


def gradients(
    op: Op, form: nn.Module, shapes: tuple[Shape, ...], training: bool, overwrite: str = ""
) -> list[torch.Tensor]:
    """Return the gradients for the operands when the op's input or output has been overwritten after it ran."""
    entering = operands(op, shapes)
    leaves = [tensor.requires_grad_() for tensor in entering if tensor.is_floating_point()]
    tensors = [tensor.clone() for tensor in entering]
    result = run(form, tensors, training)
    weights = torch.linspace(-1, 1, result.numel(), dtype=torch.float64).view(result.shape)
    if overwrite == "output":
        result.mul_(0.5)
        weights = weights * 2
    loss = (result * weights).sum()
    if overwrite == "input":
        for tensor in filter(torch.is_floating_point, tensors):
            tensor.mul_(0.5)
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    return [torch.zeros(()) if each is None else each for each in found]


def has_gradient(op: Op) -> bool:
    return op.input_dtype != "int64" and op.name not in ("draw_column", "argmax", "detach", "noise")


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@EVERY_OP
def test_gradient_needs_no_more_than_is_declared(name: str, training: bool) -> None:
    for op, shapes in filter(lambda case: has_gradient(case[0]), cases(name)):
        for inplace in (False, True) if op.in_place else (False,):
            claims = {"output": not op.keeps_output, "input": not (op.keeps_input or op.may_alias or inplace)}
            for form in forms(op, shapes, inplace):
                expected = gradients(op, form, shapes, training)
                for what in (what for what, is_free in claims.items() if is_free):
                    found = gradients(op, form, shapes, training, overwrite=what)
                    assert all(map(torch.allclose, found, expected)), (op, what)


def memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@EVERY_OP
def test_results_lie_where_the_op_says(name: str, training: bool) -> None:
    for op, shapes in cases(name):
        for form in forms(op, shapes):
            tensors = operands(op, shapes)
            result = run(form, tensors, training)
            shared = [memory(result) == memory(tensor) for tensor in tensors]
            assert op.allocates(training) == (not shared[0]), op
            assert op.may_alias or not any(shared), op


@EVERY_OP
def test_gaps_are_where_the_op_says(name: str) -> None:
    """Giving other axes to a result without gaps takes no memory of its own."""
    for op, shapes in cases(name):
        for form in forms(op, shapes):
            result = run(form, operands(op, shapes))
            assert op.strided or result.dim() < 3 or memory(result.flatten(1)) == memory(result), op


def turned(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor whose axes lie in memory in the opposite order."""
    backwards = [0, *range(tensor.dim() - 1, 0, -1)]
    return tensor.permute(backwards).contiguous().permute(backwards)


@EVERY_OP
def test_operands_may_lie_in_any_order(name: str) -> None:
    for op, shapes in cases(name):
        for form in forms(op, shapes):
            result, expected = (
                run(form, [turned(each) for each in operands(op, shapes)]),
                run(form, operands(op, shapes)),
            )
            # Noise is drawn in the order of memory.
            assert name == "noise" or torch.allclose(result, expected), op


@EVERY_OP
def test_axes_lie_in_the_order_of_the_operand_where_declared(name: str) -> None:
    for op, shapes in cases(name):
        if not shapes or op.infer_shape(*shapes) != shapes[0] or len(shapes[0]) < 2:
            continue
        function = op.emit_function(*shapes)
        if op.strided or not op.allocates(True) or (function and ".contiguous()" in function.template):
            continue
        for form in forms(op, shapes):
            tensors = [turned(each) for each in operands(op, shapes)]
            result = run(form, tensors, training=True)
            assert op.keeps_layout == (result.stride() == tensors[0].stride()), op
            assert op.keeps_layout or result.is_contiguous(), op


@EVERY_OP
def test_mode_matters_only_where_declared(name: str) -> None:
    for op, shapes in cases(name):
        if op.depends_on_mode:
            text = op.emit_function(*shapes)
            assert text is None or "self.training" in text.template
            continue
        for form in forms(op, shapes):
            assert torch.equal(*(run(form, operands(op, shapes), training) for training in (False, True))), op


@EVERY_OP
def test_function_calls_are_counted(name: str) -> None:
    for op, shapes in cases(name):
        text = op.emit_function(*shapes)
        if text is None:
            continue
        *_, form = forms(op, shapes)
        traced = torch.fx.symbolic_trace(form.eval())
        nodes = [node for node in traced.graph.nodes if node.op in ("call_function", "call_method")]
        sizes = [node for node in nodes if node.target is getattr]
        sizes += [node for node in nodes if not set(sizes).isdisjoint(node.all_input_nodes) and "getitem" in node.name]
        assert len(nodes) - len(sizes) == text.calls, op
        assert torch.equal(run(traced, operands(op, shapes)), run(form, operands(op, shapes))), op


@EVERY_OP
def test_windows_have_an_entry_per_operand_and_axis(name: str) -> None:
    for op, shapes in cases(name):
        windows = op.receptive_windows(*shapes)
        assert not windows or list(map(len, windows)) == list(map(len, shapes)), op
        assert all(each is None or isinstance(each, Window) for operand in windows or () for each in operand), op
        assert len(op.abbreviate(shapes[0])) < 30, op


@pytest.mark.parametrize(("name", "sample"), INVALID)
def test_an_invalid_sample_is_refused(name: str, sample: Sample) -> None:
    op, shapes = make(sample, name)
    with pytest.raises(ShapeError) as caught:
        op.infer_shape(*shapes)
    message = caught.value.message
    assert message.startswith(name) and not message.endswith("."), message
    assert caught.value.operand is None or caught.value.operand < len(shapes)


# one spelling of all that compute the same

SPELLINGS: tuple[tuple[str, Shape, tuple[dict[str, Any], ...]], ...] = (
    ("conv", (4, 9, 9), ({"out": 8, "kernel": 2}, {"out": 8, "kernel": [2, 2], "stride": [1, 1], "padding": "valid"})),
    ("conv", (4, 9, 9), ({"out": 8, "kernel": 3, "padding": 1}, {"out": 8, "kernel": 3, "padding": "same"})),
    ("conv", (4, 9, 9), ({"out": 8, "kernel": 3, "padding": [[1, 1], [1, 1]]}, {"out": 8, "kernel": 3, "padding": 1})),
    ("conv", (4, 9, 9), ({"out": 4, "groups": 4, "kernel": 3}, {"depth_multiplier": 1, "kernel": 3})),
    ("conv", (4, 9), ({"out": 4, "kernel": 3, "padding_mode": "reflect"}, {"out": 4, "kernel": 3})),
    (
        "conv_transpose",
        (4, 5, 5),
        ({"out": 4, "kernel": 3, "stride": 2}, {"out": 4, "kernel": [3, 3], "stride": [2, 2]}),
    ),
    ("maxpool", (4, 9, 9), ({"kernel": 2}, {"kernel": [2, 2], "stride": 2, "dilation": [1, 1], "padding": "valid"})),
    ("avgpool", (4, 9, 9), ({"kernel": 2}, {"kernel": 2, "count_include_pad": False})),
    ("lp_pool", (4, 9), ({"norm": 2, "kernel": 3}, {"norm": 2.0, "kernel": [3], "stride": [3]})),
    ("adaptive_avgpool", (4, 9, 9), ({"out": 1}, {"out": [1, 1]})),
    ("upsample", (4, 3, 3), ({"scale": 2, "mode": "linear"}, {"scale": [2.0, 2], "mode": "bilinear"})),
    ("pad", (4, 3, 3), ({"sides": 1}, {"sides": [1, 1]}, {"sides": [[1, 1], [1, 1]]})),
    ("concat", (4, 3, 3), ({"axis": 3}, {"axis": -1})),
    ("softmax", (4, 3), ({"axis": 2}, {"axis": -1})),
    ("slice", (4, 3), ({"stop": 2}, {"axis": -2, "start": -4, "stop": -2})),
    ("reshape", (4, 3), ({"shape": [2, 6]}, {"shape": [-1, 6]})),
    ("ln", (6,), ({}, {"axes": "channels"})),
    ("ln", (4, 6), ({"affine": False}, {"affine": False, "bias": False})),
    ("add", (4, 6), ({}, {"broadcast": True})),
    ("roll", (4, 6), ({"axes": [1, 2], "shift": [0, 5]}, {"axes": -1, "shift": -1}, {"axes": 2, "shift": [11]})),
    ("roll", (4, 6), ({"axes": [2, 1], "shift": [2, 1]}, {"axes": [1, 2], "shift": [1, 2]})),
    ("flip", (4, 6), ({"axes": [1, 2]}, {"axes": [2, 1]}, {"axes": [-2, -1]})),
    ("gather", (4, 6), ({"positions": [5, 0], "axis": 2}, {"positions": [-1, 0], "axis": -1})),
    ("cumsum", (4, 6), ({"axis": 2}, {"axis": -1})),
    ("argmax", (4, 6), ({"axis": 2}, {"axis": -1})),
    ("topk", (4, 6), ({"count": 2, "axis": 2}, {"count": 2, "axis": -1})),
    ("unfold", (4, 6, 6), ({"kernel": 2}, {"kernel": [2, 2], "stride": [1, 1], "padding": [0, 0]})),
)


@pytest.mark.parametrize(("name", "shape", "spellings"), SPELLINGS)
def test_spellings_of_one_thing_are_one(name: str, shape: Shape, spellings: tuple[dict[str, Any], ...]) -> None:
    shapes = (shape,) * max(1, OPS[name].operands[0])
    ops = [OPS[name](**arguments) for arguments in spellings]
    assert len(set(ops)) == len(ops), "written in different ways"
    assert len({op.canonical(*shapes) for op in ops}) == 1
    results = [run(next(forms(op, shapes)), operands(op, shapes)) for op in ops]
    assert all(torch.equal(result, results[0]) for result in results)


@pytest.mark.parametrize(
    ("first", "second", "shape"),
    [
        (OPS["flatten"](), OPS["reshape"](shape=[-1]), (4, 3)),
        (OPS["global_avgpool"](), OPS["adaptive_avgpool"](out=1), (4, 3, 3)),
        (OPS["global_maxpool"](), OPS["adaptive_maxpool"](out=[1, 1]), (4, 3, 3)),
    ],
)
def test_ops_that_compute_the_same_are_one(first: Op, second: Op, shape: Shape) -> None:
    assert first.canonical(shape) == second.canonical(shape) == first


@EVERY_OP
def test_the_canonical_op_computes_the_same(name: str) -> None:
    for sample in OPS[name].samples:
        op, shapes = make(sample, name)
        plain = op.canonical(*shapes)
        assert plain.canonical(*shapes) == plain, "spelled once and for all"
        assert plain.infer_shape(*shapes) == op.infer_shape(*shapes)
        assert plain.list_parameters(*shapes) == op.list_parameters(*shapes)
        assert plain.count_macs(*shapes) == op.count_macs(*shapes)
        assert plain.name != op.name or plain.receptive_windows(*shapes) == op.receptive_windows(*shapes)
        (op, shapes), (plain, _) = legal(op, shapes), legal(plain, shapes)
        for training in (False, True):
            left, right = (run(next(forms(each, shapes)), operands(each, shapes), training) for each in (op, plain))
            assert torch.equal(left, right), op


@pytest.mark.parametrize("name", ["conv", "maxpool", "avgpool", "lp_pool"])
def test_equal_text_is_an_equal_op(name: str) -> None:
    random = Random(f"{name} in one spelling")
    texts: dict[Any, set[Op]] = {}
    for _ in range(4000):
        arguments, shape = window_case(random, name)
        op = OPS[name](**arguments)
        if len(shape) == 2 and shape[1] > 3 and refusal(op.infer_shape, shape) is not None:
            text = op.emit_module(shape)
            texts.setdefault((shape, text), set()).add(op)
    several = [(shape, ops) for (shape, _), ops in texts.items() if len(ops) > 1]
    assert len(several) > 20, "the search finds nothing"
    for shape, ops in several:
        assert len({op.canonical(shape) for op in ops}) == 1, ops


# every class


@EVERY_OP
def test_op_is_complete(name: str) -> None:
    op = OPS[name]
    assert op.samples, "needs samples"
    doc = op.__doc__ or ""
    for section in SECTIONS:
        assert f"\n    {section}: " in doc, f"{name} does not say its {section}"
    assert ("\n    Raises: " in doc) == bool(op.invalid_samples), "invalid samples and `Raises` belong together"
    assert doc.splitlines()[0].endswith("."), "the first line is a sentence"
    assert re.search(rf"Example: ``- {name}\b", doc), "the example uses the op"
    for field, info in op.model_fields.items():
        assert info.description and info.description.endswith("."), f"{field} is not described"
    assert op.primary is None or op.primary in op.model_fields
    assert not op.model_fields.keys() & {"of", "name", "when", "as", "from", "expect", "share", "device"}


@EVERY_OP
def test_layer_is_named_where_torch_lacks_it(name: str) -> None:
    for sample in OPS[name].samples:
        op, shapes = legal(*make(sample, name))
        for text in (op.emit_module(*shapes), op.emit_function(*shapes)):
            if text:
                outer = text.template.partition("(")[0]
                assert bool(text.layer) == outer.isidentifier()


def test_a_name_is_taken_once() -> None:
    with pytest.raises(TypeError, match="two ops are called 'relu'"):
        type("Again", (OPS["relu"],), {"__module__": __name__}, name="relu")


def test_instances_that_differ_in_numbers_share_their_text() -> None:
    for name, left, right, shape in (
        ("slice", {"start": 0, "stop": 3}, {"start": 3, "stop": 9}, (9, 2)),
        ("conv", {"out": 4, "kernel": 1}, {"out": 8, "kernel": 3}, (4, 9, 9)),
        ("scale", {"by": 2}, {"by": 0.5}, (4,)),
        ("reshape", {"shape": [2, 2]}, {"shape": [-1, 2]}, (4,)),
        ("pad", {"sides": 1}, {"sides": [[0, 1], [2, 3]], "value": 1.0}, (3, 4, 4)),
        ("lstm", {"hidden": 3}, {"hidden": 4, "layers": 2}, (4, 4)),
    ):
        texts = []
        for arguments in (left, right):
            op = OPS[name](**arguments)
            text = op.emit_function(shape) or op.emit_module(shape)
            assert text
            texts.append((text.template, [each.name for each in text.arguments], text.layer, text.calls))
        assert texts[0] == texts[1], name


# windows: a grid


def refusal(compute: Callable[..., Shape], *arguments: Any) -> Shape | None:
    """Return the shape, or None when torch or the rule refuses."""
    try:
        return compute(*arguments)
    except (ShapeError, RuntimeError, ValueError):
        return None


def per_axis_choice(random: Random, rank: int, values: list[int]) -> int | list[int]:
    return random.choice(values) if random.random() < 0.5 else [random.choice(values) for _ in range(rank)]


def window_case(random: Random, op: str) -> tuple[dict[str, Any], Shape]:
    """Return random arguments of a convolution or pool with an input, valid or not."""
    rank = random.choice([1, 2, 2, 3])
    shape = (4, *(random.randint(1, 10) for _ in range(rank)))
    arguments: dict[str, Any] = {"kernel": per_axis_choice(random, rank, [1, 2, 3, 4, 5, 6, 7])}
    if random.random() < 0.8:
        arguments["stride"] = per_axis_choice(random, rank, [1, 2, 3])
    if op in ("conv", "maxpool") and random.random() < 0.4:
        arguments["dilation"] = per_axis_choice(random, rank, [1, 2, 3])
    if op != "lp_pool":
        sides = [[random.randint(0, 3), random.randint(0, 3)] for _ in range(rank)]
        arguments["padding"] = random.choice(
            [0, 1, 2, 3, per_axis_choice(random, rank, [0, 1, 2, 3]), sides, "same", "auto", "same_tf", "valid"]
        )
    if op != "conv":
        arguments["ceil"] = random.random() < 0.5
    else:
        arguments |= {"out": 6, "groups": random.choice([1, 1, 2, 3]), "bias": False}
    if op == "lp_pool":
        arguments["norm"] = 2
    if op == "avgpool":
        arguments["count_include_pad"] = random.random() < 0.5
    return arguments, shape


def both_sides(padding: Any, shape: Shape, kernel: list[int], stride: list[int], dilation: list[int]) -> list[Any]:
    """Return the padding before and after each axis, worked out anew."""
    rank = len(shape) - 1
    if padding in ("same", "auto"):
        totals = [gap * (extent - 1) for gap, extent in zip(dilation, kernel, strict=True)]
        return [[total // 2, total - total // 2] for total in totals]
    if padding == "same_tf":
        ends = [(-(-size // step) - 1) * step for size, step in zip(shape[1:], stride, strict=True)]
        reach = [gap * (extent - 1) + 1 for gap, extent in zip(dilation, kernel, strict=True)]
        totals = [max(end + one - size, 0) for end, one, size in zip(ends, reach, shape[1:], strict=True)]
        return [[total // 2, total - total // 2] for total in totals]
    sides = [0] * rank if padding == "valid" else padding if isinstance(padding, list) else [padding] * rank
    return [side if isinstance(side, list) else [side, side] for side in sides]


def torch_window(name: str, arguments: dict[str, Any], shape: Shape) -> Shape:
    """Return what torch gives, with padding written out by hand where torch has no word for it."""
    rank = len(shape) - 1
    spread = {key: value if isinstance(value, list) else [value] * rank for key, value in arguments.items()}
    kernel, stride = spread["kernel"], spread.get("stride", [1] * rank if name == "conv" else spread["kernel"])
    dilation, padding = spread.get("dilation", [1] * rank), arguments.get("padding", 0)
    if padding == "same" and any(step > 1 for step in stride):
        raise RuntimeError("torch has no such thing")
    pairs = both_sides(padding, shape, kernel, stride, dilation)
    if padding == "auto" and any(before != after for before, after in pairs):
        raise RuntimeError("both sides are padded alike")
    x = torch.empty(1, *shape, device="meta")
    is_number = isinstance(padding, int) or not any(isinstance(side, list) for side in padding)
    fits = name == "conv" or all(before <= extent // 2 for (before, _), extent in zip(pairs, kernel, strict=True))
    if all(before == after for before, after in pairs) and (fits or (is_number and not isinstance(padding, str))):
        numbers = [before for before, _ in pairs]
    else:
        x, numbers = F.pad(x, [side for pair in reversed(pairs) for side in pair]), [0] * rank
    if name == "conv":
        layer = getattr(nn, f"Conv{rank}d")
        form = layer(4, 6, kernel, stride, numbers, dilation, arguments["groups"], False, device="meta")
    elif name == "maxpool":
        form = getattr(nn, f"MaxPool{rank}d")(kernel, stride, numbers, dilation, ceil_mode=arguments["ceil"])
    elif name == "avgpool":
        form = getattr(nn, f"AvgPool{rank}d")(kernel, stride, numbers, arguments["ceil"])
    else:
        form = getattr(nn, f"LPPool{rank}d")(2, kernel[0] if rank == 1 else kernel, stride, arguments["ceil"])
    return tuple(form(x).shape[1:])


def is_inexpressible(op: Any, shape: Shape) -> bool:
    """Return whether padding that is an op of its own would change what a pool means."""
    return bool(op.explicit_padding(shape)) and (op.ceil or getattr(op, "count_include_pad", True) is False)


@pytest.mark.parametrize("name", ["conv", "maxpool", "avgpool", "lp_pool"])
def test_windows_slide_as_in_torch(name: str) -> None:
    random = Random(name)
    accepted = 0
    for _ in range(tries(200 if name == "lp_pool" else 1500)):
        arguments, shape = window_case(random, name)
        op = OPS[name](**arguments)
        rule = refusal(op.infer_shape, shape)
        truth = refusal(torch_window, name, arguments, shape)
        if rule is None and truth is not None and is_inexpressible(op, shape):
            continue
        assert rule == truth, (arguments, shape)
        accepted += rule is not None
    assert accepted > tries(60 if name == "lp_pool" else 400)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_convolutions_cost_what_torch_counts_over_the_grid() -> None:
    random = Random(4)
    accepted = 0
    for _ in range(tries(400)):
        arguments, shape = window_case(random, "conv")
        op = OPS["conv"](**{**arguments, "bias": random.random() < 0.5})
        if refusal(op.infer_shape, shape) is None:
            continue
        accepted += 1
        bare, shapes = legal(op, (shape,))
        (form, *_) = forms(bare, shapes)
        assert op.count_parameters(shape) == sum(each.numel() for each in form.parameters()), (arguments, shape)
        with FlopCounterMode(display=False) as counter:
            on_meta(form, [torch.empty(BATCH, *shapes[0], dtype=torch.float64)])
        assert counter.get_total_flops() == 2 * BATCH * op.count_macs(shape), (arguments, shape)
    assert accepted > tries(100)


def torch_transposed(arguments: dict[str, Any], shape: Shape) -> Shape:
    names = {"kernel": "kernel_size", "out": "out_channels"}
    layer = getattr(nn, f"ConvTranspose{len(shape) - 1}d")
    form = layer(shape[0], **{names.get(key, key): value for key, value in arguments.items()})
    result = tuple(form(torch.zeros(1, *shape)).shape[1:])
    if min(result) < 1:
        raise RuntimeError("nothing is left")
    return result


def test_transposed_convolution_is_as_long_as_in_torch() -> None:
    random = Random(0)
    accepted = 0
    for _ in range(tries(600)):
        rank = random.choice([1, 2, 3])
        shape = (4, *(random.randint(1, 6) for _ in range(rank)))
        arguments = {
            "out": 6,
            "kernel": per_axis_choice(random, rank, [1, 2, 3, 4, 5]),
            "stride": per_axis_choice(random, rank, [1, 2, 3]),
            "padding": per_axis_choice(random, rank, [0, 1, 2]),
            "output_padding": per_axis_choice(random, rank, [0, 0, 1, 2]),
            "dilation": per_axis_choice(random, rank, [1, 2]),
            "groups": random.choice([1, 2, 3]),
        }
        op = OPS["conv_transpose"](**arguments)
        rule = refusal(op.infer_shape, shape)
        assert rule == refusal(torch_transposed, arguments, shape), (arguments, shape)
        accepted += rule is not None
    assert accepted > tries(200)
