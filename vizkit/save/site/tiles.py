"""Square pictures side by side in one file. Tiles are (n, c, side, side) in [0, 1], row by row."""

import io
import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from vizkit.measure.crops import PAPER
from vizkit.save.pictures import to_uint8

ACROSS = 8  # tiles in a row of a sheet
ON_A_SHEET = ACROSS * ACROSS
QUALITY = 74  # of WebP: the least at which the finest patterns keep their color


def squared(pixels: Tensor, side: int) -> Tensor:
    """Pictures (n, c, h, w) as tiles: as large as they fit, in the middle of light gray.

    What is enlarged threefold or more keeps its pixels visible.
    """
    h, w = pixels.shape[2:]
    times = side / max(h, w)
    size = max(1, round(h * times)), max(1, round(w * times))
    if times >= 3:
        pixels = F.interpolate(pixels, size, mode="nearest-exact")
    elif times != 1:
        pixels = F.interpolate(pixels, size, mode="bicubic", antialias=True).clamp(0, 1)
    tiles = pixels.new_full((*pixels.shape[:2], side, side), PAPER)
    top, left = (side - size[0]) // 2, (side - size[1]) // 2
    tiles[:, :, top : top + size[0], left : left + size[1]] = pixels
    return tiles


def sheet(tiles: Tensor | Sequence[Image.Image], across: int = ACROSS) -> bytes:
    """The bytes of a WebP with `across` tiles in a row; places that are left over are gray."""
    pictures = [Image.fromarray(_rgb(tile)) for tile in to_uint8(tiles)] if isinstance(tiles, Tensor) else tiles
    side, paper = pictures[0].width, (round(255 * PAPER),) * 3
    made = Image.new("RGB", (across * side, math.ceil(len(pictures) / across) * side), paper)
    for number, picture in enumerate(pictures):
        made.paste(picture, (number % across * side, number // across * side))
    buffer = io.BytesIO()
    made.save(buffer, "webp", quality=QUALITY, method=5)
    return buffer.getvalue()


def first_tile(data: bytes, side: int) -> Image.Image:
    """The first tile of a sheet."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").crop((0, 0, side, side))


def blank(side: int) -> Image.Image:
    """The tile of a unit that has no picture."""
    return Image.fromarray(_rgb(to_uint8(torch.full((1, 1, side, side), PAPER))[0]))


def _rgb(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))
