"""A picture to begin with, (c, h, w) or (1 or n, c, h, w) in [0, 1], brought to the canvas of a run, (n, c, h, w)."""

import torch.nn.functional as F
from torch import Tensor

Shape = tuple[int, int, int, int]


def fitted(start: Tensor, shape: Shape) -> Tensor:
    """`start` (c, h, w) or (1 or n, c, h, w) resized to the canvas and repeated to n pictures.

    Raises:
        ValueError: the number of channels or of pictures does not fit.
    """
    start = start.detach().float()
    start = start[None] if start.ndim == 3 else start
    n, c, h, w = shape
    if start.ndim != 4 or start.shape[1] != c or len(start) not in {1, n}:
        raise ValueError(f"start has shape {tuple(start.shape)}; the run needs ({n} or 1, {c}, {h}, {w}).")
    if start.shape[2:] != (h, w):
        start = F.interpolate(start, size=(h, w), mode="bilinear", antialias=True).clamp(0, 1)
    return start.expand(n, -1, -1, -1).clone()
