"""What a layer makes of a picture, its code, and how far a picture's code is from a wanted one.

A code is whatever the layer returns: maps (n, c, h, w), tokens (n, t, d) or vectors (n, d). The part of it that
counts is a row of k numbers per picture, (n, k).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.core.modes import own_modes
from vizkit.maximize.objectives import Objective
from vizkit.nets.network import Network
from vizkit.nets.read import Reader

Region = tuple[int, int, int, int]
CONTRAST = 69 / 255  # deviation of a typical photograph's values: x0_sigma² of Mahendran & Vedaldi over 3 · 227²


@dataclass(frozen=True)
class Part:
    """Which part of a code counts: `channels` (all if none is named) within `region`, (top, left, bottom, right)
    in places of the map, the last two not included (the whole map if None).

    >>> Part(channels=(3, 5), region=(0, 0, 2, 2))("conv1", torch.zeros(1, 8, 6, 6)).shape
    torch.Size([1, 8])
    """

    channels: tuple[int, ...] = ()
    region: Region | None = None

    def __call__(self, layer: str, code: Tensor) -> Tensor:
        """The numbers (n, k) that count of `code`, in float32 or better.

        Raises:
            LookupError: the layer has no such channel.
            ValueError: the region is not inside the map, or the code is no map.
        """
        code = code if code.dtype == torch.float64 else code.float()
        if self.region is not None:
            code = _cut(layer, code, self.region)
        if self.channels:
            code = _chosen(layer, code, self.channels)
        return code.flatten(1)


def code_of(net: Network, pictures: Tensor, layer: str, part: Part) -> Tensor:
    """The part (n, k) of the codes of `pictures` (n, c, h, w) that counts, without gradient.

    Raises:
        FloatingPointError: the network answers with NaN or infinity.
        ValueError: a code is zero everywhere, so that no distance to it is relative to anything.
    """
    with own_modes(), torch.no_grad():
        code = part(layer, Reader(net, [layer])(pictures)[layer]).clone()
    if not bool(code.isfinite().all()):
        raise FloatingPointError(
            f"{net.name} answers the picture with NaN or infinity at {layer}. Check its weights and normalization."
        )
    silent = [i for i, length in enumerate(torch.linalg.vector_norm(code, dim=1).tolist()) if length == 0]
    if silent:
        which = f"picture {silent[0]}" if len(code) > 1 else "this picture"
        raise ValueError(
            f"{layer} answers {which} with zero everywhere, so there is nothing to find again. Choose another layer, "
            "other channels, a larger region or another picture."
        )
    return code


def match(layer: str, wanted: Tensor, part: Part = Part(), scale: float = 1.0) -> Objective:
    """Minus the squared distance of the code to `wanted` (n, k), in units of the squared length of that, times `scale`.

    0 is best, −1 what an empty code has: ‖Φ(x) − Φ₀‖² / ‖Φ₀‖² of Mahendran & Vedaldi (2015, eq. 2).
    """
    length = wanted.square().sum(1)

    def score(seen):
        code = part(layer, seen[layer])
        views = len(code) // len(wanted)
        distance = (code - wanted.repeat_interleave(views, 0)).square().sum(1)
        return -scale * distance / length.repeat_interleave(views)

    return Objective((layer,), score)


def weight_of_a_code(shape: Sequence[int]) -> float:
    """What a relative squared distance is multiplied by, for pictures (n, c, h, w), so that a penalty's strength is
    the λ of Mahendran & Vedaldi's code: there λ/2 is divided by the energy of a typical picture.
    """
    _, c, h, w = shape
    return 2 * CONTRAST**2 * c * h * w


def _cut(layer: str, code: Tensor, region: Region) -> Tensor:
    if code.ndim != 4:
        raise ValueError(f"{layer} has no map, so no region of it. Leave region out, or choose a layer with a map.")
    h, w = code.shape[2:]
    top, left, bottom, right = region
    if not (0 <= top < bottom <= h and 0 <= left < right <= w):
        raise ValueError(
            f"region={tuple(region)} is not inside the {h} × {w} map of {layer}: top, left, bottom, right."
        )
    return code[:, :, top:bottom, left:right]


def _chosen(layer: str, code: Tensor, channels: tuple[int, ...]) -> Tensor:
    axis = 2 if code.ndim == 3 else 1
    count = code.shape[axis]
    for channel in channels:
        if not 0 <= channel < count:
            raise LookupError(f"{layer} has {count} channels, 0 to {count - 1}; there is no channel {channel}.")
    return code[:, :, list(channels)] if axis == 2 else code[:, list(channels)]
