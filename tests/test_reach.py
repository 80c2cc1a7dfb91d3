"""benchmarks/reach.py: what it counts as said is said."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

REACH: dict[str, Any] = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "reach.py"))


def test_no_operation_has_two_words() -> None:
    operations = [each for said in REACH["SAID"].values() for each in said.split()]
    assert len(operations) == len(set(operations))


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch.export itself
def test_a_network_is_reached_if_all_its_operations_have_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.fft.rfft(x.transpose(1, 2).relu_()).abs() + x.shape[1]

    operands = (torch.rand(2, 8, 6),)
    monkeypatch.setitem(REACH["export"].__globals__, "create", lambda library, name: (Net(), operands, {}))
    exported = REACH["export"]("torch", "net")
    assert not exported.error
    assert {"transpose", "relu", "abs", "add"} < exported.operations.keys()
    assert REACH["missing"](exported.operations, REACH["known_words"]()) == ["fft_rfft"]
    page = REACH["report"]([exported], REACH["known_words"]())
    assert "| `fft_rfft` | 1 | 1 |" in page
    assert "| all | 1 | 1 | 0 | 0 % |" in page


def test_what_does_not_export_is_listed_with_its_reason() -> None:
    failed = REACH["export"]("torchvision", "no_such_network")
    assert failed.error
    assert "| torchvision no_such_network |" in REACH["report"]([failed], frozenset())
