"""Names of the keys of steps and documents in other libraries, as ``other_names`` has them for ops and arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netspec.diagnostics import nearest
from netspec.language.other_names import OWN_STEP, TRAINING, as_suggestion

STEP_KEYS: dict[str, str] = {
    "act": OWN_STEP,
    "activation": OWN_STEP,
    "condition": "when",
    "gpu": "device",
    "id": "name",
    "if": "when",
    "initializer": "init",
    "input": "from",
    "inputs": "from",
    "label": "as",
    "output_shape": "expect",
    "outputs": "as",
    "shape": "expect",
    "source": "from",
    "steps": "body",
    "tag": "as",
    "tie": "share",
}

DOCUMENT_KEYS: dict[str, str] = {
    "architecture": "network",
    "backbone": "network",
    "base": "extends",
    "body": "network",
    "classes": "declare arguments under `args:`, as in `args: {classes: 10}`",
    "components": "blocks",
    "config": "args",
    "description": "notes",
    "dtype": "leave it out: `netspec build --dtype` sets it",
    "graph": "network",
    "head": "put its steps at the end of `network:`",
    "image_size": "input",
    "imports": "import",
    "include": "import",
    "inherits": "extends",
    "initializers": "init",
    "input_shape": "input",
    "input_size": "input",
    "inputs": "input",
    "layers": "network",
    "model": "network",
    "modules": "blocks",
    "nc": "declare arguments under `args:`, as in `args: {classes: 10}`",
    "net": "network",
    "nodes": "network",
    "optimizer": TRAINING,
    "output": "outputs",
    "paper": "cite",
    "parameters": "args",
    "params": "args",
    "sequential": "network",
    "settings": "args",
    "shape": "input",
    "steps": "network",
    "version": "netspec",
}


def suggest_key(word: str, known: Iterable[str], others: Mapping[str, str]) -> str:
    """Return a suggestion for an unknown key, from ``others`` or the known keys, or an empty string."""
    meaning = others.get(word.lower())
    return as_suggestion(meaning) if meaning else nearest(word, known)
