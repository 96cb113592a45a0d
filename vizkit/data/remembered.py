"""Pictures kept in memory once they were read, up to a limit, for whoever shows what was just looked at."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from torch import Tensor

from vizkit.data.collections import Array, Collection
from vizkit.data.decoding import Unreadable
from vizkit.data.feeding import usual_workers

MOST = 2**27  # bytes: some 900 pictures of 224 by 224


class Shelf:
    """The pictures that were asked for last, by number, in at most `most` bytes; for several threads."""

    def __init__(self, most: int):
        self.most, self.bytes = most, 0
        self._lock = threading.Lock()
        self._read: OrderedDict[int, tuple[Tensor, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._read)

    def __contains__(self, number: int) -> bool:
        return number in self._read

    def get(self, number: int) -> tuple[Tensor, int] | None:
        with self._lock:
            if number in self._read:
                self._read.move_to_end(number)
            return self._read.get(number)

    def put(self, number: int, read: tuple[Tensor, int]) -> None:
        with self._lock:
            self.bytes += read[0].nbytes - (self._read[number][0].nbytes if number in self._read else 0)
            self._read[number] = read
            self._read.move_to_end(number)
            while self.bytes > self.most and self._read:
                _, (oldest, _) = self._read.popitem(last=False)
                self.bytes -= oldest.nbytes


@dataclass(frozen=True, eq=False, repr=False)
class Remembered(Collection):
    """The pictures of `kept`; those that were read last are at hand, in at most `most` bytes."""

    kept: Collection
    most: int = MOST
    _shelf: Shelf = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "_shelf", Shelf(self.most))

    def __len__(self) -> int:
        return len(self.kept)

    def __getattr__(self, name: str) -> Any:
        """What the collection itself has: its root, its masks."""
        if name.startswith("_") or name == "kept":
            raise AttributeError(name)
        return getattr(self.kept, name)

    def found(self, number: int) -> tuple[Any, int]:
        return self.kept.found(number)

    def name(self, number: int) -> str:
        return self.kept.name(number)

    @property
    def description(self) -> dict[str, Any]:
        return self.kept.description

    @cached_property
    def hash(self) -> str:
        return self.kept.hash

    def read(self, number: int) -> tuple[Tensor, int]:
        read = self._shelf.get(number)
        if read is None:
            read = self.kept.read(number)
            self._shelf.put(number, read)
        return read

    def ahead(self, numbers: Sequence[int]) -> None:
        """Read these with several threads, which end; what cannot be read says so when it is asked for."""
        new = [number for number in numbers if number not in self._shelf]
        if len(new) > 1:
            with ThreadPoolExecutor(min(len(new), usual_workers()), "vizkit decode") as pool:
                list(pool.map(self._attempt, new))

    def _attempt(self, number: int) -> None:
        with suppress(Unreadable):
            self.read(number)

    def at(self, size: tuple[int, int] | None, channels: int) -> Collection:
        if (size and tuple(size), channels) == (self.size, self.channels):
            return self
        kept = self.kept.at(size, channels)
        return replace(self, kept=kept, size=kept.size, channels=channels)


def remembered(collection: Collection, most: int = MOST) -> Collection:
    """`collection`, keeping what it read last in memory; itself where its pictures lie there as they are wanted."""
    if isinstance(collection, Remembered) or (isinstance(collection, Array) and collection.slab(0, 0) is not None):
        return collection
    made = {"size": collection.size, "channels": collection.channels, "label_names": collection.label_names}
    return Remembered(collection, most, **made)
