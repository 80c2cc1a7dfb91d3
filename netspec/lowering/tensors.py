"""The tensors beside a body: each call of a block has its own, as it has its own layers."""

from __future__ import annotations

from collections.abc import Iterable

from netspec.diagnostics import Code, SpecError
from netspec.ir import Expressions
from netspec.language.messages import show_value
from netspec.language.model import StoredTensor
from netspec.language.scope import source_of
from netspec.lowering.constants import add_constant
from netspec.lowering.context import Context
from netspec.lowering.evaluation import closed, evaluate, is_size
from netspec.lowering.initialization import check_fit, initializer
from netspec.lowering.insertion import inside
from netspec.lowering.values import Values
from netspec.ops.stored import Parameter
from netspec.sizes import Reason
from netspec.sizes.shape import MOST_AXES
from netspec.syntax import expr
from netspec.syntax.yaml import Sequence


def add_tensors(tensors: Iterable[StoredTensor], context: Context) -> None:
    """Add tensors to the module whose body begins, and label them for its steps."""
    deciding = context.builder.deciding
    for tensor in tensors:
        # The current value is not set before the first step.
        context.set_current(context.labels["input"])
        values: Values = None
        # A tensor has one shape: sizes that it is computed from are fixed by its declaration.
        around, deciding.reason = deciding.reason, Reason(tensor.span, "chosen", context.scope.path)
        try:
            context.builder.budget.count_steps(context.frames, tensor.span)
            values = add_constant(tensor, context) if tensor.is_constant else _add_parameter(tensor, context)
        except expr.AlreadyReported:
            context.builder.collector.expect_error()
        except SpecError as error:
            context.builder.collector.keep(error, context.frames)
        finally:
            deciding.reason = around
        context.label(tensor.name, values)


def _add_parameter(tensor: StoredTensor, context: Context) -> Values:
    op = Parameter(shape=_shape(tensor, context), batch=_has_axis(tensor, context))
    start = initializer(tensor.fields["init"], context.variables, tensor.fields.value_spans["init"])
    name = context.namer.claim(tensor.name, tensor.span)
    point = inside(context.scope, name, tensor.span, context.device, tensor.name, True, False, _written(tensor))
    (value,) = context.builder.add(op, (), point, ((op.parameter, start),))
    check_fit(((op.parameter, start),), op, (), tensor.fields.value_spans["init"])
    return (value,)


def _shape(tensor: StoredTensor, context: Context) -> tuple[int, ...]:
    span = tensor.fields.value_spans["shape"]
    value = closed(evaluate(tensor.fields["shape"], context.variables, span))
    sizes = value if isinstance(value, list) else [value]
    if len(sizes) > MOST_AXES or not all(map(is_size, sizes)):
        message = f"a tensor's shape is a list of whole numbers of at least 1, not {show_value(value)}"
        raise SpecError.of(Code.INVALID_DECLARATION, message, span, help="as in `shape: [1, 64]`")
    return tuple(sizes)


def _has_axis(tensor: StoredTensor, context: Context) -> bool:
    if "batch" not in tensor.fields:
        return False
    span = tensor.fields.value_spans["batch"]
    value = evaluate(tensor.fields["batch"], context.variables, span)
    if not isinstance(value, bool):
        message = f"`batch` is true or false, not {show_value(value)}"
        raise SpecError.of(Code.INVALID_DECLARATION, message, span, help="as in `batch: true`")
    return value


def _written(tensor: StoredTensor) -> Expressions:
    """Return the sizes that are expressions, by the names of the op's own arguments."""
    sizes = tensor.fields["shape"]
    if not isinstance(sizes, Sequence):
        return ()
    return tuple((f"shape{axis}", source_of(size)) for axis, size in enumerate(sizes, 1) if isinstance(size, str))
