"""The names that are allowed in generated code, for modules and for outputs."""

from __future__ import annotations

import builtins
import keyword
import re

from netspec.diagnostics import Code, Span, SpecError
from netspec.language.messages import show_value

LONGEST_NAME = 64
# `\Z`, because `$` also matches before a newline at the end, and a name with one would end a line of generated code.
NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}\Z")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
NUMBER = re.compile(r"(0|[1-9][0-9]{0,5})\Z")

# A table, because importing torch to ask for them takes longer than compiling a network.
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
"""The attributes of ``nn.Module``, which no sub-module may shadow; a test compares them with torch's."""

SOFT_BUILTINS = frozenset({"input", "max", "min", "sum", "pow", "abs", "filter", "map", "hash", "slice", "id", "bin"})
"""Builtins that are harmless as attributes; the emitter never uses them as variables."""

_FORBIDDEN = MODULE_ATTRIBUTES.union(keyword.kwlist, vars(builtins).keys() - SOFT_BUILTINS)


def wrong_name(name: str) -> str:
    """Return the help line for an invalid name."""
    if len(name) > LONGEST_NAME and NAME.match(name[:LONGEST_NAME]) and WORD.match(name):
        return f"a name has at most {LONGEST_NAME} letters, and this one has {len(name)}"
    return "use letters, digits and _, a letter first"


def is_forbidden(name: str) -> bool:
    """Return whether a name is reserved in generated code."""
    return name in _FORBIDDEN


def check_name(name: str, span: Span, numbers: bool = True) -> None:
    """Raise SpecError NS0310 for a name that generated code cannot have; modules may be numbered."""
    if numbers and NUMBER.match(name):
        return
    if not NAME.match(name):
        message = f"{show_value(name)} cannot name a module"
        raise SpecError.of(Code.INVALID_MODULE_NAME, message, span, help=wrong_name(name))
    if is_forbidden(name):
        raise SpecError.of(
            Code.INVALID_MODULE_NAME,
            f"'{name}' cannot name a module: it means something in Python or torch",
            span,
            help=f"'{name}_' or a longer word would do",
        )
