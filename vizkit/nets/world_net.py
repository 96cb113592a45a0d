"""The small network of the generated world: pictures (n, 3, 96, 96), normalized by MEAN and STD, to scores (n, 12)."""

import torch
from torch import Tensor, nn

SIZE = 96
MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)


class ConvNormReLU(nn.Sequential):
    """A convolution that keeps the map's size (divided by `stride`), batch norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)


class Residual(nn.Module):
    """Two convolutions added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNormReLU(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + self.norm(self.second(self.first(x))))


class Mixed(nn.Module):
    """Three branches of different reach side by side, after Inception: 1x1, 3x3 and 5x5 (as two 3x3)."""

    def __init__(self, inputs: int, narrow: int, middle: int, wide: int) -> None:
        super().__init__()
        self.narrow = ConvNormReLU(inputs, narrow, 1)
        self.middle = nn.Sequential(ConvNormReLU(inputs, middle // 2, 1), ConvNormReLU(middle // 2, middle))
        self.wide = nn.Sequential(
            ConvNormReLU(inputs, wide // 2, 1), ConvNormReLU(wide // 2, wide), ConvNormReLU(wide, wide)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.narrow(x), self.middle(x), self.wide(x)], 1)


class WorldNet(nn.Module):
    """Five stages of 48, 24, 24, 12 and 12 pixels a side, a global average and a linear `head`.

    >>> WorldNet()(torch.rand(2, 3, 96, 96)).shape
    torch.Size([2, 12])
    """

    def __init__(self, classes: int = 12, width: int = 32, dropout: float = 0.1) -> None:
        super().__init__()
        w = width
        self.stem = ConvNormReLU(3, w // 2, 5, 2)
        self.stage1 = ConvNormReLU(w // 2, w, 3, 2)
        self.stage2 = nn.Sequential(ConvNormReLU(w, w), ConvNormReLU(w, 3 * w // 2))
        self.stage3 = nn.Sequential(ConvNormReLU(3 * w // 2, 5 * w // 2, 3, 2), Residual(5 * w // 2))
        self.stage4 = nn.Sequential(Mixed(5 * w // 2, w, 3 * w, 2 * w))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(6 * w, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Class scores (n, classes) of normalized pictures (n, 3, h, w)."""
        x = self.stage4(self.stage3(self.stage2(self.stage1(self.stem(x)))))
        return self.head(self.dropout(self.pool(x).flatten(1)))
