"""The text of a new document: a small network, or one that extends another and lists its settings."""

from __future__ import annotations

from netspec.language import Document, Parameter
from netspec.syntax.yaml.flow_style import flow

# Relative to the document, as editors resolve it, and in a hidden folder, since it is not edited.
SCHEMA = ".netspec/schema.json"
"""The path of a new document's schema, relative to the document, whose first line refers to it."""

_OPENING = f"""\
# yaml-language-server: $schema={SCHEMA}
netspec: 1
name: NAME
"""

_NETWORK = """\
title: A small residual network

args:                                      # settings: `netspec build NAME.yaml --set width=32` changes one
  width: 16                                # channels of the first stage; each further one doubles them
  units: [2, 2, 2]                         # residual units of each stage
  classes: 10

defaults: {conv: {bias: false}}            # batch normalization follows every convolution
init: {conv: {kaiming_normal: {mode: fan_out, nonlinearity: relu}}}

input: [3, 32, 32]                         # channels, height, width; the batch is implied

network:                                   # a list is a chain: each step takes what the one before it gives
  - conv: {out: width, kernel: 3, padding: 1}
  - bn
  - relu
  - foreach:                               # one round per column
      stage: [1, 2, 3]
      n: units
      out: [width, 2 * width, 4 * width]
      stride: [1, 2, 2]                    # of a stage's first unit
      size: [32, 16, 8]
    body:
      - repeat: n                          # `index` counts from 0
        name: stage{stage}                 # the place in the module tree, hence in `state_dict`
        body:
          - residual:                      # where the shapes differ, the shortcut is a 1x1 convolution
              body:
                - conv: {out: out, kernel: 3, stride: stride if index == 0 else 1, padding: 1}
                - bn
                - relu
                - conv: {out: x.channels, kernel: 3, padding: 1}    # `x` is the value that enters the step
                - bn
              after: relu
        expect: [out, size, size]          # a pin: checked, not computed
  - global_avgpool
  - flatten
  - linear: classes
    name: classifier
"""


def starter_text(name: str) -> str:
    """Return a document that holds a small commented network.

    Example:
        >>> starter_text("tiny").splitlines()[2]
        'name: tiny'
    """
    # Not format(): the text is YAML and full of braces.
    return (_OPENING + _NETWORK).replace("NAME", name)


def variation_text(name: str, extended: str, document: Document) -> str:
    """Return a document that extends another one, named as ``extends:`` does, and lists its settings."""
    settings = "".join(f"  {_setting(each)}\n" for each in document.parameters.values())
    opening = _OPENING.replace("NAME", name) + f"title: {flow(f'{document.title or document.name}, changed')}\n"
    about = f"# the settings of {document.name}: change or remove them"
    args = f"\nargs:                                      {about}\n{settings}" if settings else ""
    return f"{opening}extends: {flow(extended)}\n{args}"


def _setting(parameter: Parameter) -> str:
    value = parameter.type if parameter.required else parameter.default
    comment = f"  # {parameter.description}" if parameter.description else ""
    return f"{parameter.name}: {flow(value)}{comment}"
