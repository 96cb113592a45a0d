"""What makes a picture look unnatural. A penalty maps (n, c, h, w) in [0, 1] to (n,), 0 at best.

Penalties are sums over the picture, not means: their gradient at a pixel then depends on its neighborhood alone,
so one strength means the same on a canvas of any size.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def total_variation(image: Tensor, beta: float = 2.0) -> Tensor:
    """Squared gradient magnitude to the power beta/2, summed over pixels (Mahendran & Vedaldi 2015, eq. 4).

    The gradient is the difference to the right and lower neighbor, zero at the border. `beta` = 2 spreads
    edges out, 1 keeps them sharp; below 2 the root is softened by 1e-5 as in the authors' code.
    """
    if beta == 2:
        return _SquaredDifferences.apply(image)  # type: ignore[no-any-return]
    across, down = image.diff(dim=3), image.diff(dim=2)
    square = F.pad(across, (0, 1)).square() + F.pad(down, (0, 0, 0, 1)).square()
    return ((square + 1e-5) ** (beta / 2) - 1e-5 ** (beta / 2)).sum((1, 2, 3))


def norm(image: Tensor, p: float = 2.0, center: float = 0.5) -> Tensor:
    """|x − center|^p summed over pixels: a pull toward plain gray (the α-norm of Mahendran & Vedaldi 2015)."""
    return (image - center).abs().pow(p).sum((1, 2, 3))


def outside(image: Tensor, low: float = 0.05, high: float = 0.95) -> Tensor:
    """Squared distance by which values leave [low, high], summed: keeps colors from saturating."""
    over, under = (image - high).clamp(min=0), (low - image).clamp(min=0)
    return (over.square() + under.square()).sum((1, 2, 3))


class _SquaredDifferences(torch.autograd.Function):
    """Sum of squared differences between neighbors, with its gradient written out: a third of autograd's time."""

    @staticmethod
    def forward(ctx: Any, image: Tensor) -> Tensor:
        across, down = image.diff(dim=3), image.diff(dim=2)
        ctx.save_for_backward(across, down)
        return torch.linalg.vector_norm(across, dim=(1, 2, 3)) ** 2 + torch.linalg.vector_norm(down, dim=(1, 2, 3)) ** 2

    @staticmethod
    def backward(ctx: Any, *weights: Tensor) -> Tensor:
        across, down = ctx.saved_tensors
        n, c, h, _ = across.shape
        slope = across.new_zeros(n, c, h, down.shape[3])
        slope[..., :-1] -= across
        slope[..., 1:] += across
        slope[..., :-1, :] -= down
        slope[..., 1:, :] += down
        return slope * (2 * weights[0])[:, None, None, None]
