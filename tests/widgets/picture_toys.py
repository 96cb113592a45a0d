"""Methods that work on a picture, one of them without a network; what they show tells what they were given."""

from collections.abc import Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.widgets.toy import Gate
from vizkit.core.controls import Choice, Choices, LayerName, LayerNames, Mask, Picture, Range, Unit
from vizkit.core.dials import Dial, now
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.data.pictures import Source, as_pictures
from vizkit.nets.network import Network

BLURS = {"tv": 3, "deep": 5, "fourier": 9}


def blurred(
    net: Network,
    image: Annotated[Source, Picture()],
    layer: Annotated[str, LayerName()],
    *,
    kind: Annotated[str, Choice(*BLURS)] = "tv",
    share: Annotated[float | Dial, Range(0.01, 1.0, log=True, zero=True)] = 1.0,
    steps: Annotated[int, Range(1, 512, log=True)] = 8,
    seed: int = 0,
) -> Frames[Images]:
    """The picture, less and less blurred.

    Args:
        image: What is blurred.
        layer: Only its name is used.
    """
    originals = as_pictures(image, net.size, net.channels)
    for step in range(1, steps + 1):
        mixed = originals.lerp(_blur(originals, BLURS[kind]), now(share, step) / step)
        error = (mixed - originals).square().mean((1, 2, 3))
        captions = tuple(f"{layer} · {kind}" for _ in mixed)
        yield Frame(step, steps, Images(mixed, captions, originals), {"error": error}, f"{layer} after {step}.")


def ladder(
    net: Network,
    image: Annotated[Source, Picture()],
    *,
    layers: Annotated[Sequence[str], LayerNames()] = (),
    kinds: Annotated[Sequence[str], Choices(*BLURS)] = tuple(BLURS),
    steps: Annotated[int, Range(1, 512, log=True)] = 8,
) -> Frames[Images]:
    """Every layer and kind of blur at once.

    Args:
        image: What is blurred.
        layers: The columns.
        kinds: The rows.
    """
    original = as_pictures(image, net.size, net.channels)
    names = layers or ("stem", "output")
    cells = [(kind, name) for kind in kinds for name in names]
    for step in range(1, steps + 1):
        rows = [original.lerp(_blur(original, BLURS[kind]), 1 / step) for kind, _ in cells]
        captions = tuple(f"{name} · {kind}" for kind, name in cells)
        scalars = {"error": torch.arange(len(cells)) / step}
        images = Images(torch.cat(rows), captions, original, columns=len(names))
        yield Frame(step, steps, images, scalars, f"{len(cells)} cells.")


def _opens(run: Run, index: int) -> Run:
    net, image = run.arguments["net"], run.arguments["image"]
    layers, kinds = run.arguments.get("layers") or ("stem", "output"), run.arguments.get("kinds") or tuple(BLURS)
    return Run.of(blurred, net, image, layers[index % len(layers)], kind=kinds[index // len(layers)])


ladder.opens = _opens  # type: ignore[attr-defined]


def mended(
    image: Annotated[Source, Picture()],
    *,
    task: Annotated[str, Choice("mend", "blur")] = "mend",
    mask: Annotated[Tensor | None, Mask(of="image")] = None,
    steps: Annotated[int, Range(1, 512, log=True)] = 4,
) -> Frames[Images]:
    """Fill what is missing with gray, without any network.

    Args:
        image: What is mended.
        task: What is done.
        mask: 1 where it is known.
    """
    original = as_pictures(image)
    known = torch.ones(original.shape[2:]) if mask is None else mask
    for step in range(1, steps + 1):
        filled = original * known + 0.5 * (1 - known) * step / steps
        yield Frame(step, steps, Images(filled, ("mended",), original), {"missing": (1 - known).mean()[None]})


def paced(
    net: Network, gate: Gate, layer: Annotated[str, LayerName()], unit: Annotated[int, Unit(of="layer")] = 0
) -> Frames[Images]:
    """One gray picture, when the gate lets it through.

    Args:
        layer: Not used.
        unit: What the remark names.
    """
    gate.wait()
    yield Frame(1, 1, Images(torch.zeros(1, 3, 4, 4)), {"error": torch.zeros(1)}, f"unit {unit}.")


def _blur(pictures: Tensor, width: int) -> Tensor:
    return F.avg_pool2d(pictures, width, 1, width // 2, count_include_pad=False)
