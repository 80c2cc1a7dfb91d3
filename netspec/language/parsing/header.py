"""The top level of a document: its keys and their types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
# Strict, since pydantic would accept "11689512" and true as numbers.
Total = Annotated[int, Field(strict=True, ge=0)]
Percentage = Annotated[float, Field(strict=True, ge=0, le=100)]


def _names(outputs: Any) -> Any:
    """Return the names of outputs, which are the keys of a mapping."""
    return list(outputs) if isinstance(outputs, dict) else outputs


class Expectation(BaseModel):
    """The totals that a document quotes from its paper; a network with other totals is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    params: Total | None = Field(None, description="Trainable parameters that evaluation uses.")
    macs: Total | None = Field(None, description="Multiply-accumulates of one example in evaluation.")
    flops: Total | None = Field(None, description="Twice the MACs.")
    training_params: Total | None = Field(None, description="Trainable parameters, train-only outputs included.")
    training_macs: Total | None = Field(
        None, description="Multiply-accumulates of one example, train-only outputs included."
    )
    depth: Total | None = Field(
        None, description="Layers with weights on the longest path: convolutions and linear layers."
    )
    nodes: Total | None = Field(None, description="Number of nodes of the graph.")


class Published(BaseModel):
    """The accuracy that the paper reports for exactly this network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str = Field(description="The data set, as in `ImageNet`.")
    top1: Percentage | None = Field(None, description="Top-1 accuracy in percent.")
    top5: Percentage | None = Field(None, description="Top-5 accuracy in percent.")
    source: str = Field(description="The source of the figures, and how they were measured: the table and the crops.")


class Header(BaseModel):
    """Every key of a document, with its meaning."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    # Defaults are values, which pydantic copies: to learn what `default_factory=dict` takes, it has Python tokenize the
    # signature of the class, which lasts as long as building all the rest of this record.
    netspec: Literal[1] = Field(description="The format's version.")
    name: Name | None = Field(None, description="The network's name, and that of the files that are built.")
    title: str = Field("", description="The network's name as papers write it.")
    cite: str = Field("", description="The paper.")
    notes: str = Field("", description="How the paper was interpreted, and what could not be reproduced.")
    reference: dict[str, Any] = Field(
        {}, description="Independent implementations that the network is proved equal to, by library."
    )
    published: Published | None = Field(None, description="Accuracy that the paper reports, with its source.")
    extends: str | None = Field(None, description="The document that this one changes: a path, or a shipped name.")
    import_: list[str] = Field([], alias="import", description="Files whose blocks may be used.")
    args: dict[str, Any] = Field({}, description="The document's settings, with type or default.")
    variants: dict[str, dict[str, Any]] = Field({}, description="Named sets of settings.")
    defaults: dict[str, dict[str, Any]] = Field({}, description="Default arguments per op or block.")
    init: dict[str, Any] = Field({}, description="Initializers of parameters, per op or block.")
    input: Any = Field(None, description="The input's shape, channels first, without batch; or a mapping of inputs.")
    outputs: Annotated[list[Name], BeforeValidator(_names)] = Field(
        [], description="Labels of the values that the network returns, or the values by name."
    )
    blocks: dict[str, dict[str, Any]] = Field({}, description="Named bodies with arguments.")
    tensors: dict[str, Any] = Field({}, description="Trainable tensors that steps take by name, beside values.")
    network: Any = Field(None, description="The steps of the network.")
    expect: Expectation | None = Field(None, description="Totals from the paper that must hold.")
