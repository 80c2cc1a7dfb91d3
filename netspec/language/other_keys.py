"""Names of the keys of steps and documents in other libraries, as ``other_names`` has them for ops and arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netspec.diagnostics import nearest
from netspec.language.other_names import OWN_STEP, TRAINING, as_suggestion

STEP_KEYS: dict[str, str] = {
    "act": OWN_STEP,
    "activation": OWN_STEP,
    "condition": "when",
    **dict.fromkeys(("freeze", "frozen"), "as in `train: false`"),
    **dict.fromkeys(("requires_grad", "trainable"), "train"),
    "elif": "`else` holds steps, which may have a `when` of their own",
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

_ARGUMENT = "declare arguments under `args:`, as in `args: {classes: 10}`"

DOCUMENT_KEYS: dict[str, str] = {
    "activation": OWN_STEP,
    "anchors": _ARGUMENT,
    "batch_size": TRAINING,
    "channels": "input",
    "class": "name",
    "constants": "args",
    "dataset": TRAINING,
    "definitions": "blocks",
    "defs": "blocks",
    "depth_multiple": _ARGUMENT,
    "functions": "blocks",
    "hyperparameters": "args",
    "in_channels": "input",
    "in_shape": "input",
    "input_dim": "input",
    "input_shapes": "input",
    "input_spec": "input",
    "loss": TRAINING,
    "lr": TRAINING,
    "macros": "blocks",
    "metrics": TRAINING,
    "nb_classes": _ARGUMENT,
    "num_classes": _ARGUMENT,
    "output_shape": "a step states its shape, as in `expect: [10]`",
    "scales": "variants",
    "templates": "blocks",
    "training": TRAINING,
    "type": "name",
    "variables": "args",
    "vars": "args",
    "width_multiple": _ARGUMENT,
    "architecture": "network",
    "backbone": "network",
    "base": "extends",
    "body": "network",
    "classes": _ARGUMENT,
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
    "nc": _ARGUMENT,
    "net": "network",
    "nodes": "network",
    "optimizer": TRAINING,
    "output": "outputs",
    "paper": "cite",
    "parameters": "args",
    "params": "args",
    "weights": "tensors",
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
