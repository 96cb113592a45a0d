"""Ctrl-C as a request: the first lets the step in hand end, the second interrupts as ever."""

import signal
import threading
from types import FrameType


class Stopping:
    """While this is open, `asked` says whether someone pressed Ctrl-C.

    Only the main thread hears signals; elsewhere nothing changes and `asked` stays False.
    """

    def __init__(self):
        self.asked = False
        self._before = None

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
