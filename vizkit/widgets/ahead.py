"""What the next press of a key will ask for, worked out while nothing else happens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from vizkit.core.frames import Frame
from vizkit.core.runs import Run
from vizkit.nets.network import Network
from vizkit.play.shares import fair_shares
from vizkit.widgets.setting import same

QUICK = 0.25  # seconds: only what takes less is worked out ahead, and nobody waits for it any longer


@dataclass(frozen=True, eq=False)
class Job:
    """A run that nobody has asked for yet, and who takes its frame."""

    run: Run
    take: Callable[[Frame], object]
    done: threading.Event = field(default_factory=threading.Event)


class Ahead:
    """Plays a run in a thread of its own, and holds its only frame; `known(run)` plays that in place of `run`.

    What cannot be played is not told of: who really asks for it will be told.

    >>> ahead.look(panel.run.using(unit=8), lambda frame: view.prepare(frame.result))
    >>> player.play(ahead.known(panel.run))  # at once, if that is unit 8 by now
    """

    def __init__(self) -> None:
        self._made: tuple[Frame, list[int]] | None = None  # and the weights it was made with
        self._lock = threading.Lock()  # guards the three below
        self._job: Job | None = None  # what the thread works at
        self._next: Job | None = None
        self._thread: threading.Thread | None = None

    def look(self, run: Run, take: Callable[[Frame], object]) -> None:
        """Begin to play `run`, which repeats; one of several frames is left after the second. From any thread.

        A run that still waits for its turn is dropped.
        """
        with self._lock:
            self._next = Job(run, take)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="vizkit ahead", daemon=True)
                self._thread.start()

    def known(self, run: Run) -> "Known":
        """What to play for `run`."""
        return Known(self, run)

    def wait(self) -> None:
        """Until nothing is worked out any more."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def close(self) -> None:
        """Begin nothing more; what is in hand ends by itself."""
        with self._lock:
            self._next = None

    def soon(self, run: Run) -> Frame | None:
        """The frame of `run` if it is there, or is a moment away."""
        with self._lock:
            coming = next((job for job in (self._job, self._next) if job and alike(job.run, run)), None)
        if coming is not None:
            coming.done.wait(QUICK)
        if self._made is None:
            return None
        frame, made_with = self._made
        good = frame.result.run and alike(frame.result.run, run) and made_with == weights(run)
        return frame if good else None

    def _work(self) -> None:
        while (job := self._begin()) is not None:
            with suppress(BaseException), fair_shares(), closing(iter(job.run)) as playing:
                made_with, frames = weights(job.run), list(islice(playing, 2))
                if len(frames) == 1:
                    job.take(frames[0])
                    self._made = frames[0], made_with
            job.done.set()

    def _begin(self) -> Job | None:
        with self._lock:
            self._job, self._next = self._next, None
            if self._job is None:
                self._thread = None
            return self._job


@dataclass(frozen=True)
class Known:
    """The frames of `run`, from `ahead` if it has them when they are asked for."""

    ahead: Ahead
    run: Run

    def __iter__(self) -> Iterator[Frame]:
        frame = self.ahead.soon(self.run)
        if frame is None:
            yield from self.run
        else:
            yield replace(frame, result=replace(frame.result, run=self.run))


def alike(one: Run, other: Run) -> bool:
    """Whether two runs are of one method with the same arguments, and so show the same."""
    a, b = one.arguments, other.arguments
    try:
        return one.method is other.method and a.keys() == b.keys() and all(a[k] is b[k] or same(a[k], b[k]) for k in a)
    except ValueError:  # arrays that are not the same object: nobody looks at all of their numbers
        return False


def weights(run: Run) -> list[int]:
    """How often the weights of each network of `run` were written to: somebody may train it between two presses."""
    modules = [value.module for value in run.arguments.values() if isinstance(value, Network)]
    return [tensor._version for module in modules for tensor in chain(module.parameters(), module.buffers())]
