"""JPEG files decoded and cut on the device that computes, where torchvision offers it (CUDA's nvJPEG).

Threads only read the files. What is no JPEG, or what the device refuses, is decoded on the CPU as ever. The decoders
round differently, by a level or two of 255. Tried with the CPU as the device; on a GPU it is written after
torchvision's documentation and untried. Torchvision 0.29 announces that its decoders will go.
"""

import warnings
from collections.abc import Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.data.collections import Collection, Files
from vizkit.data.decoding import Size, Unreadable, middle
from vizkit.data.feeding import Batch, Read, batches, failure

JPEG = b"\xff\xd8\xff"


def device_batches(
    collection: Collection, numbers: range, batch: int, workers: int | None, device: torch.device
) -> Iterator[Batch]:
    """`batches` whose pixels lie on `device` where they could be decoded there.

    Raises:
        ValueError: these are no files, or are to be cut to other channels than 3, or to no size.
    """
    if not isinstance(collection, Files) or collection.channels != 3 or collection.size is None:
        raise ValueError("Only files of 3 channels are decoded on a device. Leave out decode='device'.")
    decode = partial(_decoded, collection=collection, device=device)
    return batches(collection, numbers, batch, workers, _bytes, decode)


def _bytes(collection: Collection, number: int) -> Read:
    """The file itself, (bytes,) uint8, if it is a JPEG; else the picture."""
    assert isinstance(collection, Files)
    try:
        path, label = collection.found(number)
        data = path.read_bytes()
        if data.startswith(JPEG):
            return torch.frombuffer(bytearray(data), dtype=torch.uint8), label
        return collection.read(number)
    except (OSError, Unreadable) as error:
        return failure(error)


def _decoded(found: list[Read], numbers: range, collection: Files, device: torch.device) -> list[Read]:
    """Pictures in place of files."""
    files = [i for i, read in enumerate(found) if not isinstance(read, str) and read[0].ndim == 1]
    try:
        pictures = jpegs([found[i][0] for i in files], device, collection.size)  # pyright: ignore
    except RuntimeError:  # one of them is damaged, or of a kind that the device does not know
        return [_on_cpu(collection, numbers[i]) if i in set(files) else read for i, read in enumerate(found)]
    read = list(found)
    for i, picture in zip(files, pictures, strict=True):
        read[i] = picture, found[i][1]  # pyright: ignore
    return [(p[0].to(device), p[1]) if not isinstance(p, str) else p for p in read]


def jpegs(files: list[Tensor], device: torch.device, size: Size) -> list[Tensor]:
    """JPEG files (bytes,) as pictures (3, *size) uint8 on `device`."""
    from torchvision.io import ImageReadMode, decode_jpeg

    if not files:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torchvision.io, from 0.29 on
        turn = device.type == "cpu"  # no other device knows of EXIF
        whole = decode_jpeg(files, ImageReadMode.RGB, device=device, apply_exif_orientation=turn)
    return [cut(picture, size) for picture in whole]


def cut(picture: Tensor, size: Size) -> Tensor:
    """The largest middle part of (c, h, w) uint8 resized to `size`, where it lies."""
    left, top, right, bottom = middle((picture.shape[2], picture.shape[1]), size)
    part = picture[None, :, top:bottom, left:right].float()
    part = F.interpolate(part, size, mode="bicubic", antialias=True, align_corners=False)
    return part[0].round_().clamp_(0, 255).to(torch.uint8)


def _on_cpu(collection: Collection, number: int) -> Read:
    try:
        return collection.read(number)
    except Unreadable as error:
        return failure(error)
