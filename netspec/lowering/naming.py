"""Names in the module tree, which the keys of ``state_dict`` consist of.

Unnamed steps of a block or residual are named by their word and ordinal (``conv1``, ``conv2``). A
sub-module that is a chain (``sequential``, a named branch, a shortcut, a list of repeated units) numbers its unnamed
steps from 0, as ``nn.Sequential`` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, count

from netspec.diagnostics import Code, Note, Span, SpecError
from netspec.language.names import check_name


@dataclass(slots=True)
class Namer:
    """Assigns unique names inside one module."""

    numbered: bool
    taken: dict[str, Span] = field(default_factory=dict)
    ordinals: dict[str, int] = field(default_factory=dict)
    position: int = 0

    def claim(self, name: str, span: Span, variable: str = "") -> str:
        """Claim a name of the document; ``variable`` is a loop variable that can make it unique, for the help line.

        Raises: SpecError NS0310 for a name that is not allowed, NS0311 for one that is taken.
        """
        check_name(name, span)
        if name in self.taken:
            notes = [Note(self.taken[name], "the first")] if self.taken[name] != span else []
            help_text = "give each a name of its own"
            if variable and not notes:
                help_text = f"a step that is repeated needs another name each time, as in `name: {name}{{{variable}}}`"
            raise SpecError.of(
                Code.DUPLICATE_MODULE_NAME, f"two modules are called '{name}'", span, notes=notes, help=help_text
            )
        self.taken[name] = span
        # A named step uses up a number too: nn.Sequential counts all of its modules.
        self.position += 1
        return name

    def claim_next(self, name: str, span: Span) -> str:
        """Claim a generated name, numbered from 2 if it is taken: ``downsample``, ``downsample2``."""
        free = (f"{name}{number}" for number in count(2))
        return self.claim(next(each for each in chain([name], free) if each not in self.taken), span)

    def invent(self, word: str, span: Span) -> str:
        """Claim the next free name for an unnamed step."""
        name = self._numeral() if self.numbered else self._ordinal(word)
        self.taken[name] = span
        self.position += 1
        return name

    def _numeral(self) -> str:
        while str(self.position) in self.taken:
            self.position += 1
        return str(self.position)

    def _ordinal(self, word: str) -> str:
        while True:
            self.ordinals[word] = self.ordinals.get(word, 0) + 1
            name = f"{word}{self.ordinals[word]}"
            if name not in self.taken:
                return name
