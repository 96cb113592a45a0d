"""A pass over pictures that keeps a vector of several layers for each: pooled, flattened, or one for each place.

A pass in hand is remembered beside the network: another map of the same layer begins where the last one ended.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.data.collections import Collection, Pictures
from vizkit.data.crops import Crops
from vizkit.data.feeding import Batch, batches
from vizkit.maximize.objectives import positions_last
from vizkit.measure.crops import boxes
from vizkit.measure.embeddings import pooled
from vizkit.measure.looking import Memory, numbers, shown
from vizkit.measure.plan import usual_batch
from vizkit.measure.sites import sites
from vizkit.nets.describe import Layer
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.nets.read import Reader

POOLS = ("mean", "max", "flat", "positions")
LOOK = 64  # pictures between two looks, or one batch
MOST = 2**30  # numbers that are kept: 4 GB


@dataclass(frozen=True, eq=False)
class Seen:
    """Vectors `rows` (m, d): numbers `points` (m,) among all, of pictures `ids` (m,), at `positions` of the layer."""

    rows: Tensor
    points: Tensor
    ids: Tensor
    positions: Tensor
    labels: Tensor
    values: Mapping[str, Tensor]


class Look(NamedTuple):
    """What one batch gave: rows (n × places, d) by layer, and of each picture its places, number, label and logits."""

    rows: dict[str, Tensor]
    positions: Tensor
    ids: Tensor
    labels: Tensor
    logits: Tensor


class Reading:
    """A pass in hand, for any thread; `done` of `of` parts have been read. `places` is how many points a picture is."""

    def __init__(self, net: Network, layers: Sequence[str], pictures: Collection, pool: str, places: int, seed: int):
        self.net, self.layers, self.pictures = net, tuple(layers), pictures
        known = layers_of(net)
        entries = [known[name] for name in layers]
        _check(pool, places)
        self._pool, self._seed, self._site = pool, seed, sites(entries, known, net.size)[0]
        self._spots = torch.Size(entries[0].shape).numel() // entries[0].channels
        self.places = min(places, self._spots) if pool == "positions" else 1
        _fits(len(pictures), self.places * sum(_width(entry, pool) for entry in entries))
        self._answer = ["output"] if "output" in known and len(known["output"].shape) == 1 else []
        self._batch = usual_batch(net, entries)
        step = max(LOOK, self._batch)
        self.parts = [range(first, min(first + step, len(pictures))) for first in range(0, len(pictures), step)]
        self._looks: list[Look] = []
        self._whole: dict[str, Seen] = {}
        self._lock = threading.Lock()
        self.done, self.of = 0, len(self.parts)

    @property
    def readable(self) -> int:
        """How many pictures were read so far."""
        return sum(len(look.ids) for look in self._looks)

    def go_on(self, done: int) -> None:
        """Read a part, unless another thread has since `done`."""
        with self._lock:
            if self.done <= done < self.of:
                self._looks += self._read(self.parts[self.done])  # all of it, or after an error nothing
                self.done += 1

    def seen(self, layer: str) -> Seen:
        """What is known of `layer` so far, at least one picture; at the end the very same tensors each time."""
        with self._lock:
            if self.done < self.of:
                return self._seen(layer)
            if layer not in self._whole:
                self._whole[layer] = self._seen(layer)
            return self._whole[layer]

    def _seen(self, layer: str) -> Seen:
        looks = self._looks
        rows = torch.cat([look.rows[layer] for look in looks])
        positions, ids, labels, logits = (torch.cat(each) for each in list(zip(*looks, strict=True))[1:])
        points = (ids[:, None] * self.places + torch.arange(self.places)).flatten()
        values = _answered(logits) | {"length": rows.norm(dim=1).cpu()}
        ids, labels = (each.repeat_interleave(self.places) for each in (ids, labels))
        values = {name: value.repeat_interleave(len(rows) // len(value)) for name, value in values.items()}
        return Seen(rows, points, ids, positions.flatten(), labels, values)

    def shown(self, seen: Seen) -> Collection:
        """What each point stands for: its picture, or what the layer sees at its place."""
        if self._pool == "positions":
            numbers, where = tuple(seen.ids.tolist()), boxes(self._site, seen.positions)
            told = {"channels": self.pictures.channels, "label_names": self.pictures.label_names}
            return Crops(self.pictures, numbers, where, **told)
        return self.pictures if len(seen.ids) == len(self.pictures) else self.pictures.subset(seen.ids)

    def _read(self, part: range) -> list[Look]:
        reader = Reader(self.net, [*self.layers, *self._answer])
        chance = torch.Generator().manual_seed((self._seed << 32) + part.start)
        with torch.no_grad():
            looks = [
                self._look(some, reader, self._picked(some, chance))
                for some in batches(self.pictures, part, self._batch)
            ]
        return [look for look in looks if look is not None]

    def _picked(self, some: Batch, chance: torch.Generator) -> Tensor:
        """Positions (n, places) of each readable picture of a batch, drawn for it alone, in their order."""
        if self._pool != "positions":
            return torch.zeros(len(some.ids), 1, dtype=torch.int64)
        drawn = torch.rand(len(some.numbers), self._spots, generator=chance).argsort(1)[:, : self.places]
        return drawn[some.ids - some.numbers.start].sort(1).values

    def _look(self, some: Batch, reader: Reader, picked: Tensor) -> Look | None:
        if some.pixels is None:
            return None
        pixels = some.pixels.to(self.net.device)
        found = reader(pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels)
        rows = {layer: _rows(found[layer], self._pool, picked) for layer in self.layers}
        for layer, vectors in rows.items():
            if not bool(vectors.isfinite().all()):
                raise FloatingPointError(f"{self.net.name} answers with NaN or infinity at {layer}. Check its weights.")
        logits = found["output"].float().cpu() if self._answer else torch.zeros(len(some.ids), 0)
        return Look(rows, picked, some.ids, some.labels, logits)


def begun(
    net: Network, layers: tuple[str, ...], pictures: Pictures | None, pool: str, places: int = 1, seed: int = 0
) -> Reading:
    """The pass over these pictures, as far as it has come; None stands for 480 pictures of the bundled world.

    Raises:
        LookupError: the network has no such layer.
        ValueError: a setting is none, or nothing is given and the world has no pictures for this network.
    """
    known = layers_of(net)
    layers = tuple(known[name].name for name in layers)  # a wrong name is told before anything is looked at
    name, collection = shown(net, pictures, seed)
    key = (numbers(net), layers, name, pool, places, seed if pool == "positions" else 0)
    passes = net.once("readings of vectors", Memory)
    return passes.once(key, lambda: Reading(net, layers, collection, pool, places, seed))


def _rows(output: Tensor, pool: str, picked: Tensor) -> Tensor:
    """Vectors (n, d) of an output; of places, those that were `picked` (n, places) for each picture, one by one."""
    if pool == "flat":
        return output.flatten(1).float()
    if pool != "positions":
        return pooled(output, pool)  # pyright: ignore[reportArgumentType]
    answers = positions_last(output).float().transpose(1, 2)
    chosen = picked.to(answers.device)[..., None].expand(-1, -1, answers.shape[2])
    return answers.gather(1, chosen).flatten(0, 1)


def _check(pool: str, places: int) -> None:
    if pool not in POOLS:
        raise ValueError(f"pool={pool!r} is none of {', '.join(POOLS)}.")
    if places < 1:
        raise ValueError(f"places={places} makes no point. Give 1 or more; 9 is usual.")


def _fits(pictures: int, width: int) -> None:
    if pictures * width > MOST:
        raise ValueError(
            f"{pictures:,} pictures with {width:,} numbers each are {pictures * width / 2**28:.0f} GB. Give fewer "
            'pictures, or pool="mean".'
        )


def _width(layer: Layer, pool: str) -> int:
    return torch.Size(layer.shape).numel() if pool == "flat" else layer.channels


def _answered(logits: Tensor) -> dict[str, Tensor]:
    """Which class the network names, and with which probability, (n,) each; nothing of a single logit."""
    if logits.shape[1] < 2:
        return {}
    sums = logits.sum(1)
    shares = bool((logits >= 0).all()) and bool(((sums - 1).abs() < 1e-3).all())
    confidence, prediction = (logits if shares else logits.softmax(1)).max(1)
    return {"prediction": prediction, "confidence": confidence}
