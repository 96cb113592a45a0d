"""Fair shares of the interpreter: while a run plays, a busy cell lets go of it after half a millisecond.

Python lets a thread that computes keep the interpreter for 5 ms when another wants it, and a step asks for it after
every operation of some length. Beside a cell that spins, a step of forty such operations would wait for 200 ms.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SHORT = 0.0005  # seconds


class _Shares:
    def __init__(self):
        self._lock, self._playing, self._usual, self._set = threading.Lock(), 0, 0.0, 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Short turns inside, in all threads; as it was after the last has left, unless someone else has changed it."""
        with self._lock:
            self._playing += 1
            if self._playing == 1:
                self._usual = self._set = sys.getswitchinterval()
                if self._usual > SHORT:
                    sys.setswitchinterval(SHORT)
                    self._set = sys.getswitchinterval()  # rounded
        try:
            yield
        finally:
            with self._lock:
                self._playing -= 1
                if not self._playing and self._set != self._usual and sys.getswitchinterval() == self._set:
                    sys.setswitchinterval(self._usual)


fair_shares = _Shares()
