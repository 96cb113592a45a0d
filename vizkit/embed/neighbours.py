"""Nearest neighbors, exactly: `distances` (n, k) float32, rising, and `ids` (n, k) int64; ties in the order of ids.

A matrix product finds candidates fast, but |a|² + |b|² − 2ab loses digits. So candidates are measured again from
direct differences in float64; where more rows than those may be as near, the product is made again in float64.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.embed.room import tiles, wide

SPARE = 16  # candidates beyond k


class Neighbours(NamedTuple):
    """The nearest rows to each row: `distances` (n, k), Euclidean, rising, and `ids` (n, k)."""

    distances: Tensor
    ids: Tensor

    def first(self, k: int) -> "Neighbours":
        """The `k` nearest alone."""
        return Neighbours(self.distances[:, :k], self.ids[:, :k])


def nearest(x: Tensor, k: int, *, among: Tensor | None = None) -> Neighbours:
    """The `k` rows nearest to each row of `x` (n, d), itself left out; or the nearest rows of `among` (m, d).

    Exact on any device: the same as measuring every pair in float64. No more than a tile of the n × n distances is
    held at a time.

    Raises:
        ValueError: `x` is no finite (n, d), or has fewer than `k` others.

    >>> nearest(torch.randn(100, 8), k=5).ids.shape
    torch.Size([100, 5])
    """
    pool = x if among is None else among
    _check(x, k, pool, itself=among is None)
    x, pool = x.detach(), pool.detach().to(x.device)
    center = pool.to(wide(x)).mean(0)
    x, pool = x.to(wide(x)) - center, pool.to(wide(x)) - center  # small numbers lose fewer digits
    with torch.autocast(x.device.type, enabled=False):  # half precision would miss some
        found = [_rows(x, pool, rows, k, itself=among is None) for rows in tiles(len(x), len(pool), x.device)]
    distances, ids = zip(*found, strict=True)
    return Neighbours(torch.cat(distances), torch.cat(ids))


def _check(x: Tensor, k: int, pool: Tensor, *, itself: bool) -> None:
    if x.ndim != 2 or pool.ndim != 2 or x.shape[1] != pool.shape[1]:
        told = f"{tuple(x.shape)}" + ("" if itself else f" among {tuple(pool.shape)}")
        raise ValueError(f"Neighbors are sought of x (n, d) among (m, d), not {told}. Flatten all but the first axis.")
    if not 1 <= k <= len(pool) - itself:
        others = len(pool) - itself
        raise ValueError(f"k={k} neighbors, but there are {others} to choose from. Give a k from 1 to {others}.")
    for name, value in {"x": x, "among": pool}.items():
        if not bool(value.isfinite().all()):
            row = int((~value.isfinite()).any(1).nonzero()[0])
            raise ValueError(f"Row {row} of {name} is not finite, so nothing is near to it. Leave such rows out.")


def _rows(x: Tensor, pool: Tensor, rows: slice, k: int, *, itself: bool) -> tuple[Tensor, Tensor]:
    """The neighbors of some `rows`, all of them sure."""
    some, others = x[rows], len(pool) - itself
    own = torch.arange(len(x), device=x.device)[rows] if itself else None
    kind = _kind(x)
    reach = min(k + SPARE, others)
    far, ids = _rough(some, pool, own, kind).topk(reach, dim=1, largest=False)
    squares, ids = _ordered(_squares(some, pool, ids), ids, k)
    if reach < others:
        doubtful = (~(_reached(some, squares, kind) < far[:, -1])).nonzero()[:, 0]
        for piece in tiles(len(doubtful), 2 * len(pool), x.device):
            part = doubtful[piece]
            mine = own[part] if own is not None else None
            squares[part], ids[part] = _surely(some[part], pool, mine, squares[part], k)
    return squares.sqrt().float(), ids


def _surely(some: Tensor, pool: Tensor, own: Tensor | None, squares: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The nearest among all that may be as near as the candidates so far, whose `squares` (n, k) are known."""
    rough = _rough(some, pool, own, wide(pool))
    as_near = int((rough <= _reached(some, squares, wide(pool))[:, None]).sum(1).amax())
    ids = rough.topk(max(k, as_near), dim=1, largest=False).indices
    return _ordered(_squares(some, pool, ids), ids, k)


def _rough(some: Tensor, pool: Tensor, own: Tensor | None, kind: torch.dtype) -> Tensor:
    """Squared distances (n, m) by a matrix product, infinite to itself."""
    a, b = some.to(kind), pool.to(kind)
    product = torch.addmm(b.square().sum(1), a, b.T, alpha=-2).add_(a.square().sum(1)[:, None])
    return product if own is None else product.scatter_(1, own[:, None], torch.inf)


def _kind(x: Tensor) -> torch.dtype:
    """float32, or better where the caller lets products of it be coarse (TF32, bfloat16)."""
    return torch.float32 if torch.get_float32_matmul_precision() == "highest" else wide(x)


def _reached(some: Tensor, squares: Tensor, kind: torch.dtype) -> Tensor:
    """The squared distance (n,) by a product that a row no farther than the last of `squares` can have at most.

    That row is no longer than the point and the distance together; the rest is the bound for sums of d products.
    """
    last = squares[:, -1]
    length = 2 * some.square().sum(1).sqrt() + last.sqrt()
    return last + (some.shape[1] + 4) * torch.finfo(kind).eps * length.square()


def _squares(some: Tensor, pool: Tensor, ids: Tensor) -> Tensor:
    """Squared distances (n, c) to the rows `ids` (n, c) of `pool`, from direct differences."""
    width = ids.shape[1] * pool.shape[1]
    found = [(some[rows, None] - pool[ids[rows]]).square_().sum(2) for rows in tiles(len(some), width, some.device)]
    return torch.cat(found)


def _ordered(squares: Tensor, ids: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The `k` smallest, ties in the order of ids."""
    ids, by_id = ids.sort(1)
    squares, order = squares.gather(1, by_id).sort(dim=1, stable=True)
    return squares[:, :k].clone(), ids.gather(1, order[:, :k])
