"""A method with one parameter of every kind, whose pictures tell what it was given, and a gate that paces it."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import torch
from torch import Tensor

from vizkit.core.controls import Choice, LayerName, Range, Unit
from vizkit.core.dials import Dial, now
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images
from vizkit.nets.network import Network


class Gate:
    """Lets through as many steps as it is told to."""

    def __init__(self):
        self._free = threading.Semaphore(0)
        self.open = False

    def let(self, steps: int) -> None:
        self._free.release(steps)

    def wait(self) -> None:
        assert self.open or self._free.acquire(timeout=5), "nobody let the method go on"


def toy(
    net: Network,
    gate: Gate,
    layer: Annotated[str, LayerName()],
    unit: Annotated[int | Sequence[int], Unit(of="layer")] = 0,
    *,
    weight: Annotated[float | Dial | Sequence[float], Range(0.01, 1.0, log=True, zero=True)] = 0.1,
    pull: Annotated[float | Dial | Sequence[float], Range(0.0, 1.0)] = 0.0,
    seed: int = 0,
    steps: Annotated[int, Range(1, 64, log=True)] = 4,
    angle: Annotated[float, Range(0.0, 45.0)] = 8.0,
    look: Annotated[str, Choice("plain", "fancy")] = "plain",
    precision: Literal["high", "low"] = "high",
    mirrored: bool = False,
    bins: int = 10,
    gain: float = 1.0,
    start: Tensor | None = None,
) -> Frames[Images]:
    """Show the weight as a shade of gray (Nobody et al. 1999).

    One picture for each unit and weight; a start is shown in its upper left pixel.

    Args:
        net: The network.
        layer: Where to look.
        weight: How bright.
    """
    if gain < 0:
        raise ValueError(f"gain={gain} would turn the picture inside out. Give 0 or more.")
    units = unit if isinstance(unit, Sequence) else [unit]
    for step in range(1, steps + 1):
        gate.wait()
        weights = now(weight, step)
        shades = [w for _ in units for w in (weights if isinstance(weights, Sequence) else [weights])]
        pixels = torch.tensor(shades).view(-1, 1, 1, 1).repeat(1, 3, 4, 4)
        if start is not None:
            pixels[:, :, 0, 0] = start[:, :, 1, 1]
        captions = tuple(f"{layer} {shade:g}" for shade in shades)
        yield Frame(step, steps, Images(pixels, captions), {"objective": pixels.mean((1, 2, 3)) * step})


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "that did not happen"
        time.sleep(0.002)
