"""How much is computed at a time, so that memory stays bounded, and in which precision sums are kept."""

from collections.abc import Iterator

import torch
from torch import Tensor

CELLS = {"cpu": 1 << 22, "cuda": 1 << 26}  # numbers in a tile: some 32 MB, and 500 MB


def tiles(rows: int, width: int, device: torch.device) -> Iterator[slice]:
    """Slices of `rows` rows, each as many as have room for `width` numbers a row."""
    step = max(1, CELLS.get(device.type, 1 << 24) // max(width, 1))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def wide(x: Tensor) -> torch.dtype:
    """The type sums are kept in: float64 wherever the device has it."""
    return torch.float32 if x.device.type == "mps" else torch.float64
