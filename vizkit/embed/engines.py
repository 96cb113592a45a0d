"""Who computes the repulsion of a map `xy` (n, 2): `exact` for all pairs, `fft` on a grid, `auto` the faster one.

What an engine keeps between steps is its plan, a value: `plan(xy, last)` is `last` itself where that still serves.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import torch
from torch import Tensor

from vizkit.embed import exact, fused, interpolated
from vizkit.embed.affinities import Affinities
from vizkit.embed.exact import Repulsion

Engine: TypeAlias = Literal["auto", "exact", "fft"]
ENGINES: tuple[str, ...] = get_args(Engine)
EXACT_UP_TO = {"cpu": 3000, "cuda": 30_000}  # points


class Forces(NamedTuple):
    """`repulsion(xy, plan(xy, None))` and `attraction(p, xy)` of a map `xy`; see `exact`."""

    name: str
    plan: Callable[[Tensor, Any], Any]
    repulsion: Callable[[Tensor, Any], Repulsion]
    attraction: Callable[[Affinities, Tensor], Tensor]


def chosen(name: str, points: int, device: torch.device) -> str:
    """`exact` or `fft` for a map of that many `points`.

    Raises:
        ValueError: there is no engine `name`.
    """
    if name not in ENGINES:
        raise ValueError(f"engine={name!r} is unknown. Give {', '.join(ENGINES[:-1])} or {ENGINES[-1]}.")
    if name != "auto":
        return name
    return "exact" if points <= EXACT_UP_TO.get(device.type, 5000) else "fft"


def forces(name: str, points: int, device: torch.device) -> Forces:
    """The engine called `name` for a map of that many `points`; on CUDA with Triton's kernels, where they compile.

    Raises:
        ValueError: there is no engine `name`.
    """
    name = chosen(name, points, device)
    pairs = fused if fused.runs_on(device) else exact
    if name == "fft":
        return Forces(name, interpolated.plan, interpolated.repulsion, pairs.attraction)
    return Forces(name, lambda xy, last: None, lambda xy, plan: pairs.repulsion(xy), pairs.attraction)
