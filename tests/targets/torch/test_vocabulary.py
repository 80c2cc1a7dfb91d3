"""Names that mean something elsewhere: whatever a document calls its parts, the generated file means the same."""

from __future__ import annotations

import ast
import builtins
import json
import keyword
import runpy
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import netspec
from netspec.diagnostics import SpecError
from netspec.language.names import MODULE_ATTRIBUTES
from netspec.syntax.expr.elementwise import ELEMENTWISE
from netspec.syntax.expr.function import FUNCTIONS
from netspec.syntax.expr.value import ATTRIBUTES
from netspec.targets.torch import emit_torch
from tests.support.differential import compare
from tests.support.documents import build, compile_text, inputs_of, load_text
from tests.support.search import sample

# fmt: off
GENERATED = {
    "i", "x", "x2", "out", "out2", "y", "z", "self", "self_", "self__", "nn", "torch", "F", "Tensor", "NamedTuple",
    "module", "layer", "layers", "growth", "inplace", "in_channels", "channels", "in_channels_", "out_channels",
    "kernel_size", "bias", "dim", "sizes", "Sample", "SampleOutput", "Layer", "Stage", "StochasticDepth",
    "generated_source", "loss_weights", "training", "weight", "keys", "items", "values", "update", "pop", "clear",
    "append", "count", "index", "add_module", "stored", "query", "key", "value", "masks", "mask", "batch", "b", "c",
    "h", "w", "l", "d",
}
# fmt: on
"""What generated files call things themselves, and what torch's containers have."""


def identifiers(folder: Path) -> Iterator[str]:
    """Yield the names in the Python files of a folder: of variables, arguments, attributes, functions and classes."""
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (getattr(node, field, None) for field in ("id", "attr", "arg", "name"))
            yield from (each for each in names if isinstance(each, str) and each.isidentifier())


COPIED = set(identifiers(Path(netspec.__file__).parent / "targets" / "torch" / "layers"))
"""The names in the layers that are copied into generated files."""
EXPRESSIONS = {*FUNCTIONS, *ELEMENTWISE, *ATTRIBUTES, "inf", "nan", "null", "true", "false", "pattern", "sizes", "of"}
"""The words that mean something in expressions, in formulas and beside patterns."""
BUILTINS = [name for name in dir(builtins) if not name.startswith("_") and not name.endswith(("Error", "Warning"))]
VOCABULARY = sorted(
    {*GENERATED, *COPIED, *EXPRESSIONS, *keyword.kwlist, *keyword.softkwlist, *BUILTINS, "ValueError"}
    | MODULE_ATTRIBUTES
)

CONV = {"conv": {"out": 4, "kernel": 1}}


def arguments(names: Iterable[str]) -> dict[str, Any]:
    """Return a document in which two calls of blocks give the arguments other values, also to a loop of layers."""
    names = list(names)
    passed = {name: name for name in names}
    steps = [step for name in names for step in ({"scale": name}, {"conv": {"out": f"4 * {name}", "kernel": 1}})]
    layer = {"args": dict.fromkeys(names, 1), "body": [*steps, {"stochastic_depth": 1.0}, CONV]}
    loop = {"dense": {"layers": 3, "body": [{"layer": passed, "name": "dense{index}"}]}}
    stage = {"args": dict.fromkeys(names, 1), "body": [{"layer": passed}, CONV, loop]}
    calls = [{"stage": {name: at + first for at, name in enumerate(names)}} for first in (1, 2)]
    return {"blocks": {"layer": layer, "stage": stage}, "network": [*calls, CONV]}


def labels(names: Iterable[str]) -> dict[str, Any]:
    steps: list[Any] = [{**CONV, "as": name} for name in names]
    return {"network": [CONV, *steps, {"add": ["x", *names]}, {"stochastic_depth": 1.0}]}


def steps(names: Iterable[str]) -> dict[str, Any]:
    return {"network": [{**CONV, "name": name} for name in names]}


