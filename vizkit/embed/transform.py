"""New points placed into a map that stands: `fresh` (m, d) among `old` (n, d), whose map `xy` (n, 2) does not move."""

import torch
from torch import Tensor

from vizkit.embed.affinities import REACH, conditional
from vizkit.embed.interpolated import field, middle
from vizkit.embed.neighbours import nearest

MEDIAN = 25  # neighbors whose median a point starts at
RATE, MOMENTUM, STEEPEST = 0.1, 0.8, 0.25  # openTSNE's own, for points that stand alone


@torch.no_grad()
def place(
    fresh: Tensor,
    old: Tensor,
    xy: Tensor,
    *,
    perplexity: float = 5,
    exaggeration: float = 1.5,
    steps: int = 250,
) -> Tensor:
    """Where each new row of `fresh` (m, d) lies on the map `xy` (n, 2) of `old` (n, d): (m, 2) in the map's precision.

    A point starts at the median of its 25 nearest, then follows its own divergence from its neighbors among the old
    (Poličar et al. 2019). New points do not feel each other: each lies where it would lie alone.

    Raises:
        ValueError: sizes do not match, or `perplexity` is below 1.

    >>> place(x[900:], x[:900], map_of_900).shape
    torch.Size([100, 2])
    """
    if xy.shape != (len(old), 2):
        raise ValueError(f"The map has shape {tuple(xy.shape)}, for {len(old)} old rows. Give it as ({len(old)}, 2).")
    if perplexity < 1:
        raise ValueError(f"perplexity={perplexity} gives a point no neighbors. Give 1 or more; 5 is usual.")
    if not len(fresh):
        return xy[:0].clone()
    perplexity = max(1.0, min(float(perplexity), len(old) / REACH))
    reach = max(1, int(REACH * perplexity))
    found = nearest(fresh, min(len(old), max(MEDIAN, reach)), among=old)
    ids, weights = found.ids[:, :reach].to(xy.device), conditional(found.distances[:, :reach], perplexity).to(xy)
    points = _median(xy[found.ids[:, :MEDIAN].to(xy.device)])
    center = middle(xy)
    radius = (xy - center).norm(dim=1).amax()
    world = field(xy, 2 * float(radius))
    speed, gains = torch.zeros_like(points), torch.ones_like(points)
    for _ in range(steps):
        push, near = world.at(points)
        slope = exaggeration * _attraction(points, xy, ids, weights) - push / near[:, None]
        slope *= (STEEPEST / (slope.norm(dim=1, keepdim=True) + 1e-6)).clamp(max=1)
        onward = speed.sign() != slope.sign()  # the slope points uphill
        gains = torch.where(onward, gains + 0.2, gains * 0.8 + 0.01)
        speed = MOMENTUM * speed - RATE * gains * slope
        points = points + speed
        out = (radius / (points - center).norm(dim=1, keepdim=True)).clamp(max=1)  # the map's own circle is the world
        points = center + (points - center) * out
    return points


def _median(places: Tensor) -> Tensor:
    """The median (m, 2) of `places` (m, k, 2), the middle between both where k is even."""
    places = places.sort(1).values
    k = places.shape[1]
    return (places[:, (k - 1) // 2] + places[:, k // 2]) / 2


def _attraction(points: Tensor, xy: Tensor, ids: Tensor, weights: Tensor) -> Tensor:
    """The sum (m, 2) of p q (a − b) over each point's own neighbors, its weights (m, k) summing to 1."""
    apart = points[:, None] - xy[ids]
    return (apart * (weights / (1 + apart.square().sum(2)))[..., None]).sum(1)
