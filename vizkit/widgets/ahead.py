"""What the next press of a key will ask for, worked out while nothing else happens."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from vizkit.core.frames import Frame
from vizkit.core.runs import Run
from vizkit.widgets.setting import same

QUICK = 0.25  # seconds: who waits for the answer in hand waits no longer than that


class Ahead:
    """Holds the only frame of a run that nobody has asked for yet; `known(run)` plays it in place of `run`.

    >>> ahead.look(panel.run.using(unit=8))
    >>> player.play(ahead.known(panel.run))  # at once, if that is unit 8 by now
    """

    def __init__(self) -> None:
        self.frame: Frame | None = None

    def look(self, run: Run) -> Frame | None:
        """Play `run`, which is repeatable, and keep its frame; None if it has several, or none."""
        self.frame = None
        frames = list(run)
        if len(frames) == 1:
            self.frame = frames[0]
        return self.frame

    def known(self, run: Run) -> "Known":
        """What to play for `run`."""
        return Known(self, run)


@dataclass(frozen=True)
class Known:
    """The frames of `run`, from `ahead` if it has them when they are asked for."""

    ahead: Ahead
    run: Run

    def __iter__(self) -> Iterator[Frame]:
        frame = self.ahead.frame
        if frame is not None and frame.result.run is not None and alike(frame.result.run, self.run):
            yield replace(frame, result=replace(frame.result, run=self.run))
        else:
            yield from self.run


def alike(one: Run, other: Run) -> bool:
    """Whether two runs are of one method with the same arguments, and so show the same."""
    a, b = one.arguments, other.arguments
    return one.method is other.method and a.keys() == b.keys() and all(a[k] is b[k] or same(a[k], b[k]) for k in a)
