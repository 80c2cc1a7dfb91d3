"""What a document asks for while it is expanded: counted before it is done, so that the limits come first."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass

from netspec.diagnostics import Code, Frame, LimitError, Span
from netspec.limits import Limits
from netspec.lowering.exceeded import beyond, too_deep

# Every call of a block is a body, too, and a block may nest a few more.
DEEPEST_CALL = 64
DEEPEST_BODY = 130
# A call of a block takes six frames of Python's stack, and a named branch of a merge twelve.
FRAMES_PER_BODY = 15


@dataclass(slots=True)
class Budget:
    """Counts steps, operands, axes, outputs and nested bodies; each method raises LimitError beyond its limit."""

    limits: Limits
    nodes: Sized
    """The nodes of the graph under construction."""
    steps: int = 0
    operands: int = 0
    axes: int = 0
    outputs: int = 0
    depth: int = 0
    """How many bodies the step at hand stands in."""

    def count_steps(self, frames: tuple[Frame, ...], span: Span, count: int = 1) -> None:
        """Count steps that are about to be expanded; raise LimitError when there are too many."""
        self.steps += count
        if self.steps > self.limits.steps:
            message = f"the network grows beyond {self.limits.steps:,} steps"
            raise beyond(Code.NETWORK_TOO_LARGE, message, "steps", span, frames)
        if len(self.nodes) >= self.limits.nodes:
            message = f"the network grows beyond {self.limits.nodes:,} nodes"
            raise beyond(Code.NETWORK_TOO_LARGE, message, "nodes", span, frames)

    def count_operands(self, count: int, frames: tuple[Frame, ...], span: Span) -> None:
        """Count operands that are about to be looked up; raise LimitError when all have too many."""
        self.operands += count
        if self.operands > self.limits.operands:
            message = f"the steps of this network take more than {self.limits.operands:,} operands"
            raise beyond(Code.TOO_MANY_OPERANDS, message, "operands", span, frames)

    def count_outputs(self, count: int, span: Span) -> None:
        """Count outputs of the network; raise LimitError when there are too many."""
        self.outputs += count
        if self.outputs > self.limits.outputs:
            message = f"the network gives more than {self.limits.outputs:,} outputs"
            help_text = "give fewer of them, or raise the limit with `--max-outputs`"
            raise LimitError.of(Code.NETWORK_TOO_LARGE, message, span, help=help_text)

    def check_depth(self, frames: tuple[Frame, ...], span: Span) -> None:
        """Raise LimitError when blocks call each other too deeply."""
        if len(frames) >= DEEPEST_CALL:
            raise too_deep(f"blocks call each other more than {DEEPEST_CALL} deep", span, frames)

    def check_nesting(self, frames: tuple[Frame, ...], span: Span) -> None:
        """Raise LimitError when bodies are nested too deeply."""
        if self.depth == DEEPEST_BODY:
            raise too_deep(f"bodies are nested more than {DEEPEST_BODY} deep", span, frames)

    def count_axes(self, count: int, span: Span) -> None:
        """Count the axes of a value; raise LimitError when all values have too many."""
        self.axes += count
        if self.axes > self.limits.axes:
            message = f"the values of this network have more than {self.limits.axes:,} axes"
            raise beyond(Code.NETWORK_TOO_LARGE, message, "axes", span, ())
