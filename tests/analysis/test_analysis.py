"""Facts read off a graph: each is held against another way of counting the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

import netspec
from netspec.analysis import check_memory, measure, measure_memory, measure_scopes, receptive_fields
from netspec.analysis.memory import show_bytes
from netspec.diagnostics import LimitError, SpecError
from netspec.ir import Graph
from netspec.language.parsing.header import Expectation
from netspec.sizes.shape import elements
from tests.support.documents import compile_text
from tests.support.op_forms import forms, run
from tests.support.search import examples

HEADS = """\
netspec: 1
name: heads
input: [3, 16, 16]
network:
  - conv: {out: 4, kernel: 3, padding: 1, bias: false}
    share: stem
    name: stem
  - output:
      name: aux
      train_only: true
      body:
        - repeat: 2
          body: [{conv: {out: 8, kernel: 1, bias: false}}]
        - conv: {out: 8, kernel: 1}
  - flatten
  - linear: 10
"""


@pytest.fixture
def compiled(tmp_path: Path) -> Any:
    """Return a function that compiles a document's text."""

    def compile_text(text: str, **options: Any) -> Graph:
        path = tmp_path / "net.yaml"
        path.write_text(text, encoding="utf-8")
        return netspec.compile(path, **options)

    return compile_text


# totals


def test_train_only_heads_count_in_training_alone(compiled: Any) -> None:
    totals = measure(compiled(HEADS))
    stem, head, linear = 3 * 4 * 9, 4 * 8 + 8 * 8 + 8 * 8 + 8, 4 * 256 * 10 + 10
    assert (totals.training_params, totals.params) == (stem + head + linear, stem + linear)
    macs, head_macs = stem * 256 + 4 * 256 * 10, (4 * 8 + 8 * 8 + 8 * 8) * 256
    assert (totals.macs, totals.flops, totals.training_macs) == (macs, 2 * macs, macs + head_macs)
    assert (totals.depth, totals.nodes) == (2, 6)


def test_weights_that_a_head_shares_with_the_network_belong_to_evaluation(compiled: Any) -> None:
    text = """\
netspec: 1
input: [4]
network:
  - output: {name: aux, train_only: true, body: [{linear: 4, share: w}, relu]}
  - linear: 4
    share: w
"""
    totals = measure(compiled(text))
    assert (totals.params, totals.training_params) == (20, 20)


@pytest.mark.parametrize("name", ["densenet121", "lenet5_modern"])
def test_depth_is_the_longest_path_that_networkx_finds(name: str) -> None:
    graph = netspec.compile(name)
    view = networkx.DiGraph()
    for node in graph:
        weight = int(node.op.name in ("conv", "linear"))
        view.add_weighted_edges_from((path, node.path, weight) for path in node.inputs)
    assert measure(graph).depth == networkx.dag_longest_path_length(view)


def test_totals_and_expectations_have_the_same_names() -> None:
    fields = set(measure(netspec.compile("lenet5_modern")).__dataclass_fields__)
    assert fields == set(Expectation.model_fields)


# expectations


@pytest.mark.parametrize("key", list(Expectation.model_fields))
def test_a_total_that_differs_is_reported_at_its_value(compiled: Any, key: str) -> None:
    found = getattr(measure(compiled(HEADS)), key)
    compiled(f"{HEADS}expect: {{{key}: {found}}}\n")
    with pytest.raises(SpecError) as caught:
        compiled(f"{HEADS}expect: {{{key}: {found + 1}}}\n")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "NS0602"
    assert diagnostic.message == f"expected {found + 1:,} {key}, and the network has {found:,}"
    assert diagnostic.label == "1 too many"
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.span.column) == (HEADS.count("\n") + 1, len(f"expect: {{{key}: ") + 1)


