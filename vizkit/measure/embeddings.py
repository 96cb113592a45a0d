"""One vector for each picture: a layer's answers, pooled over positions. Rows (pictures, units) float32 by number."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from vizkit.maximize.objectives import positions_last
from vizkit.measure.statistic import State

Pooling: TypeAlias = Literal["mean", "max"]
POOLINGS = ("mean", "max")


@dataclass(frozen=True)
class Embeddings:
    """The `pooling` over positions of `units`, for each picture; the one statistic that grows with their number."""

    units: int
    pooling: Pooling = "mean"

    def zero(self) -> State:
        return {"ids": torch.zeros(0, dtype=torch.int64), "rows": torch.zeros(0, self.units)}

    def update(self, state: State, batch: Tensor, ids: Tensor) -> State:
        return self.take(state, batch.float().mean(2) if self.pooling == "mean" else batch.float().amax(2), ids)

    def take(self, state: State, rows: Tensor, ids: Tensor) -> State:
        """The state after pictures `ids` (n,) with vectors `rows` (n, units)."""
        return self.merge(state, {"ids": ids.cpu(), "rows": rows.cpu()})

    def merge(self, a: State, b: State) -> State:
        ids, rows = torch.cat([a["ids"], b["ids"]]), torch.cat([a["rows"], b["rows"]])
        if bool((ids[1:] > ids[:-1]).all()):
            return {"ids": ids, "rows": rows}
        order = ids.argsort()
        return {"ids": ids[order], "rows": rows[order]}

    def finalize(self, state: State) -> Tensor:
        """Row i is picture i; NaN where there is none."""
        last = int(state["ids"][-1]) + 1 if len(state["ids"]) else 0
        rows = torch.full((last, self.units), torch.nan)
        rows[state["ids"]] = state["rows"]
        return rows


def pooled(output: Tensor, pooling: Pooling) -> Tensor:
    """A layer's output as (n, units) float32."""
    answers = positions_last(output).float()
    return answers.mean(-1) if pooling == "mean" else answers.amax(-1)
