"""What do all layers keep of a picture? One inversion for each layer and each way to write a picture, side by side."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import torch
from torch import Tensor

from vizkit.core.controls import Choices, LayerNames, Picture, Range
from vizkit.core.dials import Dial
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.data.pictures import Source, as_pictures
from vizkit.methods.feature_inversion import LOST, feature_inversion, percents
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.nets.spread import spread

ROWS = {"tv": "pixels", "deep prior": "deep prior", "fourier": "fourier"}  # what writes the pictures of a row down


def inversion_ladder(
    net: Network,
    image: Annotated[Source, Picture()],
    layers: Annotated[Sequence[str], LayerNames()] = (),
    *,
    priors: Annotated[Sequence[str], Choices("tv", "deep prior", "fourier")] = ("tv", "deep prior", "fourier"),
    tv: Annotated[float | Dial, Range(0.001, 1000.0, log=True, zero=True)] = 0.3,
    seed: int = 0,
    steps: Annotated[int, Range(1, 4096, log=True)] = 256,
    rate: Annotated[float, Range(0.1, 10.0, log=True)] = 1.0,
    size: Annotated[int, Range(32, 512, log=True, zero=True)] = 0,
) -> Frames[Images]:
    """Find pictures that each layer in turn cannot tell from a given one: a column for a layer, a row for a prior.

    Every cell is a run of `feature_inversion`, which goes no further than its own layer and takes one step for each
    frame; `inversion_ladder.opens(run, index)` is that run alone. The rows are total variation on pixels, a deep
    prior, and frequencies, in the order of Mahendran & Vedaldi (2015) and Ulyanov et al. (2018). Scalars (n,), row by
    row: "feature error" and "image error", as that method has them; captions tell them as "code" and "image".

    Args:
        net: The network to look into.
        image: The picture whose codes are wanted, a single one.
        layers: Where the codes are read, one column each; none for some that are spread over the depth.
        priors: What makes up for what a layer did not keep, one row each: total variation on pixels, an untrained
            network, or frequencies.
        tv: Strength of total variation in the first of them. A deep prior is on its own; all else is at the defaults of
            `feature_inversion`.
        seed: Where the random starts come from.
        steps: How often each picture is turned.
        rate: How far each turn goes, relative to what the kind of picture likes.
        size: Side of the pictures in pixels; 0 takes the size the network was made for.

    Raises:
        LookupError: a layer does not exist; the message names the nearest.
        ValueError: an argument is out of its bounds, or a layer answers the picture with zero everywhere.
        FloatingPointError: the network answers with NaN.

    >>> net = vizkit.load("world")
    >>> run = vizkit.run("inversion_ladder", net, "world/7", steps=160)
    >>> run.result().columns
    7
    """
    names, rows = _chosen(net, layers), _rows(priors)
    canvas = (size, size) if size else net.size
    original = as_pictures(image, canvas, net.channels)
    if len(original) != 1:
        raise ValueError(f"A ladder is of one picture, and these are {len(original)}. Give one of them: image[:1].")
    shared = {"seed": seed, "steps": steps, "rate": rate, "size": size}
    cells = [(prior, layer) for prior in rows for layer in names]
    runs = [feature_inversion(net, original, layer, **_settings(prior, tv), **shared) for prior, layer in cells]
    for frames in zip(*runs, strict=True):
        pixels = torch.cat([frame.result.pixels for frame in frames])
        errors = {
            name: torch.cat([frame.scalars[name] for frame in frames]) for name in ("feature error", "image error")
        }
        captions = tuple(_captions(cells, errors))
        result = Images(pixels, captions, beside=original.to(pixels.device), columns=len(names))
        step, of = frames[0].step, frames[0].of
        yield Frame(step, of, result, errors, partial(_said, names, errors, step >= of))


def opens(run: Run, index: int, result: Images | None = None) -> Run:
    """The inversion that cell `index` of a ladder is, alone; from that cell of `result` on, where that is given.

    >>> vizkit.methods.inversion_ladder.opens(run, 3, run.result())
    """
    given = {"layers": (), "priors": tuple(ROWS), "tv": 0.3, **run.arguments}
    names, rows = _chosen(given["net"], given["layers"]), _rows(given["priors"])
    if not 0 <= index < len(names) * len(rows):
        raise LookupError(f"This ladder has {len(names) * len(rows)} cells, 0 to {len(names) * len(rows) - 1}.")
    kept = {name: given[name] for name in ("seed", "steps", "rate", "size") if name in given}
    start = {} if result is None else {"start": result.pixels[index : index + 1]}
    settings = _settings(rows[index // len(names)], given["tv"])
    layer = names[index % len(names)]
    return Run.of(feature_inversion, given["net"], image=given["image"], layer=layer, **settings, **kept, **start)


inversion_ladder.opens = opens  # type: ignore[attr-defined]  what a panel calls where a cell is clicked


def _chosen(net: Network, layers: Sequence[str]) -> tuple[str, ...]:
    if isinstance(layers, str):
        raise TypeError(f"layers={layers!r} is one string; a list is wanted. Try [{layers!r}].")
    table = layers_of(net)
    return tuple(table[name].name for name in layers) or spread(net)


def _rows(priors: Sequence[str]) -> list[str]:
    wanted = [prior.replace("_", " ") for prior in ([priors] if isinstance(priors, str) else priors)]
    for prior in wanted:
        if prior not in ROWS:
            raise ValueError(f"priors={prior!r} is none of {', '.join(ROWS)}.")
    if not wanted:
        raise ValueError(f"A ladder without a prior has no rows. Give some of {', '.join(ROWS)}.")
    return wanted


def _settings(prior: str, tv: float | Dial) -> dict[str, Any]:
    """The arguments of `feature_inversion` that make a row."""
    strength = {"tv": {"tv": tv}, "deep prior": {"tv": 0.0, "gray": 0.0, "saturation": 0.0}, "fourier": {}}[prior]
    return {"picture": ROWS[prior], **strength}


def _captions(cells: Sequence[tuple[str, str]], errors: dict[str, Tensor]) -> Iterator[str]:
    """`stage4 · tv · code 3 % · image 38 %`"""
    for (prior, layer), feature, image in zip(cells, *(e.split(1) for e in errors.values()), strict=True):
        yield f"{layer} · {prior} · code {percents(feature)} · image {percents(image)}"


def _said(names: Sequence[str], errors: dict[str, Tensor], last: bool) -> str:
    """What the ladder shows, in a sentence: of each column, the picture that is nearest."""
    feature, image = (error.reshape(-1, len(names)) for error in errors.values())
    if feature.max() > LOST and not last:
        return f"Still searching: feature errors of {percents(feature)}."
    nearest = image.min(0).values
    found = f"with feature errors of {percents(feature)}"
    if len(names) == 1:
        return f"The nearest picture to {names[0]}'s code differs by {percents(nearest)}, {found}."
    first, end = percents(nearest[0]), percents(nearest[-1])
    return f"The nearest pictures differ by {first} at {names[0]} and by {end} at {names[-1]}, {found}."
