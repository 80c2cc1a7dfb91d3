"""Steps without a document around them, compiled from the value that they suit."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import netspec

LABELS = ("start", "left", "right", "skip", "blurred", "shallow", "deep", "query", "key", "keys", "values")
STARTS = ([240, 28, 28], [4096], [50], [16, 64], [4, 8, 8, 8], [20, 64, 64])
"""What a step may start from; the labels that it uses are of the same shape, and ``state`` is of that of an element."""


def compile_somewhere(step: str) -> None:
    """Compile a step, written as in a list but for the dash, from whatever it suits.

    Raises: AssertionError with every error where it suits nothing.
    """
    errors = []
    for shape in STARTS:
        for dtype in ("float", "int64"):
            entered = dict.fromkeys(LABELS, shape) | {"start": {"shape": shape, "dtype": dtype}}
            entered["state"] = shape[1:] or [1]
            head = f"netspec: 1\ninput: {json.dumps(entered)}\nnetwork:\n  - {{reshape: x.shape, from: start}}\n"
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "net.yaml"
                path.write_text(f"{head}  - {step}\n", encoding="utf-8")
                try:
                    netspec.compile(path)
                except netspec.SpecError as error:
                    errors.append(str(error))
                else:
                    return
    raise AssertionError("\n".join(errors))
