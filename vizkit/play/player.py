"""A run in the background: at most one worker thread, the latest run wins, `fps` frames a second are shown."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from vizkit.core.frames import Frame
from vizkit.play.shares import fair_shares

State = Literal["idle", "running", "done", "stopped", "failed"]


@dataclass(eq=False)
class Take:
    """One playing of a run: where it stands, and whether somebody asked it to end."""

    run: Iterable[Frame]
    state: State = "running"
    last: Frame | None = None
    frames: int = 0
    shown: int = 0  # frames made when one was last shown
    error: BaseException | None = None
    cancel: threading.Event = field(default_factory=threading.Event)


class Player:
    """Plays runs in a worker thread; `play` and `stop` return at once, from any thread.

    `on_frame(frame)` gets the first frame, the last one made (also before a stop), and in between at
    most `fps` a second; `on_state(state)` gets every change. Both are called in the worker thread, one
    at a time, and never for a run that a later one has replaced. Anything that a run or a callback
    raises ends the run as "failed" and is kept in `error` with its traceback.

    >>> player = Player(on_frame=lambda frame: view.show(frame.result))
    >>> player.play(run)
    >>> player.wait()
    True
    """

    def __init__(
        self,
        on_frame: Callable[[Frame], object],
        on_state: Callable[[State], object] | None = None,
        fps: float = 20,
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.fps = fps
        self._on_frame, self._on_state, self._clock = on_frame, on_state, clock
        self._lock = threading.Lock()  # guards the three below; never held while calling back
        self._take: Take | None = None  # the newest
        self._next: Take | None = None  # the newest, until the worker begins it
        self._thread: threading.Thread | None = None
        self._closed = False

    def play(self, run: Iterable[Frame]) -> None:
        """Play `run` from its start, instead of what is playing now.

        Raises:
            RuntimeError: the player was closed.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("This player was closed and plays no more. Make a new Player.")
            self._cancel()
            self._take = self._next = Take(run)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="vizkit player", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Ask the run to end after the step in hand; that step's frame is still shown."""
        with self._lock:
            self._cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until nothing plays and all callbacks have returned; False if `timeout` seconds were too few."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def close(self, timeout: float = 2.0) -> None:
        """Stop for good, call back no more, and wait up to `timeout` seconds for the step in hand."""
        with self._lock:
            self._closed = True
            self._cancel()
        if threading.current_thread() is not self._thread:  # a callback may close its own player
            self.wait(timeout)

    @property
    def state(self) -> State:
        return self._take.state if self._take else "idle"

    @property
    def error(self) -> BaseException | None:
        """What ended the newest run as "failed"."""
        return self._take.error if self._take else None

    @property
    def last(self) -> Frame | None:
        """The newest frame of the newest run, shown or not."""
        return self._take.last if self._take else None

    @property
    def frames(self) -> int:
        """How many frames the newest run has made, shown or not."""
        return self._take.frames if self._take else 0

    def _cancel(self) -> None:
        if self._take is not None:
            self._take.cancel.set()

    def _work(self) -> None:
        while (take := self._begin()) is not None:
            try:
                self._tell(take, "running")
                outcome = self._perform(take)
            except BaseException as error:  # even SystemExit, or the panel would say "running" forever
                take.error, outcome = error, "failed"
            self._end(take, outcome)

    def _begin(self) -> Take | None:
        with self._lock:
            take, self._next = self._next, None
            if take is None:
                self._thread = None
            return take

    def _end(self, take: Take, outcome: State) -> None:
        try:
            self._tell(take, outcome)
        except BaseException as error:
            take.error = take.error or error
            if outcome != "failed":
                self._end(take, "failed")

    def _perform(self, take: Take) -> State:
        """Play to the end or until cancelled; the generator cleans up here, in the thread that ran it."""
        if not take.cancel.is_set():
            with fair_shares(), _closing(iter(take.run)) as frames:
                self._show_paced(take, frames)
        return "stopped" if take.cancel.is_set() else "done"

    def _show_paced(self, take: Take, frames: Iterator[Frame]) -> None:
        """Show the first frame, those that are due, and, however the run ends, the last one made."""
        due = self._clock()
        try:
            for frame in frames:
                take.last, take.frames = frame, take.frames + 1
                if take.cancel.is_set():
                    break
                if (now := self._clock()) >= due:
                    due = now + 1 / self.fps
                    self._show(take)
        finally:
            self._show(take)

    def _show(self, take: Take) -> None:
        if take.last is not None and take.shown < take.frames and self._heard(take):
            take.shown = take.frames
            self._on_frame(take.last)

    def _tell(self, take: Take, state: State) -> None:
        take.state = state
        if self._on_state is not None and self._heard(take):
            self._on_state(state)

    def _heard(self, take: Take) -> bool:
        """Whether anyone still wants to hear of `take`: it is the newest, and the player is open."""
        with self._lock:
            return take is self._take and not self._closed


@contextmanager
def _closing(frames: Iterator[Frame]) -> Iterator[Iterator[Frame]]:
    """Run a generator's finally-blocks here and now; other iterators have none."""
    try:
        yield frames
    finally:
        close = getattr(frames, "close", None)
        if close is not None:
            close()
