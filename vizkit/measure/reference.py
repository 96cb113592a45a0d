"""Real pictures to compare an invented one with, and what they reach: remembered by the network until it changes."""

from collections.abc import Sized
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from vizkit.data import world
from vizkit.data.pictures import Source, as_pictures
from vizkit.measure.reading import Reading, fingerprint, read
from vizkit.nets.network import Network

Pictures: TypeAlias = Source | Dataset

ENOUGH = 20  # real pictures to know how far they are from each other
WORLD = 256  # pictures of the generated world, where that is what a network was made for


@dataclass(frozen=True, eq=False)
class Reference:
    """Real pictures (n, c, h, w), [0, 1] or bytes; what to call them; and a `key`, equal for equal pictures."""

    pixels: Tensor
    name: str
    key: str

    def __len__(self) -> int:
        return len(self.pixels)


def reference(net: Network, real: Pictures | None = None) -> Reference | None:
    """`real` as a reference for `net`; by default the world's test pictures where `net` was made for the world.

    None where there is nothing to compare with: pictures of the world say nothing about a network of photographs.

    Raises:
        ValueError: there are fewer than two pictures, or `real` holds no pictures.
    """
    if real is None:
        return net.once(f"the world {net.size}", lambda: _world(net)) if of_the_world(net) else None
    pixels = _stacked(real) if isinstance(real, Dataset) else as_pictures(real, net.size, net.channels)
    if len(pixels) < 2:
        raise ValueError(f"{len(pixels)} real picture is nothing to compare with. Give a hundred, or leave `real` out.")
    kind = "pictures of the generated world" if isinstance(real, world.World) else "real pictures"
    return Reference(pixels, f"{len(pixels)} {kind}", fingerprint(pixels))


def of_the_world(net: Network) -> bool:
    """Whether the world's pictures are what `net` was made for: its labels are the world's."""
    return net.channels == 3 and tuple(net.labels) == tuple(world.LABELS)


def levels(net: Network, real: Reference, reading: Reading) -> Tensor:
    """How active every unit is on the real pictures, (n, units); a second call is a look-up."""
    key = f"levels {net.weight_hash} {real.key} {reading.key}"
    return net.once(key, lambda: read(net, real.pixels, {reading.layer: reading})[reading.layer])


def apart(net: Network, real: Reference, layer: str, table: Tensor) -> Tensor:
    """How unlike all real pictures a layer answers to others, (n,), from its channels' means `table` (n, units).

    The distance to the nearest real picture, in deviations of each channel over real pictures, as a multiple of what
    95 % of these stay below among each other. NaN where there are too few to tell.
    """
    known = levels(net, real, Reading(layer))
    if len(known) < ENOUGH:
        return torch.full((len(table),), torch.nan)
    deviation = known.std(0)
    width = deviation + 0.05 * deviation.mean() + 1e-9  # a channel that real pictures leave alone is no infinity
    among = torch.cdist(known / width, known / width).fill_diagonal_(torch.inf).min(1).values
    return torch.cdist(table / width, known / width).min(1).values / among.quantile(0.95)


def _world(net: Network) -> Reference:
    drawn, _ = world.pictures(WORLD, "test", max(net.size))
    pixels = torch.from_numpy(np.ascontiguousarray(drawn.transpose(0, 3, 1, 2)))
    return Reference(pixels, f"{WORLD} pictures of the generated world", f"world {WORLD} {net.size}")


def _stacked(pictures: Dataset) -> Tensor:
    """The pictures of a dataset whose items are a picture (c, h, w), or begin with one."""
    items = (pictures[i] for i in range(len(cast(Sized, pictures))))
    return torch.stack([item[0] if isinstance(item, tuple) else item for item in items])
