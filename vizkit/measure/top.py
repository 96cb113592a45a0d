"""The pictures that excite each unit most: values (units, k), picture numbers, and where in the map they do."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.measure.peaks import peaks
from vizkit.measure.statistic import State, answers

NOBODY = -1  # the number and position of a picture that is not there
MOST = 2**32 - 1  # pictures that can be told apart


class Ranking(NamedTuple):
    """For each unit, strongest first, (units, k) each: `values` float32, picture `ids` int64, `positions` int32.

    Equal values stand in the order of their pictures. Where fewer than k pictures count, the rest is -inf, -1, -1.
    """

    values: Tensor
    ids: Tensor
    positions: Tensor


@dataclass(frozen=True)
class Top:
    """The `k` strongest pictures of each of `units`. A picture counts once, with its strongest position.

    A state has a value and a picture as one int64 (see `key`), so that one comparison decides between two pictures.
    Pictures on which a unit answers with NaN or infinity are not ranked; `odd` (units,) counts them.
    """

    units: int
    k: int

    def zero(self) -> State:
        shape = (self.units, self.k)
        return {
            "keys": torch.full(shape, EMPTY, dtype=torch.int64),
            "positions": torch.full(shape, NOBODY, dtype=torch.int32),
            "odd": torch.zeros(self.units, dtype=torch.int64),
        }

    def update(self, state: State, batch: Tensor, ids: Tensor) -> State:
        values, positions = peaks(batch.transpose(1, 2))  # as tokens
        return self.take(state, values, positions, ids)

    def take(self, state: State, values: Tensor, positions: Tensor, ids: Tensor) -> State:
        """The state after pictures `ids` (n,) whose strongest answers and their places are (n, units)."""
        good = answers(values).T.contiguous()
        keys = key(values.T, ids.to(values.device))
        keys = keys if bool(good.all()) else keys.where(good, EMPTY)
        new = {"keys": keys, "positions": positions.T.contiguous()}
        return {**self._strongest(state, new), "odd": state["odd"] + (~good).sum(1)}

    def merge(self, a: State, b: State) -> State:
        return {**self._strongest(a, b), "odd": a["odd"] + b["odd"]}

    def finalize(self, state: State) -> Ranking:
        keys, order = state["keys"].sort(dim=1, descending=True)
        values, ids = value_and_id(keys)
        return Ranking(values, ids, state["positions"].gather(1, order).where(ids != NOBODY, NOBODY))

    def _strongest(self, a: State, b: State) -> State:
        """The k largest of both, in no order, which takes a third of the time."""
        keys, chosen = torch.cat([a["keys"], b["keys"]], 1).topk(self.k, dim=1, sorted=False)
        return {"keys": keys, "positions": torch.cat([a["positions"], b["positions"]], 1).gather(1, chosen)}


def key(values: Tensor, ids: Tensor) -> Tensor:
    """One int64 for a value and a picture: larger for a larger value, and among equals for the smaller number."""
    bits = (values.contiguous() + 0.0).view(torch.int32)  # -0.0 is 0.0
    rank = (bits >> 31 & 0x7FFFFFFF).bitwise_xor_(bits)  # the pattern of a negative float falls as its value rises
    return (rank.long() << 32).add_(MOST - (ids & MOST))


EMPTY = int(key(torch.tensor(-torch.inf), torch.tensor(NOBODY)))


def value_and_id(keys: Tensor) -> tuple[Tensor, Tensor]:
    """Value (float32) and picture (int64) of keys."""
    rank, ids = (keys >> 32).int(), MOST - (keys & MOST)
    values = (rank ^ (rank >> 31 & 0x7FFFFFFF)).view(torch.float32)
    return values, ids.where(ids != MOST, NOBODY)