def test_all_wrong_totals_are_reported_at_once(compiled: Any) -> None:
    with pytest.raises(SpecError) as caught:
        compiled(f"{HEADS}expect: {{params: 1, macs: 2, nodes: 6}}\n")
    messages = [diagnostic.message.partition(",")[0] for diagnostic in caught.value.diagnostics]
    assert messages == ["expected 1 params", "expected 2 macs"]


def test_overrides_make_the_totals_of_the_paper_void(compiled: Any) -> None:
    graph = compiled(f"{HEADS}expect: {{params: 1}}\n", overrides={"input": "[3, 8, 8]"})
    assert graph.params > 1


# receptive fields


def chain(steps: list[str], size: int = 64) -> str:
    return f"netspec: 1\ninput: [3, {size}, {size}]\nnetwork:\n" + "".join(f"  - {step}\n" for step in steps)


def window(kernel: int, stride: int, dilation: int) -> str:
    reach = dilation * (kernel - 1)
    return f"conv: {{out: 3, kernel: {kernel}, stride: {stride}, dilation: {dilation}, padding: {reach}}}"


def same(kernel: str) -> str:
    return f"conv: {{out: 3, kernel: {kernel}, padding: same}}"


@examples(40)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 2), st.integers(1, 3)), min_size=1, max_size=6))
def test_receptive_field_agrees_with_walking_back_from_the_output(layers: list[tuple[int, int, int]]) -> None:
    # The report goes forward with a jump; from the output back it is r = stride * (r - 1) + window, without one.
    expected = 1
    for kernel, stride, dilation in reversed(layers):
        expected = stride * (expected - 1) + dilation * (kernel - 1) + 1
    graph = _lowered(chain([window(*layer) for layer in layers]))
    assert receptive_fields(graph)[graph.outputs[0].node] == (expected, expected)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["relu"], (1, 1)),
        (["conv: {out: 3, kernel: [3, 5], stride: [2, 1]}", "conv: {out: 3, kernel: 3}"], (7, 7)),
        (["maxpool: {kernel: 2, stride: 2}", "upsample: {scale: 2}", "conv: {out: 3, kernel: 3}"], (4, 4)),
        (["conv: {out: 3, kernel: 3}", "flatten", "relu"], (3, 3)),
        (["conv: {out: 3, kernel: 3}", "global_avgpool"], None),
        (["flatten", "linear: 3", "relu"], None),
        (["conv: {out: 3, kernel: 3, padding: 1}", "mul: {x: x, gate: [global_avgpool, sigmoid]}"], None),
        ([f"add: {{a: [{{{same('5')}}}], b: [{{{same('[1, 7]')}}}]}}"], (5, 7)),
    ],
)
def test_receptive_field(steps: list[str], expected: tuple[int, ...] | None) -> None:
    graph = _lowered(chain(steps))
    assert receptive_fields(graph)[graph.outputs[0].node] == expected


def test_receptive_field_of_vgg16_is_that_of_the_literature() -> None:
    graph = netspec.compile("vgg16")
    last_pool = [node for node in graph if node.op.name == "maxpool"][-1]
    assert receptive_fields(graph)[last_pool.path] == (212, 212)


# memory


VIEWS = {
    "flat": ["reshape: [16, 4, 4]"],
    "turned and flat": ["permute: [1, 3, 2]", "reshape: [16, 4, 4]"],
    "cut": ["slice: {stop: 8}", "reshape: [16, 2, 4]", "concat: {axis: 2, of: [x, x]}"],
    "cut inside": ["slice: {axis: 2, stop: 2}", "reshape: [8, 4, 4]", "concat: [x, x]"],
    "shuffled": ["channel_shuffle: 4", "channel_shuffle: 1"],
    "pixels": ["pixel_shuffle: 2", "reshape: [16, 4, 4]"],
    "dropped": ["dropout: 0.5"],
    "kept": ["dropout: 0"],
    "skipped": ["stochastic_depth: {survival: 0.5, rescale: true}"],
    "scaled": ["stochastic_depth: 0.5"],
    "turned and computed": ["permute: [1, 3, 2]", "relu", "formula: x * 2", "reshape: [16, 4, 4]"],
    "cut and computed": ["slice: {axis: 2, step: 2}", "tanh", "reshape: [16, 4, 2]", "concat: {axis: 3, of: [x, x]}"],
    "moved": ["rearrange: c h w -> c w h", "flip: 2", "roll: {axes: 3, shift: 1}", "cumsum: 2"],
    "repeated": ["reduce: {mean: 3}", "tile: {pattern: 'c h -> c h w', w: 4}", "cumsum: 3"],
    "normalized": ["rms_norm: channels", "detach", "relu", "reshape: [16, 16]", "reshape: [16, 4, 4]"],
    "taken apart": ["pixel_unshuffle: 2", "pixel_shuffle: 2", "gather: 'range(16)'"],
}
"""Steps that may lie in the memory of what enters them."""