def heads(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    network = [part for name in listed for part in (CONV, {"output": {"name": name, "train_only": name != listed[-1]}})]
    return {"network": [*network, CONV, {"output": {"name": "behind", "train_only": True}}, CONV]}


def outputs(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    return {"outputs": listed, "network": [{**CONV, "as": name} for name in listed]}


def inputs(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    return {"input": {name: [4, 6, 6] for name in listed}, "network": [{"add": [listed[0], *listed]}, CONV]}


def blocks(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    bodies = {name: {"args": {"width": "int"}, "body": [{"conv": {"out": "width", "kernel": 1}}]} for name in listed}
    return {"blocks": bodies, "network": [{name: {"width": width}} for name in listed for width in (4, 5)]}


def formulas(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose formulas read labels, of which some are also called as functions."""
    steps = [part for name in names for part in (CONV | {"as": name}, {"formula": f"tanh(x) + {name} * relu({name})"})]
    return {"network": [CONV, *steps]}


def formula_numbers(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose blocks read arguments in formulas."""
    listed = list(names)
    body = [{"formula": f"x * {name} + abs({name})"} for name in listed]
    block = {"args": dict.fromkeys(listed, 1.5), "body": body}
    calls = [{"scaled": {name: at + first / 2 for at, name in enumerate(listed)}} for first in (0, 1)]
    return {"blocks": {"scaled": block}, "network": [CONV, *calls]}


def pieces(names: Iterable[str]) -> dict[str, Any]:
    """Return a document in which ``as`` labels several values at once."""
    listed = list(names)
    split: list[Any] = [{"split": [1] * len(listed), "as": listed if len(listed) > 1 else listed[0]}]
    return {"network": [{"conv": {"out": len(listed), "kernel": 1}}, *split, {"concat": listed[::-1]}, CONV]}


def numbers(names: Iterable[str]) -> dict[str, Any]:
    """Return a document that names numbers by ``let``."""
    listed = list(names)
    let = {"let": {name: at + 1 for at, name in enumerate(listed)}}
    steps = [
        part
        for name in listed
        for part in ({"conv": {"out": f"4 * {name}", "kernel": 1}}, {"formula": f"x / {name}"}, {"scale": name})
    ]
    return {"network": [let, *steps]}


def collected(names: Iterable[str]) -> dict[str, Any]:
    """Return a document that collects the rounds of loops, picks from them, and goes over them again."""
    network: list[Any] = [CONV]
    for name in names:
        loop = {"foreach": {"width": [4, 6]}, "body": [{"conv": {"out": "width", "kernel": 1}}], "collect": name}
        again = {"foreach": {"each": f"{name}[::-1]"}, "body": [{**CONV, "from": "each"}]}
        network += [loop, {"tanh": None, "from": f"{name}[0]"}, again, {"concat": ["x", name]}]
        network += [{"conv": {"out": f"2 * len({name})", "kernel": 1}}]
    return {"network": network}


def tensors(names: Iterable[str]) -> dict[str, Any]:
    """Return a document with trainable tensors of these names, in the network and in a block that is called twice."""
    listed = list(names)
    declared = {name: {"shape": [4, 1, 1], "init": at + 0.5} for at, name in enumerate(listed)}
    steps = [part for name in listed for part in ({"mul": ["x", name]}, {"formula": f"x + {name}"})]
    block = {"tensors": declared, "body": [*steps, {"scale": 0.5}]}
    return {"blocks": {"gained": block}, "tensors": declared, "network": [CONV, *steps, "gained", CONV, "gained"]}


def variables(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose loops have these variables: numbers, values, and steps that are called."""
    network: list[Any] = [CONV | {"as": "base"}]
    for at, name in enumerate(names):
        convolution = {"conv": {"out": f"2 * {name}", "kernel": 1}, "name": f"layer{at}_{{{name}}}"}
        network += [{"foreach": {name: [2, 3]}, "body": [convolution, {"scale": f"1 / {name}"}], "collect": "both"}]
        network += [{"foreach": {name: "both"}, "body": [{"conv": {"out": 4, "kernel": 1}, "from": name}]}]
        network += [{"foreach": {f"width {name}": [[4, "relu"], [6, "tanh"]]}, "body": [CONV, f"${name}"]}]
    return {"network": [*network, {"add": ["x", "base"]}]}


def alternatives(names: Iterable[str]) -> dict[str, Any]:
    """Return a document in which steps of these names and labels are those of ``else``."""
    listed = list(names)
    steps = [{"bn": None, "when": "x.channels < 0", "else": CONV, "name": name, "as": name} for name in listed]
    several = [{"bn": None, "when": "x.channels < 0", "else": [{**CONV, "as": name}, "relu"]} for name in listed]
    return {"network": [CONV, *steps, {"add": ["x", *listed]}, *several]}


def axes(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose patterns call axes so, with sizes that are given and those of variables."""
    network: list[Any] = [CONV]
    for name in names:
        given = {"rearrange": {"pattern": f"(c {name}) h w -> ({name} c) h w", name: 2}}
        tiled = {"tile": {"pattern": f"c h w -> (c {name}) h w", name: 2}}
        product = {"einsum": {"pattern": f"{name} h k, {name} k w -> {name} h w", "of": ["x", "x"]}}
        network += [given, product, tiled, CONV, "sigmoid"]
    return {"network": network}


def sized_axes(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose patterns have axes of the sizes of arguments of their names."""
    listed = list(names)
    body = [{"rearrange": f"(c {name}) h w -> ({name} c) h w"} for name in listed]
    return {
        "blocks": {"turned": {"args": dict.fromkeys(listed, 2), "body": body}},
        "network": [CONV, {"turned": dict.fromkeys(listed, 2)}, {"turned": dict.fromkeys(listed, 4)}],
    }


def block_values(names: Iterable[str]) -> dict[str, Any]:
    """Return a document with blocks whose inputs and outputs have these names."""
    listed = list(names)
    pair = {
        "inputs": [listed[0], "others..."] if len(listed) == 1 else listed,
        "outputs": listed,
        "body": [
            {"from": listed[-1]},
            *({"formula": f"x + {name}"} for name in listed),
            {"formula": f"x * {listed[0]}", "as": listed[0]},
        ],
    }
    rest = {"inputs": ["first", f"{listed[0]}..."], "body": [{"add": ["first", listed[0]]}]}
    entering = [f"value{at}" for at in range(max(len(listed), 2))]
    call = {"pair": None, "from": entering, "as": entering[: len(listed)] if len(listed) > 1 else entering[0]}
    network = [*({**CONV, "as": name} for name in entering), call, {"rest": None, "from": entering}]
    return {"blocks": {"pair": pair, "rest": rest}, "network": network}


def named_outputs(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    return {
        "outputs": {name: f"value{at}" for at, name in enumerate(listed)},
        "network": [{**CONV, "as": f"value{at}"} for at, _ in enumerate(listed)],
    }


def keys(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose steps share modules by these keys."""
    return {"network": [CONV, *({**CONV, "share": name} for name in names for _ in range(2))]}


def branches(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose merges have branches of these names."""
    listed = list(names)
    named = {name: [CONV] for name in listed}
    return {"network": [CONV, {"add": {**named, "other": "x"}}, {"concat": {"of": named}, "name": "merged"}, CONV]}


# fmt: off
def rounds(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose loops have elements and states called so."""
    network: list[Any] = [{"reduce": {"mean": "channels"}, "as": "start_"}]
    for name in names:
        for row, state in ((name, "state_"), ("row_", name)):
            body = [{"formula": f"{row} - 0.5 * {state}"}]
            network.append({"scan": {"over": {row: "input"}, "carry": {state: "start_"}, "body": body}})
    return {"network": network}


def indices(names: Iterable[str]) -> dict[str, Any]:
    """Return a document whose constants have axes called so, of a fixed size and of an open one."""
    tensors: dict[str, Any] = {}
    for number, name in enumerate(names):
        tensors[f"fixed{number}_"] = {"axes": {"c_": 1, name: 6, "k_": 6}, "value": f"cos({name} - k_ / 2)"}
        open_axes = {"c_": 1, name: "input.height", "k_": "input.width"}
        tensors[f"open{number}_"] = {"axes": open_axes, "value": f"where({name} <= k_, {name} / 4, 1)"}
    sums = [{"add": {"of": ["x", name], "broadcast": True}} for name in tensors]
    return {"tensors": tensors, "network": ["relu", *sums]}


ROLES: dict[str, Callable[[Iterable[str]], dict[str, Any]]] = {
    each.__name__: each
    for each in (
        arguments, labels, steps, heads, outputs, inputs, blocks, formulas, formula_numbers, pieces, numbers, collected,
        tensors, variables, alternatives, axes, sized_axes, block_values, named_outputs, keys, branches, rounds,
        indices,
    )
}
# fmt: on


def run_alone(path: Path) -> None:
    """Run a file as it stands, and the network in it in both modes."""
    found = runpy.run_path(str(path))
    network = [value for value in found.values() if isinstance(value, type)][-1]()
    count = network.forward.__code__.co_argcount - 1
    for mode in (False, True):
        network.train(mode)(*(torch.zeros(1, 4, 6, 6) for _ in range(count)))


def document(role: str, names: Iterable[str]) -> dict[str, Any]:
    return {"input": [4, 6, 6], **ROLES[role](names)}


def is_accepted(role: str, names: Iterable[str]) -> bool:
    """Return whether a document may use names in a role; else they must be refused with a code and a place."""
    try:
        compile_text(document(role, names))
    except SpecError as error:
        assert all(each.code.startswith("NS") and each.span for each in error.diagnostics), (role, names)
        return False
    return True


def accepted(role: str, names: Sequence[str]) -> list[str]:
    """Return the names that a document may use in a role."""
    found: list[str] = []
    for start in range(0, len(names), 12):
        part = names[start : start + 12]
        found += part if is_accepted(role, part) else [name for name in part if is_accepted(role, [name])]
    return found


def innocent(names: Iterable[str]) -> list[str]:
    """Return as many names that mean nothing anywhere."""
    return [f"plain{chr(ord('a') + at)}" for at, _ in enumerate(names)]


def results(content: dict[str, Any]) -> list[Tensor]:
    """Return what the module of a document gives, in evaluation and in training."""
    graph = compile_text(content)
    module = build(graph)
    found: list[Tensor] = []
    for mode in (False, True):
        result = module.train(mode)(*inputs_of(graph))
        found += [result] if isinstance(result, Tensor) else [each for each in result if each is not None]
    return found


def assert_same_as_innocent(role: str, names: list[str]) -> None:
    found, expected = results(document(role, names)), results(document(role, innocent(names)))
    assert len(found) == len(expected)
    for left, right in zip(found, expected, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-12, atol=0, equal_nan=True, msg=lambda text: f"{names}: {text}")


@pytest.mark.parametrize("role", ROLES)
def test_a_name_is_refused_or_the_file_means_the_same(role: str, tmp_path: Path) -> None:
    # Each role has names of its own, so that every name is tried somewhere.
    tried = sample(VOCABULARY, 0.25, list(ROLES).index(role))
    names = accepted(role, tried)
    assert len(names) > len(tried) / 10
    for start in range(0, len(names), 12):
        part = names[start : start + 12]
        content = document(role, part)
        assert_same_as_innocent(role, part)
        compare(load_text(content), training=False)
        path = tmp_path / f"part{start}.py"
        path.write_text(emit_torch(compile_text(content)))
        run_alone(path)


def own_files(name: str, folder: Path) -> Path:
    """Write a document that uses and taps another one, all of which is called by a name, as is a variant."""
    body = [{**CONV, "name": name}, "relu", {**CONV, "as": name}, "tanh"]
    used = {"netspec": 1, "args": {"width": 4}, "input": [4, 6, 6], "network": body}
    (folder / f"{name}.yaml").write_text(json.dumps(used))
    own = {
        "netspec": 1,
        "args": {"width": 4},
        "variants": {name: {"width": 8}},
        "input": [4, 6, 6],
        "network": [
            {"use": {"spec": f"{name}.yaml", "taps": [name, "relu1"]}, "as": ["first", "second"]},
            {"add": ["first", "second"]},
            {"conv": {"out": "width", "kernel": 1}},
        ],
    }
    path = folder / "own.yaml"
    path.write_text(json.dumps(own))
    return path


def test_a_file_that_is_used_a_tapped_step_and_a_variant_may_be_called_so(tmp_path: Path) -> None:
    for name in sample(VOCABULARY, 0.25):
        path = own_files(name, tmp_path)
        try:
            document = netspec.load(path, variant=name)
            graph = netspec.compile(document)
        except SpecError as error:
            assert all(each.code.startswith("NS") and each.span for each in error.diagnostics), name
            continue
        assert graph.shape_of(graph.outputs[0].node)[0] == 8, name
        compare(document, training=False)


@pytest.mark.parametrize("name", ["self", "open", "nn", "lambda_", "F"])
def test_names_that_differ_by_an_underscore_stay_apart(name: str) -> None:
    for role in ("arguments", "labels", "outputs", "inputs"):
        compare(load_text(document(role, accepted(role, (name, f"{name}_", f"{name}__")))), training=False)
