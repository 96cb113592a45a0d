"""Small random changes before every look, so that a picture must please the network wherever it stands.

A transform maps pictures (n, c, h, w) and a draw (n, 5 + c) of uniform numbers in [0, 1) to (n, c, *size):
each picture is changed in its own way, and nothing but the draw is random.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


def draws(channels: int) -> int:
    """How many random numbers a picture of so many channels takes."""
    return 5 + channels


@dataclass(frozen=True)
class Wobble:
    """Shift, scale, turn and recolor each picture by its own random amounts, in one resampling.

    `jitter` is the largest shift as a share of the picture, `scale` the largest enlargement or reduction
    (0.1: from 1/1.1 to 1.1), `rotate` the largest turn in degrees, `recolor` the largest change of contrast,
    and half of it that of each channel's brightness, as a share of the value range. What comes into view
    is `fill`.
    """

    jitter: float = 0.06
    scale: float = 0.1
    rotate: float = 8.0
    recolor: float = 0.0
    fill: float = 0.5

    def __call__(self, image: Tensor, size: tuple[int, int], draw: Tensor) -> Tensor:
        matrix = self.matrix(draw, aspect=image.shape[3] / image.shape[2])
        grid = F.affine_grid(matrix, [len(image), image.shape[1], *size], align_corners=False)
        moved = F.grid_sample(image - self.fill, grid, padding_mode="zeros", align_corners=False)
        return self._recolored(moved, draw) + self.fill

    def matrix(self, draw: Tensor, aspect: float = 1.0) -> Tensor:
        """Matrices (n, 2, 3) from output to input coordinates in [−1, 1]; `aspect` is width by height."""
        size, angle, across, down = (2 * draw[:, :4] - 1).unbind(1)
        size, angle = (1 + self.scale) ** size, angle * math.radians(self.rotate)
        cos, sin = angle.cos() / size, angle.sin() / size
        rows = [cos, -sin / aspect, 2 * self.jitter * across, sin * aspect, cos, 2 * self.jitter * down]
        return torch.stack(rows, dim=1).reshape(-1, 2, 3)

    def _recolored(self, centered: Tensor, draw: Tensor) -> Tensor:
        if not self.recolor:
            return centered
        amount = self.recolor * (2 * draw[:, 4:, None, None] - 1)
        return centered * (1 + amount[:, :1]) + amount[:, 1:] / 2


@dataclass(frozen=True)
class Shift:
    """Shift each picture by its own whole number of pixels, at most the share `jitter` of a side; the border repeats.

    Nothing is resampled, so that a picture is not blurred by being looked at.
    """

    jitter: float = 0.02

    def __call__(self, image: Tensor, size: tuple[int, int], draw: Tensor) -> Tensor:
        image = Still()(image, size, draw)
        across, down = (self._places(side, draw[:, i]) for side, i in ((image.shape[3], 2), (image.shape[2], 3)))
        image = image.gather(2, down[:, None, :, None].expand(-1, image.shape[1], -1, image.shape[3]))
        return image.gather(3, across[:, None, None, :].expand_as(image))

    def _places(self, side: int, draw: Tensor) -> Tensor:
        """Which row or column (n, side) comes to stand where."""
        by = ((2 * draw - 1) * self.jitter * side).round().long()
        return (torch.arange(side, device=draw.device) + by[:, None]).clamp(0, side - 1)


@dataclass(frozen=True)
class Still:
    """No movement: the picture as it is, resized to what the network takes if it must be."""

    def __call__(self, image: Tensor, size: tuple[int, int], draw: Tensor) -> Tensor:
        if image.shape[2:] == size:
            return image
        return F.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)
