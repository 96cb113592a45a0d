"""Mean and variance of each unit's answers, (units,) each, by sums that are exact and so know no order.

A picture gives each unit two float32: the mean of its answers and of their squares. A float32 is a whole number times
a power of two; those whole numbers are added up apart for each 16 powers, in int64, which never rounds.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.measure.statistic import State, answers

STEP = 16  # powers of two that share a sum
LOWEST = -149  # the power of the smallest float32
MANTISSA = 23  # bits of a float32 below its first
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
        if not good.all():
            first, second = first.where(good, 0), second.where(good, 0)
        return {
            "pictures": state["pictures"] + good.sum(0),
            "first": state["first"] + exact_sum(first),
            "second": state["second"] + exact_sum(second),
        }

    def merge(self, a: State, b: State) -> State:
        return {key: a[key] + b[key] for key in a}

    def finalize(self, state: State) -> Moments:
        pictures = state["pictures"]
        mean, square = (value(state[key]) / pictures for key in ("first", "second"))
        return Moments(mean, (square - mean**2).clamp(min=0), pictures)


def means(seen: Tensor, inplace: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and mean square over positions of (n, positions, units), (n, units) float32 each; `seen` may be used up."""
    first = seen.mean(1)
    second = (seen.square_() if inplace else seen.square()).mean(1)
    return first.clamp_(-LARGEST, LARGEST), second.clamp_(max=LARGEST)


def exact_sum(values: Tensor) -> Tensor:
    """The sum over n of float32 (n, units), as whole numbers (units, SUMS): number s counts 2^(LOWEST + STEP s).

    Numbers of the same 16 powers have at most 39 bits between their lowest and their highest, so that float64, with
    53, adds up 2^14 of them without rounding.
    """
    sums = torch.zeros(*values.shape[1:], SUMS, dtype=torch.int64, device=values.device)
    for rest in values.split(2**14):
        while largest := float(rest.abs().amax()):  # two or three times
            s = _share(largest)
            some = F.hardshrink(rest, _below(s)) if s else rest
            sums[:, s] += (some.sum(0, dtype=torch.float64) * 2.0 ** -(LOWEST + STEP * s)).long()
            rest = rest - some
    return sums


def _share(size: float) -> int:
    """Which of the sums a float32 of this size belongs to; the smallest have the powers of those above them."""
    return max(0, math.frexp(size)[1] - 1 - LOWEST - MANTISSA) // STEP


def _below(s: int) -> float:
    """The largest float32 that is too small for sum `s`."""
    return 2.0 ** (LOWEST + MANTISSA + STEP * s) * (1 - 2.0 ** -(MANTISSA + 1))


def value(sums: Tensor) -> Tensor:
    """The number (units,) float64 that whole numbers (units, SUMS) stand for."""
    weights = 2.0 ** (LOWEST + STEP * torch.arange(SUMS, dtype=torch.float64))
    return (sums.double().cpu() * weights).sum(1)
