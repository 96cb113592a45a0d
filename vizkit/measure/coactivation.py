"""Which units are active at the same places: counts (units, units) of positions where both answer above a threshold."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.measure.statistic import State, answers


class Together(NamedTuple):
    """`counts` (units, units) int64, a unit's own on the diagonal, and the share of either's that are both's."""

    counts: Tensor
    jaccard: Tensor


@dataclass(frozen=True)
class Coactivation:
    """Counts for all pairs of `units`. Active is above `threshold`, which 0 makes "after a ReLU"."""

    units: int
    threshold: float = 0.0

    def zero(self) -> State:
        return {"counts": torch.zeros(self.units, self.units, dtype=torch.int64)}

    def update(self, state: State, batch: Tensor, ids: Tensor) -> State:
        seen = batch.float().transpose(1, 2)
        return self.take(state, seen, answers(seen.amax(1)))

    def take(self, state: State, seen: Tensor, good: Tensor) -> State:
        """The state after answers `seen` (n, positions, units), where `good` (n, units)."""
        active = ((seen > self.threshold) & good[:, None]).flatten(0, 1)
        counts = state["counts"]
        for some in active.split(2**23):  # float32 counts exactly to 2^24
            counts = counts + (some.float().T @ some.float()).long()
        return {"counts": counts}

    def merge(self, a: State, b: State) -> State:
        return {"counts": a["counts"] + b["counts"]}

    def finalize(self, state: State) -> Together:
        counts = state["counts"]
        own = counts.diagonal()
        either = own[:, None] + own - counts
        return Together(counts, (counts / either.clamp(min=1)).float())
