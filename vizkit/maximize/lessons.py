"""A lesson: the same search with one ingredient more in each cell, or with all but one, from the same start.

Cells are runs of one method, that many frames side by side; their pictures have one size.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vizkit.core.frames import Frame, Scalars
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.core.words import nearest
from vizkit.nets.network import Network

ORDERS = ("adding", "leaving out")


@dataclass(frozen=True)
class Ingredient:
    """One thing a search may have or not: its `name`, why it is there, and the arguments that put it in.

    `needs` names another without which it means nothing; one that stands `instead` is tried without the others. Of
    `colored` ones only pictures of three channels have any use.
    """

    name: str
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""
    instead: bool = False
    colored: bool = False


FREQUENCIES = Ingredient(
    "frequencies",
    "the picture is written as waves, and coarse ones move as easily as fine ones.",
    {"picture": "plain fourier"},
)
COLORS = Ingredient(
    "colors",
    "red, green and blue move apart as rarely as in photographs.",
    {"picture": "fourier"},
    needs="frequencies",
    colored=True,
)
DEEP_PRIOR = Ingredient(
    "deep prior",
    "an untrained network draws the picture, and draws smooth shapes more easily than grain.",
    {"picture": "deep prior"},
    instead=True,
)


@dataclass(frozen=True)
class Cell:
    """What a picture of the lesson is called, the sentence about it, and the arguments of its run."""

    caption: str
    why: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Lesson:
    """A `method` to take apart: the arguments that leave it `bare`, what can be put in, and its `steps` by default."""

    method: Callable
    bare: Mapping[str, Any]
    ingredients: tuple[Ingredient, ...]
    steps: int

    @property
    def names(self) -> tuple[str, ...]:
        """What the ingredients are called."""
        return tuple(one.name for one in self.ingredients)

    def cells(self, net: Network, chosen: Sequence[str], order: str) -> list[Cell]:
        """The cells for `net` of the `chosen` ingredients in that order.

        Raises:
            ValueError: `order` or a chosen ingredient is unknown.
        """
        return cells(self.bare, self.ingredients, chosen, order, net.channels)

    def opens(self, run: Run, index: int, result: Images | None = None) -> Run:
        """The run that cell `index` of `run` is, alone; from that cell of `result` on, where that is given.

        Raises:
            LookupError: there is no such cell.

        >>> vizkit.methods.inversion_lesson.opens(run, 3, run.result())
        """
        given = {"ingredients": self.names, "order": ORDERS[0], "steps": self.steps, **run.arguments}
        lesson = self.cells(given["net"], given["ingredients"], given["order"])
        start = None if result is None else result.pixels[index : index + 1]
        return alone(run.using(steps=given["steps"]), self.method, lesson, index, start)


def cells(
    bare: Mapping[str, Any], known: Sequence[Ingredient], chosen: Sequence[str], order: str, channels: int = 3
) -> list[Cell]:
    """The cells of a lesson: first with nothing but `bare`, then one ingredient more in each; or first with all.

    Raises:
        ValueError: `order` or a chosen ingredient is unknown.
    """
    if order not in ORDERS:
        raise ValueError(f"order={order!r} is none of {', '.join(ORDERS)}.")
    names = [one.name for one in known]
    chosen = [chosen] if isinstance(chosen, str) else chosen
    for name in chosen:
        if name not in names:
            raise ValueError(f"There is no ingredient {name!r}.{nearest(name, names)} There are {', '.join(names)}.")
    kept = [one for one in known if one.name in chosen and (channels == 3 or not one.colored)]
    mixed, others = [one for one in kept if not one.instead], [one for one in kept if one.instead]
    found = _adding(bare, mixed) if order == "adding" else _leaving_out(bare, mixed)
    return [*found, *(Cell(f"{one.name} instead", one.why, {**bare, **one.settings}) for one in others)]


def alone(run: Run, method: Callable, lesson: Sequence[Cell], index: int, start: Tensor | None = None) -> Run:
    """The run of `method` that cell `index` of a lesson is, with those arguments of `run` that it takes.

    Raises:
        LookupError: there is no such cell.
    """
    if not 0 <= index < len(lesson):
        raise LookupError(f"This lesson has {len(lesson)} cells, 0 to {len(lesson) - 1}.")
    known = inspect.signature(method).parameters
    kept = {name: value for name, value in run.arguments.items() if name in known}
    begin = {} if start is None else {"start": start}
    return Run.of(method, **{**kept, **lesson[index].settings, **begin})


def side_by_side(frames: Sequence[Frame]) -> tuple[Tensor, Scalars]:
    """The pictures of one frame of each cell, (n, c, h, w), and their scalars, (n,) each; what takes work, later."""
    known = frames[0].scalars
    ready = known.at_once if isinstance(known, Scalars) else tuple(known)
    now = {name: _of_all(frames, name) for name in ready}
    later = {name: partial(_of_all, frames, name) for name in known if name not in now}
    return torch.cat([frame.result.pixels for frame in frames]), Scalars({**now, **later})


def told(lesson: Sequence[Cell]) -> str:
    """The sentences of a lesson, a line for each cell."""
    return "\n".join(f"{cell.caption}: {cell.why}" for cell in lesson)


def _of_all(frames: Sequence[Frame], name: str) -> Tensor:
    return torch.cat([frame.scalars[name] for frame in frames])


def _adding(bare: Mapping[str, Any], mixed: Sequence[Ingredient]) -> Iterator[Cell]:
    yield Cell("nothing", "only the gradient.", bare)
    for n, one in enumerate(mixed, 1):
        yield Cell(f"+ {one.name}", one.why, _settings(bare, mixed[:n]))


def _leaving_out(bare: Mapping[str, Any], mixed: Sequence[Ingredient]) -> Iterator[Cell]:
    yield Cell("all", "every ingredient.", _settings(bare, mixed))
    for one in mixed:
        rest = [other for other in mixed if other is not one]
        yield Cell(f"without {one.name}", one.why, _settings(bare, rest))


def _settings(bare: Mapping[str, Any], chosen: Sequence[Ingredient]) -> dict[str, Any]:
    there = {one.name for one in chosen}
    parts = [one.settings for one in chosen if not one.needs or one.needs in there]
    return {name: value for part in (bare, *parts) for name, value in part.items()}
