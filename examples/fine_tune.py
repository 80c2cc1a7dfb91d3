"""Loads a checkpoint into ResNet-18 with another classifier, and trains the classifier alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

import netspec


def load_backbone(network: nn.Module, checkpoint: Path) -> list[str]:
    """Load all weights of a checkpoint but those whose shapes differ, and return the names of those."""
    found = torch.load(checkpoint, weights_only=True)
    own = network.state_dict()
    other = [name for name, value in found.items() if value.shape != own[name].shape]
    missing, unexpected = network.load_state_dict(
        {name: value for name, value in found.items() if name not in other}, strict=False
    )
    assert missing == other and not unexpected
    return other


def main() -> None:
    """Fine-tune for a few steps and print what was trained."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "resnet18.pth"
        # Stands for a file that torchvision's resnet18 was saved to: the names of the weights are the same.
        torch.save(netspec.build("resnet18", device="cpu", seed=0).state_dict(), checkpoint)

        network = netspec.build("resnet18", overrides={"classes": 5}, device="cpu", seed=1)
        print("not loaded:", ", ".join(load_backbone(network, checkpoint)))

    network.requires_grad_(False)
    network.fc.requires_grad_(True)
    trained = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    print("trained:", ", ".join(trained))

    optimizer = torch.optim.SGD(network.fc.parameters(), lr=0.002)
    images, labels = torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 2, 3])
    network.eval()  # the running statistics stay those of the checkpoint
    for step in range(5):
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"step {step + 1}: loss {loss.item():.3f}")


if __name__ == "__main__":
    main()
