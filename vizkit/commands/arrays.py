"""Files a command is given as tensors: pictures as (n, c, h, w) in [0, 1], `.npy` arrays as they are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from vizkit.nets.network import Network

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read_arrays(paths: Sequence[str], net: Network | None) -> Tensor:
    """One `.npy` array, or pictures cut to the size and channels of `net` and stacked.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a file is no picture, or pictures of so many channels need a `.npy`.
    """
    if len(paths) == 1 and Path(paths[0]).suffix == ".npy":
        values = torch.from_numpy(np.load(paths[0], allow_pickle=False)).float()
        return values if net is None else values.to(net.device)
    if net is None:
        raise ValueError("Pictures are cut to a network's size, and there is no network. Give a .npy array.")
    return torch.stack([_picture(Path(path), net) for path in paths]).to(net.device)


def _picture(path: Path, net: Network) -> Tensor:
    """The picture at `path`, its middle cut to the network's shape, (c, h, w) in [0, 1]."""
    if net.channels not in MODES:
        raise ValueError(f"{net.name} takes {net.channels} channels, which no picture file has. Give a .npy array.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no picture {str(path)!r}. Check the path.")
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert(MODES[net.channels])
    except OSError as error:
        raise ValueError(f"{str(path)!r} is no picture that can be read ({error}).") from error
    h, w = net.size
    array = np.array(ImageOps.fit(upright, (w, h), Image.Resampling.BICUBIC), dtype=np.float32) / 255
    return torch.from_numpy(array).reshape(h, w, net.channels).permute(2, 0, 1)
