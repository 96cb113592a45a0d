"""What was shown of a run: each scalar by step, and how fast the steps came."""

import time
from collections.abc import Callable

import torch

from vizkit.core.frames import Frame, Scalars
from vizkit.core.results import Curves
from vizkit.core.runs import Run

LINES = 7  # pictures that get a line each; of more, the mean is drawn
POINTS = 64  # drawn of each line


class History:
    """The frames of one run that were shown. Reading a scalar waits for the device, so each is read once."""

    def __init__(self, run: Run | None, clock: Callable[[], float] = time.monotonic):
        self.run = run
        self.name = ""
        self.frame: Frame | None = None
        self._clock, self._begun = clock, clock()
        self._first: tuple[int, float] | None = None  # step and time of the first frame
        self._steps: list[float] = []
        self._means: dict[str, list[float]] = {}
        self._rows: list[list[float]] = []

    def add(self, frame: Frame) -> None:
        """Take in a shown frame."""
        self.frame = frame
        self._first = self._first or (frame.step, self._clock())
        read = {name: frame.scalars[name].detach().float().flatten().cpu() for name in _cheap(frame)}
        for name, values in read.items():
            self._means.setdefault(name, []).append(float(values.mean()))
        if read:  # a draft has none
            self._steps.append(frame.step)
            self.name = next(iter(read))
            self._rows.append([frame.step, *_lines(read[self.name])])

    @property
    def value(self) -> float | None:
        """The first scalar now, averaged over pictures; None where the method tells none."""
        return self._means[self.name][-1] if self.name else None

    @property
    def rate(self) -> float | None:
        """Steps a second since the first frame; None until there are two."""
        if self.frame is None or self._first is None or self.frame.step == self._first[0]:
            return None
        return (self.frame.step - self._first[0]) / max(self._clock() - self._first[1], 1e-9)

    @property
    def seconds(self) -> float:
        """Since the run was started."""
        return self._clock() - self._begun

    @property
    def captions(self) -> tuple[str, ...]:
        """What the lines of `table` are called; empty where the result does not say, or for a mean."""
        captions = getattr(self.frame.result, "captions", ()) if self.frame else ()
        return captions if self._rows and len(captions) == len(self._rows[-1]) - 1 else ()

    @property
    def curves(self) -> Curves:
        """The scalars that were read, averaged over pictures, over the step."""
        lines = {name: torch.tensor(means) for name, means in self._means.items()}
        return Curves(torch.tensor(self._steps), lines, x_name="step", run=self.run)

    @property
    def table(self) -> list[list[float]]:
        """Rows of step and values for a small drawing: evenly picked, the last one always among them.

        Where the number of pictures has changed, those since then.
        """
        rows = self._rows[:]  # a frame may come in meanwhile
        rows = [row for row in rows if len(row) == len(rows[-1])]
        every = max(1, -(-len(rows) // POINTS))
        return rows[::-1][::every][::-1]


def _cheap(frame: Frame) -> list[str]:
    """The first scalar, which is shown, and all that need not be worked out first."""
    scalars = frame.scalars
    known = scalars.at_once if isinstance(scalars, Scalars) else scalars
    return list(dict.fromkeys([*list(scalars)[:1], *known]))


def _lines(values: torch.Tensor) -> list[float]:
    return values.tolist() if len(values) <= LINES else [float(values.mean())]
