"""Trains a small residual network with an auxiliary output to tell the direction of stripes."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

import netspec

HERE = Path(__file__).parent


def striped_images(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return noisy images of stripes in one of four directions, and the number of the direction."""
    labels = torch.randint(0, 4, (count,), generator=generator)
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    directions = torch.stack([rows, columns, rows + columns, rows - columns])
    phases = torch.rand(count, 1, 1, generator=generator) * 6.28
    images = torch.sin(directions[labels] * 1.2 + phases)
    return (images + 0.3 * torch.randn(images.shape, generator=generator)).unsqueeze(1), labels


def main() -> None:
    """Train for forty steps and print how many of new images are told right."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    network = netspec.build(HERE / "striped.yaml", seed=0)
    device = next(network.parameters()).device
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)

    network.train()
    for step in range(40):
        images, labels = (each.to(device) for each in striped_images(32, generator))
        outputs = network(images)  # in training a named tuple of all outputs
        losses = {name: F.cross_entropy(value, labels) for name, value in outputs._asdict().items()}
        loss = sum(network.loss_weights[name] * each for name, each in losses.items())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 9:
            print(f"step {step + 1}: " + ", ".join(f"{name} {each.item():.3f}" for name, each in losses.items()))

    network.eval()
    images, labels = (each.to(device) for each in striped_images(400, generator))
    with torch.no_grad():
        right = network(images).argmax(1) == labels  # in evaluation the main output alone
    print(f"right: {right.float().mean().item():.0%}")


if __name__ == "__main__":
    main()
