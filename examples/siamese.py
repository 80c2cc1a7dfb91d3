"""Compares pairs of images with one network that both go through: its weights exist once."""

from __future__ import annotations

from pathlib import Path

import torch

import netspec

HERE = Path(__file__).parent


def main() -> None:
    """Print what the graph says of the shared weights, and that swapping a pair changes nothing."""
    torch.set_num_threads(1)
    graph = netspec.compile(HERE / "siamese.yaml")
    print(f"{graph.params:,} parameters, {graph.macs:,} MACs")

    network = netspec.build(graph, device="cpu", seed=0)
    print("parts:", ", ".join(name for name, _ in network.named_children()))

    left, right = torch.randn(2, 1, 1, 32, 32)
    print("symmetric:", torch.equal(network(left, right), network(right, left)))


if __name__ == "__main__":
    main()
