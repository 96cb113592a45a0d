"""The gradient descent of t-SNE as a generator: positions `xy` (n, 2) float32, a layout after each step.

Attraction is exaggerated at first, momentum smaller then (van der Maaten & Hinton 2008); each coordinate has a gain
(Jacobs 1988); the learning rate is n / exaggeration (Belkina et al. 2019) for a quarter of the gradient, and no step is
longer than 5, as in openTSNE.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vizkit.embed.affinities import Affinities
from vizkit.embed.engines import Engine, Forces, forces
from vizkit.embed.exact import divergence
from vizkit.embed.pca import pca
from vizkit.maximize.capture import captured

EARLY = 250  # steps
EXAGGERATION = 12.0
LONGEST = 5.0  # of a step
MOMENTUM = {True: 0.5, False: 0.8}  # while early, and afterwards
START = 1e-4  # standard deviation of the first axis of a start


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the points are after `step` of `of` steps: `xy` (n, 2), centered. `early` tells of exaggerated attraction.

    `kl()` measures the divergence of this very map, in nats, when it is asked for.
    """

    xy: Tensor
    step: int
    of: int
    early: bool
    kl: Callable[[], Tensor]


def start(x: Tensor, *, seed: int = 0) -> Tensor:
    """The first two principal components of `x` (n, d) as the start of a map (n, 2) float32, spread 1e-4.

    A faint noise from `seed` parts rows that are the same (as openTSNE does).
    """
    scores = pca(x, min(2, *x.shape), seed=seed).to(torch.float32)
    scores = torch.nn.functional.pad(scores, (0, 2 - scores.shape[1]))
    spread = scores[:, 0].std(correction=0)
    noise = torch.randn(scores.shape, generator=torch.Generator().manual_seed(seed)).to(scores)
    return (scores / spread.masked_fill(spread == 0, 1) + noise * 0.01) * START


def descend(
    p: Affinities,
    start: Tensor,
    *,
    steps: int = 750,
    early: int = EARLY,
    exaggeration: float = EXAGGERATION,
    afterwards: float = 1.0,
    engine: Engine = "auto",
    learning_rate: float | None = None,
    every: int = 1,
    held: Tensor | None = None,
    anchor: Tensor | None = None,
    pull: float = 0.0,
) -> Iterator[Layout]:
    """Move points from `start` (n, 2) down the divergence from `p`, and yield a `Layout` every `every` steps and last.

    The same arguments on the same device give the same bits. A warm start (the map of another perplexity or layer)
    is `descend(p, map, steps=250, early=50, exaggeration=4)`, or `early=0`.

    Args:
        p: What attracts.
        start: Where the points are at first; it also says on which device the descent runs.
        steps: All of them, the early ones included.
        early: The first steps, with attraction times `exaggeration`; `afterwards` it is times that.
        exaggeration: See `early`.
        afterwards: See `early`; 1 is t-SNE, above 1 clusters are tighter.
        engine: Who computes the repulsion: `exact`, `fft`, or `auto` for whichever is faster.
        learning_rate: Of both phases; by default n / exaggeration in each.
        every: How many steps lie between two layouts.
        held: Points (n,) bool that stay where they are; the map is then not centered anew.
        anchor: Places (n, 2) that points are drawn back to, each by `pull` / n times its distance, so that maps of
            consecutive layers or checkpoints stay alike (Rauber et al. 2016). A pull of 0.01 is felt, 0.1 is strong.
        pull: See `anchor`.

    Raises:
        ValueError: sizes do not match, or a number is out of its bounds.

    >>> *_, last = descend(Graph.of(x).at(30), start(x))
    >>> last.xy.shape, last.kl()
    """
    _check(p, start, steps, every, held, anchor)
    fixed = Fixed(p.to(start.device, torch.float32), forces(engine, len(p), start.device), held, anchor, pull)
    moving, turn = Moving.at(start), Turn()
    for step in range(1, steps + 1):
        factor = exaggeration if step <= early else afterwards
        turn.take(moving, fixed, Pace(factor, learning_rate or len(p) / factor, MOMENTUM[step <= early]))
        if step % every == 0 or step == steps:
            xy = moving.xy.clone()
            yield Layout(xy, step, steps, step <= early, partial(measured, xy, fixed, turn.plan))


