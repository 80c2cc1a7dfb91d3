"""What a scan computes, against torch's own cells in a loop, at other lengths than the stated one too."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import netspec
from netspec.analysis import measure_memory
from tests.support.documents import build, compile_text

TAGGER = """
netspec: 1
name: tagger
input: {tokens: {shape: [12], dtype: int64, high: 50}, start: [8]}
network:
  - {embedding: {num: 50, dim: 6}, from: tokens}
  - scan: {over: x, carry: {h: start}, body: [gru_cell], output: h}
    name: encoder
  - linear: 4
"""


def with_weights_of(cell: nn.RNNCellBase, value: nn.Linear, state: nn.Linear) -> nn.RNNCellBase:
    """Return one of torch's cells with the weights of two layers."""
    with torch.no_grad():
        for name, layer in (("ih", value), ("hh", state)):
            getattr(cell, f"weight_{name}").copy_(layer.weight)
            getattr(cell, f"bias_{name}").copy_(layer.bias)
    return cell


def test_a_scan_of_gru_cells_is_the_loop_over_those_of_torch_at_every_length() -> None:
    graph = compile_text(TAGGER)
    module = build(graph)
    inner = module.encoder.gru_cell1
    cell = with_weights_of(nn.GRUCell(6, 8, dtype=torch.float64), inner.from_value, inner.from_state)
    for length in (1, 5, 12, 30):
        tokens, h = torch.randint(0, 50, (3, length)), torch.randn(3, 8, dtype=torch.float64)
        states: list[Tensor] = []
        for vector in module.embedding1(tokens).unbind(1):
            states.append(cell(vector, states[-1] if states else h))
        torch.testing.assert_close(module(tokens, h), module.linear1(torch.stack(states, 1)))


def test_a_scan_of_lstm_cells_is_the_loop_over_those_of_torch() -> None:
    graph = compile_text(
        "netspec: 1\nname: reader\ninput: {words: [7, 6], start: [8], memory: [8]}\n"
        "outputs: [ys, h, c]\nnetwork:\n"
        "  - scan: {over: words, carry: {h: start, c: memory}, body: [lstm_cell], output: h, last: [h, c]}\n"
        "    as: [ys, h, c]\n"
    )
    module = build(graph)
    inner = module.scan1.lstm_cell1
    cell = with_weights_of(nn.LSTMCell(6, 8, dtype=torch.float64), inner.from_value, inner.from_state)
    words, h, c = (torch.randn(2, *shape, dtype=torch.float64) for shape in ((7, 6), (8,), (8,)))
    ys, last_h, last_c = module(words, h, c)
    expected: list[Tensor] = []
    for word in words.unbind(1):
        h, c = cell(word, (h, c))
        expected.append(h)
    for found, wanted in ((ys, torch.stack(expected, 1)), (last_h, h), (last_c, c)):
        torch.testing.assert_close(found, wanted)


def test_a_scan_over_sequences_of_different_lengths_ends_with_an_error() -> None:
    module = build(
        compile_text(
            "netspec: 1\nname: sum\ninput: {a: [7, 4], b: [7, 4], start: [4]}\n"
            "network: [{scan: {over: [a, b], carry: {h: start}, body: [{formula: a * b + h}]}}]\n"
        )
    )
    a, b, start = (torch.randn(2, *shape, dtype=torch.float64) for shape in ((7, 4), (5, 4), (4,)))
    with pytest.raises(ValueError, match="shorter"):
        module(a, b, start)


def test_costs_count_each_round_and_weights_once() -> None:
    # By hand: matrices of 24 x 6 and 24 x 8 with two biases, multiplied in each of 12 rounds.
    graph = compile_text(TAGGER)
    embedding, head = 50 * 6, 8 * 4 + 4
    assert graph.params == embedding + 24 * (6 + 8) + 2 * 24 + head
    assert graph.macs == 12 * 24 * (6 + 8) + 12 * 8 * 4
    # What a round keeps in training: both products, and the results of three formulas; slices lie in the products.
    kept = 12 * (24 + 24 + 8 + 8 + 8)
    assert measure_memory(graph).forward == 4 * (12 * 6 + kept + 12 * 8 + 12 * 4)


def test_a_scan_is_exported_at_its_length() -> None:
    module = netspec.build(compile_text(TAGGER), device="cpu", seed=0).eval()
    example = (torch.randint(0, 50, (2, 5)), torch.randn(2, 8))
    exported = torch.export.export(module, example).module()
    torch.testing.assert_close(exported(*example), module(*example))
