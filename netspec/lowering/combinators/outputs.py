"""The expansion of ``output``: an auxiliary output, on a branch of its own."""

from __future__ import annotations

from dataclasses import replace

from netspec.diagnostics import Code, Span, SpecError
from netspec.ir import Output
from netspec.language.combinators import AuxiliaryOutput
from netspec.language.model import Body, Step
from netspec.language.names import check_name
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context
from netspec.lowering.evaluation import fill
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers
from netspec.lowering.units import OUTPUT, Unit, lower_named_unit, within
from netspec.lowering.values import Values
from netspec.syntax import expr


@lowers("output")
def lower_output(step: Step, fields: AuxiliaryOutput, values: Values, context: Context) -> Values:
    """Expand an auxiliary output and return the operand, with which the chain continues."""
    # Auxiliary outputs of a used document serve its own training, and their names could be taken here.
    if not context.keeps_outputs:
        return values
    if context.in_scan:
        message = "an auxiliary output is one value, and the body of a scan has one for each round"
        help_text = "label it, and give it as an output of the scan, as in `output: [h, aux]`"
        raise SpecError.of(Code.INVALID_OPERANDS, message, step.span, help=help_text)
    name = fill(fields.name, context, step.place("name"))
    check_name(name, step.place("name"), numbers=False)
    is_taken = name == "output" or name in context.builder.output_names
    check_output_name(name, is_taken, step.place("name"), "give each output its own name")
    if fields.body is None and step.share is not None:
        help_text = "it has no module to share; give the output a body"
        raise SpecError.of(
            Code.STEP_KEY_WITHOUT_EFFECT,
            "`share` has no effect on an output without a body",
            step.place("share"),
            help=help_text,
        )
    result = values if fields.body is None else _auxiliary_body(replace(step, name=name), fields.body, values, context)
    if result is None:
        raise expr.AlreadyReported
    value = single(result, step)
    context.builder.budget.count_outputs(1, step.span)
    context.builder.output_names.add(name)
    context.builder.outputs.append(Output(name, value.path, fields.train_only, fields.loss_weight))
    return values


def _auxiliary_body(step: Step, body: Body, values: Values, context: Context) -> Values:
    """Expand an output's body under the output's name, or as the module that it shares with other outputs."""
    unit = Unit(body, str(step.name), step.place("name"), "output")
    if step.share is None:
        return lower_named_unit(unit, values, context)
    if unit.is_single and body.steps[0].share is None:
        alone = replace(body.steps[0], name=step.name, share=step.share)
        return lower_body(Body((alone,), body.span), values, context.inner())
    return within(step, OUTPUT, values, context, lambda inner: lower_body(body, values, inner))


def check_output_name(name: str, is_taken: bool, span: Span, help_text: str) -> None:
    """Raise SpecError NS0318 when another output has the name, NS0310 when no output can have it."""
    if name == "Tensor":
        # The outputs are fields of a named tuple of this name: a field of that name would shadow the type.
        message = "'Tensor' cannot name an output: it is the type of all outputs in Python"
        raise SpecError.of(Code.INVALID_MODULE_NAME, message, span, help="'tensor' is allowed")
    if is_taken:
        help_text = "the network's own result has that name" if name == "output" else help_text
        raise SpecError.of(Code.DUPLICATE_OUTPUT, f"two outputs are called '{name}'", span, help=help_text)