@torch.no_grad()
def measured(xy: Tensor, fixed: "Fixed", plan: Any = None) -> Tensor:
    """The divergence (0-d) of the map `xy`; `plan` is that of a map nearby."""
    total = fixed.forces.repulsion(xy, fixed.forces.plan(xy, plan)).total
    return divergence(fixed.p, xy, total)


def _check(p: Affinities, start: Tensor, steps: int, every: int, held: Tensor | None, anchor: Tensor | None) -> None:
    if start.shape != (len(p), 2):
        raise ValueError(f"start has shape {tuple(start.shape)}; {len(p)} points start at ({len(p)}, 2).")
    if anchor is not None and anchor.shape != start.shape:
        raise ValueError(f"anchor has shape {tuple(anchor.shape)}; give a place for each point, {tuple(start.shape)}.")
    if held is not None and (held.shape != start.shape[:1] or held.dtype != torch.bool):
        raise ValueError(f"held is {held.dtype} {tuple(held.shape)}; say of each point whether it stays: bool (n,).")
    for name, value in {"steps": steps, "every": every}.items():
        if value < 1:
            raise ValueError(f"{name}={value} moves nothing. Give 1 or more.")


@dataclass(frozen=True, eq=False)
class Fixed:
    """What a descent never changes; see `descend` for its words."""

    p: Affinities
    forces: Forces
    held: Tensor | None
    anchor: Tensor | None
    pull: float


@dataclass(frozen=True, eq=False)
class Moving:
    """What each step changes in place: positions, speed and gains, (n, 2) each."""

    xy: Tensor
    speed: Tensor
    gains: Tensor

    @classmethod
    def at(cls, start: Tensor) -> "Moving":
        """At rest at `start`."""
        xy = start.detach().to(torch.float32, copy=True)
        return cls(xy, torch.zeros_like(xy), torch.ones_like(xy))


class Pace(NamedTuple):
    """How a step is taken: attraction times `exaggeration`, learning `rate`, `momentum`."""

    exaggeration: float
    rate: float
    momentum: float


class Turn:
    """The steps of one descent: on CUDA recorded as a graph, and replayed for as long as nothing about them changes."""

    def __init__(self):
        self.plan: Any = None
        self._kept: tuple = ()
        self._again: Callable[[], Any] | None = None

    @torch.no_grad()
    def take(self, moving: Moving, fixed: Fixed, pace: Pace) -> None:
        """One step, of `moving` in place."""
        self.plan = fixed.forces.plan(moving.xy, self.plan)
        step = partial(advance, moving, fixed, self.plan, pace)
        if self._kept != (self.plan, pace):
            self._kept, self._again = (self.plan, pace), None
            step()
        else:
            self._again = self._again or captured(step, moving.xy.device)
            self._again()


def advance(moving: Moving, fixed: Fixed, plan: Any, pace: Pace) -> tuple:
    """One step down the slope, in place."""
    xy, speed, gains = moving.xy, moving.speed, moving.gains
    repelled = fixed.forces.repulsion(xy, plan)
    slope = fixed.forces.attraction(fixed.p, xy) * pace.exaggeration - repelled.force / repelled.total.to(xy.dtype)
    if fixed.anchor is not None:
        slope += (xy - fixed.anchor) * (fixed.pull / len(xy))
    onward = speed.sign() != slope.sign()  # the slope points uphill
    gains.copy_(torch.where(onward, gains + 0.2, gains * 0.8 + 0.01))
    speed.mul_(pace.momentum).sub_(gains.mul(slope).mul_(pace.rate))
    speed.mul_((LONGEST / speed.norm(dim=1, keepdim=True)).clamp_(max=1))
    if fixed.held is None:
        xy += speed
        xy -= xy.mean(0)
    else:
        xy += speed.masked_fill_(fixed.held[:, None], 0)
    return ()
