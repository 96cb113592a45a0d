"""What does a unit like best? A picture is turned, step by step, until the unit is as active as it gets."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Annotated, Literal

import torch
from torch import Tensor

from vizkit.core.controls import Choice, LayerName, Range, Seed, Unit
from vizkit.core.dials import Dial
from vizkit.core.frames import Frame, Frames
from vizkit.core.presets import presets
from vizkit.core.results import Images
from vizkit.maximize import objectives, penalties
from vizkit.maximize.cells import check_loop, check_size, several, together
from vizkit.maximize.chance import streams
from vizkit.maximize.deep_prior import ARCHITECTURES, DeepPrior
from vizkit.maximize.objectives import Objective
from vizkit.maximize.pictures import PICTURES, Picture
from vizkit.maximize.search import search
from vizkit.maximize.transforms import Still, Wobble
from vizkit.nets.network import Network

Strength = float | Dial | Sequence[float]


@presets(
    classes={
        "objective": "contrast",
        "steps": 160,  # with more, fewer are recognized by another network
        "tv": 1.0,
        "jitter": 0.1,
        "scale": 0.3,
        "rotate": 15.0,
        "dropout": 0.13,  # at 0.2 the pictures fall apart
    },
    lucid={"steps": 512, "tv": 0.0, "jitter": 0.06, "scale": 0.1, "rotate": 10.0},
    **{
        "deep-prior": {  # Ulyanov et al. 2018; for class logits they turn ten times as far: rate=10
            "picture": "deep prior",
            "architecture": "activation",
            "steps": 3100,
            "tv": 0.0,
            "jitter": 0.0,
            "scale": 0.0,
            "rotate": 0.0,
        }
    },
)
def activation_maximization(
    net: Network,
    layer: Annotated[str, LayerName()],
    unit: Annotated[int | Sequence[int], Unit(of="layer")] = 0,
    *,
    objective: Annotated[str, Choice("channel", "neuron", "contrast", "energy")] = "channel",
    picture: Annotated[str, Choice("fourier", "plain fourier", "pixels", "deep prior")] = "fourier",
    tv: Annotated[Strength, Range(0.001, 10.0, log=True, zero=True)] = 0.1,
    gray: Annotated[Strength, Range(0.001, 10.0, log=True, zero=True)] = 0.0,
    saturation: Annotated[Strength, Range(0.01, 100.0, log=True, zero=True)] = 0.0,
    seed: Annotated[int | Sequence[int], Seed()] = 0,
    steps: Annotated[int, Range(1, 2048, log=True)] = 256,
    rate: Annotated[float, Range(0.1, 10.0, log=True)] = 1.0,
    jitter: Annotated[float, Range(0.0, 0.25)] = 0.06,
    scale: Annotated[float, Range(0.0, 0.5)] = 0.1,
    rotate: Annotated[float, Range(0.0, 45.0)] = 8.0,
    recolor: Annotated[float, Range(0.0, 1.0)] = 0.0,
    dropout: Annotated[float, Range(0.0, 0.3)] = 0.0,
    views: Annotated[int, Range(1, 8)] = 1,
    architecture: Annotated[str, Choice(*ARCHITECTURES)] = "quick",
    size: Annotated[int, Range(32, 512, log=True, zero=True)] = 0,
    precision: Literal["float32", "bfloat16"] = "float32",
    start: Tensor | None = None,
    position: tuple[int, int] | None = None,
    vectors: Tensor | None = None,
) -> Frames[Images]:
    """Find pictures that excite units of a layer as much as possible (Erhan et al. 2009; Olah et al. 2017).

    Every combination of `unit`, `seed` and strengths is one picture of a single batch, and does not depend
    on the others in it. The scalar "objective" (n,) is the unit's activation on the frame's picture, moved
    as that step moved it and, with `dropout`, in that step's network. A picture the unit loves is not a picture of
    what it detects: look at real ones too.

    Args:
        net: The network to look into.
        layer: Where the unit lives; `output` holds the class logits.
        unit: A channel of a map, a column of a flat layer, or several of them.
        objective: The channel's mean over the picture; one neuron of it; "contrast", the channel's mean plus three
            times its log-probability among all units, so that a picture must not please the others too; or,
            whatever the unit, the energy of the whole layer.
        picture: How the picture is written down: by frequencies and decorrelated colors, by frequencies alone, by
            pixels, or by an untrained network.
        tv: Strength of total variation: smooths neighbors. At 1 it pulls about as hard as the unit.
        gray: Strength of the pull toward plain gray (L2 norm about the middle).
        saturation: Strength against values near black and white.
        seed: Where the random start and the random movements come from; several give several pictures.
        steps: How often the picture is turned.
        rate: How far each turn goes, relative to what the kind of picture likes.
        jitter: Largest random shift before each look, as a share of the picture.
        scale: Largest random change of size before each look (0.1: by a tenth).
        rotate: Largest random turn before each look, in degrees.
        recolor: Largest random change of contrast before each look, and half of it of each channel's brightness.
        dropout: Spread of the random factors by which every channel inside the network is louder or softer at each
            look (Gaussian dropout, Srivastava et al. 2014): what only this very network would fall for is not worth
            drawing then, and other networks recognize more of the picture.
        views: How many such looks are averaged at every step; each costs as much as the first.
        architecture: Which untrained network draws a deep prior; "activation" is the paper's.
        size: Side of the picture in pixels; 0 takes the size the network was made for.
        precision: Arithmetic of the network in the first seven eighths of the steps; the picture, and the network
            at the end, are float32.
        start: Pictures (n or 1, c, h, w) in [0, 1] to begin with, instead of noise.
        position: Row and column of the neuron; the center if not given.
        vectors: Directions to follow instead of units, one (c,) or one for each picture (n, c).

    Raises:
        LookupError: the layer or the unit does not exist; the message names the nearest.
        ValueError: an argument is out of its bounds; the message says what to give.
        FloatingPointError: the network answers with NaN.

    >>> net = vizkit.load("world")
    >>> vizkit.run("activation_maximization", net, layer="stage3", unit=[41, 74]).result().pixels.shape
    torch.Size([2, 3, 96, 96])
    """
    check_loop(steps, rate, precision)
    _check_places(size, views, jitter=jitter, scale=scale, rotate=rotate, recolor=recolor, dropout=dropout)
    cells = list(product(*map(several, (unit, seed, tv, gray, saturation))))
    if not cells:
        raise ValueError("unit, seed and strengths need at least one value each; an empty list makes no picture.")
    units, seeds, *strengths = zip(*cells, strict=True)
    chance = streams(seeds)
    canvas = (size, size) if size else net.size
    drawn = _kind(picture, architecture)((len(cells), net.channels, *canvas), chance, net.device, start)
    costs = [penalties.total_variation, penalties.norm, penalties.outside]
    looks = search(
        net,
        drawn,
        _objective(objective, layer, units, position, vectors),
        chance,
        steps=steps,
        penalties=[(together(s), cost) for s, cost in zip(strengths, costs, strict=True)],
        transform=Wobble(jitter, scale, rotate, recolor) if jitter or scale or rotate or recolor else Still(),
        rate=rate,
        views=views,
        dropout=dropout,
        dtype=getattr(torch, precision),
    )
    captions = tuple(_captions(net, layer, objective if vectors is None else "direction", cells))
    for look in looks:
        yield Frame(look.step, steps, Images(look.pixels, captions), {"objective": look.score})


def _objective(kind: str, layer: str, units: Sequence[int], position, vectors: Tensor | None) -> Objective:
    if vectors is not None:
        return objectives.direction(layer, vectors)
    if kind == "channel":
        return objectives.channel(layer, units)
    if kind == "neuron":
        return objectives.neuron(layer, units, position)
    if kind == "contrast":
        return objectives.channel(layer, units) + 3 * objectives.probability(layer, units)
    if kind == "energy":
        return objectives.energy(layer)
    raise ValueError(f"objective={kind!r} is none of channel, neuron, contrast, energy.")


def _captions(net: Network, layer: str, objective: str, cells: list[tuple]):
    """What tells each picture from the others: its unit or label, then whatever else varies."""
    names = ("unit", "seed", "tv", "gray", "saturation")
    varying = [i for i in range(1, len(names)) if len({str(cell[i]) for cell in cells}) > 1]
    for cell in cells:
        what = f"unit {cell[0]}" if objective in {"channel", "neuron", "contrast"} else objective
        if layer == "output" and what.startswith("unit") and cell[0] < len(net.labels):
            what = net.labels[cell[0]]
        yield " · ".join([what, *(f"{names[i]} {cell[i]:g}" for i in varying)])


def _kind(picture: str, architecture: str) -> Callable[..., Picture]:
    if picture not in PICTURES:
        raise ValueError(f"picture={picture!r} is none of {', '.join(PICTURES)}.")
    kind = PICTURES[picture]
    return partial(kind, architecture=architecture) if kind is DeepPrior else kind


def _check_places(size: int, views: int, **amounts: float) -> None:
    if views < 1:
        raise ValueError(f"views={views} looks at nothing. Give 1 or more.")
    check_size(size)
    for name, amount in amounts.items():
        if amount < 0:
            raise ValueError(f"{name}={amount} is negative. Give 0 to leave it out.")
