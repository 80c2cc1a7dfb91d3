"""Random numbers of torch that are the same in every run."""

from __future__ import annotations

import torch


def seed(number: int) -> None:
    """Seed the numbers that are drawn on the CPU.

    `torch.manual_seed` also writes down, for each kind of device that is not there, the stack from which it
    was called. That takes two milliseconds, and the tests seed some ten thousand times.
    """
    torch.default_generator.manual_seed(number)
