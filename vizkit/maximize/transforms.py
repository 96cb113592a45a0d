"""Small random changes before every look, so that a picture must please the network wherever it stands.

A transform maps pictures (n, c, h, w) and a draw (n, 4) of uniform numbers in [0, 1) to (n, c, *size):
each picture is moved in its own way, and nothing but the draw is random.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Wobble:
    """Shift, scale and turn each picture by its own random amounts, in one resampling.

    `jitter` is the largest shift as a share of the picture, `scale` the largest enlargement or reduction
    (0.1: from 1/1.1 to 1.1), `rotate` the largest turn in degrees. What comes into view is `fill`.
    """

    jitter: float = 0.06
    scale: float = 0.1
    rotate: float = 8.0
    fill: float = 0.5

    def __call__(self, image: Tensor, size: tuple[int, int], draw: Tensor) -> Tensor:
        matrix = self.matrix(draw, aspect=image.shape[3] / image.shape[2])
        grid = F.affine_grid(matrix, [len(image), image.shape[1], *size], align_corners=False)
        return F.grid_sample(image - self.fill, grid, padding_mode="zeros", align_corners=False) + self.fill

    def matrix(self, draw: Tensor, aspect: float = 1.0) -> Tensor:
        """Matrices (n, 2, 3) from output to input coordinates in [−1, 1]; `draw` (n, 4) in [0, 1), `aspect` w/h."""
        size, angle, across, down = (2 * draw - 1).unbind(1)
        size, angle = (1 + self.scale) ** size, angle * math.radians(self.rotate)
        cos, sin = angle.cos() / size, angle.sin() / size
        rows = [cos, -sin / aspect, 2 * self.jitter * across, sin * aspect, cos, 2 * self.jitter * down]
        return torch.stack(rows, dim=1).reshape(-1, 2, 3)


@dataclass(frozen=True)
class Still:
    """No movement: the picture as it is, resized to what the network takes if it must be."""

    def __call__(self, image: Tensor, size: tuple[int, int], draw: Tensor) -> Tensor:
        if image.shape[2:] == size:
            return image
        return F.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)
