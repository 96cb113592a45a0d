"""Pictures in: whatever a reader has, as tensors (n, c, h, w) in [0, 1].

`"world/7"` is picture 7 of the bundled world, a path is a file, and what is a picture already stays one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

Source: TypeAlias = str | Path | Tensor | np.ndarray | Image.Image | Sequence

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
WORLD = "world/"


def as_pictures(source: Source, size: tuple[int, int] | None = None, channels: int = 3) -> Tensor:
    """`source` as pictures (n, channels, *size), float32 in [0, 1]; their middle is cut where the shape differs.

    Takes `"world/7"`, the path of a picture or of a `.npy` array, a Pillow image, a tensor (c, h, w) or
    (n, c, h, w), an array of those shapes or channels last, or a list of any of them. Bytes are divided by 255.
    Without `size`, pictures keep their own, and several must share it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no picture, or has values outside [0, 1], or channels that cannot be turned into `channels`.
    """
    if isinstance(source, (str, Path)):
        return _named(source, size, channels)
    if isinstance(source, Image.Image):
        return _cut(_from_pillow(source, channels), size)
    if isinstance(source, np.ndarray):
        return _cut(_in_channels(_from_array(source, channels), channels), size)
    if isinstance(source, Tensor):
        return _cut(_in_channels(_checked(source), channels), size)
    if not isinstance(source, Sequence) or not len(source):
        raise ValueError(f"{source!r} is no picture. Give a path, a Pillow image, an array, a tensor or a list.")
    parts = [as_pictures(part, size, channels) for part in source]
    shapes = {tuple(part.shape[1:]) for part in parts}
    if len(shapes) > 1:
        raise ValueError(f"The pictures differ in shape: {sorted(shapes)}. Give a size, or pictures of one shape.")
    return torch.cat(parts)


def picture_files(folder: str | Path) -> list[Path]:
    """The picture files in `folder` and below, by name; files of other kinds are passed over.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {str(folder)!r}. Check the path.")
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())


def _named(source: str | Path, size: tuple[int, int] | None, channels: int) -> Tensor:
    path = Path(source)
    if isinstance(source, str) and source.startswith(WORLD) and not path.exists():
        return _cut(_in_channels(_of_the_world(source, size), channels), size)
    if path.suffix == ".npy" and path.is_file():
        return as_pictures(np.load(path, allow_pickle=False), size, channels)
    if path.is_dir():
        raise ValueError(f"{str(source)!r} is a folder. Give one of its pictures, or picture_files(folder).")
    if not path.is_file():
        raise FileNotFoundError(f"There is no picture {str(source)!r}. Check the path, or give 'world/0'.")
    try:
        with Image.open(path) as image:
            return _cut(_from_pillow(ImageOps.exif_transpose(image), channels), size)
    except OSError as error:
        raise ValueError(f"{str(source)!r} is no picture that can be read ({error}).") from error


def _of_the_world(name: str, size: tuple[int, int] | None) -> Tensor:
    from vizkit.data import world

    number = name.removeprefix(WORLD)
    if not number.isdecimal():
        raise ValueError(f"{name!r} is no picture of the world. Give a number, like 'world/7'.")
    view = world.render(world.scene(int(number), "test"), max(size) if size else 96)
    return _from_array(view.picture, 3)


def _from_pillow(image: Image.Image, channels: int) -> Tensor:
    if channels not in MODES:
        raise ValueError(f"{channels} channels are asked for, which no picture file has. Give a tensor or an array.")
    values = np.array(image.convert(MODES[channels]))
    return _from_array(values.reshape(image.height, image.width, channels), channels)


def _from_array(array: np.ndarray, channels: int) -> Tensor:
    last = array.ndim in {3, 4} and array.shape[-1] in {channels, 1, 3, 4} and array.shape[-3] not in {channels, 1, 3}
    tensor = torch.from_numpy(np.array(array))  # a copy: what is given may be read-only
    return _checked(tensor.movedim(-1, -3) if last else tensor)


def _checked(tensor: Tensor) -> Tensor:
    """(n, c, h, w), float32 in [0, 1], apart from whatever made it."""
    tensor = tensor.detach()
    tensor = tensor[None] if tensor.ndim == 3 else tensor
    if tensor.ndim != 4 or not tensor.numel():
        raise ValueError(f"A picture has shape (c, h, w) or (n, c, h, w), not {tuple(tensor.shape)}.")
    values = tensor.float() / 255 if tensor.dtype == torch.uint8 else tensor.float()
    low, high = values.min().item(), values.max().item()
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        raise ValueError(f"Pictures hold values from 0 to 1, and this one {low:g} to {high:g}. {remedy(low)}")
    return values.clamp(0, 1)


def remedy(low: float) -> str:
    """What to do about values outside [0, 1], of which `low` is the least."""
    if low < 0:
        return "Leave normalization out: a network does it itself, with vizkit.wrap(…, mean=…, std=…)."
    return "Divide bytes by 255."


def _in_channels(pictures: Tensor, channels: int) -> Tensor:
    """Gray repeated, color made gray, alpha dropped; anything else is the caller's to decide."""
    has = pictures.shape[1]
    if has == channels:
        return pictures
    if has == 1:
        return pictures.expand(-1, channels, -1, -1).clone()
    if has == 4 and channels == 3:
        return pictures[:, :3]
    if has >= 3 and channels == 1:
        return (pictures[:, :3] * pictures.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    raise ValueError(f"The picture has {has} channels, and {channels} are needed. Give one with {channels}, or 1.")


def _cut(pictures: Tensor, size: tuple[int, int] | None) -> Tensor:
    """The largest middle part of the wanted shape, resized to it."""
    if size is None or tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    h, w = pictures.shape[2:]
    share = min(h / size[0], w / size[1])
    rows, columns = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    top, left = (h - rows) // 2, (w - columns) // 2
    part = pictures[:, :, top : top + rows, left : left + columns]
    return F.interpolate(part, size=size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
