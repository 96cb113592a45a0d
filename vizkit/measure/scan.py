"""One pass over many pictures: what excites every unit of every layer, and how often. `scan` is the public way in.

Pictures are read in order, in shards; a shard's state does not depend on the others, and states merge exactly, so that
it does not matter who reads a shard, or when.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from vizkit.data.cache import cached
from vizkit.data.collections import NONE, Array, Collection, Files, Pictures, as_collection
from vizkit.data.device_decoding import device_batches
from vizkit.data.feeding import Batch, batches
from vizkit.measure.census import Census
from vizkit.measure.contents import Contents
from vizkit.measure.folder import Folder, Shard
from vizkit.measure.index import Index, open_index
from vizkit.measure.plan import Plan, plan
from vizkit.measure.recipe import recipe
from vizkit.measure.results import FromState
from vizkit.measure.statistic import State, merged_all, zeros
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network

Feed: TypeAlias = Callable[[Collection, range, int], Iterator[Batch]]


@dataclass(frozen=True, eq=False)
class Scanned:
    """How far a scan has come: `done` of `of` pictures, `fresh` of them in this call, in `seconds`.

    `unreadable` counts pictures that could not be read. Once it is `complete`, all shards are there, those of other
    processes included.
    """

    done: int
    of: int
    fresh: int
    seconds: float
    unreadable: int
    complete: bool
    _known: Callable[[], Index]

    @property
    def rate(self) -> float:
        """Pictures a second in this call; 0 before the first."""
        return self.fresh / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds left at that rate; None before the first pictures."""
        return (self.of - self.done) / self.rate if self.rate else None

    def index(self) -> Index:
        """The index of the pictures so far. Ask before the scan goes on; the last one is complete."""
        return self._known()


def scan(
    net: Network,
    pictures: Pictures,
    layers: Sequence[str] | None = None,
    *,
    out: str | Path | None = None,
    k: int = 100,
    histograms: bool | int | str = True,
    pooled: str | Mapping[str, str] | None = None,
    together: Sequence[str] = (),
    precision: str = "float32",
    batch: int | None = None,
    shard: int | None = None,
    cache: str | Path | None = None,
    workers: int | None = None,
    decode: str = "cpu",
    share: tuple[int, int] = (0, 1),
    progress: Callable[[Scanned], object] | None = None,
) -> Index:
    """Look at all `pictures` once and keep, for every unit of `layers`, which of them excite it, and how often.

    All layers are read in one forward pass; threads decode meanwhile. With `out`, what is finished is kept there: a
    scan that was stopped or killed goes on when it is called again, and ends with the very same numbers.

    Args:
        net: The network to look into.
        pictures: A folder, `"world"` or `"world/train/6000"`, a list of paths, an array (n, c, h, w), a dataset.
        layers: Which layers; every convolution and linear map if None, and the layer a panel opens on.
        out: A folder for the index; in memory if None.
        k: How many pictures are kept for each unit.
        histograms: Keep histograms (for quantiles and sparsity) and moments. They look at one answer in 64, at as many
            positions of every map, drawn anew for each picture; a number says at how many, "all" takes all.
        pooled: "mean" or "max": keep a vector for each picture and layer, or `{layer: "mean"}` for some.
        together: Layers whose units are counted in pairs, active at the same positions.
        precision: "float32", "bfloat16" or "float16" for the network's products.
        batch: Pictures in one forward pass. It halves when memory runs out. Networks round differently in batches of
            other sizes; with the same one, numbers are the same bit for bit.
        shard: Pictures between two savings.
        cache: A folder for decoded pictures, so that another pass needs no decoder.
        workers: Threads that decode; as many as cores if None.
        decode: "device" has JPEG files decoded by the GPU the network is on (untried; numbers differ a little).
        share: `(rank, of)`: read only every `of`-th shard, beginning with `rank`; others read the rest into `out`.
        progress: Called with a `Scanned` after every batch.

    Raises:
        LookupError: the network has no such layer.
        ValueError: there is no picture, or `out` holds a scan of another network, of other pictures or settings.
        FileExistsError: `out` holds something that is no index.

    >>> index = vizkit.scan(net, "photos/", out="index/")
    >>> index.top("stage4").ids.shape
    torch.Size([192, 100])
    """
    settings = {
        "k": k, "histograms": histograms, "pooled": pooled, "together": together, "precision": precision,
        "batch": batch, "shard": shard,
    }  # fmt: skip
    last = None
    feed = {"cache": cache, "workers": workers, "decode": decode, "share": share}
    for last in scanning(net, pictures, layers, out=out, **feed, **settings):
        if progress is not None:
            progress(last)
    assert last is not None, "a scan tells at least how it ended"
    return last.index()


