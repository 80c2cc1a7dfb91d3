"""Ops of plugins: of installed packages, and of modules that the caller names.

A document alone never causes Python to be imported: whoever installs a package or names a module decides.
"""

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_args

from netspec.diagnostics import NetspecError
from netspec.ops.base import OPS, Family, Op
from netspec.ops.shape_error import ShapeError
from netspec.sizes.shape import Shape

GROUP = "netspec.ops"
"""The entry points by which a package registers modules with ops."""


class PluginError(NetspecError):
    """A module with ops cannot be used. The message says which one, and why."""


def load_installed() -> None:
    """Import the modules that installed packages register as entry points of the group ``netspec.ops``.

    One that fails is skipped with a warning, so that documents that need none of its ops still compile.
    """
    for entry in entry_points(group=GROUP):
        try:
            with _whole():
                entry.load()
        except Exception as error:
            warnings.warn(f"the ops of {entry.value} are left out: {error}", RuntimeWarning, stacklevel=2)


def load_plugin(name: str) -> None:
    """Import a module by name, or a file that ends in ``.py``, to register the ops that it defines.

    The current folder is searched too. Raises: PluginError.
    """
    try:
        with _whole():
            _import_file(Path(name)) if name.endswith(".py") else _import_module(name)
    except Exception as error:
        raise PluginError(f"{name} cannot be used: {error}") from error


def _import_module(name: str) -> None:
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # last, so that no file beside a document shadows an installed package
    importlib.import_module(name)


def _import_file(path: Path) -> None:
    name = f"netspec_plugin_{path.stem}"
    known = sys.modules.get(name)
    if known is not None and Path(str(known.__file__)) == path.resolve():
        return
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None and spec.loader is not None, "a name that ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where pydantic looks up the types of fields
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


@contextmanager
def _whole() -> Iterator[None]:
    """Check the ops that are registered inside, and keep all of them or none."""
    before = dict(OPS)
    try:
        yield
        for name in OPS.keys() - before.keys():
            check_op(OPS[name])
    except BaseException:
        OPS.clear()
        OPS.update(before)
        raise


def check_op(op: type[Op]) -> None:
    """Raise TypeError when a class lacks what the compiler and the tests need of an op."""
    if not op.name.isidentifier() or not op.name.islower():
        raise TypeError(f"an op's name is a lowercase word, not {op.name!r}")
    if getattr(op, "family", None) not in get_args(Family):
        raise TypeError(f"{op.name} needs a `family`: one of {', '.join(get_args(Family))}")
    if not getattr(op, "samples", ()):
        raise TypeError(f"{op.name} needs `samples`: valid uses, by which it is checked")
    for sample in op.samples:
        _check_sample(op.model_validate(sample.arguments), sample.inputs)


def _check_sample(op: Op, inputs: tuple[Shape, ...]) -> None:
    try:
        op.infer_shape(*inputs)
    except ShapeError as error:
        raise TypeError(f"{op.name} refuses its own sample: {error}") from None
    op.count_macs(*inputs)
    texts = op.emit_module(*inputs), op.emit_function(*inputs)
    if texts == (None, None):
        raise TypeError(f"{op.name} needs `emit_module` or `emit_function`: its torch text")
    if op.list_parameters(*inputs) and texts[0] is None:
        raise TypeError(f"{op.name} has parameters, so it needs `emit_module`")
