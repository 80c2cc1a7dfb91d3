"""The combinators: steps that arrange bodies instead of computing. One validated record each, as with ops."""

from collections.abc import Collection
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, InstanceOf

from netspec.language.model import Body
from netspec.ops.fields import AxisNumber, Count, Flag, Integer, Number, Positive, Survival, words

COMBINATORS: dict[str, "type[Combinator]"] = {}
"""Every combinator by the word that a step uses for it."""


class Combinator(BaseModel):
    """The base class of all combinators. A subclass with ``key=`` is registered under that key."""

    # Deferred, because validators are slow to build and a document uses few of the combinators.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: ClassVar[str]
    primary: ClassVar[str | None] = None
    bodies: ClassVar[tuple[str, ...]] = ("body",)
    """The fields that are bodies, or words where the field allows them."""
    verbatim: ClassVar[tuple[str, ...]] = ()
    """The fields whose value is verbatim: neither a word nor an expression."""
    variables: ClassVar[tuple[str, ...]] = ()
    """The variables that the combinator defines for expressions in its body."""
    ignored_keys: ClassVar[tuple[str, ...]] = ()
    """The step keys that have no effect on it."""
    ignored_help: ClassVar[str] = "it brings no module; label its values with `as`"
    """Why those keys have no effect, as a help line."""
    beside: ClassVar[tuple[str, ...]] = ()
    """The fields that are keys of the step, next to the combinator's key instead of under it."""

    variables_field: ClassVar[str] = ""
    """The field whose keys are further variables of the body."""
    defined_field: ClassVar[str] = ""
    """The field whose keys are names that later steps see; a mapping is always this field."""
    value_fields: ClassVar[tuple[str, ...]] = ()
    zero_field: ClassVar[str] = ""
    """The fields that are values with names, which are labels of the body."""
    forwarded: ClassVar[tuple[str, ...]] = ()
    """The fields whose values are arguments of another document, which declares which of them are words."""

    def __init_subclass__(cls, key: str, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.key = key
        COMBINATORS[key] = cls

    @classmethod
    def default_fields(cls) -> list[str]:
        """Return the fields that a document's ``defaults`` may set: numbers and words, but no steps and names."""
        own = {*cls.verbatim, *cls.forwarded, *cls.beside, cls.variables_field, cls.defined_field}
        if cls.beside or cls.primary in own:
            return []
        fields = [(name, info) for name, info in cls.model_fields.items() if name not in own]
        return [name for name, info in fields if name not in cls.bodies or words(info.annotation)]

    @classmethod
    def is_primary(cls, value: Collection[str]) -> bool:
        """Return whether a mapping with these keys is the primary field, rather than the fields by name."""
        # A mapping without any field of a combinator can only be a body that is a single step: `residual: {conv: 64}`.
        alone = cls.beside or cls.defined_field
        return bool(alone) or (cls.primary == "body" and not set(value) & set(cls.model_fields))


class Sequential(Combinator, key="sequential"):
    """Runs the body as a sub-module; its unnamed steps are numbered as in ``nn.Sequential``.

    Example: ``- sequential: [{conv: {out: 64, kernel: 3}}, relu]``
    """

    primary = "body"

    body: InstanceOf[Body] = Field(description="The steps of the sub-module.")


class Repeat(Combinator, key="repeat"):
    """The body several times in sequence; inside, ``index`` counts from 0.

    Example: ``{repeat: 3, body: [{conv: {out: 64, kernel: 3, padding: 1}}, relu]}``
    """

    primary = "times"
    variables = ("index",)
    beside = ("body", "collect")
    verbatim = ("collect",)

    times: Count = Field(description="Number of repetitions.")
    body: InstanceOf[Body] = Field(description="The steps to repeat.")
    collect: str | None = Field(None, description="A label for the values of all rounds.")


class Foreach(Combinator, key="foreach"):
    """The body once per element of the lists, which are iterated in parallel; inside, each name is its element.

    Several names hold the items of a row, where the list is a table. A word among its elements is an op or block.

    Example: ``{foreach: {width: [64, 128]}, body: [{conv: {out: width, kernel: 3}}, relu]}``
    """

    primary = "lists"
    variables_field = "lists"
    beside = ("body", "collect")
    verbatim = ("collect",)

    lists: dict[str, list[Any]] = Field(description="A list per name; all have the same length.")
    body: InstanceOf[Body] = Field(description="The steps to run for each element.")
    collect: str | None = Field(None, description="A label for the values of all rounds.")


class Residual(Combinator, key="residual"):
    """Adds a body to its own input: ``after(shortcut(x) + scale * body(x))``.

    With ``survival`` below 1 the branch is left out at random in training: for the whole batch, as in the paper, or for
    each row by itself, as torchvision and timm do.

    Example: ``- residual: {body: [{conv: {out: 64, kernel: 3, padding: 1}}, bn], after: relu}``

    Source: He et al. 2015, arXiv:1512.03385; stochastic depth: Huang et al. 2016, arXiv:1603.09382.
    """

    primary = "body"
    bodies = ("body", "shortcut", "after")

    body: InstanceOf[Body] = Field(description="The residual branch.")
    shortcut: Literal["auto", "identity", "project", "pad", "pool_pad"] | InstanceOf[Body] = Field(
        "auto",
        description="What is added: `identity`; `project` (1x1 convolution and bn); `pad` (every stride-th element, "
        "new channels zero); `pool_pad` (mean over the stride, new channels zero); `auto` (identity where "
        "the body keeps the shape and has no stride, else project); or a body.",
    )
    scale: Number = Field(1.0, description="Factor of the residual branch.")
    survival: Survival = Field(1.0, description="Probability that the branch takes part in a training step.")
    mode: Literal["batch", "row"] = Field(
        "batch",
        description="Whether a whole batch survives, and evaluation multiplies by the probability (`batch`), or each "
        "row by itself, which is divided by the probability in training (`row`).",
    )
    after: InstanceOf[Body] | None = Field(None, description="Steps after the addition, as in `after: relu`.")


class Scan(Combinator, key="scan"):
    """Computes the body for each element of a sequence, one after the other, with states that go from round to round.

    The body is one module, whose weights all rounds share. It begins with the element and the states, under the names
    that ``over`` and ``carry`` give them. A round's states are the values with these labels at its end, or else the
    values of its last step.

    Example: ``- scan: {over: x, carry: {h: state}, body: [gru_cell], output: h}``
    """

    verbatim = ("over", "carry", "output", "last")
    value_fields = ("over", "carry")
    zero_field = "carry"

    over: str | list[str] | dict[str, str] = Field(
        description="The sequence, or several of one length: labels, or values by the name that an element has."
    )
    carry: str | list[str] | dict[str, str] = Field(
        default_factory=dict,
        description="The states: the value of each in the first round, by its name; `zeros(8)` begins with zeros.",
    )
    body: InstanceOf[Body] = Field(description="The steps of a round.")
    output: str | list[str] = Field(
        default_factory=list,
        description="Labels of the body whose values of all rounds, stacked as a sequence, the scan gives; what the "
        "last step gives, if there is neither this nor `last`.",
    )
    last: str | list[str] = Field(
        default_factory=list, description="States whose value after the last round the scan gives, behind the outputs."
    )


class Dense(Combinator, key="dense"):
    """Runs each layer on the concatenation of the input and all earlier layers' results; the result includes the last.

    Example: ``- dense: {layers: 6, body: [bn, relu, {conv: {out: 32, kernel: 3, padding: 1}}]}``

    Source: Huang et al. 2016, arXiv:1608.06993.
    """

    variables = ("index",)

    layers: Positive = Field(description="Number of layers; `index` counts them from 0 inside the body.")
    body: InstanceOf[Body] = Field(description="One layer.")


class AuxiliaryOutput(Combinator, key="output"):
    """An auxiliary output: the network also returns the body's result, and the chain continues from the operand.

    Example: ``- output: {name: aux1, body: [global_avgpool, flatten, {linear: 10}], train_only: true}``

    Source: Szegedy et al. 2014, arXiv:1409.4842.
    """

    verbatim = ("name",)
    ignored_keys = ("name",)

    name: str = Field(description="The output's name, also in the module tree.")
    body: InstanceOf[Body] | None = Field(
        None, description="The steps of the output; without them, the current value is the output."
    )
    train_only: Flag = Field(False, description="Compute the output in training only.")
    loss_weight: Number = Field(1.0, description="Weight of the output's loss, kept in the module's `loss_weights`.")


class Use(Combinator, key="use"):
    """Runs another document as a sub-network.

    With ``taps`` it gives the values of these steps, and what comes after the last of them is not there.

    Example: ``- use: {spec: resnet18, args: {classes: 10}}``
    """

    primary = "spec"
    bodies = ()
    verbatim = ("spec", "taps")
    forwarded = ("args",)

    spec: str = Field(description="A shipped network's name, or a path relative to this file.")
    args: dict[str, Any] = Field(default_factory=dict, description="Values for that document's arguments.")
    taps: list[str] = Field(
        default_factory=list, description="The steps whose values it gives, by their name in the module tree or label."
    )


class Split(Combinator, key="split"):
    """Splits the value along an axis into several, which become operands of the next step or get the labels of ``as``.

    Example: ``{split: {sizes: [64, -1]}, as: [residual, dense]}``

    Source: torch.split.
    """

    primary = "sizes"
    bodies = ()
    ignored_keys = ("name", "share")

    sizes: list[Integer] = Field(description="Size of each piece; one of them may be -1, which is the rest.")
    axis: AxisNumber = Field(1, description="The axis to split; the batch is axis 0, the channels are axis 1.")


class Let(Combinator, key="let"):
    """Names numbers, or what else an expression gives, for later steps of the body.

    Example: ``- let: {hidden: "round_to(x.channels * 0.25, 8)"}``
    """

    primary = "names"
    bodies = ()
    defined_field = "names"
    ignored_keys = ("name", "when", "else", "as", "from", "expect", "share", "device", "train")
    ignored_help = "it names numbers and does nothing; write the key at a step that reads them"

    names: dict[str, Any] = Field(description="An expression per name, which may read the names before it.")
