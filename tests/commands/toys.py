"""A method for the command line: it shows the arguments it was called with."""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from torch import Tensor

from vizkit.core.controls import Choice, Choices, LayerName, LayerNames, Mask, Picture, Range, Unit
from vizkit.core.dials import Dial
from vizkit.core.frames import Frame, Frames
from vizkit.core.presets import presets
from vizkit.core.results import Images
from vizkit.data.pictures import Source
from vizkit.nets.network import Network

calls: list[dict] = []


@presets(fast={"batch_size": 2, "mood": "sad"})
def echo(
    net: Network,
    layer: Annotated[str, LayerName()],
    unit: Annotated[int | Sequence[int], Unit(of="layer")] = 0,
    *,
    batch_size: Annotated[int, Range(1, 100, log=True)] = 8,
    strength: Annotated[float | Dial, Range(0.001, 1.0, log=True, zero=True)] = 0.1,
    mood: Annotated[str, Choice("happy", "deep sad")] = "happy",
    size: Literal["small", "large"] = "small",
    mirror: bool = False,
    seed: int = 0,
    start: Tensor | None = None,
) -> Frames[Images]:
    """Show the arguments, 100 % of them.

    Args:
        layer: Where to look.
        strength: How hard, in %.
        start: Where to begin.
    """
    calls.append(dict(locals()))
    for step in (1, 2):
        yield Frame(step, 2, Images(torch.full((1, 3, 8, 8), step / 2)), {"objective": torch.tensor(float(step))})


def needy(net: Network, rules: dict) -> Frames[Images]:
    """Needs what only Python can give."""
    yield Frame(1, 1, Images(torch.zeros(1, 3, 8, 8)))


def watch(
    image: Annotated[Source, Picture()],
    *,
    mask: Annotated[Source | None, Mask(of="image")] = None,
    kinds: Annotated[Sequence[str], Choices("tv", "deep prior")] = ("tv", "deep prior"),
    layers: Annotated[Sequence[str], LayerNames()] = (),
) -> Frames[Images]:
    """Show a picture, and need no network for it."""
    calls.append(dict(locals()))
    yield Frame(1, 1, Images(torch.zeros(1, 3, 8, 8)))
