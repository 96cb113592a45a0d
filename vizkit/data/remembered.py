"""Pictures kept in memory once they were read, up to a limit, for whoever shows what was just looked at."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from torch import Tensor

from vizkit.data.around import Around
from vizkit.data.collections import Array, Collection
from vizkit.data.decoding import Unreadable
from vizkit.data.feeding import usual_workers

MOST = 2**27  # bytes: some 900 pictures of 224 by 224
AHEAD = "vizkit ahead"  # the name of threads that read what will be wanted soon


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


class Ahead:
    """Does what will be wanted soon, `one(number)` each, in a thread that ends when nothing is left to be done."""

    def __init__(self, one: Callable[[int], None]):
        self._one, self._lock = one, threading.Lock()
        self._wanted: deque[int] = deque()
        self._running = False

    def ask(self, numbers: Iterable[int]) -> None:
        """These, first things first, instead of what is still waiting."""
        with self._lock:
            self._wanted = deque(numbers)
            if not self._wanted or self._running:
                return
            self._running = True
        threading.Thread(target=self._work, name=AHEAD, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._running = False
                    return
                number = self._wanted.popleft()
            with suppress(Exception):  # whoever asks for it is told
                self._one(number)


@dataclass(frozen=True, eq=False, repr=False)
class Remembered(Around):
    """The pictures of `kept`; those that were read last are at hand, in at most `most` bytes."""

    most: int = MOST
    _shelf: Shelf = field(init=False)
    _ahead: Ahead = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "_shelf", Shelf(self.most))
        object.__setattr__(self, "_ahead", Ahead(self._attempt))

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

    def soon(self, numbers: Iterable[int]) -> None:
        """Read these while the caller goes on, first things first, instead of what is left of the last call's."""
        self._ahead.ask([number for number in dict.fromkeys(numbers) if number not in self._shelf])

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
