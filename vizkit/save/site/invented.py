"""The pictures that are made for units: tiles (units, pictures, c, side, side) in [0, 1], and how strongly they excite.

They are looked at as large as they are shown, where the network takes that size: what would be lost when a large one
is reduced never arises, and it takes a fifth of the time.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.core.modes import own_modes
from vizkit.core.runs import Run
from vizkit.maximize.objectives import positions_last
from vizkit.measure.held_out import HELD_OUT
from vizkit.methods.activation_maximization import activation_maximization
from vizkit.nets.network import Network
from vizkit.nets.read import Reader
from vizkit.save.site.plan import Plan
from vizkit.save.site.tiles import squared


class Invented(NamedTuple):
    """`tiles` (units, pictures, c, side, side), their strongest answers `peaks` and the share of those that is `left`
    when the picture is changed in ways it was not made for, the median of eight, (units, pictures) each."""

    tiles: Tensor
    peaks: Tensor
    left: Tensor


def invented(plan: Plan, layer: str, units: Sequence[int]) -> Invented:
    """The pictures of some units of a layer."""
    net = plan.looked_at
    pixels = run_of(plan, layer, units).result().pixels.detach()  # type: ignore[attr-defined]
    each = torch.as_tensor(units).repeat_interleave(plan.pictures)
    peaks = _peaks(net, layer, each, pixels)
    changed = torch.stack([_peaks(net, layer, each, change(pixels)) for change in HELD_OUT.values()])
    left = (changed / peaks.clamp(min=1e-12)).median(0).values.where(peaks > 0, torch.nan)
    shape = (len(units), plan.pictures)
    tiles = squared(pixels.cpu(), plan.size).unflatten(0, shape)
    return Invented(tiles, peaks.view(shape), left.view(shape))


def run_of(plan: Plan, layer: str, units: int | Sequence[int]) -> Run:
    """The run that makes them."""
    return Run.of(
        activation_maximization,
        plan.looked_at,
        layer,
        units,
        seed=plan.seeds,
        tv=plan.strengths,
        steps=plan.steps,
        rate=plan.rate,
        precision=plan.precision,
    )


def _peaks(net: Network, layer: str, units: Tensor, pixels: Tensor) -> Tensor:
    """The strongest answer of each picture's own unit, (n,), as a scan counts it."""
    with own_modes(), torch.no_grad():
        answers = positions_last(Reader(net, [layer])(pixels)[layer]).float().amax(2)
    return answers.cpu()[torch.arange(len(units)), units]
