"""YOLOv8 in plain PyTorch, from the layers and the table of the authors' configuration."""

from __future__ import annotations

from torch import Tensor, cat, nn


class Conv(nn.Sequential):
    """A convolution without bias that keeps the size at stride 1, batch normalization and SiLU."""

    def __init__(self, channels: int, out: int, kernel: int = 1, stride: int = 1) -> None:
        convolution = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(out, eps=1e-3, momentum=0.03), nn.SiLU())


class Pair(nn.Module):
    """Two 3x3 convolutions, to whose result their input may be added."""

    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.cv1, self.cv2, self.shortcut = Conv(channels, channels, 3), Conv(channels, channels, 3), shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.cv1(x))
        return x + y if self.shortcut else y


class CrossStage(nn.Module):
    """Two halves, of which one goes through pairs of convolutions; all that is on the way is joined."""

    def __init__(self, channels: int, out: int, layers: int, shortcut: bool = False) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(channels, out), Conv((2 + layers) * (out // 2), out)
        self.m = nn.ModuleList(Pair(out // 2, shortcut) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.cv1(x).chunk(2, 1))
        for pair in self.m:
            parts.append(pair(parts[-1]))
        return self.cv2(cat(parts, 1))


class Pyramid(nn.Module):
    """Three poolings of 5x5 in a row, side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(channels, channels // 2), Conv(2 * channels, channels)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cv1(x)
        first = self.m(x)
        second = self.m(first)
        return self.cv2(cat([x, first, second, self.m(second)], 1))


def branch(channels: int, width: int, out: int) -> nn.Module:
    return nn.Sequential(Conv(channels, width, 3), Conv(width, width, 3), nn.Conv2d(width, out, 1))


class YOLOv8n(nn.Module):
    """The rows of yolov8.yaml at a width of 0.25 and a depth of 0.33, and what the head gives in training."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.ModuleList(
            [
                Conv(3, 16, 3, 2),
                Conv(16, 32, 3, 2),
                CrossStage(32, 32, 1, True),
                Conv(32, 64, 3, 2),
                CrossStage(64, 64, 2, True),
                Conv(64, 128, 3, 2),
                CrossStage(128, 128, 2, True),
                Conv(128, 256, 3, 2),
                CrossStage(256, 256, 1, True),
                Pyramid(256),
                nn.Upsample(scale_factor=2),
                CrossStage(256 + 128, 128, 1),
                CrossStage(128 + 64, 64, 1),
                Conv(64, 64, 3, 2),
                CrossStage(64 + 128, 128, 1),
                Conv(128, 128, 3, 2),
                CrossStage(128 + 256, 256, 1),
            ]
        )
        self.boxes = nn.ModuleList(branch(channels, 64, 64) for channels in (64, 128, 256))
        self.scores = nn.ModuleList(branch(channels, 80, 80) for channels in (64, 128, 256))

    def forward(self, x: Tensor) -> list[Tensor]:
        layers, seen = list(self.model), []
        for layer in layers[:10]:
            x = layer(x)
            seen.append(x)
        enlarge, middle, fine, down1, out1, down2, out2 = layers[10:]
        middle_map = middle(cat([enlarge(seen[9]), seen[6]], 1))
        p3 = fine(cat([enlarge(middle_map), seen[4]], 1))
        p4 = out1(cat([down1(p3), middle_map], 1))
        p5 = out2(cat([down2(p4), seen[9]], 1))
        heads = zip((p3, p4, p5), self.boxes, self.scores, strict=True)
        return [cat([boxes(level), scores(level)], 1) for level, boxes, scores in heads]