STEPS = st.sampled_from(["relu", "conv", "add", "double", "label", "leave", "head", "tap", *VIEWS])


@examples(100)
@example(["label", "relu", "leave", "relu"])
@example(["tap", "relu", "relu"])
@given(st.lists(STEPS, min_size=1, max_size=12))
def test_peak_memory_agrees_with_holding_every_value_until_its_last_reader(words: list[str]) -> None:
    graph = _lowered(_document(words))
    storage = _storage(graph, training=False)
    assert measure_memory(graph, "float32", batch=3).peak == 3 * 4 * _peak_by_simulation(graph, storage)


@examples(50)
@example(["turned and flat", "cut", "cut inside", "shuffled", "pixels", "dropped", "kept", "skipped", "scaled"])
@given(st.lists(STEPS, min_size=1, max_size=12))
def test_forward_memory_is_what_torch_takes_in_training(words: list[str]) -> None:
    graph = _lowered(_document(words))
    storage = _storage(graph, training=True)
    taken = sum(elements(node.shape) for node in graph if storage[node.path] == node.path)
    assert measure_memory(graph, "float32", batch=3).forward == 3 * 4 * taken


SCANS = [
    # As 12 states are stacked: the input, and both the states and their sequence.
    ([{"linear": 16, "from": "words"}, {"add": ["x", "h"], "as": "h"}], 12 * 8 + 12 * 16 + 12 * 16),
    # As the wide layer of the last round ends: the input, the layer, the state, and 11 results of earlier rounds.
    (
        [
            {"linear": 900, "from": "words"},
            {"linear": 4},
            {"concat": {"of": ["x", "h"], "axis": 1}},
            {"linear": 16, "as": "h"},
        ],
        12 * 8 + 900 + 16 + 11 * 16 + 4,
    ),
]
"""Bodies of a scan, and how many numbers are held at most."""


@pytest.mark.parametrize(("body", "most"), SCANS)
def test_peak_memory_of_a_scan_has_what_earlier_rounds_leave(body: list[Any], most: int) -> None:
    scan = {"over": "words", "carry": {"h": "zeros(16)"}, "body": body, "output": "h"}
    graph = compile_text({"input": {"words": [12, 8]}, "network": [{"scan": scan}]})
    assert measure_memory(graph).peak == 4 * most


def test_what_each_round_reads_is_held_to_the_end_of_a_scan() -> None:
    body = [{"linear": 100, "from": "x"}, {"add": ["x", "wide"]}, {"linear": 500}, {"linear": 1}]
    steps = [{"linear": 100, "from": "start", "as": "wide"}, {"scan": {"over": "words", "body": body}}]
    graph = compile_text({"input": {"words": [3, 2], "start": [4]}, "network": steps})
    # As the layer of 500 ends: inputs, `wide`, the sum, the result itself, and one number of each earlier round.
    assert measure_memory(graph).peak == 4 * (6 + 4 + 100 + 100 + 500 + 2)


