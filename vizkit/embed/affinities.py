"""How much each point attracts each other: a symmetric sparse P (n, n) that sums to 1, in compressed rows (CSR).

Row i is a Gaussian around point i, as wide as gives it `perplexity` neighbors, over the 3 × perplexity nearest
(van der Maaten & Hinton 2008; van der Maaten 2014). Then P = (rows + their transpose) / 2n.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from vizkit.embed.neighbours import Neighbours, nearest
from vizkit.embed.room import wide

REACH = 3  # neighbors looked at for each unit of perplexity
HALVINGS = 64  # of the bandwidth's bracket at most
CLOSE = 1e-8  # nats of entropy


@dataclass(frozen=True, eq=False)
class Affinities:
    """Row i attracts `index[starts[i]:starts[i + 1]]` (rising) with the weights `values` there.

    `starts` (n + 1,) and `index` (m,) are int64, `values` (m,) float64 (float32 where a device has no better), sum 1.
    `perplexity` is the one it was made for.
    """

    starts: Tensor
    index: Tensor
    values: Tensor
    perplexity: float

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def row(self) -> Tensor:
        """The row (m,) of each entry."""
        rows = torch.arange(len(self), device=self.starts.device)
        return rows.repeat_interleave(self.starts.diff(), output_size=len(self.index))

    @cached_property
    def ends(self) -> tuple[Tensor, Tensor]:
        """Both points (m,) of each entry as int32, which is read faster."""
        return self.row.to(torch.int32), self.index.to(torch.int32)

    @cached_property
    def entropy(self) -> Tensor:
        """− Σ p log p, the part of the Kullback–Leibler divergence that no map changes."""
        return torch.special.entr(self.values).sum(dtype=wide(self.values))

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> "Affinities":
        """The same on another device, with values of another type."""
        values = self.values.to(device, dtype or self.values.dtype)
        return Affinities(self.starts.to(device), self.index.to(device), values, self.perplexity)

    def dense(self) -> Tensor:
        """P as (n, n)."""
        return self.values.new_zeros(len(self), len(self)).index_put((self.row, self.index), self.values)


@dataclass(frozen=True, eq=False)
class Graph:
    """Who is near to whom, kept for every perplexity up to `largest`: a new perplexity searches no neighbors.

    >>> graph = Graph.of(torch.randn(500, 16))
    >>> graph.at(30), graph.at(5)
    """

    neighbours: Neighbours
    largest: float

    @classmethod
    def of(cls, x: Tensor, largest: float = 50) -> "Graph":
        """The graph of the rows of `x` (n, d), with 3 × `largest` neighbors each, or all there are.

        Raises:
            ValueError: `x` is no finite (n, d) of two or more rows, or `largest` is below 1.
        """
        if largest < 1:
            raise ValueError(f"A largest perplexity of {largest} gives a point no neighbors. Give 1 or more.")
        return cls(nearest(x, max(1, min(len(x) - 1, int(REACH * largest)))), largest)

    def __len__(self) -> int:
        return len(self.neighbours.ids)

    def at(self, perplexity: float) -> Affinities:
        """The affinities of that `perplexity`; one beyond (n − 1) / 3 is lowered to it.

        Raises:
            ValueError: `perplexity` is below 1, or needs more neighbors than the graph kept.
        """
        if perplexity < 1:
            raise ValueError(f"perplexity={perplexity} gives a point no neighbors. Give 1 or more; 30 is usual.")
        perplexity = max(1.0, min(float(perplexity), (len(self) - 1) / REACH))
        reach, kept = min(len(self) - 1, int(REACH * perplexity)), self.neighbours.ids.shape[1]
        if reach > kept:
            raise ValueError(
                f"perplexity={perplexity:g} needs {reach} neighbors, the graph keeps {kept}. "
                f"Make it anew: Graph.of(x, largest={perplexity:g})."
            )
        distances, ids = self.neighbours.first(reach)
        starts, index, values = symmetric(conditional(distances, perplexity), ids)
        return Affinities(starts, index, values, perplexity)


def conditional(distances: Tensor, perplexity: float) -> Tensor:
    """Each row's Gaussian weights (n, k), sum 1, of that `perplexity` over neighbors at `distances` (n, k).

    Where the neighbors cannot give it (all at one distance, or fewer than the perplexity), the nearest that can be had.
    """
    squares = distances.to(wide(distances)).square()
    squares = squares - squares[:, :1]  # the nearest first: its weight cannot underflow
    scale = squares.mean(1, keepdim=True)
    squares = squares / scale.masked_fill(scale == 0, 1)
    goal = torch.tensor(perplexity, dtype=squares.dtype).log().item()
    sharp = torch.ones_like(scale)
    low, high = torch.zeros_like(sharp), torch.full_like(sharp, torch.inf)
    for _ in range(HALVINGS):
        miss = _gaussian(squares, sharp)[1] - goal
        if bool((miss.abs() < CLOSE).all()):
            break
        low, high = torch.where(miss > 0, sharp, low), torch.where(miss > 0, high, sharp)
        sharp = torch.where(high.isinf(), sharp * 2, (low + high) / 2)
    return _gaussian(squares, sharp)[0]


def _gaussian(squares: Tensor, sharp: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (n, k) and their entropy (n, 1) in nats at the inverse widths `sharp` (n, 1)."""
    weights = (-squares * sharp).exp()
    total = weights.sum(1, keepdim=True)
    entropy = total.log() + sharp * (squares * weights).sum(1, keepdim=True) / total
    return weights / total, entropy


def symmetric(weights: Tensor, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(weights + their transpose) / 2n as starts, index, values; row i of `weights` (n, k) stands at `ids` (n, k)."""
    n = len(weights)
    row = torch.arange(n, device=ids.device)[:, None].expand_as(ids)
    keys, order = torch.cat([(row * n + ids).flatten(), (ids * n + row).flatten()]).sort()
    values = weights.flatten().repeat(2)[order] / (2 * n)
    again = torch.zeros_like(keys, dtype=torch.bool)
    again[1:] = keys[1:] == keys[:-1]  # a pair stands here twice at most: once from each end
    values[:-1] += values[1:] * again[1:]
    keys, values = keys[~again], values[~again]
    starts = torch.zeros(n + 1, dtype=torch.int64, device=ids.device)
    starts[1:] = torch.bincount(keys // n, minlength=n).cumsum(0)
    return starts, keys % n, values
