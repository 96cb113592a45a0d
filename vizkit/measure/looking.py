"""A pass over pictures at one layer that is shared by all who ask for it: it goes on where the last one left it.

A picture set that was looked at for unit 3 need not be looked at again for unit 4. What was seen is remembered beside
the network, and forgotten when its module or its weights change.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vizkit.data.collections import Collection, OfTheWorld, Pictures, as_collection
from vizkit.data.pictures import MODES
from vizkit.data.remembered import remembered
from vizkit.measure.census import Census
from vizkit.measure.folder import CONTENTS
from vizkit.measure.index import Index, open_index
from vizkit.measure.plan import usual_batch
from vizkit.measure.scan import begin, shard_of
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network

WORLD = 480  # pictures of the generated world, where none are given: about forty of each scene
STEP = 8  # pictures in a step on a CPU: whoever asks for another unit meanwhile waits for one step
RANKED = 2**19  # all peaks are kept where pictures times units are no more, and else the strongest
USUALLY_RANKED = 100  # of each unit
KEPT = 4  # passes remembered beside a network


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known after `done` of `of` pictures; `pictures` has them as the network saw them."""

    index: Index
    pictures: Collection
    done: int
    of: int

    @property
    def whole(self) -> bool:
        """Whether all readable pictures so far are ranked, not only the strongest."""
        return self.index.contents.plan.k >= self.of


def looking(
    net: Network, layer: str, pictures: Pictures | None = None, index: Index | str | Path | None = None, seed: int = 0
) -> Iterator[Seen]:
    """What is known of `layer` on `pictures` after every few, from where the last pass ended; of an `index`, at once.

    Raises:
        LookupError: the network has no such layer, or the index has not, or its pictures are nowhere to be found.
        ValueError: the index is of another network or other pictures; or nothing is given and the world has no
            pictures for this network.
    """
    if index is not None:
        yield _indexed(net, index, pictures)
        return
    look = _look(net, layer, pictures, seed)
    if look.seen is None:
        look.go_on(0)
    while True:
        seen = look.seen
        assert seen is not None, "it has taken a step"
        yield seen
        if seen.done == seen.of:
            return
        look.go_on(seen.done)


class Look:
    """A pass in hand, for any thread; `seen` is how far it has come, None before the first step."""

    def __init__(self, net: Network, layer: str, pictures: Collection):
        entry = layers_of(net)[layer]
        batch = usual_batch(net, [entry])
        batch = min(batch, STEP) if net.device.type == "cpu" else batch
        k = len(pictures) if len(pictures) * entry.channels <= RANKED else USUALLY_RANKED
        self._work = begin(net, pictures, [layer], k=k, batch=batch, shard=batch)
        self._census, self._lock = Census(net, self._work.plan), threading.Lock()
        self._next, self.pictures = 0, pictures
        self.seen: Seen | None = None

    def go_on(self, done: int) -> None:
        """Take a step, unless another thread has since `done` pictures."""
        with self._lock:
            if self.seen is None or self.seen.done <= done:
                self.seen = self._step()

    def _step(self) -> Seen:
        shards = self._work.plan.shards
        shard = shard_of(self._census, self.pictures, self._next)  # to its end: no thread that decodes outlives it
        self._work.keep(self._next, shard)
        self._next += 1
        return Seen(self._work.told().index(), self.pictures, shards[self._next - 1].stop, self._work.plan.count)


class Memory:
    """The `most` things that were asked for last, by what they were made of."""

    def __init__(self, most: int = KEPT):
        self._most, self._lock = most, threading.Lock()
        self._known: OrderedDict[Hashable, Any] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def known(self, key: Hashable) -> Any:
        """What was made of `key`, None where nothing was; never waits for what another thread makes."""
        return self._known.get(key)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key not in self._known:
                self._known[key] = make()
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
            return self._known[key]


def refuse(net: Network, layer: str, seen: Seen) -> None:
    """Say why no picture of what was seen can be shown, once that will not change.

    Raises:
        FloatingPointError: the layer answered all of them with NaN or infinity.
        ValueError: there is none that could be read.
    """
    odd, bad = seen.index.odd(layer), sum(number < seen.done for number, _ in seen.index.unreadable_numbers)
    if seen.done > bad and bool((odd == seen.done - bad).all()):
        raise FloatingPointError(f"{net.name} answers with NaN or infinity at {layer}. Check its weights.")
    if seen.done == seen.of:
        why = "All pictures were unreadable" if bad == seen.of else f"{layer} answers with NaN or infinity there"
        raise ValueError(f"There is no picture to show: {why}. index.unreadable and index.odd tell more.")


