"""What a scan reads and keeps: everything that decides its numbers, apart from the network and the pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import torch
from torch import nn

from vizkit.measure.coactivation import Coactivation
from vizkit.measure.embeddings import POOLINGS, Embeddings, Pooling
from vizkit.measure.histogram import Histogram
from vizkit.measure.moments import Moment
from vizkit.measure.sites import Site, sites
from vizkit.measure.spread import Spread, limit_of
from vizkit.measure.statistic import Statistic
from vizkit.measure.top import MOST, Top
from vizkit.nets.calls import Place
from vizkit.nets.describe import Layer, Layers
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network

PRECISIONS = ("float32", "bfloat16", "float16")
SAMPLED = 64  # of so many answers, histograms and moments look at one, unless told otherwise
SPREAD = 128  # pictures in the even sample
SHARDS = 128  # at most, where nobody says how long they are
SHORTEST = 512  # pictures of a shard, likewise
AT_ONCE = {"cpu": 2**23, "other": 2**29}  # numbers of the largest layer (its processor's cache), of all (its memory)
KINDS = (nn.modules.conv._ConvNd, nn.Linear)


@dataclass(frozen=True)
class Plan:
    """What is read and kept. Tuples have an entry for each layer.

    `samples` is how many positions of a map histogram and moments look at, 0 for no such statistics; `pooled` names
    the pooling of embeddings, "" for none; `together` says where coactivation is counted.
    """

    layers: tuple[Layer, ...]
    sites: tuple[Site, ...]
    count: int
    k: int
    spread: int
    samples: tuple[int, ...]
    pooled: tuple[str, ...]
    together: tuple[bool, ...]
    precision: str
    batch: int
    shard: int

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(layer.name for layer in self.layers)

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Where each layer's units stand among those of all layers."""
        ends = [0, *accumulate(layer.channels for layer in self.layers)]
        return tuple(slice(a, b) for a, b in pairwise(ends))

    @property
    def units(self) -> int:
        """Of all layers together."""
        return sum(layer.channels for layer in self.layers)

    @cached_property
    def shards(self) -> tuple[range, ...]:
        """The numbers of the pictures of each shard."""
        return tuple(range(a, min(a + self.shard, self.count)) for a in range(0, self.count, self.shard))

    @cached_property
    def ranking(self) -> Top:
        return Top(self.units, self.k)

    @cached_property
    def sample(self) -> Spread:
        return Spread(self.units, self.spread, limit_of(self.count, self.spread))

    @cached_property
    def statistics(self) -> dict[str, Statistic]:
        """All statistics, by the names their tensors begin with."""
        found: dict[str, Statistic] = {"top": self.ranking, "spread": self.sample}
        if any(self.samples):
            most = self.count * max(self.samples)
            found["histogram"] = Histogram(self.units, torch.int32 if most < 2**31 else torch.int64)
            found["moment"] = Moment(self.units)
        for number, layer in enumerate(self.layers):
            if self.pooled[number]:
                found[f"pooled{number}"] = Embeddings(layer.channels, _pooling(self.pooled[number]))
            if self.together[number]:
                found[f"together{number}"] = Coactivation(layer.channels)
        return found

    @cached_property
    def mergeable(self) -> dict[str, Statistic]:
        """Those that do not grow with the number of pictures."""
        return {name: s for name, s in self.statistics.items() if not isinstance(s, Embeddings)}


