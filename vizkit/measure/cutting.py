"""Cells of real pictures, one for each unit: (n, c, h, w) in [0, 1], light gray where there is no picture."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vizkit.measure.closeups import close, reach
from vizkit.measure.crops import PAPER, boxes, cell_size, cropped, enlarged, on_paper, outlined
from vizkit.measure.looking import Seen
from vizkit.measure.picking import Pick
from vizkit.nets.network import Network

CUTS = ("crop", "close-up", "whole")  # what the unit sees, the middle of it, all of the picture with that outlined


class Cutter:
    """Cuts cells from the pictures of one layer in one of the ways of `CUTS`; those of the last time are kept."""

    def __init__(self, net: Network, layer: str, cut: str):
        self._net, self._layer, self._cut = net, layer, cut
        self._known: dict[tuple[int, int], Tensor] = {}

    def cells(self, seen: Seen, picks: Sequence[Pick | None]) -> Tensor:
        """The cells of `picks`, an empty one where there is none."""
        wanted = {(pick.picture, pick.position): pick for pick in picks if pick is not None}
        new = {place: pick for place, pick in wanted.items() if place not in self._known}
        kept = {place: cell for place, cell in self._known.items() if place in wanted}
        self._known = kept | (dict(zip(new, self._new(seen, [*new.values()]), strict=True)) if new else {})
        empty = paper(self._net.channels, self._size(seen))
        cells = [empty if pick is None else self._known[pick.picture, pick.position] for pick in picks]
        return torch.stack(cells)

    def _new(self, seen: Seen, picks: Sequence[Pick]) -> Tensor:
        site, size = seen.index.site(self._layer), self._size(seen)
        whole = torch.stack([seen.pictures[pick.picture] for pick in picks])
        positions = torch.tensor([pick.position for pick in picks])
        if self._cut == "whole":
            return outlined(whole, boxes(site, positions))
        where = boxes(site, positions) if self._cut == "crop" else close(site, positions, size)
        return on_paper(cropped(whole, where, size))

    def _size(self, seen: Seen) -> tuple[int, int]:
        """Height and width of a cell, before it is enlarged."""
        site = seen.index.site(self._layer)
        if self._cut == "close-up":
            return reach(self._net, seen, self._layer)
        return site.size if self._cut == "whole" else cell_size(site)


def paper(channels: int, size: tuple[int, int]) -> Tensor:
    """An empty cell (c, h, w), enlarged as cells are."""
    return enlarged(torch.full((1, channels, *size), PAPER))[0]