def scanning(
    net: Network,
    pictures: Pictures,
    layers: Sequence[str] | None = None,
    *,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    workers: int | None = None,
    decode: str = "cpu",
    share: tuple[int, int] = (0, 1),
    **settings,
) -> Generator[Scanned, None, None]:
    """The same pass, told of after every batch; see `scan`. Closing the iterator stops it and keeps finished shards."""
    work = begin(net, pictures, layers, out=out, cache=cache, share=share, **settings)
    yield work.told()
    census, feed = Census(net, work.plan), feeding(net, workers, decode)
    for number in work.left():
        yield from work.read(census, number, feed)
    work.finish()
    yield work.told()


def begin(
    net: Network,
    pictures: Pictures,
    layers: Sequence[str] | None = None,
    *,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    share: tuple[int, int] = (0, 1),
    **settings,
) -> "Work":
    """A scan that has read nothing yet but what lies in `out`."""
    collection = as_collection(pictures).at(net.size, net.channels)
    folder = None if out is None else Folder(out)
    before = folder.contents() if folder else None
    if before is not None:  # go on as it was begun
        settings = {**settings, "batch": settings.get("batch") or before.plan.batch}
        settings = {**settings, "shard": settings.get("shard") or before.plan.shard}
    elif folder is None and not settings.get("shard"):  # nothing is saved in between
        settings = {**settings, "shard": len(collection)}
    drawn = plan(net, len(collection), layers, **settings)
    contents = _contents(net, collection, drawn, folder is not None)
    if before is not None:
        _compare(before, contents, str(out))
        contents = replace(contents, complete=before.complete)
    elif folder is not None:
        folder.begin(contents, collection.names if isinstance(collection, Files) else None)
    if not isinstance(share, Sequence) or len(share) != 2 or not 0 <= share[0] < share[1]:
        raise ValueError(f"share={share} is none. Give (rank, of), such as (0, 4) for the first of four.")
    return Work(contents, cached(collection, cache) if cache else collection, folder, share)


class Work:
    """A scan in hand: which shards are there, and what they say together."""

    def __init__(self, contents: Contents, collection: Collection, folder: Folder | None, share: tuple[int, int]):
        self.contents, self.collection, self.plan = contents, collection, contents.plan
        self._folder, self._share = folder, share
        self._kept = self.plan.statistics if folder is None else self.plan.mergeable  # embeddings stay on disk
        self._total: State | None = None  # before the first shard
        self._labels = torch.full((self.plan.count,), NONE, dtype=torch.int64)
        self._unreadable: dict[int, str] = {}
        self._done: set[int] = set()
        self._complete = contents.complete
        self._began, self._fresh, self._in_hand, self._behind = time.monotonic(), 0, 0, 0
        self._gather()

    def left(self) -> list[int]:
        """The shards that are this process's to read and not there yet."""
        rank, of = self._share
        return [] if self._complete else [n for n in range(rank, len(self.plan.shards), of) if n not in self._done]

    def read(self, census: Census, number: int, feed: Feed) -> Iterator[Scanned]:
        """Read shard `number` and keep it, telling after every batch."""
        labels, failures, numbers = [], [], self.plan.shards[number]
        for some in reading(census, self.collection, numbers, feed):
            labels.append(_labels(some))
            failures.extend(some.unreadable)
            self._labels[some.numbers.start : some.numbers.stop] = labels[-1]
            self._unreadable.update(some.unreadable)
            self._fresh, self._in_hand = self._fresh + len(some.numbers), self._in_hand + len(some.numbers)
            if self._in_hand < len(numbers):  # after the last, once it is kept
                yield self._told(census)
        self._in_hand = 0
        self.keep(number, Shard(census.state(), torch.cat(labels), tuple(failures)))
        yield self.told()

    def keep(self, number: int, shard: Shard) -> None:
        """Add a finished shard, and write it where there is a folder."""
        if self._folder is not None:
            self._folder.keep(number, shard)
        self._add(number, shard)

    def finish(self) -> None:
        """Write the index, if all shards are there; other processes may have read some, and may be writing, too."""
        if self._complete:
            return
        try:
            self._gather()
            if len(self._done) == len(self.plan.shards):
                self._write()
        except OSError:
            if not self._written_by_another():
                raise
        self._complete = len(self._done) == len(self.plan.shards) or self._written_by_another()

    def told(self) -> Scanned:
        """How far it has come."""
        return self._told(None)

    def _told(self, census: Census | None) -> Scanned:
        """How far it has come, with the shard that `census` has in hand."""
        seconds = time.monotonic() - self._began
        done = self.plan.count if self._complete else self._behind + self._in_hand
        bad = len(self._unreadable)
        return Scanned(done, self.plan.count, self._fresh, seconds, bad, self._complete, lambda: self._index(census))

    def _gather(self) -> None:
        """Add the shards that are in the folder and not known yet."""
        if self._folder is None or self._complete:
            return
        for number in sorted(self._folder.done(self.plan) - self._done):
            if (shard := self._folder.shard(self.plan, number)) is not None:
                self._add(number, shard)

    def _add(self, number: int, shard: Shard) -> None:
        self._total = self._with(shard.state)
        numbers = self.plan.shards[number]
        self._labels[numbers.start : numbers.stop] = shard.labels
        self._unreadable.update(shard.unreadable)
        self._done.add(number)
        self._behind += len(numbers)

    def _with(self, state: State) -> State:
        """All shards so far and another state; a single one is taken as it is."""
        kept = {key: tensor for key, tensor in state.items() if key.split(".")[0] in self._kept}
        return kept if self._total is None else merged_all(self._kept, self._total, kept)

    def _write(self) -> None:
        if self._folder is not None:
            assert self._total is not None, "all shards are there"
            self._folder.finish(self.contents, self._total, self._labels, tuple(sorted(self._unreadable.items())))

    def _written_by_another(self) -> bool:
        there = self._folder.contents() if self._folder is not None else None
        return there is not None and there.complete

    def _index(self, census: Census | None) -> Index:
        if self._complete and self._folder is not None:
            return open_index(self._folder.path, self.collection)
        state = self._total if census is None else self._with(_own(census.state()))
        state = zeros(self._kept) if state is None else state
        unreadable = tuple(sorted(self._unreadable.items()))
        return Index(self.contents, FromState(self.plan, state, self._labels.clone()), self.collection, unreadable)