def plan(
    net: Network,
    count: int,
    layers: Sequence[str] | None = None,
    *,
    k: int = 100,
    histograms: bool | int | str = True,
    pooled: str | Mapping[str, str] | None = None,
    together: Sequence[str] = (),
    precision: str = "float32",
    batch: int | None = None,
    shard: int | None = None,
) -> Plan:
    """The plan of a scan of `count` pictures; see `vizkit.scan`.

    Raises:
        LookupError: the network has no such layer.
        ValueError: a setting is none.
    """
    if isinstance(together, str):
        raise TypeError(f"together={together!r} is one string; a list is wanted. Try [{together!r}].")
    known = layers_of(net)
    named = [*(() if isinstance(pooled, str) else pooled or ()), *together]
    chosen = _chosen(net, known, layers, named)
    if not 0 < count < MOST:
        raise ValueError(f"{count} pictures cannot be scanned. Give between 1 and {MOST - 1}.")
    k = _at_least_one("k", k)
    if precision not in PRECISIONS:
        raise ValueError(f"precision={precision!r} is none of {', '.join(PRECISIONS)}.")
    by_layer = dict.fromkeys(chosen, pooled) if isinstance(pooled, str) else dict(pooled or {})
    for name in named:
        if name not in chosen:
            raise LookupError(f"{name!r} is not among the layers that are scanned. Add it to layers=….")
    entries = tuple(known[name] for name in chosen)
    return Plan(
        layers=entries,
        sites=sites(entries, tuple(known), net.size),
        count=count,
        k=min(k, count),
        spread=min(SPREAD, count),
        samples=_samples(entries, histograms),
        pooled=tuple(_pooling(by_layer[name]) if name in by_layer else "" for name in chosen),
        together=tuple(name in together for name in chosen),
        precision=precision,
        batch=_at_least_one("batch", batch) if batch is not None else usual_batch(net, entries),
        shard=_at_least_one("shard", shard) if shard is not None else usual_shard(count),
    )


def usual_layers(net: Network) -> tuple[str, ...]:
    """Every convolution and linear map that runs, and the layer a panel opens on."""
    known = layers_of(net)
    parts = dict(net.twin.named_modules())
    found = [layer for layer in known if _counts(layer, parts[Place.parse(layer.name).path])]
    names = {layer.name for layer in found} | {known.default}
    return tuple(layer.name for layer in known if layer.name in names)


def usual_shard(count: int) -> int:
    """How many pictures a shard has: at least `SHORTEST`, more where there would be more than `SHARDS`."""
    return max(SHORTEST, -(-count // SHARDS // 64) * 64)


def usual_batch(net: Network, layers: Sequence[Layer]) -> int:
    """How many pictures go through together, a power of two: on a CPU few, so that a layer stays in its cache."""
    sizes = [torch.Size(layer.shape).numel() for layer in layers]
    most = AT_ONCE["cpu"] // max(sizes) if net.device.type == "cpu" else AT_ONCE["other"] // sum(sizes)
    return 2 ** (max(1, min(most, 32 if net.device.type == "cpu" else 256)).bit_length() - 1)


def _chosen(net: Network, known: Layers, layers: Sequence[str] | None, named: Sequence[str]) -> tuple[str, ...]:
    """The layers in the order in which they run; where none are told, the usual ones and those of other settings."""
    if isinstance(layers, str):
        raise TypeError(f"layers={layers!r} is one string; a list is wanted. Try [{layers!r}].")
    wanted = dict.fromkeys([*usual_layers(net), *named] if layers is None else layers)
    if not wanted:
        raise ValueError("layers=[] names no layer. vizkit.layers(net) lists them; None takes every convolution.")
    order = {name: i for i, name in enumerate(known.names)}
    return tuple(sorted((known[name].name for name in wanted), key=order.__getitem__))


def _counts(layer: Layer, module: nn.Module) -> bool:
    """Whether it is a convolution or a linear map, and its output is its own."""
    return isinstance(module, KINDS) and not layer.same_as


def _samples(layers: Sequence[Layer], histograms: bool | int | str) -> tuple[int, ...]:
    """How many positions of each layer are looked at."""
    if histograms is False or histograms == 0:
        return (0,) * len(layers)
    places = [torch.Size(layer.shape).numel() // layer.channels for layer in layers]
    if histograms == "all":
        return tuple(places)
    if isinstance(histograms, str) or histograms < 0:
        raise ValueError(f"histograms={histograms!r} is none. Give True, False, 'all', or positions a picture.")
    answers = sum(torch.Size(layer.shape).numel() for layer in layers)
    some = max(1, answers // (SAMPLED * sum(layer.channels for layer in layers)))
    most = some if histograms is True else histograms
    return tuple(min(most, n) for n in places)


def _pooling(word: str) -> Pooling:
    if word not in POOLINGS:
        raise ValueError(f"pooled={word!r} is none. Give 'mean' or 'max', or one of them for each of some layers.")
    return "mean" if word == "mean" else "max"


def _at_least_one(what: str, number: int) -> int:
    whole = hasattr(number, "__index__") and not isinstance(number, bool)  # NumPy's integers, too
    if not whole or int(number) < 1:
        raise ValueError(f"{what}={number!r} is no count. Give a whole number from 1.")
    return int(number)
