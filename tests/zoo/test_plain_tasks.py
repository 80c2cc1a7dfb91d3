"""Networks of other tasks against plain PyTorch, written here from the papers: equal outputs for equal weights."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.support.equal_outputs import assert_outputs_equal


class RNNSearch(nn.Module):
    """Bahdanau et al. 2014: equations 4 to 7, and a maxout layer over the state before, the word and the context."""

    def __init__(self, words: int, dim: int, hidden: int, maxout: int) -> None:
        super().__init__()
        self.source = nn.Embedding(words, dim)
        self.encoder = nn.GRU(dim, hidden, bidirectional=True, batch_first=True)
        self.u = nn.Linear(2 * hidden, hidden)
        self.start = nn.Linear(hidden, hidden)
        self.said = nn.Embedding(words, dim)
        self.w = nn.Linear(hidden, hidden)
        self.v = nn.Linear(hidden, 1, bias=False)
        self.gates, self.recurrent = nn.Linear(dim + 2 * hidden, 3 * hidden), nn.Linear(hidden, 3 * hidden)
        self.deep = nn.Linear(hidden + dim + 2 * hidden, 2 * maxout)
        self.out = nn.Linear(maxout, words)

    def forward(self, source: Tensor, said: Tensor) -> Tensor:
        h, _ = self.encoder(self.source(source))
        hidden = h.shape[2] // 2
        state = torch.tanh(self.start(h[:, 0, hidden:]))
        scores = []
        for word in self.said(said).transpose(0, 1):
            energy = self.v(torch.tanh(self.w(state)[:, None] + self.u(h)))[..., 0]
            context = torch.einsum("bj,bjd->bd", energy.softmax(1), h)
            a, b = self.gates(torch.cat([word, context], 1)), self.recurrent(state)
            reset, update = torch.sigmoid((a + b)[:, : 2 * hidden]).chunk(2, 1)
            new = torch.tanh(a[:, 2 * hidden :] + reset * b[:, 2 * hidden :])
            deep = self.deep(torch.cat([state, word, context], 1))
            state = new + update * (state - new)
            scores.append(self.out(torch.maximum(deep[:, 0::2], deep[:, 1::2])))
        return torch.stack(scores, 1)


class GCN(nn.Module):
    """Kipf and Welling 2016: each node takes the weighted sum of its neighbours, twice, behind dropout."""

    def __init__(self, nodes: int, features: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(hidden, features))
        self.second = nn.Parameter(torch.zeros(classes, hidden))

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        features = F.dropout(features, 0.5, self.training)
        hidden = torch.einsum("bnm, bmf, hf -> bnh", adjacency, features, self.first).clamp(min=0)
        return torch.einsum("bnm, bmh, ch -> bnc", adjacency, F.dropout(hidden, 0.5, self.training), self.second)


class WaveNet(nn.Module):
    def __init__(self, width: int, skip: int, values: int, rounds: int, depth: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(values, width, 2)
        self.layers = nn.ModuleList()
        for dilation in [2**i for i in range(depth)] * rounds:
            gates = nn.Conv1d(width, 2 * width, 2, dilation=dilation)
            self.layers.append(nn.ModuleList([gates, nn.Conv1d(width, skip, 1), nn.Conv1d(width, width, 1)]))
        self.layers[-1][2] = nn.Identity()  # type: ignore[index]
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(skip, skip, 1), nn.ReLU(), nn.Conv1d(skip, values, 1))

    def forward(self, x: Tensor) -> Tensor:
        x, total = self.first(F.pad(x, (1, 0))), torch.zeros(())
        for gates, skip, residual in self.layers:  # type: ignore[misc]
            z, g = gates(F.pad(x, (gates.dilation[0], 0))).chunk(2, 1)
            z = z.tanh() * g.sigmoid()
            x, total = x + residual(z), total + skip(z)
        return self.head(total)  # type: ignore[no-any-return]


class CRNN(nn.Module):
    def __init__(self, hidden: int, classes: int) -> None:
        super().__init__()

        def conv(channels: int, out: int, *more: nn.Module) -> list[nn.Module]:
            return [nn.Conv2d(channels, out, 3, padding=1), *more]

        self.convolutions = nn.Sequential(
            *conv(1, 64, nn.ReLU(), nn.MaxPool2d(2)), *conv(64, 128, nn.ReLU(), nn.MaxPool2d(2)),
            *conv(128, 256, nn.ReLU()), *conv(256, 256, nn.ReLU(), nn.MaxPool2d((2, 1))),
            *conv(256, 512, nn.BatchNorm2d(512), nn.ReLU()),
            *conv(512, 512, nn.BatchNorm2d(512), nn.ReLU(), nn.MaxPool2d((2, 1))),
            nn.Conv2d(512, 512, 2), nn.ReLU(),
        )  # fmt: skip
        self.lstm1 = nn.LSTM(512, hidden, bidirectional=True, batch_first=True)
        self.lstm2 = nn.LSTM(2 * hidden, hidden, bidirectional=True, batch_first=True)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.convolutions(x).squeeze(2).transpose(1, 2)
        return self.head(self.lstm2(self.lstm1(rows)[0])[0])  # type: ignore[no-any-return]


class VAE(nn.Module):
    def __init__(self, hidden: int, latent: int) -> None:
        super().__init__()
        self.encoder, self.mean, self.variance = (
            nn.Linear(784, hidden),
            nn.Linear(hidden, latent),
            nn.Linear(hidden, latent),
        )
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.Tanh(), nn.Linear(hidden, 784), nn.Sigmoid())

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, ...]:
        h = torch.tanh(self.encoder(x))
        mean, logarithm = self.mean(h), self.variance(h)
        return self.decoder(mean + logarithm.exp().sqrt() * noise), mean, logarithm


def double(channels: int, first: int, second: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels, first, 3), nn.BatchNorm3d(first), nn.ReLU(),
        nn.Conv3d(first, second, 3), nn.BatchNorm3d(second), nn.ReLU(),
    )  # fmt: skip


class Level(nn.Module):
    """A level of the 3D U-Net, in the middle of which stands the next one."""

    def __init__(self, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.down = double(channels, width, 2 * width)
        self.inner = Level(2 * width, 2 * width, depth - 1) if depth else None
        if depth:
            self.up = nn.ConvTranspose3d(4 * width, 4 * width, 2, 2, bias=False)
            self.merge = double(6 * width, 2 * width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        if self.inner is None:
            return x
        up = self.up(self.inner(F.max_pool3d(x, 2)))
        for axis in (2, 3, 4):
            x = x.narrow(axis, (x.shape[axis] - up.shape[axis]) // 2, up.shape[axis])
        return self.merge(torch.cat([x, up], 1))  # type: ignore[no-any-return]


class UNetPlusPlus(nn.Module):
    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.nodes, self.ups = nn.ModuleDict(), nn.ModuleDict()
        # In the order of the anti-diagonals, in which each node follows all that it reads.
        self.places = [(i, j) for total in range(5) for i in range(total, -1, -1) for j in [total - i]]
        for i, j in self.places:
            own = width * 2**i
            if j:
                self.nodes[f"up{i}{j}"] = nn.ConvTranspose2d(2 * own, own, 2, 2)
            channels = own * (j + 1) if j else own // 2 if i else 3
            self.nodes[f"{i}{j}"] = nn.Sequential(
                nn.Conv2d(channels, own, 3, padding=1), nn.ReLU(), nn.Conv2d(own, own, 3, padding=1), nn.ReLU()
            )
        self.heads = nn.ModuleList(nn.Conv2d(width, classes, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        known: dict[tuple[int, int], Tensor] = {}
        for i, j in self.places:
            if j:
                rows = [*(known[i, k] for k in range(j)), self.nodes[f"up{i}{j}"](known[i + 1, j - 1])]
                known[i, j] = self.nodes[f"{i}{j}"](torch.cat(rows, 1))
            else:
                known[i, j] = self.nodes[f"{i}{j}"](F.max_pool2d(known[i - 1, 0], 2) if i else x)
        return sum(head(known[0, j]).sigmoid() for j, head in enumerate(self.heads, 1)) / 4  # type: ignore[return-value]


class Siamese(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, out, kernel in ((1, 64, 10), (64, 128, 7), (128, 128, 4)):
            layers += [nn.Conv2d(before, out, kernel), nn.ReLU(), nn.MaxPool2d(2)]
        tail = [nn.Conv2d(128, 256, 4), nn.ReLU(), nn.Flatten(), nn.Linear(9216, features), nn.Sigmoid()]
        self.twin, self.head = nn.Sequential(*layers, *tail), nn.Linear(features, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return torch.sigmoid(self.head((self.twin(left) - self.twin(right)).abs()))


class DuelingDQN(nn.Module):
    def __init__(self, hidden: int, actions: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(),
            nn.Flatten(),
        )  # fmt: skip
        self.value = nn.Sequential(nn.Linear(3136, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.advantage = nn.Sequential(nn.Linear(3136, hidden), nn.ReLU(), nn.Linear(hidden, actions))

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        a = self.advantage(x)
        return self.value(x) + (a - a.mean(1, keepdim=True))  # type: ignore[no-any-return]


class PointLayers(nn.Sequential):
    def __init__(self, *widths: int, dense: bool = False) -> None:
        layers: list[nn.Module] = []
        for before, width in itertools.pairwise(widths):
            layers += [
                nn.Linear(before, width) if dense else nn.Conv1d(before, width, 1),
                nn.BatchNorm1d(width),
                nn.ReLU(),
            ]
        super().__init__(*layers)


class Transform(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.points, self.dense = PointLayers(size, 64, 128, 1024), PointLayers(1024, 512, 256, dense=True)
        self.last = nn.Linear(256, size * size)
        self.register_buffer("identity", torch.eye(size), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        matrix = self.last(self.dense(self.points(x).amax(2)))
        return (matrix.view(-1, x.shape[1], x.shape[1]) + self.identity) @ x  # type: ignore[no-any-return]


class PointNet(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.points = nn.Sequential(Transform(3), PointLayers(3, 64, 64), Transform(64), PointLayers(64, 64, 128, 1024))
        self.head = nn.Sequential(PointLayers(1024, 512, 256, dense=True), nn.Dropout(0.3), nn.Linear(256, classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.points(x).amax(2))  # type: ignore[no-any-return]


class NeRF(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [60, *[width] * 4, width + 60, width, width]
        self.trunk = nn.ModuleList(nn.Linear(before, width) for before in widths)
        self.density, self.feature = nn.Linear(width, 1), nn.Linear(width, width)
        self.colour = nn.Sequential(
            nn.Linear(width + 24, width // 2), nn.ReLU(), nn.Linear(width // 2, 3), nn.Sigmoid()
        )

    def encode(self, x: Tensor, levels: int) -> Tensor:
        angles = x[:, None, None] * torch.pi * 2 ** torch.arange(levels)[:, None, None]
        return torch.cat([angles.sin(), angles.cos()], 2).flatten(1)

    def forward(self, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        encoded = x = self.encode(point, 10)
        for place, layer in enumerate(self.trunk):
            x = layer(torch.cat([x, encoded], 1) if place == 5 else x).relu()
        seen = torch.cat([self.feature(x), self.encode(direction, 4)], 1)
        return self.colour(seen), self.density(x).relu()


class DLRM(nn.Module):
    def __init__(self, rows: int, dim: int, tables: int, bottom: list[int], top: list[int]) -> None:
        super().__init__()
        pairs = itertools.pairwise([13, *bottom, dim])
        self.bottom = nn.ModuleList(nn.Linear(*pair) for pair in pairs)
        self.tables = nn.ModuleList(nn.Embedding(rows, dim) for _ in range(tables))
        self.top = nn.ModuleList(nn.Linear(*p) for p in itertools.pairwise([dim + tables * (tables + 1) // 2, *top, 1]))

    def forward(self, dense: Tensor, categories: Tensor) -> Tensor:
        for layer in self.bottom:
            dense = layer(dense).relu()
        vectors = torch.stack([dense, *(table(categories[:, i]) for i, table in enumerate(self.tables))], 1)
        rows, columns = torch.tril_indices(vectors.shape[1], vectors.shape[1], offset=-1)
        x = torch.cat([dense, (vectors @ vectors.mT)[:, rows, columns]], 1)
        for layer in self.top[:-1]:
            x = layer(x).relu()
        return self.top[-1](x).sigmoid()  # type: ignore[no-any-return]


SETTINGS: dict[str, tuple[type[nn.Module], dict[str, Any], Any]] = {
    "crnn": (CRNN, {"hidden": 12, "classes": 7}, [1, 32, 60]),
    "dlrm": (DLRM, {"rows": 9, "dim": 4, "tables": 5, "bottom": [8, 6], "top": [8, 6]}, None),
    "dueling_dqn": (DuelingDQN, {"hidden": 16, "actions": 5}, None),
    "gcn_cora": (GCN, {"nodes": 9, "features": 12, "hidden": 5, "classes": 3}, None),
    "nerf": (NeRF, {"width": 32}, None),
    "pointnet": (PointNet, {"classes": 5}, [3, 50]),
    "seq2seq_attention": (RNNSearch, {"words": 40, "dim": 6, "hidden": 8, "maxout": 5}, None),
    "siamese": (Siamese, {"features": 32}, None),
    "unet_plus_plus": (UNetPlusPlus, {"width": 4, "classes": 2}, [3, 32, 32]),
    "vae_mnist": (VAE, {"hidden": 16, "latent": 3}, None),
    "wavenet": (WaveNet, {"width": 6, "skip": 7, "values": 8, "rounds": 2, "depth": 3}, [8, 40]),
}
"""The plain module of each network, the settings of both, and the input."""


def unet3d(width: int, depth: int, classes: int) -> nn.Module:
    return nn.Sequential(Level(3, width, depth), nn.Conv3d(2 * width, classes, 1))


@pytest.mark.parametrize("network", [*SETTINGS, "unet3d"])
def test_outputs_equal_those_of_a_plain_module(network: str) -> None:
    plain, settings, entering = SETTINGS.get(network, (unet3d, {"width": 3, "depth": 2, "classes": 2}, [3, 44, 52, 44]))
    assert_outputs_equal(network, plain, settings | ({"input": entering} if entering else {}))
