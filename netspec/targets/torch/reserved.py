"""Reserved names, which no variable of a generated file may have.

A document is free in the names of arguments, labels and inputs. In the file they become variables, beside Python's
builtins, imports, copied layers, and the classes. Classes are named last (``names``) and avoid all other names of the
file, so that variables have to avoid only the former.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection, Iterable

from netspec.ir import Graph
from netspec.targets.torch.layer_source import layer_names

IMPORTED = frozenset({"torch", "nn", "F", "Tensor", "NamedTuple"})
CONSTRUCTOR = frozenset({"self", "i", "module", "x"})
"""The variables of generated constructors: loops over layers use ``i``, initialization uses ``module``."""


def reserved_names(graph: Graph) -> frozenset[str]:
    """Return the names in a network's file other than variables and its own classes."""
    # The layers that a file needs depend on arguments, but a reserved name too many is harmless.
    ops = {type(node.op): node for node in graph}
    layers: set[str] = set()
    for node in ops.values():
        operands = tuple(graph.shape_of(path) for path in node.inputs)
        for text in (node.op.emit_module(*operands), node.op.emit_function(*operands)):
            if text is not None and text.layer:
                layers |= layer_names(text.layer)
    return IMPORTED | layers


def is_reserved(name: str, reserved: Collection[str]) -> bool:
    """Return whether a variable of that name would shadow another name of the file."""
    return name in reserved or keyword.iskeyword(name) or hasattr(builtins, name)


class FreeNames:
    """Assigns unique names that are not reserved.

    Example:
        >>> names = FreeNames(IMPORTED)
        >>> names.take("out"), names.take("out"), names.take("out"), names.take("max")
        ('out', 'out2', 'out3', 'max2')
        >>> names.take("fuse3"), names.take("fuse3")
        ('fuse3', 'fuse3_2')
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = set(reserved)
        self._numbers: dict[str, int] = {}
        """The last number that was given to a name; none below is free."""

    def is_free(self, name: str) -> bool:
        """Return whether the name is neither reserved nor taken."""
        return not is_reserved(name, self._taken)

    def take(self, name: str, *endings: str) -> str:
        """Return the name, numbered if it is taken; with each of ``endings`` it must be free too."""
        found, separator = name, "_" if name[-1:].isdigit() else ""
        while not all(self.is_free(each) for each in (found, *(f"{found}{ending}" for ending in endings))):
            self._numbers[name] = self._numbers.get(name, 1) + 1
            found = f"{name}{separator}{self._numbers[name]}"
        self._taken.update([found, *(f"{found}{ending}" for ending in endings)])
        return found


def free_name(name: str, reserved: Collection[str], taken: Collection[str]) -> str:
    """Return the name, with as many trailing underscores as needed to be free.

    Example:
        >>> free_name("open", IMPORTED, {"open_"}), free_name("width", IMPORTED, ())
        ('open__', 'width')
    """
    while name in taken or is_reserved(name, reserved):
        name = f"{name}_"
    return name


def free_names(names: Iterable[str], reserved: Collection[str]) -> dict[str, str]:
    """Return the variable for each name; free names are unchanged.

    Example:
        >>> free_names(["self", "self_"], {"self"})
        {'self': 'self__', 'self_': 'self_'}
    """
    wanted = list(names)
    kept = [name for name in wanted if not is_reserved(name, reserved)]
    found: dict[str, str] = {}
    # Free names are assigned first, so that no renamed argument gets the name of another.
    for name in wanted:
        found[name] = name if name in kept else free_name(name, reserved, {*kept, *found.values()})
    return found
