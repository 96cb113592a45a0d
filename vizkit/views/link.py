"""How many frames may be on their way to one view of a live picture; it counts, and sends nothing."""

import time
from collections.abc import Callable

QUICK, SLOW = 0.35, 0.7  # seconds from sent to painted: below, more may be in flight; above, fewer
MOST = 8  # frames in flight
PATIENCE, LONGEST = 2.0, 60.0  # seconds without an answer before a view is given the newest frame again


class Link:
    """What one view was sent and has not acknowledged, and how much more it can take.

    The window grows while a full one is answered quickly (a link with latency is only busy with several
    frames in flight) and halves when answers are late (frames are queueing, and what arrives is old).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.window = 1
        self.fresh = True  # was sent nothing yet
        self.silent = False
        self._clock = clock
        self._patience = PATIENCE
        self._unanswered: dict[int, float] = {}

    def open(self) -> bool:
        """Whether one more frame may go; a view that owes an answer for too long is `silent` until it answers."""
        if len(self._unanswered) < self.window:
            return True
        overdue = self._clock() - max(self._unanswered.values()) > self._patience
        self.silent |= overdue
        return overdue

    def sent(self, number: int) -> None:
        """Count this frame as on its way."""
        if self.silent:  # perhaps closed, perhaps very slow: do not pile up frames for it
            self._patience = min(2 * self._patience, LONGEST)
        self.fresh = False
        self._unanswered[number] = self._clock()
        self._unanswered = dict(list(self._unanswered.items())[-MOST:])

    def answered(self, number: int) -> None:
        """Count this frame, and all before it, as painted."""
        waited = self._clock() - self._unanswered.get(number, self._clock())
        full = len(self._unanswered) >= self.window
        self._unanswered = {n: when for n, when in self._unanswered.items() if n > number}
        self._patience, self.silent = max(PATIENCE, 2 * waited), False
        if waited > SLOW:
            self.window = max(1, self.window // 2)
        elif full and waited < QUICK:
            self.window = min(self.window + 1, MOST)
