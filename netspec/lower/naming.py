"""Names in the module tree: the rule that state_dict keys hang on.

A block's unnamed steps are called by their word and ordinal (``conv1``, ``conv2``), and so are those of a residual. A
sub-module that is a chain (``sequential``, a named branch, a shortcut, a list of repeated units) numbers its unnamed
steps from 0, as ``nn.Sequential`` does.
"""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass, field
from itertools import chain, count

from netspec.errors import Note, Span, fault

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
NUMBER = re.compile(r"(0|[1-9][0-9]{0,5})\Z")

# fmt: off
MODULE_ATTRIBUTES = frozenset(
    {
        "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile",
        "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward", "get_buffer",
        "get_extra_state", "get_parameter", "get_submodule", "half", "ipu", "load_state_dict", "loss_weights",
        "modules", "mtia", "named_buffers", "named_children", "named_modules", "named_parameters", "parameters",
        "register_backward_hook", "register_buffer", "register_forward_hook", "register_forward_pre_hook",
        "register_full_backward_hook", "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook", "register_module", "register_parameter",
        "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_", "set_extra_state",
        "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train", "training", "type", "xpu",
        "zero_grad",
    }
)
# fmt: on
"""What ``nn.Module`` has already, so that no sub-module may be called so; a test compares it with torch's."""

SOFT_BUILTINS = frozenset({"input", "max", "min", "sum", "pow", "abs", "filter", "map", "hash", "slice", "id", "bin"})
"""Builtins that are harmless as attributes; the emitter never uses them as variables."""


def is_forbidden(name: str) -> bool:
    """Return whether a name would shadow something in generated code."""
    return (
        keyword.iskeyword(name) or name in MODULE_ATTRIBUTES or (hasattr(builtins, name) and name not in SOFT_BUILTINS)
    )


def check_name(name: str, span: Span, numbers: bool = True) -> None:
    """Raise SpecError NS0310 when a name cannot stand in generated code; modules may be called by numbers."""
    if numbers and NUMBER.match(name):
        return
    if not NAME.match(name):
        raise fault("NS0310", f"{name!a} cannot name a module", span, help="use letters, digits and _, a letter first")
    if is_forbidden(name):
        raise fault(
            "NS0310",
            f"'{name}' cannot name a module: it means something in Python or torch",
            span,
            help=f"'{name}_' or a longer word would do",
        )


@dataclass(slots=True)
class Namer:
    """Gives out the names inside one module, each once."""

    numbered: bool
    taken: dict[str, Span] = field(default_factory=dict)
    ordinals: dict[str, int] = field(default_factory=dict)
    position: int = 0

    def claim(self, name: str, span: Span) -> str:
        """Take a name that the document gives.

        Raises: SpecError NS0310 for a name that is not allowed, NS0311 for one that is taken.
        """
        check_name(name, span)
        if name in self.taken:
            notes = [Note(self.taken[name], "the first")] if self.taken[name] != span else []
            help_text = "a step that is repeated needs a name with its number, as in `name: layer{index}`"
            raise fault("NS0311", f"two modules are called '{name}'", span, notes=notes, help=help_text)
        self.taken[name] = span
        self.position += 1
        return name

    def claim_next(self, name: str, span: Span) -> str:
        """Take a name that netspec gives, numbered from 2 where it is taken: ``downsample``, ``downsample2``."""
        free = (f"{name}{number}" for number in count(2))
        return self.claim(next(each for each in chain([name], free) if each not in self.taken), span)

    def invent(self, word: str, span: Span) -> str:
        """Take the next free name for an unnamed step."""
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
