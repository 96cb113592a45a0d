"""Randomness of a run: one stream per picture, drawn on the CPU, so a picture depends on its own seed alone.

The same (unit, seed, strength) gives the same picture in any batch, and starts the same on any device.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

Streams = list[torch.Generator]


def streams(seeds: Sequence[int]) -> Streams:
    """One generator per picture.

    Raises:
        ValueError: a seed is none.
    """
    for seed in seeds:
        if not hasattr(seed, "__index__") or not -(2**63) <= int(seed) < 2**64:
            raise ValueError(f"seed={seed!r} is no whole number of 64 bits. Give one like 0 or 12345.")
    return [torch.Generator().manual_seed(int(seed)) for seed in seeds]


def normal(shape: tuple[int, ...], sources: Streams) -> Tensor:
    """Standard normal noise (n, *shape), picture i from stream i."""
    return torch.stack([torch.randn(shape, generator=source) for source in sources])


def uniform(shape: tuple[int, ...], sources: Streams) -> Tensor:
    """Uniform noise in [0, 1), (n, *shape), picture i from stream i."""
    return torch.stack([torch.rand(shape, generator=source) for source in sources])
