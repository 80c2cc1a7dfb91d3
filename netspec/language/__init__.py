"""The language of documents: what may be written, read into records that the lowering expands.

It takes the tree of a file and gives a ``Document`` whose every step, argument and expression has been checked as far
as is possible before anything is expanded; all errors of a document are found in one run, each with its place.

    model.py          documents, blocks, bodies and steps
    combinators.py    the arguments of each combinator
    parameters.py     the types of declared arguments
    scope.py          what the expressions of a body can see
    names.py          names that can stand in generated code
    initializers.py   the initializers and their arguments
    shorthand.py      words and lone values in place of mappings
    mentions.py       which names a text mentions
    messages.py       values and kinds as messages call them
    parsing/          from a tree to steps, bodies and blocks
    loading/          files: ``extends``, ``import``, variants, overrides and the library of blocks
"""

from __future__ import annotations

from netspec.language.loading.document import load
from netspec.language.model import Block, Body, Document, Operand, Parameter, Step

__all__ = ["Block", "Body", "Document", "Operand", "Parameter", "Step", "load"]
