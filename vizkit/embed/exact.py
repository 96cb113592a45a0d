"""The forces of t-SNE between all pairs, tile by tile: points `xy` (n, 2), forces (n, 2), in the points' own precision.

With q = 1 / (1 + |a − b|²) between two points and Z the sum of q over all ordered pairs, the divergence is
KL = Σ p log p − Σ p log(q / Z), and its gradient 4 (Σ p q (a − b) − Σ q² (a − b) / Z) (van der Maaten & Hinton 2008).
Differences are taken directly, and sums in a fixed order: the same map gives the same bits.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.embed.affinities import Affinities
from vizkit.embed.room import wide

SIDE = {"cpu": 512, "cuda": 8192}  # points along a tile: what a processor's cache holds


class Repulsion(NamedTuple):
    """`force` (n, 2), the sum of q² (a − b) for each point a, and `total`, Z: the sum of q over all ordered pairs."""

    force: Tensor
    total: Tensor


def repulsion(xy: Tensor) -> Repulsion:
    """What drives each point from all others. Costs n² / 2 pairs of time, and no n × n memory.

    >>> repulsion(torch.randn(1000, 2)).force.shape
    torch.Size([1000, 2])
    """
    side = SIDE.get(xy.device.type, 2048)
    blocks = xy.T.contiguous().split(side, dim=1)
    forces = [torch.zeros_like(block) for block in blocks]
    total = torch.zeros((), dtype=wide(xy), device=xy.device)
    for i, own in enumerate(blocks):
        for j in range(i, len(blocks)):
            dx, dy, near = _tile(own, blocks[j])
            total += near if i == j else 2 * near
            forces[i][0] += dx.sum(1)
            forces[i][1] += dy.sum(1)
            if i != j:  # the other end of each pair is pushed the other way
                forces[j][0] -= dx.sum(0)
                forces[j][1] -= dy.sum(0)
    return Repulsion(torch.cat(forces, 1).T.contiguous(), total - len(xy))


def _tile(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """q² dx and q² dy (r, c) between the points `a` (2, r) and `b` (2, c), and the sum of q."""
    dx, dy = a[0, :, None] - b[0], a[1, :, None] - b[1]
    q = (dx * dx).addcmul_(dy, dy).add_(1).reciprocal_()
    near = q.sum(dtype=wide(a))
    q.square_()
    return dx.mul_(q), dy.mul_(q), near


def attraction(p: Affinities, xy: Tensor) -> Tensor:
    """What draws each point to its neighbors: the sum (n, 2) of p q (a − b), p's values of the type of `xy`."""
    dx, dy = springs(p, xy)
    pull = p.values / (dx * dx).addcmul_(dy, dy).add_(1)
    return torch.stack([row_sums(p, dx.mul_(pull)), row_sums(p, dy.mul_(pull))], 1)


def springs(p: Affinities, xy: Tensor) -> tuple[Tensor, Tensor]:
    """The differences a − b (m,) along x and along y, for every entry of P."""
    here, there = p.ends
    x, y = xy.T.contiguous()
    dx = x.index_select(0, here).sub_(x.index_select(0, there))
    return dx, y.index_select(0, here).sub_(y.index_select(0, there))


def row_sums(p: Affinities, values: Tensor) -> Tensor:
    """The sum (n,) of each row's `values` (m,), in order."""
    return torch.segment_reduce(values, "sum", offsets=p.starts, unsafe=True)


def gradient(p: Affinities, xy: Tensor) -> Tensor:
    """The gradient (n, 2) of the divergence by the points' places."""
    repelled = repulsion(xy)
    return 4 * (attraction(p, xy) - repelled.force / repelled.total.to(xy.dtype))


def divergence(p: Affinities, xy: Tensor, total: Tensor) -> Tensor:
    """The Kullback–Leibler divergence of the map from P, in nats, where `total` is the map's Z."""
    dx, dy = springs(p, xy)
    stretch = (dx * dx).addcmul_(dy, dy).log1p_().to(total.dtype)
    return (p.values * stretch).sum() - p.entropy + total.log() * p.values.sum(dtype=total.dtype)
