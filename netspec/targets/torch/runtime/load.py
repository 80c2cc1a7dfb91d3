"""From source text to a class.

The text is compiled under the name of its file, so that tracebacks show its lines, and its classes are in a module that
pickle can import again.
"""

from __future__ import annotations

import copyreg
import hashlib
import linecache
import sys
from types import CodeType, ModuleType
from typing import Any

from torch import nn

from netspec.targets.torch import class_name
from netspec.targets.torch.verify_source import verify_source

SOURCE = "_netspec_source"
"""The attribute with a class's source. No step can have this name: names in documents begin with a letter."""


def load_class(source: str, filename: str | None = None) -> type[nn.Module]:
    """Return the network's class of a generated source; the same text returns the same class."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    name = f"netspec_generated_{class_name(source)}_{digest}"
    if name not in sys.modules:
        sys.modules[name] = _execute(source, name, filename or f"<{name}>")
    network: type[nn.Module] = getattr(sys.modules[name], class_name(source))
    return network


def _execute(source: str, name: str, filename: str) -> ModuleType:
    code = verify_source(source)  # a file may have been edited since it was written
    # Tracebacks read source lines through linecache, which needs an entry for a text without a file.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    module = ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = module
    try:
        exec(_in_file(code, filename), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == name:
            setattr(value, SOURCE, source)
            # Pickle finds classes by their module, which another process lacks until it loads the source.
            copyreg.pickle(value, _reduce)
    return module


def _in_file(code: CodeType, filename: str) -> CodeType:
    """Return code as if it were compiled from a file of that name, which takes less time than to compile it again."""
    constants = (_in_file(each, filename) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_filename=filename, co_consts=tuple(constants))


def _reduce(module: nn.Module) -> tuple[Any, ...]:
    """Pickle a network, or a part of one, with its source, so that another process can load it."""
    kind: Any = type(module)
    return restore, (getattr(kind, SOURCE), kind.__name__), module.__dict__


def restore(source: str, name: str) -> nn.Module:
    """Return an empty module of a class in a generated source; unpickling fills it."""
    kind: type[nn.Module] = getattr(sys.modules[load_class(source).__module__], name)
    return kind.__new__(kind)
