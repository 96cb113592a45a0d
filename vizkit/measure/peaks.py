"""What is read off a layer's output while it is still at hand: maps (n, c, h, w), tokens (n, t, d), flat (n, d).

A position is a whole number: along the rows of a map, the number of a token, 0 of a flat output.
"""

from collections.abc import Callable
from math import gcd

import torch
from torch import Tensor

from vizkit.maximize.objectives import positions_last
from vizkit.measure.statistic import scattered

UNKNOWN = -1  # a position nobody asked for


def peaks(output: Tensor) -> tuple[Tensor, Tensor]:
    """Each unit's strongest answer on each picture: values (n, units) float32, first positions (n, units) int32.

    NaN anywhere in a map is its strongest answer.
    """
    values, positions = peaks_where(output, torch.ones_like)
    return values, torch.full_like(values, UNKNOWN, dtype=torch.int32) if positions is None else positions


def peaks_where(output: Tensor, wanted: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor | None]:
    """The same, with positions only where `wanted` of the values is true, elsewhere -1; None if that is nowhere.

    To find the values alone takes a fraction of the time.
    """
    if output.ndim == 2:
        return _kept(output), torch.zeros_like(output, dtype=torch.int32)
    places = _with_units_last(output)
    rows = _rows(places) if places is not None else positions_last(output)
    values = rows.amax(1 if places is not None else 2)
    pairs = wanted(values).nonzero()
    if not len(pairs):
        return values.float(), None
    picture, unit = pairs.unbind(1)
    found = _first(places, rows, picture, unit) if places is not None else rows[picture, unit].max(1).indices
    positions = torch.full(values.shape, UNKNOWN, dtype=torch.int32, device=values.device)
    positions[picture, unit] = found.int()
    return values.float(), positions


def samples(output: Tensor, chosen: Tensor | None) -> Tensor:
    """The answers at positions `chosen` (n, count), (n, count, units) float32; at all of them if None."""
    found = positions_last(output).transpose(1, 2)
    if chosen is None:
        return _kept(found)
    n, positions, units = found.shape
    if found.is_contiguous():
        rows = (chosen + positions * torch.arange(n, device=chosen.device)[:, None]).flatten()
        return found.view(-1, units).index_select(0, rows).view(n, -1, units).float()
    return found.gather(1, chosen[:, :, None].expand(-1, -1, units)).float()


def places(ids: Tensor, positions: int, count: int) -> Tensor:
    """Which of `positions` places are looked at on each of pictures `ids` (n,), (n, count).

    They are distinct and spread evenly, by steps of a golden section, and depend on the picture's number alone.
    """
    step = next(s for s in range(max(1, round(0.618 * positions)), 0, -1) if gcd(s, positions) == 1)
    starts = scattered(ids) % positions
    return (starts[:, None] + step * torch.arange(count, device=ids.device)) % positions


def _kept(output: Tensor) -> Tensor:
    """A float32 copy, as the next layer may write over what it is given."""
    return output.to(torch.float32, copy=True)


def _with_units_last(output: Tensor) -> Tensor | None:
    """A view (n, rows, columns, units) of an output whose units lie side by side in memory."""
    if output.ndim == 3:
        return output[:, :, None]
    if output.ndim == 4 and output.is_contiguous(memory_format=torch.channels_last):
        return output.permute(0, 2, 3, 1)
    return None


def _rows(places: Tensor) -> Tensor:
    """The strongest of every row, (n, rows, units).

    On a CPU the units are taken 32 at a time, and what is left over one by one, which costs more than all the rest:
    so neighbors in a row are first taken for one place with more units, where that comes out even.
    """
    n, h, w, c = places.shape
    together = 32 // gcd(32, c)
    if together == 1 or w % together or w == together or not places.is_contiguous():
        return places.amax(2)
    return places.view(n, h, w // together, together * c).amax(2).view(n, h, together, c).amax(2)


def _first(places: Tensor, rows: Tensor, picture: Tensor, unit: Tensor) -> Tensor:
    """Where pairs of picture and unit have their strongest answer: in the first row that has it, the first column."""
    width = places.shape[2]
    if 4 * len(picture) > rows.shape[0] * rows.shape[2]:  # most pairs: all of them cost less than to pick them out
        row = rows.max(1).indices[picture, unit]
    else:
        row = _strongest(rows, picture * rows.stride(0) + unit * rows.stride(2), 1)
    if width == 1:
        return row
    start = picture * places.stride(0) + row * places.stride(1) + unit * places.stride(3)
    return row * width + _strongest(places, start, 2)


def _strongest(values: Tensor, start: Tensor, dim: int) -> Tensor:
    """The first largest of the values along `dim` that begin at `start` (m,) in memory."""
    steps = torch.arange(values.shape[dim], device=start.device) * values.stride(dim)
    at = start[:, None] + steps
    flat = values.as_strided((_extent(values),), (1,)) if not values.is_contiguous() else values.view(-1)
    return flat.take(at).max(1).indices


def _extent(values: Tensor) -> int:
    """How many numbers lie between a tensor's first and its last, in memory."""
    return 1 + sum((size - 1) * stride for size, stride in zip(values.shape, values.stride(), strict=True))
