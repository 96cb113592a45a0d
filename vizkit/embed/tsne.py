"""t-SNE of vectors, whoever computes it: one schedule, a perplexity that may be turned. Maps are `xy` (n, 2) float32.

The neighbors of vectors are sought once and remembered as long as the tensor lives, unless it is changed in place.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vizkit.core.dials import Dial, now
from vizkit.embed import descent, engines, exact, open_tsne
from vizkit.embed.affinities import REACH, Graph
from vizkit.embed.descent import EARLY, EXAGGERATION, Layout
from vizkit.embed.open_tsne import OpenGraph
from vizkit.embed.remembering import remembered

ENGINES = ("auto", "openTSNE", "exact", "fft")
TURNED_TO = 100.0  # the largest perplexity that a dial is expected to be turned to
WARM = 50, 4.0  # early steps from a map in hand, and their exaggeration
EVERY = 10  # steps between two maps


def tsne(
    rows: Tensor,
    start: Tensor,
    *,
    perplexity: float | Dial = 30.0,
    steps: int = 750,
    engine: str = "auto",
    warm: bool = False,
    seed: int = 0,
    every: int = EVERY,
) -> Iterator[Layout]:
    """A map of `rows` (n, d) from `start` (n, 2) on, every few steps and last.

    A `warm` start is a map in hand: 50 steps with attraction times 4 and the rest plain, instead of 250 times 12. The
    same follows where a dial is turned; a turn beyond what the points allow goes as far as they do.

    Raises:
        ValueError: the engine, the perplexity or the number of steps is none.
        ModuleNotFoundError: openTSNE is asked for and not installed.
    """
    name, largest = chosen(engine, rows), most(len(rows))
    check(perplexity, len(rows), steps)
    reach = min(max(TURNED_TO, float(perplexity)), largest) if isinstance(perplexity, Dial) else float(perplexity)
    graph = _graph(rows, name, reach, seed)
    early, exaggeration = (min(WARM[0], steps // 5), WARM[1]) if warm else (min(EARLY, steps // 3), EXAGGERATION)
    done, xy = 0, start
    while done < steps:
        value = turned(perplexity, done, len(rows))
        descend = _descend(name, graph.at(value), early=early, exaggeration=exaggeration, every=every)
        begin = done
        for layout in descend(xy, steps=steps - begin):
            done, xy = begin + layout.step, layout.xy
            yield replace(layout, step=done, of=steps)
            if turned(perplexity, done, len(rows)) != value:
                break
        early, exaggeration = (early - done + begin, exaggeration) if done - begin < early else _again(steps - done)


def chosen(engine: str, rows: Tensor) -> str:
    """Which engine moves these rows: `exact` or `fft`, whichever is faster, unless another is asked for.

    Raises:
        ValueError: there is no such engine.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine={engine!r} is none of {', '.join(ENGINES)}.")
    return engine if engine == "openTSNE" else engines.chosen(engine, len(rows), rows.device)


def most(points: int) -> float:
    """The largest perplexity of so many points: each needs three times as many neighbors."""
    return (points - 1) / REACH


def turned(perplexity: float | Dial, step: int, points: int) -> float:
    """The perplexity at `step` as far as so many points allow one."""
    return max(1.0, min(now(perplexity, step), most(points)))


def check(perplexity: float | Dial, points: int, steps: int) -> None:
    """Refuse what no map can be made with. A dial is turned as far as the points allow, whatever it says."""
    value = float(perplexity)
    if not isinstance(perplexity, Dial) and not 1 <= value <= most(points):
        rule = f"a perplexity is from 1 to a third of the other points, here {most(points):.3g}"
        suited = min(30, max(1, int(most(points) / 2)))
        raise ValueError(f"perplexity={value:g} for {points} points: {rule}. Give perplexity={suited}.")
    if steps < 1:
        raise ValueError(f"steps={steps} moves nothing. Give 1 or more; 750 is usual.")


def divergence(rows: Tensor, xy: Tensor, *, perplexity: float = 30.0, engine: str = "auto", seed: int = 0) -> Tensor:
    """The Kullback–Leibler divergence, in nats, of any map `xy` (n, 2) of `rows` (n, d), 0-d."""
    name = chosen(engine, rows)
    p = remembered(rows, (name, perplexity, seed, "p"), lambda: _graph(rows, name, perplexity, seed).at(perplexity))
    if name == "openTSNE":
        return open_tsne.divergence(p, xy)
    xy = xy.to(rows.device, torch.float32)
    forces = engines.forces(name, len(xy), xy.device)
    return exact.divergence(p, xy, forces.repulsion(xy, forces.plan(xy, None)).total)


def _again(left: int) -> tuple[int, float]:
    return min(WARM[0], left // 5), WARM[1]


def _graph(rows: Tensor, name: str, reach: float, seed: int) -> Any:
    if name == "openTSNE":
        return remembered(rows, (name, reach, seed), partial(OpenGraph.of, rows, reach, seed=seed))
    return remembered(rows, ("ours", reach), partial(Graph.of, rows, reach))


def _descend(name: str, p: Any, **schedule: Any) -> Callable[..., Iterator[Layout]]:
    if name == "openTSNE":
        return partial(open_tsne.descend, p, **schedule)
    return partial(descent.descend, p, engine=name, **schedule)  # pyright: ignore[reportArgumentType]
