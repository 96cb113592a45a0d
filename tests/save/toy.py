"""Runs of a method that needs no network: every frame holds the same pictures, a little brighter each time."""

import torch

from vizkit.core.frames import Frame
from vizkit.core.results import Curves, Images
from vizkit.core.runs import Run


def brightening(steps: int = 10, pictures: int = 2, channels: int = 3, size: int = 16, stride: int = 1):
    """Pictures (n, c, size, size) that grow from dark to their full range."""
    full = torch.rand(pictures, channels, size, size, generator=torch.Generator().manual_seed(0))
    captions = tuple(f"unit {i}" for i in range(pictures))
    for step in range(stride, steps + 1, stride):
        score = torch.arange(pictures) + step / 3
        yield Frame(step, steps, Images(full * step / steps, captions), {"objective": score, "loss": score.mean()})


def counting(steps: int = 3):
    """A run that makes no pictures."""
    for step in range(1, steps + 1):
        yield Frame(step, steps, Curves(torch.arange(3.0), {"count": torch.arange(3.0)}))


def failing():
    """A run that breaks after its first frame."""
    yield Frame(1, 2, Images(torch.zeros(1, 3, 8, 8)))
    raise ArithmeticError("broken on purpose")


def toy(**arguments) -> Run:
    return Run.of(brightening, **arguments)
