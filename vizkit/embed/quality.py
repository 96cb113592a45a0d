"""How far a map can be trusted: shares in [0, 1] of neighborhoods that it keeps, 1 at best."""

import torch
from torch import Tensor

from vizkit.embed.neighbours import nearest
from vizkit.embed.room import tiles, wide

ROWS = 2000  # points asked, spread evenly, where there are more


def kept(before: Tensor, after: Tensor) -> Tensor:
    """The share of neighbors `before` (n, k) ids that are neighbors `after` (n, k) as well, 0-d float32.

    >>> kept(nearest(x, 10).ids, nearest(xy, 10).ids)
    """
    return kept_by_point(before, after).mean()


def kept_by_point(before: Tensor, after: Tensor) -> Tensor:
    """The same for each point, (n,) float32: where the map is honest."""
    if before.shape != after.shape:
        raise ValueError(f"Neighbors {tuple(before.shape)} and {tuple(after.shape)} are not compared. Give as many.")
    width = before.shape[1] ** 2
    both = [
        (before[rows, :, None] == after[rows, None, :].to(before.device)).any(2).float().mean(1)
        for rows in tiles(len(before), width, before.device)
    ]
    return torch.cat(both)


def trustworthiness(x: Tensor, xy: Tensor, k: int = 10, *, rows: int = ROWS) -> Tensor:
    """Whether neighbors on the map `xy` (n, 2) are near in the data `x` (n, d), in [0, 1] (Venna & Kaski 2001).

    A stranger among a point's `k` nearest costs by how many ranks it is too far. Measured on at most `rows` points,
    evenly spread over the numbering; exact where there are no more.

    Raises:
        ValueError: sizes do not match, or `k` is not below n / 2.
    """
    n, some = _asked(x, xy, k, rows)
    strangers = nearest(xy[some], k + 1, among=xy).ids
    return _trust(x, _others(strangers, some, k), some, n, k)


def continuity(x: Tensor, xy: Tensor, k: int = 10, *, rows: int = ROWS) -> Tensor:
    """Whether neighbors in the data `x` (n, d) are near on the map `xy` (n, 2): trustworthiness the other way round.

    Raises:
        ValueError: sizes do not match, or `k` is not below n / 2.
    """
    return trustworthiness(xy, x, k, rows=rows)


def _asked(x: Tensor, xy: Tensor, k: int, rows: int) -> tuple[int, Tensor]:
    n = len(x)
    if len(xy) != n:
        raise ValueError(f"{n} rows of data and {len(xy)} points on the map. Give the map of these very rows.")
    if not 1 <= k < n / 2:
        raise ValueError(f"k={k} neighbors of {n} points: trust is told for k below n / 2. Give a smaller k.")
    return n, torch.arange(0, n, device=x.device)[:: max(1, -(-n // rows))]


def _others(ids: Tensor, some: Tensor, k: int) -> Tensor:
    """The first `k` of `ids` (r, k + 1) that are not the point itself."""
    own = ids == some[:, None]
    own[:, -1] |= ~own.any(1)  # hidden behind copies of itself
    return ids[~own].view(-1, k)


def _trust(x: Tensor, ids: Tensor, some: Tensor, n: int, k: int) -> Tensor:
    """One minus the ranks beyond k of `ids` (r, k) in `x`, over their worst sum."""
    x = x.detach().to(wide(x))
    x = x - x.mean(0)
    lengths, beyond = x.square().sum(1), torch.zeros((), device=x.device, dtype=torch.int64)
    for rows in tiles(len(some), n, x.device):
        squares = torch.addmm(lengths, x[some[rows]], x.T, alpha=-2)
        squares.scatter_(1, some[rows, None], torch.inf)
        reach = squares.gather(1, ids[rows])
        for column in reach.T:  # k is small, n × k × rows is not
            ranks = (squares < column[:, None]).sum(1) + 1
            beyond += (ranks - k).clamp(min=0).sum()
    return 1 - beyond * (2 / (len(some) * k * (2 * n - 3 * k - 1)))
