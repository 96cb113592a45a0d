"""Files a command is given as tensors: pictures as (n, c, h, w) in [0, 1], `.npy` arrays as they are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vizkit.data.pictures import as_pictures
from vizkit.nets.network import Network


def read_arrays(paths: Sequence[str], net: Network | None) -> Tensor:
    """One `.npy` array, or pictures cut to the size and channels of `net` and stacked.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a file is no picture, or pictures of so many channels need a `.npy`.
    """
    if len(paths) == 1 and Path(paths[0]).suffix == ".npy":
        values = torch.from_numpy(np.load(paths[0], allow_pickle=False)).float()
        return values if net is None else values.to(net.device)
    pictures = as_pictures(list(paths), net.size if net else None, net.channels if net else 3)
    return pictures.to(net.device) if net else pictures
