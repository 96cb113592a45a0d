"""How often each unit answers how strongly: counts (units, bins), quantiles and sparsity from them.

A bin is a float's bit pattern without its lower bits: a sign, an octave, and 32 parts of it, so that every bin is at
most 1/32 of its value wide. Bins mean the same for every unit, layer and picture set, so counts merge by addition.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.measure.statistic import State, answers

MANTISSA = 5  # bits kept
OCTAVES = range(-14, 14)  # powers of two told apart; what is smaller or larger goes to the bin at the end
SIDE = len(OCTAVES) << MANTISSA  # bins of one sign
BINS = 2 * SIDE + 1
ZERO = SIDE  # the bin of zero alone
AT_ONCE = 64  # units that are counted together, so that their bins stay in the processor's cache


class Histograms(NamedTuple):
    """`counts` (units, bins) int64 between `edges` (bins + 1,); the bin of exact zeros has no width."""

    counts: Tensor
    edges: Tensor


class Sparsity(NamedTuple):
    """Shares of all answers, (units,) each: those that are exactly `zero`, and those that are `positive`."""

    zero: Tensor
    positive: Tensor


@dataclass(frozen=True)
class Histogram:
    """A histogram of the answers of each of `units`; counts have the type `dtype`.

    A picture on which a unit answers with NaN or infinity is left out for that unit.
    """

    units: int
    dtype: torch.dtype = torch.int64

    def zero(self) -> State:
        return {"counts": torch.zeros(self.units, BINS, dtype=self.dtype)}

    def update(self, state: State, batch: Tensor, ids: Tensor) -> State:
        counts = state["counts"].clone()
        seen = batch.float().transpose(1, 2)
        count(counts, codes(seen), answers(seen.amax(1)))
        return {"counts": counts}

    def merge(self, a: State, b: State) -> State:
        return {"counts": a["counts"] + b["counts"]}

    def finalize(self, state: State) -> Histograms:
        return trimmed(state["counts"])


def codes(values: Tensor) -> Tensor:
    """The bin (int16) of each of `values` (float32)."""
    bits = values.contiguous().view(torch.int32)
    sign = bits.bitwise_right_shift(31).short()  # 0 or -1
    size = bits & 0x7FFFFFFF
    some = size.clamp(max=1).short()  # 0 for zero, 1 for all else
    size = size.bitwise_right_shift_(23 - MANTISSA).short()
    size = size.sub_(OCTAVES.start + 127 << MANTISSA).clamp_(0, SIDE - 1).add_(some)
    return size.bitwise_xor_(sign).sub_(sign).add_(ZERO)


def count(counts: Tensor, codes: Tensor, good: Tensor) -> None:
    """Add `codes` (n, positions, units) to `counts` (units, BINS), where `good` (n, units)."""
    ones = torch.ones((), dtype=counts.dtype, device=counts.device)
    if everywhere := bool(good.all()):
        ones = ones.repeat(codes[:, :, :AT_ONCE].numel())
    for start in range(0, counts.shape[0], AT_ONCE):
        units = slice(start, start + AT_ONCE)
        some = codes[:, :, units]
        counted = ones[: some.numel()] if everywhere else good[:, None, units].to(counts.dtype).expand_as(some)
        _count(counts[units], some, counted)


def _count(counts: Tensor, codes: Tensor, ones: Tensor) -> None:
    places = codes + BINS * torch.arange(counts.shape[0], device=codes.device)
    counts.view(-1).scatter_add_(0, places.view(-1), ones.reshape(-1))


def all_edges() -> Tensor:
    """The edges (BINS + 1,) of all bins, ascending, float64."""
    octaves = torch.tensor(list(OCTAVES), dtype=torch.float64)[:, None]
    parts = torch.arange(1 << MANTISSA, dtype=torch.float64) / (1 << MANTISSA)
    lower = (2**octaves * (1 + parts)).flatten()
    lower[0] = 0.0
    upper = torch.cat([lower[1:], torch.tensor([2.0**OCTAVES.stop], dtype=torch.float64)])
    return torch.cat([-upper.flip(0), torch.zeros(1, dtype=torch.float64), lower, upper[-1:]])


def used(counts: Tensor) -> range:
    """The bins of (units, BINS) between the first and the last that any unit uses."""
    found = (counts != 0).any(0).nonzero().flatten()
    return range(int(found[0]), int(found[-1]) + 1) if len(found) else range(ZERO, ZERO + 1)


def trimmed(counts: Tensor) -> Histograms:
    """Histograms without the bins at either end that are empty for every unit."""
    bins = used(counts)
    return between(counts[:, bins.start : bins.stop], bins.start)


def between(counts: Tensor, first: int) -> Histograms:
    """Histograms of counts (units, some bins) of which the first is bin `first`."""
    return Histograms(counts.long(), all_edges()[first : first + counts.shape[1] + 1])


def quantile(histograms: Histograms, q: Tensor) -> Tensor:
    """The value (len(q), units) below which a share `q` of the answers lies, in between the edges of its bin.

    At most a bin, 1/32 of the value, from the truth; NaN where nothing was counted. Values beyond 2^14 in size are
    told as that.
    """
    counts, edges = histograms
    sums = counts.cumsum(1).double()
    total = sums[:, -1:]
    wanted = (q.double() * total).clamp(min=1e-9)  # above the empty bins before a unit's first
    places = torch.searchsorted(sums, wanted.contiguous()).clamp(max=counts.shape[1] - 1)
    inside = counts.gather(1, places)
    share = ((wanted - sums.gather(1, places) + inside) / inside.clamp(min=1)).clamp(0, 1)
    low, high = edges[places], edges[places + 1]
    return (low + share * (high - low)).where(total > 0, torch.nan).T.float()


def sparsity(histograms: Histograms) -> Sparsity:
    """Shares of zeros and of positive answers; NaN where nothing was counted."""
    counts, edges = histograms
    total = counts.sum(1).double()
    zero = (edges[:-1] == 0) & (edges[1:] == 0)
    positive = edges[1:] > 0
    return Sparsity(*((counts[:, which].sum(1) / total).float() for which in (zero, positive)))
