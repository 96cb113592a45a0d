"""Looks at a picture that no search was trained on: fixed changes, the same for every picture.

Pictures are (n, c, h, w) in [0, 1] and stay so. `maximize.transforms.Wobble` shifts, scales and turns by small random
amounts and fills with gray; these go farther, fill with the picture's own reflection, and most are of other kinds.
"""

import io
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from vizkit.maximize.transforms import Wobble

Look = Callable[[Tensor], Tensor]

SEED = 20_260_731  # of the noise
_FAR = Wobble(jitter=0.15, scale=0.3, rotate=20.0)  # at the ends of these ranges, where a search hardly goes


def mirrored(pixels: Tensor) -> Tensor:
    """Left and right exchanged."""
    return pixels.flip(3)


def moved(pixels: Tensor) -> Tensor:
    """Shifted by 15 % of the picture to the right and upward."""
    return _resampled(pixels, across=0.0, down=1.0)


def turned(pixels: Tensor) -> Tensor:
    """Turned by 20 degrees."""
    return _resampled(pixels, angle=1.0)


def nearer(pixels: Tensor) -> Tensor:
    """Enlarged by 1.3 about the middle."""
    return _resampled(pixels, size=1.0)


def blurred(pixels: Tensor) -> Tensor:
    """A Gaussian of 1.2 % of the shorter side, or half a pixel where that is more."""
    width = max(0.5, 0.012 * min(pixels.shape[2:]))
    radius = int(np.ceil(3 * width))
    bell = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=pixels.device) / width) ** 2)
    kernel = (bell / bell.sum()).to(pixels).expand(pixels.shape[1], 1, 1, -1)
    wide = F.conv2d(F.pad(pixels, (radius, radius, 0, 0), "replicate"), kernel, groups=pixels.shape[1])
    tall = F.pad(wide, (0, 0, radius, radius), "replicate")
    return F.conv2d(tall, kernel.transpose(2, 3), groups=pixels.shape[1])


def noisy(pixels: Tensor) -> Tensor:
    """Gaussian noise of 6 % of the value range, the same on every picture, cut off at black and white."""
    chance = torch.Generator().manual_seed(SEED)
    noise = torch.randn(pixels.shape[1:], generator=chance).to(pixels)
    return (pixels + 0.06 * noise).clamp(0, 1)


def paler(pixels: Tensor) -> Tensor:
    """Contrast brought down to 60 % about the middle gray."""
    return 0.5 + 0.6 * (pixels - 0.5)


def reencoded(pixels: Tensor) -> Tensor:
    """Written as a JPEG of quality 40 and read again; where there are not three channels, each by itself as gray."""
    values = (pixels.detach().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    return torch.from_numpy(np.stack([_jpeg(picture) for picture in values])).to(pixels) / 255


HELD_OUT: dict[str, Look] = {
    "mirrored": mirrored,
    "moved": moved,
    "turned": turned,
    "brought nearer": nearer,
    "blurred": blurred,
    "noisy": noisy,
    "paler": paler,
    "re-encoded": reencoded,
}


def _resampled(pixels: Tensor, size: float = 0.5, angle: float = 0.5, across: float = 0.5, down: float = 0.5) -> Tensor:
    """The picture moved as `_FAR` does for these draws in [0, 1], with its reflection where it ends."""
    draw = pixels.new_tensor([[size, angle, across, down]])
    matrix = _FAR.matrix(draw, aspect=pixels.shape[3] / pixels.shape[2]).expand(len(pixels), -1, -1)
    grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False).clamp(0, 1)


def _jpeg(picture: np.ndarray) -> np.ndarray:
    """(c, h, w) bytes through a JPEG."""
    if len(picture) != 3:
        return np.concatenate([_through_jpeg(channel)[None] for channel in picture])
    return _through_jpeg(picture.transpose(1, 2, 0)).transpose(2, 0, 1)


def _through_jpeg(values: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(values)).save(file, "jpeg", quality=40)
    with Image.open(file) as image:
        return np.array(image)
