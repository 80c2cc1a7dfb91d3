"""Evaluates a network as the papers do: the mean of its scores for ten crops of a larger image."""

from __future__ import annotations

from pathlib import Path

import torch

import netspec

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Print what ten crops cost, and that the mirrored image has the same scores."""
    torch.set_num_threads(1)
    graph = netspec.compile(HERE / "ten_crop.yaml")
    print(f"{graph.params:,} parameters, {graph.macs:,} MACs")

    network = netspec.build(graph, device="cpu", seed=0).eval()
    image = torch.randn(1, 3, 40, 40)
    scores = network(image)
    print(f"sum of the scores: {float(scores.sum()):.3f}")
    print("mirrored:", torch.allclose(network(image.flip(-1)), scores, atol=1e-6))


if __name__ == "__main__":
    main()
