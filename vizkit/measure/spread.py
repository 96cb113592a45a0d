"""An even sample of the pictures, the same for all units, so that each unit's deciles can be shown as pictures."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.measure.peaks import peaks
from vizkit.measure.statistic import State, answers, scattered
from vizkit.measure.top import NOBODY, Ranking

LAST = 2**63 - 1


@dataclass(frozen=True)
class Spread:
    """Every unit's strongest answer on the same `size` pictures: those whose scattered number is smallest.

    Pictures whose scattered number exceeds `limit` are passed over; `limit_of` has the one that loses none.
    """

    units: int
    size: int
    limit: int = LAST

    def zero(self) -> State:
        return {
            "keys": torch.full((self.size,), LAST, dtype=torch.int64),
            "ids": torch.full((self.size,), NOBODY, dtype=torch.int64),
            "values": torch.full((self.size, self.units), -torch.inf),
            "positions": torch.full((self.size, self.units), NOBODY, dtype=torch.int32),
        }

    def update(self, state: State, batch: Tensor, ids: Tensor) -> State:
        values, positions = peaks(batch.transpose(1, 2))
        return self.take(state, values, positions, ids)

    def take(self, state: State, values: Tensor, positions: Tensor, ids: Tensor) -> State:
        """The state after pictures `ids` (n,) whose strongest answers and their places are (n, units)."""
        chosen = self.chosen(ids).to(values.device)
        if not bool(chosen.any()):
            return state
        values, ids = values[chosen], ids.to(values.device)[chosen]
        good = answers(values)
        found = {"values": values.where(good, -torch.inf), "positions": positions[chosen].where(good, NOBODY)}
        return self.merge(state, {"keys": scattered(ids), "ids": ids, **found})

    def chosen(self, ids: Tensor) -> Tensor:
        """Which pictures may belong to the sample."""
        return scattered(ids) <= self.limit

    def merge(self, a: State, b: State) -> State:
        together = {key: torch.cat([a[key], b[key]]) for key in a}
        chosen = together["keys"].argsort(stable=True)[: self.size]
        return {key: tensor[chosen] for key, tensor in together.items()}

    def finalize(self, state: State) -> Ranking:
        """The sample ranked for each unit, (units, size), strongest first."""
        values, order = state["values"].T.sort(dim=1, descending=True, stable=True)
        ids = state["ids"].expand(self.units, -1).gather(1, order)
        return Ranking(values, ids.where(values > -torch.inf, NOBODY), state["positions"].T.gather(1, order))


def limit_of(count: int, size: int, at_once: int = 2**22) -> int:
    """The `size`-th smallest scattered number of pictures 0 to `count`, not included."""
    smallest = torch.zeros(0, dtype=torch.int64)
    for start in range(0, count, at_once):
        keys = scattered(torch.arange(start, min(start + at_once, count)))
        smallest = torch.cat([smallest, keys]).sort().values[:size]
    return int(smallest[-1])