def test_memory_of_a_dense_block_grows_with_the_square_of_its_layers() -> None:
    """Each layer keeps all earlier maps concatenated, normalized and rectified, as arXiv:1707.06990 complains."""
    layer = "{conv: {out: 3, kernel: 3, padding: 1, bias: false}}"
    taken = [
        measure_memory(_lowered(chain([f"dense: {{layers: {layers}, body: [bn, relu, {layer}]}}"], size=4))).forward
        for layers in range(2, 9)
    ]
    more = [after - before for before, after in pairwise(taken)]
    growth = {after - before for before, after in pairwise(more)}
    copies, channels, pixels, width = 3, 3, 4 * 4, 4
    assert growth == {copies * channels * pixels * width}, taken


def _storage(graph: Graph, training: bool) -> dict[str, str]:
    """Return for each value the one in whose memory torch lays it, when each op runs as its text says."""
    values = {each.name: torch.randn(3, *each.shape, dtype=torch.float64) for each in graph.inputs}
    for node in graph:
        operands = [values[path] for path in node.inputs]
        *_, form = forms(node.op, tuple(tuple(each.shape[1:]) for each in operands))
        values[node.path] = run(form, operands, training)
    owners: dict[int, str] = {}
    return {path: owners.setdefault(value.untyped_storage().data_ptr(), path) for path, value in values.items()}


def _document(words: list[str]) -> str:
    conv = "conv: {out: 16, kernel: 1}"
    texts = {"leave": "relu", "conv": conv, "double": "add: [x, x]"}
    steps, labels = [conv], []
    for index, word in enumerate(words):
        if word == "label":
            labels.append(f"l{index}")
            steps.append(f"relu: {{}}\n    as: l{index}")
        elif word == "head":
            train_only = "true" if index % 2 else "false"
            steps.append(f"output: {{name: head{index}, train_only: {train_only}, body: [relu, relu]}}")
        elif word == "tap":  # a head that is the value itself
            steps.append(f"output: {{name: head{index}, train_only: true}}")
        elif word == "leave" and labels:  # nobody reads the current value any more
            steps.append(f"relu: {{}}\n    from: {labels[0]}")
        elif word == "add":
            steps.append(f"add: [x, {labels.pop(0)}]" if labels else "relu")
        else:
            steps.extend(VIEWS.get(word, [texts.get(word, word)]))
    return chain(steps, size=4)


def _peak_by_simulation(graph: Graph, storage: dict[str, str]) -> int:
    """Run the nodes and ask after each, from scratch, which values somebody still needs."""
    training = graph.training_only
    order = [node for node in graph if node.path not in training]
    sizes = {each.name: elements(each.shape) for each in (*graph.inputs,)}
    sizes |= {node.path: elements(node.shape) for node in order}
    always = {each.name for each in graph.inputs}
    always |= {storage[output.node] for output in graph.outputs if not output.train_only}
    peak = sum(sizes[name] for name in storage if name in always and name not in graph.by_path)
    for position, node in enumerate(order):
        made = {storage[each.path] for each in order[: position + 1]} | {each.name for each in graph.inputs}
        needed = {storage[path] for each in order[position:] for path in each.inputs} | always | {storage[node.path]}
        peak = max(peak, sum(sizes[name] for name in made & needed))
    return peak


def test_memory_scales_with_dtype_and_batch_and_counts_shared_values_once(compiled: Any) -> None:
    graph = compiled(chain(["conv: {out: 4, kernel: 1}", "flatten", "linear: 10"], size=8))
    values = 4 * 64 + 10  # flatten lies in the convolution's memory
    memory = measure_memory(graph, "bfloat16", batch=5)
    assert (memory.forward, memory.parameters) == (2 * 5 * values, 2 * graph.params)
    assert memory.peak == 2 * 5 * (3 * 64 + values)


def test_integers_take_eight_bytes(compiled: Any) -> None:
    text = """\
netspec: 1
input: {shape: [6], dtype: int64, high: 9}
network: [{embedding: {num: 9, dim: 4}}]
"""
    assert measure_memory(compiled(text)).peak == 6 * 8 + 24 * 4


