"""What a site shows, and everything that decides what its pictures look like."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch

from vizkit.core.modes import own_modes
from vizkit.measure.index import Index
from vizkit.nets.describe import Layer
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.save.site.folder import digest_of, key_of

DRAWN = 1  # one more whenever the same settings give other pictures
REAL = 9  # real pictures on the page of a unit
DECILES = 11
TOGETHER = {"cpu": 16, "other": 256}  # pictures that are made in one batch
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}

Units = int | Sequence[int] | None


@dataclass(frozen=True, eq=False)
class Plan:
    """The layers and units of a site, how large its pictures are (pixels of a side) and how they are made.

    Every combination of `seeds` and `strengths` (of total variation) is a picture of each unit, the first its face.
    """

    net: Network
    layers: tuple[Layer, ...]
    units: tuple[tuple[int, ...], ...]
    size: int
    steps: int
    seeds: tuple[int, ...]
    strengths: tuple[float, ...]
    rate: float
    precision: str
    together: int

    @cached_property
    def count(self) -> int:
        """Units of all layers."""
        return sum(map(len, self.units))

    @property
    def pictures(self) -> int:
        """Made pictures of each unit."""
        return len(self.seeds) * len(self.strengths)

    @cached_property
    def looked_at(self) -> Network:
        """The network for pictures no larger than they are shown; as it is, where it takes no other size."""
        return _sized(self.net, self.size, [layer.name for layer in self.layers])

    @cached_property
    def places(self) -> dict[str, str]:
        """The folder of each layer, by name: the name where any disk can hold it, else near to it and told apart."""
        known = layers_of(self.net).names
        twice = Counter(name.lower() for name in known)
        return {
            layer.name: f"layers/{_folder_name(layer.name, twice[layer.name.lower()] > 1)}" for layer in self.layers
        }

    def blocks(self, units: Sequence[int]) -> list[tuple[int, ...]]:
        """Units whose pictures are made together, so that they come out the same whatever else is there."""
        length = max(1, self.together // self.pictures)
        return [tuple(units[start : start + length]) for start in range(0, len(units), length)]

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What decides the made pictures, apart from the layer and the units of a block."""
        net = self.looked_at
        return {
            "drawn": DRAWN, "weights": net.weight_hash, "edits": list(net.edits), "looked at": net.size,
            "channels": net.channels, "mean": net.mean, "std": net.std, "size": self.size, "steps": self.steps,
            "seeds": self.seeds, "strengths": self.strengths, "rate": self.rate, "precision": self.precision,
        }  # fmt: skip

    def key_of_block(self, layer: str, units: Sequence[int]) -> str:
        return key_of(self.settings, layer, list(units))


def planned(
    net: Network,
    index: Index,
    layers: Sequence[str] | None = None,
    units: Units = None,
    *,
    size: int = 96,
    steps: int = 64,
    seed: int | Sequence[int] = (0, 1),
    tv: float | Sequence[float] = 0.1,
    rate: float = 2.0,
    precision: str = "float32",
    together: int | None = None,
) -> Plan:
    """The plan of a site; see `site`.

    Raises:
        LookupError: the index has no such layer, or no layer such units.
        ValueError: a setting is none.
    """
    names = index.layers.names if layers is None else [index.layers[name].name for name in layers]
    entries = tuple(layer for layer in index.layers if layer.name in names)
    seeds = tuple(seed) if isinstance(seed, Sequence) else (seed,)
    strengths = tuple(tv) if isinstance(tv, Sequence) else (tv,)
    if not 16 <= size <= 512:
        raise ValueError(f"size={size} makes no good tiles. Give 16 to 512 pixels; 96 is usual.")
    if not 1 <= len(seeds) * len(strengths) <= 8:
        raise ValueError(f"{len(seeds)} seeds and {len(strengths)} strengths are not 1 to 8 pictures. Give fewer.")
    chosen = tuple(_chosen(layer, units) for layer in entries)
    if not any(chosen):
        raise LookupError(f"units={units} are in none of these layers. Leave units out for all of them.")
    here = TOGETHER["cpu" if net.device.type == "cpu" else "other"] if together is None else together
    return Plan(net, entries, chosen, size, steps, seeds, strengths, rate, precision, max(1, here))


def _chosen(layer: Layer, units: Units) -> tuple[int, ...]:
    if units is None:
        return tuple(range(layer.channels))
    if isinstance(units, int):
        if units < 1:
            raise ValueError(f"units={units} shows nothing. Give how many of each layer, or a list of numbers.")
        return tuple(range(min(units, layer.channels)))
    return tuple(sorted({unit for unit in map(int, units) if 0 <= unit < layer.channels}))


def _sized(net: Network, size: int, layers: Sequence[str]) -> Network:
    """`net` for pictures of which the longer side is `size`, where it is larger and its layers run on them."""
    from vizkit.nets.read import activations

    times = size / max(net.size)
    if times >= 1:
        return net
    small = replace(net, size=tuple(max(1, round(side * times)) for side in net.size))
    gray = torch.full((1, net.channels, *small.size), 0.5, device=net.device)
    try:
        with own_modes(), torch.no_grad():
            activations(small, gray, list(layers))
    except (RuntimeError, ValueError, AssertionError):  # weights for a fixed number of places
        return net
    return small


def _folder_name(layer: str, twice: bool) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", layer)[:60].strip(".") or "layer"
    if plain == layer and not twice and plain.split(".")[0].lower() not in _RESERVED:
        return plain
    return f"{plain}-{digest_of(layer.encode())[:8]}"