def feeding(net: Network, workers: int | None = None, decode: str = "cpu") -> Feed:
    """How batches of a collection are made: collection, numbers and size of a batch -> batches."""
    if decode not in ("cpu", "device"):
        raise ValueError(f"decode={decode!r} is none. Give 'cpu' or 'device'.")
    if decode == "cpu":
        return partial(batches, workers=workers)
    return partial(device_batches, workers=workers, device=net.device)


def reading(census: Census, collection: Collection, numbers: range, feed: Feed) -> Iterator[Batch]:
    """Have `census` take pictures `numbers` from the start, batch by batch; its state is then that of the shard."""
    census.begin()
    for some in feed(collection, numbers, min(census.batch, len(numbers))):
        if some.pixels is not None:
            census.take(some.pixels, some.ids)
        yield some


def shard_of(census: Census, collection: Collection, number: int) -> Shard:
    """All of shard `number` at once."""
    labels, failures = [], []
    for some in reading(census, collection, census.plan.shards[number], batches):
        labels.append(_labels(some))
        failures.extend(some.unreadable)
    return Shard(census.state(), torch.cat(labels), tuple(failures))


def _own(state: State) -> State:
    """A copy, as a census changes its state in place."""
    return {key: tensor.clone() for key, tensor in state.items()}


def _labels(some: Batch) -> Tensor:
    """The label of every picture of a batch, `NONE` of those that were unreadable."""
    labels = torch.full((len(some.numbers),), NONE, dtype=torch.int64)
    labels[some.ids - some.numbers.start] = some.labels
    return labels


def _contents(net: Network, collection: Collection, drawn: Plan, kept: bool) -> Contents:
    known = {layer.name: layer.same_as for layer in layers_of(net)}
    digest = collection.hash if kept or not isinstance(collection, Array) else ""  # it reads every byte of an array
    return Contents(
        plan=drawn,
        net=net.name,
        weights=net.weight_hash,
        edits=tuple(net.edits),
        pictures=collection.description,
        pictures_hash=digest,
        label_names=collection.label_names,
        aliases={alias: name for alias, name in known.items() if name in drawn.names},
        recipe=recipe(net, collection, drawn, digest),
    )


def _compare(there: Contents, wanted: Contents, out: str) -> None:
    """Refuse to go on with a scan of something else."""
    other = "Scan into another folder, or delete this one."
    if (there.weights, there.edits) != (wanted.weights, wanted.edits):
        a, b = (f"{c.net} with weights {c.weights}{' (edited)' * bool(c.edits)}" for c in (there, wanted))
        raise ValueError(f"{out!r} holds a scan of another network: {a}, and this is {b}. {other}")
    if there.pictures_hash != wanted.pictures_hash or there.plan.count != wanted.plan.count:
        a, b = (f"{c.plan.count} ({c.pictures_hash})" for c in (there, wanted))
        why = "Pictures were added, removed, renamed or changed." if _files(there) and _files(wanted) else ""
        raise ValueError(
            f"{out!r} holds a scan of other pictures: {a}, and these are {b}. {why} {other}".replace("  ", " ")
        )
    for name in Plan.__dataclass_fields__:
        a, b = getattr(there.plan, name), getattr(wanted.plan, name)
        if name != "batch" and a != b:
            a, b = (c.plan.names if name in ("layers", "sites") else value for c, value in ((there, a), (wanted, b)))
            raise ValueError(f"{out!r} holds a scan with {name} {_short(a)}, and this has {_short(b)}. {other}")


def _files(contents: Contents) -> bool:
    return contents.pictures["kind"] in ("folder", "files")


def _short(value: object) -> str:
    told = str(value)
    return told if len(told) < 100 else f"{told[:100]}…"
