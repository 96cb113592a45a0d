"""A scan in the background: how far it is, Run and Stop, and the index it ends with."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from vizkit.core.frames import Frame
from vizkit.core.results import Result
from vizkit.data.collections import Collection
from vizkit.measure.index import Index
from vizkit.measure.scan import Scanned, scanning
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.play.player import Player, State
from vizkit.views.answering import Answering
from vizkit.views.modules import joined
from vizkit.views.transport import Act, Transport

KEPT = 2**26  # peaks of all units on all pictures that are kept in memory: 256 MB
PATIENCE = 5.0  # seconds that a scan waits, at most, for what its reader sees first


@dataclass(frozen=True, eq=False)
class Sofar(Result):
    """What a scan tells on its way."""

    told: Scanned


@dataclass(frozen=True, eq=False)
class Scan:
    """A scan of `layers`, as frames that a player plays. A scan that is played again starts over.

    It waits for `free`, for a few seconds: what is drawn meanwhile begins sooner.
    """

    net: Network
    pictures: Collection
    layers: Sequence[str]
    free: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Frame]:
        self.free.wait(PATIENCE)
        for told in scanning(self.net, self.pictures, self.layers, pooled=self.pooled()):
            yield Frame(told.done, told.of, Sofar(told))

    def pooled(self) -> str | None:
        """Peaks of every picture are kept where there is room: a picture's units and a map are then at once there."""
        known = layers_of(self.net)
        units = sum(known[name].channels for name in self.layers)
        return "max" if units * len(self.pictures) <= KEPT else None


class ScanTransport(Transport):
    """Run and Stop of an explorer's scan. The style of the whole explorer travels with it."""

    _css = joined("panel.css", "explorer.css")


class Scanning(Answering):
    """Plays a scan, tells of it in `transport`, and calls `on_index` with what it found, in the player's thread.

    It begins when it is first seen on a page, and at most five seconds after that, or at `go_ahead()`, to look; `waits`
    is true where it is to wait for `begin()` instead. Where `index` is given, nothing is looked at. `on_seen()` is
    called when a first page shows it; what is told begins with `who`.
    """

    def __init__(
        self,
        net: Network,
        pictures: Collection,
        layers: Sequence[str],
        on_index: Callable[[Index], object],
        on_seen: Callable[[], object] = lambda: None,
        *,
        index: Index | None = None,
        waits: bool = False,
        who: str = "",
    ):
        self.scan, self._on_index, self._on_seen = Scan(net, pictures, layers), on_index, on_seen
        self._who = who
        self.transport = ScanTransport(self._act)
        self._set_waiting(waits)
        self.player = Player(self._told, self._changed, fps=5)
        self.index = index
        if index is not None:
            self.say_all()
            self.transport.state = "done"

    def go_ahead(self) -> None:
        """Do not wait any longer: what is seen first has been drawn."""
        self.scan.free.set()

    def begin(self) -> None:
        """Look at the pictures, if somebody sees the page and it was not begun before; returns at once."""
        self._set_waiting(False)
        if self.transport.seen and self.index is None and self.player.state in ("idle", "stopped"):
            self.player.play(self.scan)

    def say(self, sentence: str, progress: float) -> None:
        """Tell of something else that takes its time, a share of it done."""
        with self.transport.hold_sync():
            self.transport.status, self.transport.progress = self._who + sentence, progress

    def say_all(self) -> None:
        """Tell that all pictures were looked at, and that nothing has failed since."""
        self.complain("")
        self.say(f"{len(self.scan.pictures)} pictures looked at", 1.0)

    def complain(self, sentence: str) -> None:
        """Tell of something that went wrong."""
        self.transport.problem = sentence

    def answer(self, tell: Callable[..., object], *args: Any) -> None:
        """Call `tell(*args)`, which publishes, from a thread of anybody's."""
        self._as_answer(tell, *args)

    def now(self) -> Index:
        """Scan in the cell, where there is no page, and return the index."""
        self.player.stop()
        self.go_ahead()
        *_, last = self.scan
        self._tell(last.result.told)
        self.transport.state = "done"
        assert self.index is not None
        return self.index

    def close(self) -> None:
        """Stop for good."""
        self.go_ahead()
        self.player.close()
        self.transport.close()

    def _set_waiting(self, waits: bool) -> None:
        """Where it waits, there is no button to press."""
        self._waits = waits
        (self.transport.add_class if waits else self.transport.remove_class)("vizkit-explorer-waiting")

    def _act(self, act: Act) -> None:
        self._heard()
        if act == "run":
            self.player.play(self.scan)
        elif act == "seen":
            if not self._waits and self.player.state == "idle":
                self.begin()
            self._on_seen()
        elif act in ("stop", "unseen"):
            self.player.stop()
            self.go_ahead()

    def _told(self, frame: Frame) -> None:
        self._as_answer(self._tell, frame.result.told)

    def _tell(self, told: Scanned) -> None:
        with self.transport.hold_sync():
            self.transport.progress = told.done / max(1, told.of)
            self.transport.status = self._who + sentence(told)
        if told.complete and self.index is None:
            self._finish(told)

    def _finish(self, told: Scanned) -> None:
        self.index = told.index()
        self._on_index(self.index)

    def _changed(self, state: State) -> None:
        self._as_answer(self._end, state)

    def _end(self, state: State) -> None:
        if state == "failed":
            self.transport.problem = str(self.player.error)
        self.transport.state = state if self.index is None else "done"


def sentence(told: Scanned, what: str = "") -> str:
    """`Looking at pictures: 240 of 480, 3 s left`, with `what` before it."""
    bad = f", {told.unreadable} unreadable" if told.unreadable else ""
    if told.complete:
        return f"{what}{told.of} pictures looked at{bad}"
    left = f", {told.left:.0f} s left" if told.left is not None else ""
    return f"{what}Looking at pictures: {told.done} of {told.of}{bad}{left}"
