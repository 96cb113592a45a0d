"""One picture of any kind cut to a shape: bytes stay bytes. Results are (c, h, w), uint8, or float32 in [0, 1].

The shape is cut as `data.pictures` does, the largest middle part, but with Pillow on bytes: it lets other threads go
on meanwhile, and a picture read from a file is the same whether it was kept in a cache or not.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from vizkit.data.pictures import MODES, Source, as_pictures

Size = tuple[int, int]


class Unreadable(ValueError):
    """A picture that cannot be read; the message is the reason."""


def decoded(source: Source, size: Size | None, channels: int) -> Tensor:
    """`source` as one picture (channels, *size): uint8 of a file, a Pillow image or fitting bytes, else float32.

    Raises:
        Unreadable: a file is missing, damaged, or no picture.
    """
    if isinstance(source, Image.Image):
        return from_pillow(source, size, channels)
    if isinstance(source, Path):
        return from_file(source, size, channels)
    if _fits(source, size, channels):
        return torch.as_tensor(source)
    found = as_pictures(source, size, channels)
    if len(found) != 1:
        raise ValueError(f"One picture is wanted and this is {len(found)}. Give as_collection the array itself.")
    return found[0]


def from_file(path: Path, size: Size | None, channels: int) -> Tensor:
    """A picture file as uint8 (channels, *size). JPEGs far larger than `size` are decoded at a fraction of it."""
    try:
        with Image.open(path) as image:
            if size is not None and channels in MODES and image.format == "JPEG":
                image.draft(MODES[channels], (3 * max(size), 3 * max(size)))  # never below three times what is kept
            return from_pillow(image, size, channels)
    except Exception as error:  # decoders of damaged files raise anything
        raise Unreadable(str(error) or type(error).__name__) from error


def from_pillow(image: Image.Image, size: Size | None, channels: int) -> Tensor:
    """A Pillow image, turned as its EXIF says, as uint8 (channels, *size)."""
    if channels not in MODES:
        raise ValueError(f"{channels} channels are asked for, which no picture file has. Give a tensor or an array.")
    image = ImageOps.exif_transpose(image)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    image = image.convert(MODES[channels])
    if size is not None:
        image = image.resize((size[1], size[0]), Image.Resampling.BICUBIC, box=middle(image.size, size))
    values = np.array(image).reshape(image.height, image.width, channels)
    return torch.from_numpy(values).permute(2, 0, 1)


def middle(whole: tuple[int, int], size: Size) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the largest middle part with the shape of `size`; `whole` is (width, height)."""
    w, h = whole
    share = min(h / size[0], w / size[1])
    rows, columns = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    left, top = (w - columns) // 2, (h - rows) // 2
    return left, top, left + columns, top + rows


def _fits(source: Source, size: Size | None, channels: int) -> bool:
    """Whether it is bytes of the very shape that is wanted."""
    if not isinstance(source, (Tensor, np.ndarray)) or source.dtype not in (torch.uint8, np.uint8):
        return False
    return source.ndim == 3 and source.shape[0] == channels and size in (None, tuple(source.shape[1:]))
