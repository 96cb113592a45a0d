"""Thumbnails in sheets, made in a thread: a sheet is a JPEG of `SLOTS` squares, `ACROSS` in a row.

A sheet goes out with the numbers (k,) int32 of the pictures on it, in the order of its squares.
"""

import io
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from PIL import Image, ImageOps
from torch import Tensor

from vizkit.save.pictures import to_pil

ACROSS = 16
SLOTS = ACROSS * ACROSS
FIRST = 4096  # thumbnails made without being asked for; of more pictures an even sample, the rest when looked at
LARGE, SMALL = 64, 48  # pixels a side: where all fit into four sheets, and where there are more
PATIENCE = 512  # numbers that may wait at once; of more, the newest are made

Deliver = Callable[[np.ndarray, bytes, bool], object]


class Atlas:
    """Makes thumbnails of `pictures` and hands each full sheet to `deliver(numbers, jpeg, first)`, in its thread.

    `start()` makes the first ones, once; `want(numbers)` makes these before them, again where they were made already:
    what a page does with its sheets is its own affair. `first` tells sheets of the one kind from the other. Nothing
    is read before either is called; a picture that cannot be read has no thumbnail.
    """

    def __init__(self, pictures: Sequence[Tensor], deliver: Deliver, side: int | None = None):
        self.pictures = pictures
        self.side = side or (LARGE if len(pictures) <= 4 * SLOTS else SMALL)
        self._deliver = deliver
        self._lock = threading.Lock()  # guards the four below
        self._first: Iterator[np.ndarray] = iter(())
        self._wanted: deque[int] = deque(maxlen=PATIENCE)
        self._begun = self._closed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Make the first thumbnails, unless that was begun; returns at once."""
        with self._lock:
            if not self._begun:
                self._begun, self._first = True, iter(_sheets(sample(len(self.pictures))))
                self._work_on()

    def want(self, numbers: Iterable[int]) -> None:
        """Make these next; numbers there are no pictures for are passed over. Returns at once."""
        with self._lock:
            known = [int(n) for n in numbers if 0 <= int(n) < len(self.pictures)]
            self._wanted.extend(n for n in known if n not in self._wanted)
            if known:
                self._work_on()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until nothing is left to make; False if `timeout` seconds were too few."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def close(self) -> None:
        """Make no more; waits for the picture in hand."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread not in (None, threading.current_thread()):
            thread.join()

    def _work_on(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._work, name="vizkit sprites", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (due := self._next()) is not None:
            numbers, first = due
            made = [(n, tile) for n in numbers if not self._closed and (tile := self._tile(int(n))) is not None]
            if made and not self._closed:
                kept = np.array([n for n, _ in made], "<i4")
                self._deliver(kept, sheet([tile for _, tile in made], self.side), first)

    def _next(self) -> tuple[np.ndarray, bool] | None:
        """What to make now and whether it is of the first; those asked for go before."""
        with self._lock:
            if self._wanted and not self._closed:
                numbers = [self._wanted.popleft() for _ in range(min(len(self._wanted), 64))]  # soon, rather than many
                return np.array(numbers), False
            numbers = None if self._closed else next(self._first, None)
            if numbers is None:
                self._thread = None
                return None
            return numbers, True

    def _tile(self, number: int) -> Image.Image | None:
        try:
            return tile(self.pictures[number], self.side)
        except Exception:  # whatever a reader of files raises, the other thumbnails are made
            return None


def sample(count: int, most: int = FIRST) -> np.ndarray:
    """Which of `count` pictures are made first: all, or `most` of them evenly."""
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).round().astype(np.int64)


def tile(picture: Tensor, side: int) -> Image.Image:
    """The middle square of a picture (c, h, w) in [0, 1], `side` pixels wide."""
    return ImageOps.fit(to_pil(picture).convert("RGB"), (side, side), Image.Resampling.BICUBIC)


def sheet(tiles: Sequence[Image.Image], side: int) -> bytes:
    """Up to `SLOTS` squares as one JPEG, no taller than it needs to be."""
    paper = Image.new("RGB", (min(len(tiles), ACROSS) * side, -(-len(tiles) // ACROSS) * side))
    for i, one in enumerate(tiles):
        paper.paste(one, (i % ACROSS * side, i // ACROSS * side))
    buffer = io.BytesIO()
    paper.save(buffer, "jpeg", quality=82)
    return buffer.getvalue()


def _sheets(numbers: np.ndarray) -> list[np.ndarray]:
    """A small sheet that comes soon, then full ones."""
    return [part for part in np.split(numbers, range(ACROSS, len(numbers), SLOTS)) if len(part)]
