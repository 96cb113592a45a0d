"""How far a run has come, on one line of a terminal. Times are in seconds."""

import shutil
import time
from collections.abc import Callable
from typing import TextIO

from vizkit.core.frames import Frame

EVERY = 0.1  # seconds; reading a scalar waits for the device


class Progress:
    """A line that overwrites itself while a run goes on and vanishes at the end; silent unless on a terminal."""

    def __init__(self, stream: TextIO, quiet: bool = False, clock: Callable[[], float] = time.monotonic):
        self._stream, self._clock = stream, clock
        self._silent = quiet or not stream.isatty()
        self._begin: tuple[float, int] | None = None
        self._due = 0.0

    def show(self, frame: Frame) -> None:
        """Tell of `frame`, if it is time."""
        now = self._clock()
        self._begin = self._begin or (now, frame.step)
        if not self._silent and (now >= self._due or frame.last):
            self._due = now + EVERY
            width = shutil.get_terminal_size().columns - 1  # a full line would scroll
            self._write(sentence(frame, *self._begin, now)[:width])

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        if not self._silent:
            self._write("")

    def _write(self, line: str) -> None:
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()


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
