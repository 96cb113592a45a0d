"""The newest frame for views that each take what they can, numbered from 1. Thread-safe; sends nothing itself."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from vizkit.views.link import Link

T = TypeVar("T")


class Feed(Generic[T]):
    """Says which frame to send now, and which to keep for views that open later; drops all but the newest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}
        self._gone: set[str] = set()  # a view has a name of its own: it does not come back
        self._newest: T | None = None
        self._number = self._sent = self._kept = 0
        self._kept_at = float("-inf")

    @property
    def watched(self) -> bool:
        """Whether some view is open and answers."""
        with self._lock:
            return any(not link.silent for link in self._links.values())

    def put(self, frame: T) -> None:
        """Make `frame` the newest."""
        with self._lock:
            self._newest, self._number = frame, self._number + 1

    def next(self) -> tuple[int, T] | None:
        """The newest frame and its number, to be sent now; None where it went already or views are busy."""
        with self._lock:
            if self._newest is None or self._number == self._sent or not self._open():
                return None
            self._sent = self._number
            for link in self._links.values():
                link.sent(self._number)
            return self._number, self._newest

    def keep(self, every: float = 0.0) -> T | None:
        """The newest frame, to be kept now; None where it is kept already, or one was `every` seconds ago."""
        with self._lock:
            if self._number == self._kept or self._clock() - self._kept_at < every:
                return None
            self._kept = self._sent = self._number  # what is kept reaches every view
            self._kept_at = self._clock()
            return self._newest

    def opened(self, view: str) -> None:
        """A view opened; it has what was kept."""
        with self._lock:
            self._links[view] = Link(self._clock)
            self._sent = self._kept

    def answered(self, view: str, number: int) -> None:
        """A view painted frame `number`. What it says after it has closed would have others wait for it."""
        with self._lock:
            if view not in self._gone:
                self._links.setdefault(view, Link(self._clock)).answered(number)

    def closed(self, view: str) -> None:
        """A view closed."""
        with self._lock:
            self._links.pop(view, None)
            self._gone.add(view)

    def _open(self) -> bool:
        """Whether to send now: all views that answer can take a frame, or one has none yet or is worth a new try."""
        room = {view: link.open() for view, link in self._links.items()}  # finds out who is silent
        awake = [room[view] for view, link in self._links.items() if not link.silent]
        fresh = any(link.fresh for link in self._links.values())
        return fresh or (all(awake) if awake else any(room.values()))