def _look(net: Network, layer: str, pictures: Pictures | None, seed: int) -> Look:
    layers_of(net)[layer]  # a wrong name is told before anything is looked at
    looks = net.once("looking at", Memory)
    name, collection = shown(net, pictures, seed)
    return looks.once((numbers(net), layer, name), lambda: Look(net, layer, collection))


def shown(net: Network, pictures: Pictures | None, seed: int = 0) -> tuple[Hashable, Collection]:
    """The pictures as `net` takes them, remembered beside it, and what differs where they do; None: of the world."""
    name = _name(pictures, seed)
    collections = net.once("looking at collections", Memory)
    # with what it is the name of, so that no other object gets its id
    _, collection = collections.once(
        name, lambda: (pictures, remembered(collected(net, pictures, seed).at(net.size, net.channels)))
    )
    return name, collection


def collected(net: Network, pictures: Pictures | None, seed: int = 0) -> Collection:
    """`pictures` as a collection; where none are given, some of the bundled world.

    Raises:
        ValueError: none are given and the world has none for this network.
    """
    if pictures is not None:
        return as_collection(pictures)
    if net.channels not in MODES:
        raise ValueError(
            f"{net.name} takes pictures of {net.channels} channels, and the bundled world has none. Give pictures=…, "
            f"such as an array (n, {net.channels}, {', '.join(map(str, net.size))})."
        )
    from vizkit.data import world

    return OfTheWorld("test", WORLD, seed, label_names=world.LABELS)


def _name(pictures: Pictures | None, seed: int) -> Hashable:
    """What differs where the pictures do. Files are looked at again; an object is taken to stay what it is."""
    if pictures is None:
        return "the world", seed
    if isinstance(pictures, (str, Path)):
        path = Path(pictures).expanduser()
        if path.is_dir():
            return str(path), as_collection(path).hash
        return str(pictures), path.stat().st_mtime_ns if path.is_file() else None
    version = pictures._version if isinstance(pictures, Tensor) and not pictures.is_inference() else 0
    return id(pictures), version


def numbers(net: Network) -> Hashable:
    """What differs where the weights were changed in place; far quicker than their hash."""
    tensors = [t.detach() for t in net.module.state_dict(keep_vars=True).values() if isinstance(t, Tensor)]
    if not tensors:
        return ()
    device = net.device
    sums = torch.cat([_sums(tensor).to(device) for tensor in tensors])
    return tuple(0 if t.is_inference() else t._version for t in tensors), tuple(sums.tolist())


def _sums(tensor: Tensor) -> Tensor:
    """Two numbers (2,) int64 of a tensor: the sum of its bit patterns, and of its values.

    A sum of 32 bits in 64 would first copy all of them. Modulo 2^32 it differs after any single change, but not
    where an even number of signs did: that is what the other is for.
    """
    if tensor.dtype != torch.float32:
        bits = _bits(tensor).sum(dtype=torch.int64)
        return torch.stack([bits, torch.zeros_like(bits)])
    bits, values = tensor.view(torch.int32).sum(dtype=torch.int32), tensor.sum().view(torch.int32)
    return torch.stack([bits, values]).long()


def _bits(tensor: Tensor) -> Tensor:
    types = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return tensor.view(types[tensor.element_size()]) if tensor.element_size() in types else tensor.real


def _indexed(net: Network, index: Index | str | Path, pictures: Pictures | None) -> Seen:
    memory = net.once("looking into indexes", Memory)
    there, given = (index, pictures) if isinstance(index, Index) else (_opened(memory, index, pictures), None)
    key = (id(there), numbers(net), None if given is None else id(given))
    seen, _, _ = memory.once(key, lambda: (_seen(net, there, given), there, given))
    return seen


def _opened(memory: Memory, path: str | Path, pictures: Pictures | None) -> Index:
    """The index that lies there, with its pictures, opened once as long as it is the same."""
    path = Path(path).expanduser()
    contents = path / CONTENTS
    changed = contents.stat().st_mtime_ns if contents.is_file() else None
    key = (str(path.absolute()), changed, None if pictures is None else id(pictures))
    opened, _ = memory.once(key, lambda: (open_index(path, pictures), pictures))
    return opened


def _seen(net: Network, index: Index, pictures: Pictures | None) -> Seen:
    count = index.contents.plan.count
    if not index.is_of(net):
        other = f"{index.contents.net} with weights {index.contents.weights}"
        raise ValueError(
            f"This index is of {other}, and this is {net.name} with {net.weight_hash}. Load that network, or scan anew."
        )
    there = as_collection(pictures) if pictures is not None else index.pictures.collection
    if len(there) != count:
        raise ValueError(f"The index is of {count} pictures, and {len(there)} are given. Give those it was made of.")
    return Seen(index, remembered(there.at(net.size, net.channels)), count, count)