def test_a_network_over_the_limit_is_refused_with_a_number() -> None:
    graph = netspec.compile("vgg16")
    memory = measure_memory(graph)
    check_memory(memory, graph, limit=memory.parameters + memory.peak, forward=True)
    check_memory(memory, graph, limit=memory.parameters, forward=False)
    with pytest.raises(LimitError) as caught:
        check_memory(memory, graph, limit=memory.parameters, forward=True)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "NS0707"
    assert "vgg16 needs 5" in diagnostic.message
    assert show_bytes(memory.parameters) in diagnostic.message


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1023 * 1024, "0.999 MiB"), (2**40, "1 TiB"), (2**70, "1024 EiB")],
)
def test_bytes_are_shown_in_units(count: int, shown: str) -> None:
    assert show_bytes(count) == shown


# scopes


@pytest.mark.parametrize("name", ["densenet121", "googlenet"])
def test_every_scope_adds_up_to_the_nodes_inside(name: str) -> None:
    graph = netspec.compile(name)
    totals = measure_scopes(graph)
    for scope in graph.root.descend():
        inside = list(scope.traverse())
        found = totals[scope]
        assert found.params == sum(node.params for node in inside if node.module in graph.evaluated)
        assert found.training_params == sum(node.params for node in inside)
        assert found.training_macs == sum(node.macs for node in inside)
        assert found.macs == sum(node.macs for node in inside if node.path not in graph.training_only)
        assert found.elements == sum(elements(node.shape) for node in inside if node.op.allocates(training=True))
        assert found.nodes == len(inside)
    assert (totals[graph.root].params, totals[graph.root].macs) == (graph.params, graph.macs)


def test_what_counts_is_the_network_that_evaluation_uses() -> None:
    """GoogLeNet is smaller than ResNet-18, as its paper says: its auxiliary outputs are gone when it is used."""
    google, residual = netspec.compile("googlenet"), netspec.compile("resnet18")
    assert google.params < residual.params < google.training_params
    assert measure_memory(google).parameters == 4 * google.params
    assert (measure(google).training_params, measure(google).training_macs) == (13_378_280, 1_591_044_096)


def test_weights_that_a_training_head_shares_with_the_network_count_in_evaluation() -> None:
    graph = _lowered(
        "netspec: 1\nname: shared\ninput: [3, 4, 4]\nnetwork:\n"
        "- {conv: {out: 3, kernel: 1}, share: weights}\n"
        "- output: {name: aux, body: [{conv: {out: 3, kernel: 1}, share: weights}, {conv: {out: 2, kernel: 1}}],"
        " train_only: true}\n"
    )
    assert (graph.params, graph.training_params) == (12, 12 + 8)


def _lowered(text: str) -> Graph:
    """Return the graph of a document's text; properties call this often, so that it leaves the disk alone."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        return netspec.compile(file.name)


def test_what_is_computed_of_tensors_alone_is_no_larger_in_a_batch() -> None:
    text = "tensors: {k: {shape: [4, 8], init: ones}}\nnetwork: [{linear: {weight: 2 * k, bias: false}}]\n"
    graph = compile_text(f"netspec: 1\nname: given\ninput: [8]\n{text}")
    assert [measure_memory(graph, batch=batch).forward for batch in (1, 10)] == [4 * (32 + 4), 4 * (32 + 40)]


def test_a_weight_that_only_training_would_read_counts_where_evaluation_has_it_too() -> None:
    graph = compile_text(
        "netspec: 1\nname: tied\ninput: [8]\nnetwork:\n"
        "  - {linear: {out: 8, bias: false}, as: first}\n"
        "  - {output: {name: side, body: [relu], train_only: true}}\n"
        "  - {linear: {weight: first.weight, bias: false}, from: input}\n"
    )
    assert graph.params == graph.training_params == 64
