"""How far a run has come, on one line of a terminal. Times are in seconds."""

import shutil
import time
from collections.abc import Callable, Generator
from typing import Generic, TextIO, TypeVar

from vizkit.commands.stopping import Stopping
from vizkit.core.frames import Frame

L = TypeVar("L", bound="Line")
T = TypeVar("T")
EVERY = 0.1  # seconds; reading a scalar waits for the device


class Line(Generic[T]):
    """A line that overwrites itself while something goes on and vanishes at the end; silent unless on a terminal.

    It says `words(told)` of whatever it is shown.
    """

    def __init__(
        self,
        words: Callable[[T], str],
        stream: TextIO,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._words, self._stream, self._clock = words, stream, clock
        self._silent, self._due, self._now = quiet or not stream.isatty(), 0.0, 0.0

    def show(self, told: T, last: bool = False) -> None:
        """Say how far it is, if it is time, or if it is the last time."""
        self._now = self._clock()
        if not self._silent and (self._now >= self._due or last):
            self._due = self._now + EVERY
            width = shutil.get_terminal_size().columns - 1  # a full line would scroll
            self._write(self._words(told)[:width])

    def __enter__(self: L) -> L:
        return self

    def __exit__(self, *_) -> None:
        if not self._silent:
            self._write("")

    def _write(self, line: str) -> None:
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()


class Progress(Line[Frame]):
    """How far a run has come."""

    def __init__(self, stream: TextIO, quiet: bool = False, clock: Callable[[], float] = time.monotonic):
        super().__init__(self._sentence, stream, quiet, clock)
        self._begin: tuple[float, int] | None = None

    def show(self, told: Frame, last: bool = False) -> None:
        super().show(told, last or told.last)

    def _sentence(self, told: Frame) -> str:
        self._begin = self._begin or (self._now, told.step)
        return sentence(told, *self._begin, self._now)


def follow(told: Generator[T, None, None], line: Line[T]) -> tuple[T | None, bool]:
    """Show on `line` how far `told` is, to its end or a Ctrl-C; the last of it, and whether that was Ctrl-C."""
    last = None
    with Stopping() as stopping, line:
        for last in told:
            line.show(last)
            if stopping.asked:
                told.close()
                break
    return last, stopping.asked


def sentence(frame: Frame, began: float, first: int, now: float) -> str:
    """`frame` in words: its step, its scalars (means over pictures), and the time left at the pace so far."""
    words = [f"step {frame.step} of {frame.of}"]
    words += [f"{name} {float(value.float().mean()):.4g}" for name, value in frame.scalars.items()]
    if frame.step > first and not frame.last:
        words.append(f"{_duration((now - began) / (frame.step - first) * (frame.of - frame.step))} left")
    return " · ".join(words)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
