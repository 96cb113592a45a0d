"""Numbers that may be turned while a run is playing, and that remember when they were turned."""

import threading
from collections.abc import Mapping


class Dial:
    """A number a run reads anew at every step; set `.value` from any thread to steer the run in flight.

    Every turn is kept with the step at which the run first saw it, so playing the run again repeats
    the performance, and `repr(dial)` is Python that rebuilds it.

    >>> Dial(0.1)
    Dial(0.1)
    >>> Dial({0: 0.1, 64: 0.5}).at(100)
    0.5
    """

    def __init__(self, value: "float | Mapping[int, float]"):
        turns = {int(k): float(v) for k, v in value.items()} if isinstance(value, Mapping) else {0: float(value)}
        if 0 not in turns:
            raise ValueError(f"Dial({value!r}) has no value for step 0. Add one: Dial({{0: …, …}}).")
        self._turns = dict(sorted(turns.items()))
        self._pending: float | None = None
        self._lock = threading.Lock()

    @property
    def value(self) -> float:
        """The number last set, whether or not a run has read it yet."""
        with self._lock:
            return self._turns[max(self._turns)] if self._pending is None else self._pending

    @value.setter
    def value(self, value: float) -> None:
        with self._lock:
            self._pending = float(value)

    @property
    def turns(self) -> dict[int, float]:
        """`{step: value}` of every turn a run has seen."""
        with self._lock:
            return dict(self._turns)

    def at(self, step: int) -> float:
        """The value for `step`: a turn made since the last look takes effect here and is written down."""
        with self._lock:
            if self._pending is not None:
                later = [k for k in self._turns if k > step]
                for k in later:
                    del self._turns[k]
                self._turns[step], self._pending = self._pending, None
            return self._turns[max(k for k in self._turns if k <= step)]

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        turns = self.turns
        return f"Dial({turns if len(turns) > 1 else turns[0]!r})"


def now(strength, step: int):
    """The value of `strength` at `step`, whether it is a dial or a plain number or sequence."""
    return strength.at(step) if isinstance(strength, Dial) else strength
