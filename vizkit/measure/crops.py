"""Real pictures as cells of one size: what a unit sees of each, or all of it with that outlined, or its map on top.

Pictures are (n, c, h, w) in [0, 1]; boxes (n, 4) are top, left, bottom, right in their pixels.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.maximize.objectives import positions_last
from vizkit.measure.sites import Site
from vizkit.nets.network import Network
from vizkit.nets.read import Reader
from vizkit.nets.receptive_field import Axis

LEAST = 96  # pixels of a cell's longer side; smaller ones are enlarged by a whole number
PAPER = 0.85  # around a crop that is cut off at the picture's border
DARK = 0.35  # what is left of a picture's light where the unit is silent
LIT = 2.0  # it is as light as it was from 1 / 2 of the strongest answer on
HEAT = (1.0, 0.45, 0.0)  # the color of the heat on a color picture; on others it is white
TINT = 0.5  # how much of it covers the picture where the unit is most active
AT_ONCE = 16  # pictures in one forward pass for their maps


def cell_size(site: Site) -> tuple[int, int]:
    """Height and width of a crop that is not cut off: the receptive field, or the picture where that is smaller."""
    if site.field is None:
        return site.size
    (h, w), (rows, columns) = site.size, site.field.size
    return min(h, rows), min(w, columns)


def boxes(site: Site, positions: Tensor) -> Tensor:
    """What a unit sees at each of `positions` (n,), (n, 4); the whole picture where its field is no smaller."""
    found = site.boxes(positions)
    whole = torch.tensor([0, 0, *site.size])
    return whole.expand_as(found) if cell_size(site) == site.size else found


def cropped(pictures: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The boxes cut out, (n, c, *size) enlarged.

    One that is cut off at the picture's border fills its cell as far as it can; around it is NaN, see `on_paper`.
    """
    parts = zip(pictures, boxes.tolist(), strict=True)
    cells = [_fitted(picture[:, top:bottom, left:right], size) for picture, (top, left, bottom, right) in parts]
    return enlarged(torch.stack(cells))


def on_paper(cells: Tensor) -> Tensor:
    """The cells with light gray where there is no picture."""
    return cells.nan_to_num(PAPER)


def averaged(cells: Tensor) -> Tensor:
    """The mean (1, c, h, w) of what there is of the cells at each pixel."""
    return cells.nanmean(0, keepdim=True)


def outlined(pictures: Tensor, boxes: Tensor) -> Tensor:
    """Whole pictures with a white and black frame around each box, but none around a whole picture."""
    times = _times(pictures.shape)
    cells = enlarged(pictures).clone()
    wide = max(1, round(max(cells.shape[2:]) / 112))
    for cell, box in zip(cells, (boxes * times).tolist(), strict=True):
        if box != [0, 0, *cells.shape[2:]]:
            _frame(cell, box, 2 * wide, 0.0)
            _frame(cell, box, wide, 1.0)
    return cells


def heated(pictures: Tensor, heat: Tensor) -> Tensor:
    """Whole pictures under `heat` (n, h, w) in [0, 1] as large as they are: dark where 0, lit and warm where 1."""
    color = pictures.new_tensor(HEAT) if pictures.shape[1] == 3 else pictures.new_ones(pictures.shape[1])
    heat = heat[:, None]
    lit = pictures * (DARK + (1 - DARK) * (LIT * heat).clamp(max=1))
    return enlarged(torch.lerp(lit, color[:, None, None].expand_as(lit), TINT * heat))


class Maps:
    """Where units of a layer are active on pictures; what was found out for the last grid is not asked again."""

    def __init__(self, net: Network, layer: str):
        self._net, self._layer, self._reader = net, layer, Reader(net, [layer])
        self._known: dict[tuple[int, int], Tensor] = {}

    def of(self, unit: int, numbers: Sequence[int], pictures: Tensor) -> Tensor:
        """The unit's answers (n, positions) on `pictures` (n, c, h, w), which have these numbers."""
        new = [i for i, number in enumerate(numbers) if (unit, number) not in self._known]
        kept = {key: answers for key, answers in self._known.items() if key[0] != unit or key[1] in numbers}
        for some in (new[start : start + AT_ONCE] for start in range(0, len(new), AT_ONCE)):
            with torch.no_grad():
                output = self._reader(pictures[some].to(self._net.device))[self._layer]
            answers = positions_last(output)[:, unit].float().cpu()
            kept |= {(unit, numbers[i]): one for i, one in zip(some, answers, strict=True)}
        self._known = kept
        return torch.stack([kept[unit, number] for number in numbers])


def heat(answers: Tensor, site: Site) -> Tensor | None:
    """Answers (n, positions) on the pictures, (n, *site.size) from 0 to 1, the most of them all; None for no places.

    A place is drawn in the middle of what the unit sees from there, with straight lines to the next. What is below
    zero is silent, unless all of it is.
    """
    if site.field is None:
        return None
    found = answers[:, site.extra :].unflatten(1, (-1, site.columns))
    low, high = float(found.min()), float(found.max())
    low = low if high <= 0 else 0.0
    return _on_picture((found - low).clamp(min=0) / max(high - low, 1e-12), site)


def enlarged(cells: Tensor) -> Tensor:
    """The cells, every pixel repeated until their longer side has at least 96."""
    times = _times(cells.shape)
    return cells.repeat_interleave(times, 2).repeat_interleave(times, 3) if times > 1 else cells


def _times(shape: torch.Size) -> int:
    return max(1, math.ceil(LEAST / max(shape[2:])))


def _fitted(part: Tensor, size: tuple[int, int]) -> Tensor:
    """A crop (c, h, w) as large as a cell can hold it, in its middle, on NaN."""
    h, w = part.shape[1:]
    if (h, w) == tuple(size):
        return part
    times = min(size[0] / h, size[1] / w)
    rows, columns = (max(1, min(most, round(side * times))) for side, most in zip((h, w), size, strict=True))
    if (rows, columns) != (h, w):
        part = F.interpolate(part[None], (rows, columns), mode="bilinear", align_corners=False)[0]
    cell = part.new_full((len(part), *size), torch.nan)
    top, left = (size[0] - rows) // 2, (size[1] - columns) // 2
    cell[:, top : top + rows, left : left + columns] = part
    return cell


def _frame(cell: Tensor, box: list[int], wide: int, value: float) -> None:
    """A frame `wide` pixels inside the edge of a box."""
    top, left, bottom, right = box
    inside = cell[:, top:bottom, left:right]
    for edge in (inside[:, :wide], inside[:, -wide:], inside[:, :, :wide], inside[:, :, -wide:]):
        edge.fill_(value)


def _on_picture(found: Tensor, site: Site) -> Tensor:
    """Maps (n, rows, columns) as large as the picture, (n, h, w)."""
    assert site.field is not None
    h, w = site.size
    grid = torch.meshgrid(
        _places(site.field.y, found.shape[1], h), _places(site.field.x, found.shape[2], w), indexing="ij"
    )
    where = torch.stack([grid[1], grid[0]], -1).expand(len(found), h, w, 2)
    return F.grid_sample(found[:, None], where, padding_mode="border", align_corners=True)[:, 0].clamp(0, 1)


def _places(axis: Axis, units: int, length: int) -> Tensor:
    """Where on the map each of `length` pixels falls: -1 on the middle of its first unit's field, 1 on its last's."""
    first, last = (sum(axis.at(o)) / 2 for o in (0, units - 1))
    pixels = torch.arange(length, dtype=torch.float32)
    return 2 * (pixels - first) / (last - first) - 1 if units > 1 else torch.zeros(length)
