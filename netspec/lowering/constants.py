"""Constants: tensors whose elements follow from their indices, computed once, or in each call where a size is open."""

from __future__ import annotations

from netspec.diagnostics import Code, Note, SpecError
from netspec.ir import Expressions
from netspec.language.messages import show_value
from netspec.language.model import StoredTensor
from netspec.language.scope import expression_error, source_of
from netspec.limits import LimitExceededError
from netspec.lowering.context import Context
from netspec.lowering.evaluation import evaluate, is_size
from netspec.lowering.exceeded import too_many_items
from netspec.lowering.insertion import inside
from netspec.lowering.values import Values
from netspec.ops.constant import Constant
from netspec.ops.formula_text import count_leaves
from netspec.sizes import Dim
from netspec.syntax import expr


def add_constant(tensor: StoredTensor, context: Context) -> Values:
    """Add a constant to the module whose body begins; return its value."""
    builder = context.builder
    axes = {name: _size(name, tensor, context) for name in tensor.fields["axes"]}
    evaluated = _evaluate(tensor, axes, context)
    place = tensor.fields.value_spans["value"]
    context.builder.budget.count_operands(count_leaves(evaluated.text), context.frames, place)
    name = context.namer.claim(tensor.name, tensor.span)
    written = _written(tensor, evaluated)
    point = inside(context.scope, name, tensor.span, context.device, tensor.name, True, False, written)
    builder.labels = (context.labels, *context.outer_labels)
    op = Constant(axes=tuple(axes.items()), value=evaluated.text, sizes=tuple(evaluated.sizes.items()))
    values = builder.add(op, (), point)
    _check_source(tensor, point.path, context)
    return values


def _size(name: str, tensor: StoredTensor, context: Context) -> int | Dim:
    axes = tensor.fields["axes"]
    size: int | Dim = evaluate(axes[name], context.variables, axes.value_spans[name])
    if is_size(size):
        return size
    message = f"the size of an axis is a whole number of at least 1, not {show_value(size)}"
    raise SpecError.of(Code.INVALID_DECLARATION, message, axes.value_spans[name], help="as in `axes: {q: 16, k: 16}`")


def _evaluate(tensor: StoredTensor, axes: dict[str, int | Dim], context: Context) -> expr.EvaluatedIndexFormula:
    value, span = tensor.fields["value"], tensor.fields.value_spans["value"]
    text = value if isinstance(value, str) else repr(value).lower()
    try:
        return expr.parse_index_formula(source_of(text)).evaluate_at(axes, context.variables)
    except expr.ExpressionError as error:
        raise SpecError([expression_error(error, text, span)]) from None
    except LimitExceededError as exceeded:
        raise too_many_items(exceeded, span) from None


def _check_source(tensor: StoredTensor, path: str, context: Context) -> None:
    """Raise SpecError for floats with an open size that no float says: their dtype is that of the network."""
    node = context.builder.graph.nodes[path]
    if node.symbolic is None or node.dtype != "float":
        return
    types = {each.path: each for each in context.builder.entering} | context.builder.values
    source = types[node.size_inputs[0]]
    if source.dtype != "float":
        message = f"the size of '{tensor.name}' follows from {source.path}, which is {source.dtype}"
        help_text = (
            "its floats have the dtype of the value that says their number: declare it in a block that takes one"
        )
        notes = [Note(context.builder.place(source), f"{source.path} is {source.dtype}")]
        place = tensor.fields.value_spans["axes"]
        raise SpecError.of(Code.DTYPE_MISMATCH, message, place, help=help_text, notes=notes)


def _written(tensor: StoredTensor, evaluated: expr.EvaluatedIndexFormula) -> Expressions:
    """Return the sizes and numbers that are expressions, by the names of the arguments of torch's code."""
    sizes = ((f"size_{name}", source_of(size)) for name, size in tensor.fields["axes"].items() if isinstance(size, str))
    numbers = ((f"number{place}", text) for place, text in enumerate(evaluated.numbers, 1) if text is not None)
    return (*sizes, *numbers)
