"""Mean and variance of each unit's answers, (units,) each, by sums that are exact and so know no order.

A picture gives each unit two float32: the mean of its answers and of their squares. A float32 is a whole number times
a power of two; those whole numbers are added up apart for each 16 powers, in int64, which never rounds.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.measure.statistic import State, answers

STEP = 16  # powers of two that share a sum
LOWEST = -149  # the power of the smallest float32
SUMS = 16  # of 256 powers
LARGEST = 3.4028234663852886e38


class Moments(NamedTuple):
    """Of each unit, (units,): `mean` and `variance` of all its answers, float64, and on how many `pictures`."""

    mean: Tensor
    variance: Tensor
    pictures: Tensor


@dataclass(frozen=True)
class Moment:
    """The first two moments of each of `units`, for at most 2^24 pictures: 24 and 15 bits of a sum of 63 are one's."""

    units: int

    def zero(self) -> State:
        return {
            "pictures": torch.zeros(self.units, dtype=torch.int64),
            "first": torch.zeros(self.units, SUMS, dtype=torch.int64),
            "second": torch.zeros(self.units, SUMS, dtype=torch.int64),
        }

    def update(self, state: State, batch: Tensor, ids: Tensor) -> State:
        good = answers(batch.float().amax(2))
        return self.take(state, *means(batch.float().transpose(1, 2)), good)

    def take(self, state: State, first: Tensor, second: Tensor, good: Tensor) -> State:
        """The state after n pictures with these means and mean squares (n, units), where `good` (n, units)."""
        return {
            "pictures": state["pictures"] + good.sum(0),
            "first": state["first"] + exact_sum(first.where(good, 0)),
            "second": state["second"] + exact_sum(second.where(good, 0)),
        }

    def merge(self, a: State, b: State) -> State:
        return {key: a[key] + b[key] for key in a}

    def finalize(self, state: State) -> Moments:
        pictures = state["pictures"]
        mean, square = (value(state[key]) / pictures for key in ("first", "second"))
        return Moments(mean, (square - mean**2).clamp(min=0), pictures)


def means(seen: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and mean square over positions of (n, positions, units), (n, units) float32 each."""
    first, second = seen.mean(1), seen.square().mean(1)
    return first.clamp_(-LARGEST, LARGEST), second.clamp_(max=LARGEST)


def exact_sum(values: Tensor) -> Tensor:
    """The sum over n of float32 (n, units), as whole numbers (units, SUMS): number s counts 2^(LOWEST + STEP s).

    Numbers of the same 16 powers have at most 39 bits between their lowest and their highest, so that float64, with
    53, adds up 2^14 of them without rounding.
    """
    sums = torch.zeros(*values.shape[1:], SUMS, dtype=torch.int64, device=values.device)
    for some in values.split(2**14):
        share = _share(some)
        size = some.abs()
        least, most = _share(size.where(size > 0, torch.inf).amin()), _share(size.amax())
        for s in range(int(least), int(most) + 1):  # two or three
            total = some.where(share == s, 0).sum(0, dtype=torch.float64)
            sums[:, s] += (total * 2.0 ** -(LOWEST + STEP * s)).long()
    return sums


def _share(values: Tensor) -> Tensor:
    """Which of the sums float32 numbers belong to."""
    power = values.contiguous().view(torch.int32) >> 23 & 0xFF
    return power.sub_(1).clamp_(min=0) // STEP  # the smallest have the powers of those above them


def value(sums: Tensor) -> Tensor:
    """The number (units,) float64 that whole numbers (units, SUMS) stand for."""
    weights = 2.0 ** (LOWEST + STEP * torch.arange(SUMS, dtype=torch.float64))
    return (sums.double().cpu() * weights).sum(1)
