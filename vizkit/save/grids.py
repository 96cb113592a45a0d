"""Every combination of listed arguments, played to its end: what a page of sliders needs. Interrupted, it goes on.

Positions count row by row over the listed arguments, in the order they were given.
"""

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from torch import Tensor

from vizkit.core.controls import Choices, Control, Hint, LayerNames, controls
from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.save.recordings import open_recording, record

TOGETHER = 32  # pictures of one batch


@dataclass(frozen=True)
class Grid:
    """A method, its arguments, and `axes` {argument: the values it takes in turn}.

    >>> Grid.of(activation_maximization, net, layer=["stage3", "stage4"], unit=[0, 1, 2])
    """

    first: Run
    axes: Mapping[str, Sequence[Any]]

    @classmethod
    def of(cls, method: Callable, *args: Any, **arguments: Any) -> "Grid":
        """Arguments given as a list or tuple take each of its values in turn.

        Where one value is a tuple itself, as names of layers are, a list of such tuples lists them.

        Raises:
            TypeError: an argument is unknown or missing.
            ValueError: a list is empty.
        """
        known = controls(method)
        bound = Run.of(method, *args, **arguments).arguments
        axes = {name: values for name in known if (values := _listed(known[name], bound.get(name))) is not None}
        for name, values in axes.items():
            if not values:
                raise ValueError(f"{name} lists no value, so there is no combination. Give at least one.")
        axes = {name: axes[name] for name in (*arguments, *axes) if name in axes}  # as they were given
        return cls(Run.of(method, **{**bound, **{name: values[0] for name, values in axes.items()}}), axes)

    def __len__(self) -> int:
        return math.prod(map(len, self.axes.values()))

    def run(self, position: int) -> Run:
        """The run at one position."""
        places = dict(zip(self.axes, _places(position, list(map(len, self.axes.values()))), strict=True))
        return self.first.using(**{name: self.axes[name][i] for name, i in places.items()})

    def batches(self) -> Iterator[tuple[list[int], Run]]:
        """Runs that together answer all, each with the positions of its pictures."""
        together = self._together()
        others = [name for name in self.axes if name != together]
        for chosen in product(*(range(len(self.axes[name])) for name in others)):
            at = dict(zip(others, chosen, strict=True))
            run = self.first.using(**{name: self.axes[name][i] for name, i in at.items()})
            if together is None:
                yield [self._position(at)], run
                continue
            values = self.axes[together]
            for begin in range(0, len(values), TOGETHER):
                some = range(begin, min(begin + TOGETHER, len(values)))
                positions = [self._position({**at, together: i}) for i in some]
                yield positions, run.using(**{together: [values[i] for i in some]})

    def _together(self) -> str | None:
        """The longest list that the method takes as one batch."""
        known = controls(self.first.method)
        several = [name for name in self.axes if known[name].several and len(self.axes[name]) > 1]
        return max(several, key=lambda name: len(self.axes[name]), default=None)

    def _position(self, at: Mapping[str, int]) -> int:
        position = 0
        for name, values in self.axes.items():
            position = position * len(values) + at[name]
        return position


def answers(grid: Grid, folder: Path | None = None) -> Iterator[tuple[int, Frame]]:
    """The last frame at every position, in the order they are made; with `folder`, what is there is not made again.

    Each batch is kept in `folder` as a recording without loss, under the hash of its recipe.
    """
    for positions, run in grid.batches():
        frame = _played(run, folder)
        parts = _split(frame, len(positions))
        if parts is None:  # the method makes other than one picture for each value
            parts = [_played(grid.run(position), folder) for position in positions]
        yield from zip(positions, parts, strict=True)


def _played(run: Run, folder: Path | None) -> Frame:
    """The last frame of `run`; from `folder` where it was played before."""
    path = folder / f"{hashlib.sha256(run.recipe.encode()).hexdigest()[:20]}.vizkit" if folder else None
    if path is None or not path.is_file():
        frame = _last(run)
        if path is None:
            return frame
        path.parent.mkdir(parents=True, exist_ok=True)
        record([frame], path, lossless=True)
    (frame,) = open_recording(path)
    return replace(frame, result=replace(frame.result, run=run))


def _last(run: Run) -> Frame:
    newest = deque(run, maxlen=1)
    if not newest:
        raise RuntimeError(f"{run.method.__name__} yielded no frame. A method must yield at least one.")
    return newest[0]


def _split(frame: Frame, count: int) -> list[Frame] | None:
    """A batch as `count` frames of one picture; None where it holds more or fewer."""
    images = frame.result
    if count == 1:
        return [frame]
    if not isinstance(images, Images) or len(images) != count:
        return None
    return [
        Frame(frame.step, frame.of, _one(images, i), {name: _nth(s, i) for name, s in frame.scalars.items()})
        for i in range(count)
    ]


def _one(images: Images, i: int) -> Images:
    beside = images.beside
    return replace(
        images,
        pixels=images.pixels[i : i + 1],
        captions=images.captions[i : i + 1],
        beside=beside[i : i + 1] if beside is not None and len(beside) > 1 else beside,
        columns=0,
    )


def _nth(scalar: Tensor, i: int) -> Tensor:
    return scalar[i : i + 1] if scalar.ndim else scalar


def _listed(control: Control, value: Any) -> list | None:
    """The values that `value` lists for a control; None where it is one value."""
    if not isinstance(value, (list, tuple, range)):
        return None
    if not _takes_tuples(control.hint):
        return list(value)
    return list(value) if value and all(isinstance(one, (list, tuple)) for one in value) else None


def _takes_tuples(hint: Hint) -> bool:
    return isinstance(hint, (Choices, LayerNames))


def _places(position: int, sizes: Sequence[int]) -> list[int]:
    """Where each list stands at a position."""
    found = []
    for size in reversed(sizes):
        position, place = divmod(position, size)
        found.insert(0, place)
    return found
