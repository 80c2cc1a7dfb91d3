"""Documents after parsing and before expansion: bodies of steps, blocks, arguments and totals."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from netspec.diagnostics import Diagnostic, SourceMap, Span
from netspec.ops.torch_code import REQUIRED
from netspec.syntax.yaml import Mapping

STEP_KEYS = {
    "name": "the step's place in the module tree",
    "when": "whether the step is there",
    "else": "what stands there where `when` is false",
    "as": "a label for the result",
    "from": "the value to start from",
    "expect": "the shape that must result",
    "share": "steps with the same key share one module",
    "device": "a hint where to compute",
    "train": "whether the weights of the step are trained",
    "init": "how the step's parameters are initialized",
}
"""The keys that a step may have besides its op, block or combinator, with their meaning."""


StepKind = Literal["op", "merge", "formula", "block", "combinator", "argument", "values"]
"""The kind of a step; one of the kind ``values`` only selects values (``from``) or labels them (``as``)."""


class Text(str):
    """A text that is no expression, among arguments that are not evaluated yet."""

    __slots__ = ()


# Records of the parser are compared by identity: comparing trees of steps would cost more than compiling them.
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Step:
    """One entry of a body: its key, arguments and step keys.

    ``arguments`` hold the values as written: expressions are still text. Bodies among them are parsed already.
    """

    kind: StepKind
    key: str
    span: Span
    arguments: Mapping
    operands: tuple[Operand, ...] = ()
    name: str | None = None
    when: Any = None
    otherwise: Step | None = None
    """What stands in its place where ``when`` is false."""
    label: tuple[str, ...] = ()
    collected: str | None = None
    """The label of the values of all rounds of a loop."""
    is_operands: bool = False
    """True for a loop among operands: all rounds start from the same value, and each gives one."""
    origin: tuple[str, ...] = ()
    expect: Any = None
    share: str | None = None
    device: Any = None
    train: Any = None
    init: Any = None
    places: Mapping = field(default_factory=lambda: Mapping())

    def __repr__(self) -> str:
        return f"<Step {self.key} at {self.span}>"

    def place(self, key: str) -> Span:
        """Return the span of the value of a step key or argument; that of the step if it is not written."""
        return self.arguments.value_spans.get(key) or self.places.value_spans.get(key) or self.span


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Body:
    """A chain of steps."""

    steps: tuple[Step, ...]
    span: Span

    def __repr__(self) -> str:
        return f"<Body of {len(self)} steps at {self.span}>"

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """An operand of a merge, with the branch's name where the operands are a mapping.

    It is a label, an expression over labels, or a body; one that is a loop without brackets gives an operand a round.
    """

    value: str | Body
    span: Span
    name: str | None = None

    @property
    def is_loop(self) -> bool:
        """Whether it stands for one operand a round."""
        return isinstance(self.value, Body) and any(step.is_operands for step in self.value)


ParameterType = Literal["int", "float", "number", "bool", "word", "list", "block", "value", "any"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parameter:
    """An argument of a document or block. ``default`` is as written; REQUIRED means that it has none."""

    name: str
    type: ParameterType
    default: Any
    span: Span
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    description: str = ""

    def __repr__(self) -> str:
        return f"<Parameter {self.name}: {self.type} at {self.span}>"

    @property
    def required(self) -> bool:
        """True when every call must pass this argument."""
        return self.default is REQUIRED


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StoredTensor:
    """A tensor that is declared beside the steps; ``fields`` are its declaration as written."""

    name: str
    fields: Mapping
    span: Span

    def __repr__(self) -> str:
        return f"<StoredTensor {self.name} at {self.span}>"

    @property
    def is_constant(self) -> bool:
        """Whether its elements follow from their indices; all others are trained."""
        return "axes" in self.fields


# Not frozen: the body is parsed after all signatures are known, so that blocks may call each other.
@dataclass(slots=True, eq=False, repr=False)
class Block:
    """A named body with arguments. ``namespace`` holds the blocks that the steps of its body may call."""

    name: str
    parameters: dict[str, Parameter]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    span: Span
    namespace: Namespace[str, Block]
    description: str = ""
    tensors: tuple[StoredTensor, ...] = ()
    body: Body | None = None
    mentions: frozenset[str] | None = None
    """The names that occur in its declaration; None for a block of the library."""
    complete: bool = True
    """False when its signature has errors, so that calls cannot be checked."""
    takes_rest: bool = False
    """True when its last input stands for all values that are left, one or more."""

    def __repr__(self) -> str:
        return f"<Block {self.name}({', '.join(self.parameters)})>"


@dataclass(slots=True, eq=False, repr=False)
class Document:
    """A network as its document describes it, with every import and ``extends`` resolved.

    ``arguments`` are the effective values, as written: defaults, then the variant's, then overrides.

    Example:
        >>> import netspec
        >>> document = netspec.load("densenet121", overrides={"growth": 24})
        >>> document.name, document.input, document.arguments["growth"]
        ('densenet121', [3, 224, 224], 24)
    """

    path: Path
    name: str
    title: str
    cite: str
    notes: str
    reference: dict[str, Any]
    published: Mapping
    parameters: dict[str, Parameter]
    arguments: Mapping
    variants: dict[str, Mapping]
    defaults: Mapping
    init: Mapping
    input: Any
    outputs: tuple[tuple[str, str], ...]
    """What the network returns, each with its name: a label, or an expression over labels."""
    namespace: Namespace[str, Block]
    blocks: dict[str, Block]
    tensors: tuple[StoredTensor, ...]
    network: Body
    expect: Mapping
    span: Span
    tree: Mapping
    sources: SourceMap
    """The texts from which the document was read."""
    warnings: tuple[Diagnostic, ...] = ()
    pinned: bool = True
    """False when an override changed the network, so that the document's own figures no longer apply."""

    def __repr__(self) -> str:
        return f"<Document {self.name} of {self.path}>"
