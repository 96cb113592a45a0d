"""What is left of a picture (1, c, h, w) in [0, 1] that is to be restored: holes, noise, lost detail, or a stranger.

Each of the n restorations is told something of its own, drawn from its own stream, and is looked at as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.maximize.chance import Streams, normal, uniform


@dataclass(frozen=True, eq=False)
class Remains:
    """What n drawings (n, c, h, w) are told: that, looked at through `seen`, they are `told` where `known` is 1.

    `clean` (n, c, h, w) is what was there, where that is known; `noise` the deviation of noise known to be in `told`.
    """

    told: Tensor
    caption: str
    known: Tensor | None = None
    seen: Callable[[Tensor], Tensor] | None = None
    clean: Tensor | None = None
    noise: float = 0.0

    def misfit(self, pixels: Tensor) -> Tensor:
        """Mean squared difference from what was told, over what is known of it, (n,)."""
        error = ((pixels if self.seen is None else self.seen(pixels)) - self.told).square()
        if self.known is None:
            return error.mean((1, 2, 3))
        return (error * self.known).sum((1, 2, 3)) / (self.known.sum((1, 2, 3)) * error.shape[1])

    def shown(self, size: tuple[int, int]) -> Tensor:
        """What was told as pictures of `size`: holes black, a small picture in large squares."""
        known = self.told if self.known is None else self.told * self.known
        return known if known.shape[2:] == size else F.interpolate(known, size=size, mode="nearest")


def holes(picture: Tensor, mask: Tensor, n: int) -> Remains:
    """Nothing is told where `mask` (1, 1, h, w) is 0; what `picture` holds there is never read."""
    known = mask.expand(n, -1, -1, -1)
    return Remains((picture * mask).expand(n, -1, -1, -1), "what is known", known=known)


def missing(picture: Tensor, share: float, chance: Streams) -> Remains:
    """A `share` of all pixels is not told, each for itself (the paper's figure of Barbara: half of them)."""
    known = (uniform((1, *picture.shape[2:]), chance) >= share).float().to(picture.device)
    known[..., 0, 0] = 1  # where all are missing, there is nothing to draw
    return Remains(picture * known, f"{1 - share:.0%} of the pixels", known=known, clean=_each(picture, chance))


def noisy(picture: Tensor, deviation: float, chance: Streams) -> Remains:
    """Gaussian noise is added and the sum kept in [0, 1]; without any, the picture is taken to be noisy already."""
    if not deviation:
        return Remains(_each(picture, chance), "as given")
    noise = deviation * normal(tuple(picture.shape[1:]), chance).to(picture.device)
    told = (picture + noise).clamp(0, 1)
    return Remains(told, f"noise of {255 * deviation:g} / 255 added", clean=_each(picture, chance), noise=deviation)


def smaller(picture: Tensor, factor: int, chance: Streams) -> Remains:
    """The picture, its sides a multiple of `factor`, is told only when made smaller by it."""
    small = Shrink(picture.shape[2:], factor, picture.device)
    told, clean = small(picture), _each(picture, chance)
    return Remains(
        told.expand_as(clean[..., : told.shape[2], : told.shape[3]]), f"1/{factor} of it", None, small, clean
    )


def small(picture: Tensor, factor: int, chance: Streams) -> Remains:
    """The picture is the small one: what is drawn is `factor` times as large."""
    h, w = picture.shape[2:]
    shrink = Shrink((factor * h, factor * w), factor, picture.device)
    return Remains(_each(picture, chance), "as given", None, shrink)


def strangers(picture: Tensor, deviation: float, chance: Streams) -> Remains:
    """In turn the picture, the picture and noise, its pixels in any order, and white noise; n is a multiple of four."""
    kinds = [natural, _with_noise(deviation), shuffled, white]
    return Remains(torch.cat([kinds[i % 4](picture, [source]) for i, source in enumerate(chance)]), "")


def natural(picture: Tensor, chance: Streams) -> Tensor:
    return _each(picture, chance)


def shuffled(picture: Tensor, chance: Streams) -> Tensor:
    """The picture's pixels, their colors whole, in any order."""
    order = uniform((picture[0, 0].numel(),), chance).argsort(1).to(picture.device)
    flat = _each(picture, chance).flatten(2)
    return flat.gather(2, order[:, None].expand_as(flat)).reshape(len(chance), *picture.shape[1:])


def white(picture: Tensor, chance: Streams) -> Tensor:
    return uniform(tuple(picture.shape[1:]), chance).to(picture.device)


class Shrink:
    """A picture made smaller by Lanczos's kernel of two lobes, as the prior's paper does; its edges go on outside."""

    def __init__(self, size, factor: int, device: torch.device):
        self.rows, self.columns = (_lanczos(side, factor).to(device) for side in size)

    def __call__(self, pixels: Tensor) -> Tensor:
        return self.rows @ pixels @ self.columns.T


def _lanczos(side: int, factor: int, lobes: int = 2) -> Tensor:
    """(side // factor, side): row k weighs the pixels around the middle of the k-th `factor` of them."""
    reach = torch.arange(-lobes * factor, lobes * factor + factor)
    far = (reach + 0.5 - factor / 2) / factor
    weights = torch.sinc(far) * torch.sinc(far / lobes) * (far.abs() < lobes)
    rows = torch.arange(side // factor)
    places = (rows[:, None] * factor + reach).clamp(0, side - 1)
    made = torch.zeros(side // factor, side)
    return made.scatter_add_(1, places, (weights / weights.sum()).expand(len(rows), -1))


def _with_noise(deviation: float) -> Callable[[Tensor, Streams], Tensor]:
    return lambda picture, chance: noisy(picture, deviation, chance).told


def _each(picture: Tensor, chance: Streams) -> Tensor:
    return picture.expand(len(chance), -1, -1, -1)
