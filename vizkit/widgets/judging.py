"""A panel's honesty meter: what a run has made is judged in a thread of its own, once the run has ended."""

import threading
from collections.abc import Callable

from vizkit.core.results import Images
from vizkit.measure.honesty import honesty_of
from vizkit.measure.reference import of_the_world
from vizkit.nets.load import load
from vizkit.nets.network import Network
from vizkit.views.live_meter import LiveMeter


class Judging:
    """Feeds `meter` with how far pictures can be trusted; one judgement at a time, the newest wish wins.

    `newest` gives what the meter's own button judges, or None while there is nothing.
    """

    def __init__(self, newest: Callable[[], Images | None], net: Network, referee: Network | None = None):
        self.meter = LiveMeter(on_judge=self._asked)
        self._newest, self._net, self._referee = newest, net, referee
        self._lock = threading.Lock()  # guards the three below
        self._wanted: Images | None = None
        self._busy = False
        self._worker: threading.Thread | None = None  # the newest; kept when it is done, for `close` to wait for

    def judge(self, result: Images) -> None:
        """Judge `result`, unless something else is wished for before that is done; returns at once."""
        self.meter.wait()
        with self._lock:
            self._wanted = result
            if not self._busy:
                self._busy = True
                self._worker = threading.Thread(target=self._work, name="vizkit judge", daemon=True)
                self._worker.start()

    def clear(self) -> None:
        """Forget what was judged, and what is being judged: the picture is another."""
        with self._lock:
            self._wanted = None
        if self.meter.state != "empty":
            self.meter.clear()

    def close(self) -> None:
        """End for good; waits for a judgement in hand."""
        with self._lock:
            self._wanted, worker = None, self._worker
        if worker is not None:
            worker.join()

    def _asked(self) -> None:
        if (result := self._newest()) is not None:
            self.judge(result)

    def _work(self) -> None:
        while True:
            with self._lock:
                result = self._wanted
                if result is None:
                    self._busy = False
                    return
            tell = self._judged(result)
            with self._lock:
                still = self._wanted is result
                self._wanted = None if still else self._wanted
            if still:
                tell()

    def _judged(self, result: Images) -> Callable[[], None]:
        """How to tell what was found."""
        try:
            found = honesty_of(result, referee=self._second())
        except Exception as error:  # whatever a network does, the panel goes on
            sentence = f"Not judged: {error}"
            return lambda: self.meter.fail(sentence)
        return lambda: self.meter.show(found)

    def _second(self) -> Network | None:
        """The referee; for a network of the generated world, the bundled one that it is not."""
        if self._referee is None and of_the_world(self._net):
            self._referee = load("world" if self._net.name == "world-b" else "world-b", device=self._net.device)
        return self._referee
