"""What is read off a layer's output while it is still at hand: maps (n, c, h, w), tokens (n, t, d), flat (n, d).

A position is a whole number: along the rows of a map, the number of a token, 0 of a flat output.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from math import gcd

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.maximize.objectives import positions_last


def peaks(output: Tensor) -> tuple[Tensor, Tensor]:
    """Each unit's strongest answer on each picture: values (n, units) float32, first positions (n, units) int32.

    NaN anywhere in a map is its strongest answer.
    """
    if output.ndim == 2:
        return _kept(output), torch.zeros_like(output, dtype=torch.int32)
    if output.device.type != "cpu":
        values, positions = positions_last(output).max(2)
        return values.float(), positions.int()
    # Pooling over the whole map walks through memory once, many units at a time, and notes the places as it goes:
    # twice the time of amax, a tenth of that of max.
    maps = _maps(output)
    values, positions = F.max_pool2d(maps, maps.shape[2:], return_indices=True)
    return values.flatten(1).float(), positions.flatten(1).int()


@dataclass(frozen=True, eq=False)
class Chosen:
    """Some of all `positions` of each of n pictures: `places` (n, count), and counted through all pictures, `rows`."""

    places: Tensor
    positions: int

    @cached_property
    def rows(self) -> Tensor:
        first = self.positions * torch.arange(len(self.places), device=self.places.device)
        return (self.places + first[:, None]).flatten()


def samples(output: Tensor, chosen: Chosen | None) -> Tensor:
    """The answers at positions `chosen`, (n, count, units) float32; at all of them if None."""
    if chosen is not None and output.ndim == 4 and output.is_contiguous(memory_format=torch.channels_last):
        rows = output.permute(0, 2, 3, 1).flatten(0, 2).index_select(0, chosen.rows)
        return rows.view(*chosen.places.shape, -1).float()
    found = positions_last(output).transpose(1, 2)
    if chosen is None:
        return _kept(found)
    return found.gather(1, chosen.places[:, :, None].expand(-1, -1, found.shape[2])).float()


def places(drawn: Tensor, positions: int, count: int) -> Chosen:
    """Which of `positions` places are looked at on pictures whose `scattered` numbers are `drawn` (n,).

    They are distinct and spread evenly, by steps of a golden section, and depend on the picture's number alone.
    """
    steps = _step(positions) * torch.arange(count, device=drawn.device)
    return Chosen(((drawn % positions)[:, None] + steps) % positions, positions)


@cache
def _step(positions: int) -> int:
    return next(s for s in range(max(1, round(0.618 * positions)), 0, -1) if gcd(s, positions) == 1)


def _kept(output: Tensor) -> Tensor:
    """A float32 copy, as the next layer may write over what it is given."""
    return output.to(torch.float32, copy=True)


def _maps(output: Tensor) -> Tensor:
    """Anything with positions as maps (n, units, h, w), left in memory as it is."""
    if output.ndim == 4:
        return output
    if output.ndim == 3:
        return output[:, :, None].permute(0, 3, 1, 2)
    return output.flatten(2)[..., None]
