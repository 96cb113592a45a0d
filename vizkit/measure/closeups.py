"""The middle of what a unit sees, which holds most of what moves it: boxes (n, 4) as in `crops`."""

import torch
from torch import Tensor

from vizkit.data.collections import Collection
from vizkit.measure.crops import cell_size
from vizkit.measure.effective_field import effective_field
from vizkit.measure.looking import Memory, Seen, numbers
from vizkit.measure.picking import readable
from vizkit.measure.sites import Site
from vizkit.nets.network import Network

SHARE = 0.8  # of what moves a unit, inside of its close-up
ASKED, DRAWS = 8, 2  # pictures for which that is measured, and how often
LEAST = 15  # pixels of a side


def reach(net: Network, seen: Seen, layer: str) -> tuple[int, int]:
    """Height and width of a close-up: the effective field, inside of the receptive one; measured once for a layer."""
    memory = net.once("close-ups", lambda: Memory(64))
    key = numbers(net), layer, id(seen.pictures)
    found, _ = memory.once(key, lambda: (_reach(net, seen, layer), seen.pictures))
    return found


def close(site: Site, positions: Tensor, reach: tuple[int, int]) -> Tensor:
    """Boxes of extent `reach` around what units at `positions` (...) look at, (..., 4), all of them in the picture."""
    center = site.boxes(positions, (1, 1))
    whole = site.boxes(torch.tensor(-1))
    if site.field is None or tuple(whole[2:].tolist()) == tuple(reach):
        return whole.expand_as(center)
    found = []
    for at, side, extent in zip(center[..., :2].unbind(-1), site.size, reach, strict=True):
        first = (at - extent // 2).clamp(0, side - extent)
        found.append((first, first + extent))
    (top, bottom), (left, right) = found
    return torch.stack([top, left, bottom, right], -1).where((positions >= site.extra)[..., None], whole)


def _reach(net: Network, seen: Seen, layer: str) -> tuple[int, int]:
    site = seen.index.site(layer)
    h, w = cell_size(site)
    if site.field is None:
        return h, w
    try:
        rows, columns = effective_field(net, layer, _some(seen.pictures), share=SHARE, draws=DRAWS).reach
    except ValueError:  # a middle that no picture moves
        return h, w
    side = max(LEAST, rows, columns)
    return min(h, side), min(w, side)


def _some(pictures: Collection) -> Tensor:
    """The first few pictures that can be read, (n, c, h, w)."""
    good = [number for number in range(min(4 * ASKED, len(pictures))) if readable(pictures, number)][:ASKED]
    return torch.stack([pictures[number] for number in good])
