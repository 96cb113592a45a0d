"""Reads every statistic of every layer off a network in one forward pass a batch. Pictures are (n, c, h, w).

A layer's output is reduced while it is at hand, to a peak for each unit and a few samples; what follows (ranking,
counting, summing) is done for many pictures and all layers together, as its cost is by the call.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vizkit.core.modes import own_modes
from vizkit.measure.embeddings import pooled
from vizkit.measure.histogram import codes, count
from vizkit.measure.moments import means
from vizkit.measure.peaks import Chosen, peaks, places, samples
from vizkit.measure.plan import Plan
from vizkit.measure.statistic import State, answers, named, part, scattered, zeros
from vizkit.nets.network import Network
from vizkit.nets.read import Reader

RANKED = 256  # pictures whose peaks are ranked together
AT_ONCE = 256  # units that are ranked together: memory that is taken anew costs more than what is done in it
COUNTED = 2**24  # samples that are counted together: each time, all counts go through the processor's cache once
CODED = 2**17  # samples whose bins are worked out together, likewise


@dataclass(frozen=True, eq=False)
class Seen:
    """What a layer said of n pictures: peaks and their places (n, units), samples (n, positions, units), rows."""

    values: Tensor
    positions: Tensor
    samples: Tensor | None = None
    rows: Tensor | None = None


class Census:
    """Takes pictures, batch after batch, in the order of their numbers, and has the state of `plan`'s statistics.

    `batch` halves for good when the device runs out of memory; the pictures in hand are then taken again.
    """

    def __init__(self, net: Network, plan: Plan):
        self.net, self.plan, self.batch = net, plan, plan.batch
        self._reader = Reader(net, plan.names, each=self._look)
        self._number = {name: i for i, name in enumerate(plan.names)}
        self._positions = [math.prod(layer.shape) // layer.channels for layer in plan.layers]
        self._statistics: dict[str, Any] = dict(plan.statistics)
        self._state: State = {}
        self._peaks = _Peaks(plan, net.device)
        self._bins = [_Bins(plan, n, net.device) for n in sorted(set(plan.samples) - {0})]

    def begin(self) -> None:
        """Forget all pictures; there are none to begin with."""
        self._state = {key: tensor.to(self._where(key)) for key, tensor in zeros(self._statistics).items()}
        for waiting in (self._peaks, *self._bins):
            waiting.clear()

    def take(self, pixels: Tensor, ids: Tensor) -> None:
        """Look at pictures (n, c, h, w), bytes or floats in [0, 1], with numbers `ids` (n,).

        Raises:
            MemoryError: the device has not enough for a single picture.
        """
        start = 0
        while start < len(ids):
            some = slice(start, start + self.batch)
            if self._attempt(pixels[some], ids[some]):
                start = some.stop
            else:
                self._halve(len(ids[some]))

    def state(self) -> State:
        """The state after all pictures so far, on the CPU; it changes with the next ones."""
        with own_modes(), torch.no_grad():
            self._rank()
            for bins in self._bins:
                bins.count(self._state["histogram.counts"])
        return {key: tensor.cpu() for key, tensor in self._state.items()}

    def _attempt(self, pixels: Tensor, ids: Tensor) -> bool:
        """Whether there was memory enough."""
        try:
            with own_modes(), torch.no_grad():
                self._commit(self._forward(pixels, ids), ids)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            return False  # the frames that hold its tensors go with the error
        return True

    def _halve(self, tried: int) -> None:
        if tried == 1:
            raise MemoryError(
                f"{self.net.device} has not enough memory for one picture of {self.net.size} and "
                f"{len(self.plan.names)} layers of {self.net.name}. Give fewer layers, or histograms=False."
            )
        self.batch = min(self.batch, tried) // 2
        if self.net.device.type == "cuda":
            torch.cuda.empty_cache()

    def _forward(self, pixels: Tensor, ids: Tensor) -> list[Seen]:
        pixels = pixels.to(self.net.device, non_blocking=True)
        self._drawn, self._places = scattered(ids).to(self.net.device), {}
        with self._precision():
            found = self._reader(pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels)
        return [found[name] for name in self.plan.names]

    def _look(self, name: str, output: Tensor) -> Seen:
        number, seen = self._number[name], None
        values, positions = peaks(output)
        if self.plan.samples[number] or self.plan.together[number]:
            seen = samples(output, self._where_to_look(number))
        word = self.plan.pooled[number]
        rows = None if not word else (values if word == "max" else pooled(output, "mean"))
        return Seen(values, positions, seen, rows)

    def _where_to_look(self, number: int) -> Chosen | None:
        """Which positions of a layer the histogram sees on the pictures in hand; None for all."""
        positions, count = self._positions[number], self.plan.samples[number]
        if not 0 < count < positions:
            return None
        if positions not in self._places:
            self._places[positions] = places(self._drawn, positions, count)
        return self._places[positions]

    def _commit(self, found: list[Seen], ids: Tensor) -> None:
        """Add what was seen, once all of it was: a pass that fails midway leaves no trace."""
        if not self._peaks.has_room(len(ids)):
            self._rank()
        good = self._peaks.add(found, ids)
        for bins in self._bins:
            seen = bins.together(found)
            if not bins.has_room(len(ids)):
                bins.count(self._state["histogram.counts"])
            bins.add(seen, good)
            self._peaks.add_means(seen, bins.units)
        for number, seen in enumerate(found):
            if self.plan.together[number]:
                self._update(f"together{number}", seen.samples, good[:, self.plan.slices[number]])
            if seen.rows is not None:
                self._update(f"pooled{number}", seen.rows, ids)

    def _rank(self) -> None:
        """Rank the peaks that wait for it, and add up their means."""
        if not len(self._peaks):
            return
        values, positions, ids = self._peaks.all()
        self._update("spread", values, positions, ids)
        for units in (slice(start, start + AT_ONCE) for start in range(0, self.plan.units, AT_ONCE)):
            self._update_some("top", units, values[:, units], positions[:, units], ids)
            if "moment" in self._statistics:
                first, second = self._peaks.means()
                self._update_some("moment", units, first[:, units], second[:, units], answers(values[:, units]))
        self._peaks.clear()

    def _update(self, name: str, *seen: Tensor | None) -> None:
        state = self._statistics[name].take(part(self._state, name), *seen)
        self._state.update(named(name, state))

    def _update_some(self, name: str, units: slice, *seen: Tensor) -> None:
        """Update the state of some units, in place: memory that is taken anew costs more than what is done in it."""
        there = {key: tensor[units] for key, tensor in part(self._state, name).items()}
        for key, tensor in self._statistics[name].take(there, *seen).items():
            there[key].copy_(tensor)

    def _where(self, key: str) -> torch.device:
        return torch.device("cpu") if key.startswith("pooled") else self.net.device

    @contextmanager
    def _precision(self) -> Iterator[None]:
        if self.plan.precision == "float32":
            yield
            return
        with torch.autocast(self.net.device.type, dtype=getattr(torch, self.plan.precision)):
            yield


class _Peaks:
    """Peaks and means (pictures, units of all layers) that wait to be ranked."""

    def __init__(self, plan: Plan, device: torch.device):
        shape = (min(max(RANKED, plan.batch), plan.count + plan.batch), plan.units)
        self._values = torch.empty(shape, device=device)
        self._positions = torch.empty(shape, dtype=torch.int32, device=device)
        self._means = torch.zeros(2, *(shape if any(plan.samples) else (0, 0)), device=device)
        self._ids: list[Tensor] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def has_room(self, count: int) -> bool:
        return self._length + count <= len(self._values)

    def add(self, found: list[Seen], ids: Tensor) -> Tensor:
        """Add peaks, and say which (n, units) are numbers."""
        self._rows = slice(self._length, self._length + len(ids))
        torch.cat([seen.values for seen in found], 1, out=self._values[self._rows])
        torch.cat([seen.positions for seen in found], 1, out=self._positions[self._rows])
        self._ids.append(ids)
        self._length = self._rows.stop
        return answers(self._values[self._rows])

    def add_means(self, seen: Tensor, units: Tensor | slice) -> None:
        """Add means of samples (n, positions, some units) of the pictures that were added last; `seen` is used up."""
        for which, mean in enumerate(means(seen, inplace=True)):
            self._means[which, self._rows, units] = mean

    def all(self) -> tuple[Tensor, Tensor, Tensor]:
        ids = torch.cat(self._ids).to(self._values.device)
        return self._values[: self._length], self._positions[: self._length], ids

    def means(self) -> tuple[Tensor, Tensor]:
        first, second = self._means[:, : self._length]
        return first, second

    def clear(self) -> None:
        self._ids, self._length = [], 0


class _Bins:
    """Bins (pictures, `positions`, units) of all layers with so many samples, that wait to be counted."""

    def __init__(self, plan: Plan, positions: int, device: torch.device):
        self._layers = [number for number, n in enumerate(plan.samples) if n == positions]
        self._slices = [plan.slices[number] for number in self._layers]
        columns = torch.cat([torch.arange(s.start, s.stop) for s in self._slices]).to(device)
        whole = len(columns) == int(columns[-1] - columns[0]) + 1
        self.units = slice(int(columns[0]), int(columns[-1]) + 1) if whole else columns
        self._slices = [self.units] if isinstance(self.units, slice) else self._slices
        room = min(plan.count + plan.batch, max(plan.batch, COUNTED // (positions * len(columns))))
        self._seen = torch.empty(plan.batch, positions, len(columns), device=device)
        self._bins = torch.empty(room, positions, len(columns), dtype=torch.int16, device=device)
        self._good = torch.empty(room, len(columns), dtype=torch.bool, device=device)
        self._length = 0

    def has_room(self, count: int) -> bool:
        return self._length + count <= len(self._bins)

    def together(self, found: list[Seen]) -> Tensor:
        """The samples (n, positions, units) of these layers, until they are asked for again."""
        parts = [found[number].samples for number in self._layers]
        there = [part for part in parts if part is not None]
        return torch.cat(there, 2, out=self._seen[: len(there[0])])

    def add(self, seen: Tensor, good: Tensor) -> None:
        """Add the bins of samples (n, positions, units) where `good` (n, units of all layers)."""
        rows = slice(self._length, self._length + len(seen))
        self._good[rows] = good[:, self.units]
        flat = zip(*(t.flatten(0, 1).split(self._coded) for t in (seen, self._bins[rows])), strict=True)
        for some, bins in flat:
            bins.copy_(codes(some))
        self._length = rows.stop

    def count(self, counts: Tensor) -> None:
        """Add all that wait to `counts` (units of all layers, bins)."""
        bins, good, start = self._bins[: self._length], self._good[: self._length], 0
        for units in self._slices:
            own = slice(start, start + units.stop - units.start)
            count(counts[units], bins[:, :, own], good[:, own])
            start = own.stop
        self.clear()

    def clear(self) -> None:
        self._length = 0

    @property
    def _coded(self) -> int:
        """Rows whose bins are worked out together."""
        return max(1, CODED // self._seen.shape[2])


def out_of_memory(error: BaseException) -> bool:
    """Whether a device, or this machine, ran out of memory."""
    told = str(error).lower()
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(
        words in told for words in ("out of memory", "not enough memory", "can't allocate memory")
    )
