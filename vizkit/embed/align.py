"""One map laid over another: turned, mirrored, moved, and where wanted scaled, so that the same points lie close."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.embed.room import wide


@dataclass(frozen=True, eq=False)
class Move:
    """`turn` (2, 2), a rotation or reflection, about `center` (2,), times `scale`, to `goal` (2,)."""

    turn: Tensor
    scale: Tensor
    center: Tensor
    goal: Tensor

    def __call__(self, xy: Tensor) -> Tensor:
        """Where the points `xy` (n, 2) come to lie, in their own precision."""
        return ((xy.to(self.turn) - self.center) @ self.turn * self.scale + self.goal).to(xy.dtype)


def move(xy: Tensor, onto: Tensor, *, scaled: bool = False, weights: Tensor | None = None) -> Move:
    """The motion that brings `xy` (n, 2) closest to `onto` (n, 2) in least squares (orthogonal Procrustes).

    `weights` (n,) say how much each point counts; those of 0 are carried along. Where the points leave the turn open
    (all at one place), there is none.

    Raises:
        ValueError: the maps are not of the same points, or no point counts.
    """
    if xy.shape != onto.shape or xy.ndim != 2:
        raise ValueError(f"A map {tuple(xy.shape)} onto {tuple(onto.shape)}. Give the same points (n, 2) twice.")
    xy, onto = xy.detach().to(wide(xy)), onto.detach().to(xy.device, wide(xy))
    share = torch.ones(len(xy)).to(xy) if weights is None else weights.to(xy)
    if not bool(share.sum() > 0):
        raise ValueError("No point has a weight above 0. Give one to those that both maps share.")
    share = (share / share.sum())[:, None]
    center, goal = (share * xy).sum(0), (share * onto).sum(0)
    a, b = (xy - center) * share, onto - goal
    left, sizes, right = torch.linalg.svd(a.T @ b)
    turn = left @ right if bool(sizes.sum() > 0) else torch.eye(xy.shape[1]).to(xy)
    spread = (a * (xy - center)).sum()
    scale = sizes.sum() / spread if scaled and bool(spread > 0) else torch.ones((), dtype=xy.dtype, device=xy.device)
    return Move(turn, scale, center, goal)


def aligned(xy: Tensor, onto: Tensor, *, scaled: bool = False, weights: Tensor | None = None) -> Tensor:
    """`xy` (n, 2) turned, mirrored and moved onto `onto` (n, 2); see `move`.

    >>> aligned(layer4_map, layer3_map).shape == layer4_map.shape
    """
    return move(xy, onto, scaled=scaled, weights=weights)(xy)
