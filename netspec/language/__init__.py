"""The language of documents: from the tree of a file to records that the lowering expands.

It parses a tree into a ``Document`` and checks every step, argument and expression as far as that is possible before
anything is expanded; all errors of a document are found in one run, each with its place.

    model.py          documents, blocks, bodies and steps
    combinators.py    the arguments of each combinator
    parameters.py     the types of declared arguments
    scope.py          the names in scope for expressions
    names.py          names that are allowed in generated code
    initializers.py   the initializers and their arguments
    shorthand.py      words and lone values in place of mappings
    other_names.py    what other libraries call ops and arguments
    other_keys.py     and the keys of steps and documents
    mentions.py       the names that occur in a text
    messages.py       values and kinds as messages call them
    parsing/          from a tree to steps, bodies and blocks
    loading/          files: ``extends``, ``import``, variants, overrides and the library of blocks
"""

from __future__ import annotations

from netspec.language.loading.document import load
from netspec.language.model import Block, Body, Document, Operand, Parameter, Step

__all__ = ["Block", "Body", "Document", "Operand", "Parameter", "Step", "load"]
