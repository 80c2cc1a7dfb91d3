"""Taking values out of flows: by label, or the one value that there is."""

from __future__ import annotations

from netspec.errors import Span, fault, nearest
from netspec.lower.arguments import Unknown
from netspec.lower.context import Context, Flow, Wire
from netspec.spec.model import Step


def labelled(label: str, flow: Flow, context: Context, span: Span) -> tuple[Wire, ...]:
    """Return the value behind a label; ``x`` is the current one.

    Raises: SpecError NS0313 for an unknown label; Unknown when an earlier fault left the value unknown.
    """
    known = flow if label == "x" else context.labels.get(label, ())
    if known is None:
        raise Unknown
    if not known:
        names = [*(name for name in context.labels), "x"]
        help_text = nearest(label, names) or f"labels here: {', '.join(names)}"
        raise fault("NS0313", f"no earlier step of this body is labelled '{label}'", span, help=help_text)
    return known


def single(flow: Flow, step: Step) -> Wire:
    """Return the one value of a flow.

    Raises: SpecError NS0314 for several; Unknown when an earlier fault left it unknown.
    """
    if flow is None:
        raise Unknown
    if len(flow) != 1:
        help_text = "label the values with `as: [a, b]` and take one with `from: a`"
        raise fault(
            "NS0314", f"{step.key} takes one value, and {count_values(len(flow))} enter", step.span, help=help_text
        )
    return flow[0]


def count_values(count: int) -> str:
    """Return a number of values in words."""
    return "1 value" if count == 1 else f"{count} values"
