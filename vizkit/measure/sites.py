"""Where in the picture a position of a layer lies, and what its units see there. Boxes are pixels of the input.

A box is top, left, bottom, right: `picture[:, top:bottom, left:right]`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.nets.describe import Layer
from vizkit.nets.receptive_field import Axis, Field

MOST_EXTRA = 8  # tokens before the patches: a class, a few registers


@dataclass(frozen=True)
class Site:
    """How the positions of a layer lie on a picture of `size`: `columns` in a row, after `extra` that lie nowhere.

    `field` is what each sees; None where each sees everything, or nobody knows. A token's is its patch.
    """

    size: tuple[int, int]
    field: Field | None
    columns: int = 1
    extra: int = 0

    def boxes(self, positions: Tensor, reach: tuple[int, int] | None = None) -> Tensor:
        """Boxes (..., 4) int64 of what units at `positions` (...) see, cut off at the picture's border.

        `reach` (height, width) is another extent around the same centers, such as that of an effective field. A
        position below 0, a token that is no patch, and a layer without field see the whole picture.
        """
        h, w = self.size
        whole = torch.tensor([0, 0, h, w]).expand(*positions.shape, 4)
        if self.field is None:
            return whole.clone()
        at = (positions.long() - self.extra).clamp(min=0)
        (top, bottom), (left, right) = _ends(self.field.y, at // self.columns), _ends(self.field.x, at % self.columns)
        if reach is not None:
            (top, bottom), (left, right) = _around(top, bottom, reach[0]), _around(left, right, reach[1])
        seen = torch.stack([*_inside(top, bottom, h), *_inside(left, right, w)], -1)[..., [0, 2, 1, 3]]
        return seen.where((positions >= self.extra)[..., None], whole)


def sites(layers: Sequence[Layer], among: Sequence[Layer], size: tuple[int, int]) -> tuple[Site, ...]:
    """The sites of `layers`, `among` all layers of their network; tokens are those of the patches before them."""
    return tuple(_site(layer, among, size) for layer in layers)


def _site(layer: Layer, among: Sequence[Layer], size: tuple[int, int]) -> Site:
    if len(layer.shape) == 3:
        return Site(size, layer.field, layer.shape[2])
    if len(layer.shape) == 2:
        for map in among:  # the first with as many places as there are tokens, such as a convolution into patches
            extra = layer.shape[0] - map.shape[1] * map.shape[2] if len(map.shape) == 3 else -1
            if map.field and 0 <= extra <= MOST_EXTRA:
                return Site(size, map.field, map.shape[2], extra)
    return Site(size, None)


def _ends(axis: Axis, at: Tensor) -> tuple[Tensor, Tensor]:
    """The first pixel that units `at` see along an axis, and the first after the last."""
    phase, rounds = at % axis.period, at // axis.period * axis.advance
    first, last = torch.tensor(axis.first), torch.tensor(axis.last)
    return first[phase] + rounds, last[phase] + rounds + 1


def _around(start: Tensor, end: Tensor, reach: int) -> tuple[Tensor, Tensor]:
    start = torch.div(start + end - reach, 2, rounding_mode="floor")
    return start, start + reach


def _inside(start: Tensor, end: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Cut off at the border, but never to nothing: a unit that sees only padding has the pixel next to it."""
    start = start.clamp(0, length - 1)
    return start, end.clamp(max=length).maximum(start + 1)
