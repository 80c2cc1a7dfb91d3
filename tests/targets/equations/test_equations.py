"""Equations: every op is written or declined, and what is written is true, element by element."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import netspec
from netspec.diagnostics import SpecError
from netspec.ir import Graph, Node
from netspec.lowering import lower
from netspec.ops import OPS, Sample
from netspec.targets.equations.model import EQUATIONS
from netspec.targets.equations.write import write_equations
from tests.support.documents import build, declared, inputs_of, load_text, with_tensors

DECLINED = pytest.mark.parametrize("name", [name for name, op in OPS.items() if EQUATIONS.rule_for(op) is None])
WRITTEN = pytest.mark.parametrize("name", [name for name, op in OPS.items() if EQUATIONS.rule_for(op) is not None])


class Outside:
    """What is read beside a value: nothing that it meets is anything either, and reductions leave it out."""

    def meet(self, *others: Any) -> Outside:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __pow__ = __truediv__ = __neg__ = __abs__ = meet


class Values:
    """A tensor whose elements are read by number; one that is not there is outside."""

    def __init__(self, tensor: Tensor) -> None:
        self.elements, self.shape = tensor.tolist(), tuple(tensor.shape)

    def __getitem__(self, at: Any) -> Any:
        element: Any = self.elements
        for index, size in zip(at if isinstance(at, tuple) else (at,), self.shape, strict=True):
            if index != int(index) or not 0 <= index < size:
                return Outside()
            element = element[int(index)]
        return element


def inside(reduce: Callable[[list[float]], float]) -> Callable[..., float]:
    """Return a reduction of several numbers, or of one sequence, which leaves out what is outside."""

    def reduced(*numbers: Any) -> float:
        found = list(numbers[0]) if len(numbers) == 1 else list(numbers)
        return reduce([each for each in found if not isinstance(each, Outside)])

    return reduced


FUNCTIONS = {
    "sum": inside(math.fsum),
    "mean": inside(lambda found: math.fsum(found) / len(found)),
    "max": inside(max),
    "min": inside(min),
    "sign": lambda number: math.copysign(1, number) if number else 0.0,
    "abs": abs,
    **{name: getattr(math, name) for name in ("exp", "log", "tanh", "sqrt", "erf", "sin", "cos", "inf")},
}
RANGES = re.compile(r" for (\w+ < \d+(?:, \w+ < \d+)*)\)")


def python(formula: str) -> str:
    """Return a formula as Python: its ranges as loops, its values looked up by name."""
    formula = RANGES.sub(lambda found: re.sub(r",? ?(\w+) < (\d+)", r" for \1 in range(\2)", found[1]) + ")", formula)
    return re.sub(r"([A-Za-z_][\w.]*)\[", r'values["\1"][', formula)


def evaluate(text: str, known: dict[str, Tensor], shape: tuple[int, ...]) -> Tensor:
    """Return the value of an equation: its first line, and lines that say what its names stand for."""
    first, *where = text.splitlines()
    indices, formula = re.fullmatch(r"[\w.]+\[([^\]]*)\] = (.*)  # (?:[\dx]+|scalar)", first).groups()  # type: ignore[union-attr]
    named = [re.fullmatch(r"    where (\w+) = (.*)", line).groups() for line in where]  # type: ignore[union-attr]
    values = {name: Values(tensor) for name, tensor in known.items()}
    lines = [(name, compile(python(part), name, "eval")) for name, part in [*named, ("result", formula)]]
    found = []
    for at in product(*map(range, shape)):
        scope: dict[str, Any] = {
            "values": values,
            **FUNCTIONS,
            **dict(zip(filter(None, indices.split(", ")), at, strict=True)),
        }
        for name, code in lines:
            scope[name] = eval(code, scope)
        found.append(0.0 if isinstance(scope["result"], Outside) else scope["result"])
    return torch.tensor(found, dtype=torch.float64).view(shape)


def document(name: str, sample: Sample) -> dict[str, Any]:
    """Return a document of one op, which takes the inputs of a sample."""
    op, made = OPS[name], OPS[name](**sample.arguments)
    sample, tensors = with_tensors(name, sample)
    labels = "abcde"[: len(sample.inputs)]
    inputs = declared(made, dict(zip(labels, sample.inputs, strict=True)))
    step: dict[str, Any] = {name: {**sample.arguments}}
    if op.operands_from:
        pass  # its formula names them
    elif op.family == "merge":
        names = () if op.optional_operands else op.operand_names
        of: Any = dict(zip(names, labels, strict=True)) if names else list(labels)
        step = {name: {**sample.arguments, "of": of} if not names else {**sample.arguments, **of}}
    elif len(labels) > 1:
        step["from"] = list(labels)
    return {"input": inputs, **({"tensors": tensors} if tensors else {}), "network": [step]}


def equations(name: str) -> Iterator[tuple[Any, str, dict[str, Tensor], Tensor]]:
    """Yield the graph, equation, values read and result of each sample that a document can say."""
    for sample in OPS[name].samples:
        try:
            graph = lower(load_text(document(name, sample)))
        except SpecError:
            continue
        module = build(graph).eval()
        entering = inputs_of(graph, batch=1)
        known = {each.name: value[0] for each, value in zip(graph.inputs, entering, strict=True)}
        known |= {key: value for key, value in module.state_dict().items() if value.ndim}
        with torch.no_grad():
            result = module(*entering)[0]
        (node,) = [each for each in graph if each.op.name == name]
        text = write_equations(graph)
        called = f"{', '.join(node.values)} = "
        lines = text[text.index(f"{node.path}[" if f"\n{node.path}[" in text else called) :].rstrip()
        yield graph, lines, known, result


@WRITTEN
def test_an_equation_gives_what_the_module_gives(name: str) -> None:
    checked = 0
    for _, text, known, result in equations(name):
        if "[" not in text.partition(" = ")[0]:
            continue  # arguments that have no formula: the text is a call
        found = evaluate(text, known, tuple(result.shape))
        assert torch.allclose(found, result.double(), rtol=1e-9, atol=1e-9), text
        checked += 1
    assert checked, f"no sample of {name} was written"


@DECLINED
def test_what_is_declined_has_a_reason_and_is_written_as_a_call(name: str) -> None:
    assert EQUATIONS.reason_for(OPS[name]) != "it has no rule"
    for _, text, _, _ in equations(name):
        assert f"= {name}(" in text


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("equations/lenet5_modern.txt", netspec.source("lenet5_modern", target="equations"))


@pytest.mark.parametrize("name", ["densenet121", "resnet50", "bilstm_classifier", "shufflenet_g3", "highway10_mnist"])
def test_every_value_of_a_network_is_written_once(name: str) -> None:
    graph = netspec.compile(name)
    _, *written = write_equations(graph).splitlines()
    lines = [line for line in written if " = " in line and not line.startswith(" ")]
    assert [re.split(r"\[| =", line)[0] for line in lines] == [node.path for node in graph]


# scans


def test_a_scan_is_a_recurrence() -> None:
    """States that swap, zeros to begin with, rounds in rounds, and what the last round leaves."""
    inner = {"over": {"row": "memory"}, "carry": {"s": "said"}, "body": [{"formula": "s - row * said"}], "last": "s"}
    steps = [
        {"formula": "word * a - b", "as": "new"},
        {"from": "a", "as": "b"},
        {"from": "new", "as": "a"},
        {"linear": 3, "as": "said"},
        {"scan": inner, "as": "told"},
    ]
    carry = {"a": "begin", "b": "zeros(3)"}
    scan = {"over": {"word": "words"}, "carry": carry, "body": steps, "output": ["told", "b"], "last": "a"}
    network = [{"scan": scan, "as": ["told", "before", "end"]}]
    inputs = {"words": [3, 3], "memory": [2, 3], "begin": [3]}
    graph = lower(load_text({"input": inputs, "outputs": ["told", "before", "end"], "network": network}))
    module = build(graph).eval()
    entering = inputs_of(graph, batch=1)
    with torch.no_grad():
        expected = module(*entering)
    found = recurrences(write_equations(graph), graph, entering, module)
    for output, result in zip(graph.outputs, expected, strict=True):
        torch.testing.assert_close(found[output.node], result[0])


def recurrences(text: str, graph: Graph, entering: tuple[Tensor, ...], module: nn.Module) -> dict[str, Tensor]:
    """Return the values of all equations, computed until each round has had that before it."""
    known = {each.name: value[0] for each, value in zip(graph.inputs, entering, strict=True)} | module.state_dict()
    lines = {name: line for line in text.splitlines() if (name := line.partition("[")[0]) in graph.by_path}
    assert lines.keys() == graph.by_path.keys()
    known |= {node.path: torch.zeros(*rounds_of(node), *graph.shape_of(node.path)) for node in graph}
    for _ in range(max(scope.rounds for scope in graph.root.descend())):
        for node in graph:
            known[node.path] = evaluate(lines[node.path], known, tuple(known[node.path].shape))
    return known


def rounds_of(node: Node) -> list[int]:
    """Return how many values a node has in each scan around it; what leaves a scan has one in that."""
    scans = [scope for scope in node.scope.ascend() if scope.kind == "scan" and scope.parent]
    lengths = [scope.rounds // scope.parent.rounds for scope in scans if scope.parent]
    return lengths[node.op.name in ("next_state", "collected") :][::-1]
