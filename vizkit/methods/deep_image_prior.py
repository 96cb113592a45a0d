"""What does a network know that never saw a picture? It restores one, from nothing but how networks are built."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.core.controls import Choice, Mask, Picture, Range, Seed
from vizkit.core.dials import Dial, now
from vizkit.core.frames import Frame, Frames, Scalars
from vizkit.core.presets import presets
from vizkit.core.results import Images
from vizkit.data.pictures import Source, as_pictures
from vizkit.maximize import damage
from vizkit.maximize.averages import Average
from vizkit.maximize.chance import Streams, streams
from vizkit.maximize.damage import Remains
from vizkit.maximize.deep_prior import ARCHITECTURES, DeepPrior
from vizkit.maximize.descent import descent
from vizkit.measure.likeness import psnr

TASKS = ("inpainting", "denoising", "super-resolution", "naturalness")
STRANGERS = ("natural", "noisy", "shuffled", "noise")
PATIENCE = 3  # windows of the average without a steadier one: the picture has begun to change again


@presets(  # the constants of the authors' notebooks, each named after its figure
    **{
        "text": {"task": "inpainting", "architecture": "inpainting", "steps": 6001},
        "large-hole": {"task": "inpainting", "architecture": "large holes", "steps": 5001},
        "region": {"task": "inpainting", "architecture": "depth 6", "steps": 3001, "input_noise": 0.0},
        "half-missing": {"task": "inpainting", "architecture": "restoration", "steps": 11000, "rate": 0.1},
        "few-pixels": {
            "task": "inpainting",
            "architecture": "few pixels",
            "missing": 0.98,
            "steps": 1000,
            "input_noise": 0.0,
        },
        "denoising": {"task": "denoising", "architecture": "restoration", "steps": 3000, "input_noise": 1 / 30},
        "deblocking": {
            "task": "denoising",
            "noise": 0.0,
            "architecture": "deblocking",
            "steps": 2400,
            "input_noise": 1 / 30,
        },
        "super-resolution-4": {"task": "super-resolution", "architecture": "restoration", "steps": 2000},
        "super-resolution-8": {
            "task": "super-resolution",
            "factor": 8,
            "architecture": "restoration",
            "steps": 4000,
            "input_noise": 0.05,
        },
        "naturalness": {"task": "naturalness", "architecture": "restoration", "steps": 5000, "input_noise": 0.0},
    }
)
def deep_image_prior(
    image: Annotated[Source, Picture()],
    *,
    task: Annotated[str, Choice(*TASKS)] = "inpainting",
    mask: Annotated[Source | None, Mask(of="image")] = None,
    missing: Annotated[float, Range(0.0, 0.98)] = 0.5,
    noise: Annotated[float, Range(1.0, 100.0, log=True, zero=True)] = 25.0,
    factor: Annotated[int, Range(2, 8)] = 4,
    enlarge: bool = False,
    architecture: Annotated[str, Choice(*ARCHITECTURES)] = "quick",
    steps: Annotated[int, Range(1, 16384, log=True)] = 1024,
    rate: Annotated[float, Range(0.1, 10.0, log=True)] = 1.0,
    input_noise: Annotated[float | Dial, Range(0.0, 0.2)] = 0.03,
    averaging: Annotated[float, Range(0.0, 0.999)] = 0.99,
    size: Annotated[int, Range(32, 1024, log=True, zero=True)] = 256,
    seed: Annotated[int | Sequence[int], Seed()] = 0,
) -> Frames[Images]:
    """Restore a picture by an untrained network that is fitted to what is left of it (Ulyanov et al. 2018).

    Nothing is learned from other pictures: what is missing is filled with what a convolutional network draws most
    easily. Fitted for long enough it draws the damage as well, so when to stop is part of the method, and the frame's
    remark tells what is known about that. Each seed gives three pictures: what is known, the network's picture, and the
    average of its latest. The scalars "loss", and where the clean picture is known "psnr" and "psnr of the average",
    have a number for each seed (s,).

    Naturalness fits four networks that begin alike: to the picture, to the picture with noise, to its pixels in any
    order and to white noise. The scalars "natural", "noisy", "shuffled" and "noise" are their losses.

    It runs where `image` is: on the GPU for a tensor that is there.

    Args:
        image: The picture, gray or in color; the clean one, where there is to be a truth to compare with.
        task: What is to be restored, or, for naturalness, how easily the network draws pictures and noise.
        mask: For inpainting, which pixels are known; what the picture holds elsewhere is never read.
        missing: For inpainting without a mask, the share of pixels that are left out, each by chance.
        noise: For denoising and naturalness, the deviation of the noise added, of 255; 0: the picture is noisy already.
        factor: For super-resolution, how many times the picture is enlarged along each side.
        enlarge: For super-resolution, whether the picture itself is the small one; else it is made smaller first.
        architecture: The network: quick, or one of the paper's.
        steps: How often the network is turned.
        rate: How far each turn goes, relative to what the network likes.
        input_noise: Deviation of the noise added to the network's input at every step; the input is below 0.1.
        averaging: How much each picture weighs in the average, relative to the next.
        size: Longest side in pixels; larger pictures are made smaller. 0 keeps every picture as it is.
        seed: Where the network and the damage come from; several make several restorations.

    Raises:
        LookupError: there is no such architecture.
        ValueError: an argument is out of its bounds; the message says what to give.

    >>> vizkit.run("deep_image_prior", "world/7", task="denoising", steps=300).result().pixels.shape
    torch.Size([3, 3, 96, 96])
    """
    _check(task, steps, missing, noise, factor, averaging, size)
    if not rate > 0:
        raise ValueError(f"rate={rate} moves nothing. Give a number above 0; 1 is usual.")
    picture, known = _opened(image, mask, size)
    larger = factor if task == "super-resolution" and enlarge else 1
    if task == "super-resolution" and not enlarge:
        picture = _whole(picture, factor)
    chance = streams(_seeds(seed, len(STRANGERS) if task == "naturalness" else 1))
    canvas = (picture.shape[2] * larger, picture.shape[3] * larger)
    prior = DeepPrior((len(chance), picture.shape[1], *canvas), chance, picture.device, architecture=architecture)
    remains = _remains(task, picture, known, chance, missing, noise / 255, factor, enlarge)
    average, show = Average(averaging), _strangers if task == "naturalness" else _restorations
    prior.input_noise = float(now(input_noise, 0))
    for step, (pixels, loss) in enumerate(descent(prior, remains.misfit, steps=steps, rate=rate)):
        average.add(pixels)
        yield show(step, steps, pixels, loss, average, remains)
        prior.input_noise = float(now(input_noise, step + 1))  # of the step to come


def _remains(
    task: str,
    picture: Tensor,
    known: Tensor | None,
    chance: Streams,
    missing: float,
    noise: float,
    factor: int,
    enlarge: bool,
) -> Remains:
    """What the networks are told of the picture."""
    if task == "naturalness":
        return damage.strangers(picture, noise, chance)
    if task == "denoising":
        return damage.noisy(picture, noise, chance)
    if task == "super-resolution":
        return (damage.small if enlarge else damage.smaller)(picture, factor, chance)
    if known is not None:
        return damage.holes(picture, known, len(chance))
    return damage.missing(picture, missing, chance)


def _restorations(step: int, of: int, pixels: Tensor, loss: Tensor, average: Average, remains: Remains) -> Frame:
    """In each row what was known, what the network draws, and the average of that."""
    told, mean, clean = remains.shown((pixels.shape[2], pixels.shape[3])), average.mean, remains.clean
    rows = torch.stack([told, pixels, mean], dim=1).flatten(0, 1)
    captions = (remains.caption, "the network's picture", "its average")
    later = {} if clean is None else _likeness(pixels, mean, clean)
    return Frame(
        step,
        of,
        Images(rows, captions * len(pixels), beside=None if clean is None else clean[:1], columns=3),
        Scalars({"loss": loss, **later}),
        partial(_restored, step, loss, average.window, average.steadiest, remains),
    )


def _likeness(pixels: Tensor, mean: Tensor, clean: Tensor) -> dict[str, Callable[[], Tensor]]:
    return {"psnr": lambda: psnr(pixels, clean), "psnr of the average": lambda: psnr(mean, clean)}


def _restored(step: int, loss: Tensor, window: int, steadiest: Tensor, remains: Remains) -> str:
    """How far the networks are from copying what they were told, and when they were steadiest."""
    off = 255 * loss.mean().sqrt().item()
    words = [f"Off by {off:.1f} of 255 where it was told{_of(remains)}."]
    if remains.noise:
        words = [_against_noise(off, 255 * remains.noise)]
    if remains.known is not None:
        words.append("What fills the rest is what it draws most easily, not what was there.")
    best = int(steadiest.median())
    if best and step + 1 - best > PATIENCE * window:
        words.append(f"It was steadiest about step {best}, and has been changing again since: stop there.")
    return " ".join(words)


def _of(remains: Remains) -> str:
    return "" if remains.known is None else f", {remains.known.mean().item():.0%} of the pixels"


def _against_noise(off: float, noise: float) -> str:
    """By the discrepancy principle (Morozov 1966): a picture closer than the noise has some of it."""
    if off > noise:
        return f"Off by {off:.1f} of 255 from the noisy picture, more than the noise's {noise:g}: not copying it yet."
    return f"Off by {off:.1f} of 255 from the noisy picture, less than the noise's {noise:g}: it copies noise too."


def _strangers(step: int, of: int, pixels: Tensor, loss: Tensor, average: Average, remains: Remains) -> Frame:
    """In each row the four networks' pictures; beside them what they were told to draw."""
    kinds = loss.reshape(-1, len(STRANGERS)).mean(0)
    captions = ("the picture", "with noise", "its pixels shuffled", "white noise")
    images = Images(pixels, captions * (len(pixels) // len(captions)), beside=remains.told, columns=len(captions))
    scalars = {**dict(zip(STRANGERS, kinds, strict=True)), "loss": loss}
    return Frame(step, of, images, scalars, partial(_learned, loss, remains))


def _learned(loss: Tensor, remains: Remains) -> str:
    """The share of each target's variance that its network draws by now."""
    variance = remains.told.var((2, 3)).mean(1)
    shares = (1 - loss / variance).clamp(0, 1).reshape(-1, len(STRANGERS)).mean(0).tolist()
    words = ", ".join(f"{share:.0%} of {name}" for share, name in zip(shares, _NAMES, strict=True))
    return f"Drawn so far: {words}."


_NAMES = ("the picture", "the noisy one", "its shuffled pixels", "white noise")


def _opened(image: Source, mask: Source | None, size: int) -> tuple[Tensor, Tensor | None]:
    """The picture (1, c, h, w), no side longer than `size`, and which of its pixels are known, (1, 1, h, w)."""
    picture = as_pictures(image, channels=image.shape[-3] if torch.is_tensor(image) and image.ndim >= 3 else 3)
    if len(picture) != 1:
        raise ValueError(f"{len(picture)} pictures are given, and one is restored. Give one of them: image[:1].")
    if picture.shape[1] == 3 and bool((picture == picture[:, :1]).all()):
        picture = picture[:, :1]  # gray, written in three channels
    known = None if mask is None else _known(mask, picture)
    longest = max(picture.shape[2:])
    if not size or longest <= size:
        return picture, known
    canvas = [max(1, round(side * size / longest)) for side in picture.shape[2:]]
    picture, holes = _small(picture, canvas), None if known is None else _small(1 - known, canvas)
    return picture, None if holes is None else (holes < 0.01).float()  # a pixel is known where all that it covers is


def _small(picture: Tensor, canvas: list[int]) -> Tensor:
    return F.interpolate(picture, size=canvas, mode="bilinear", antialias=True).clamp(0, 1)


def _known(mask: Source, picture: Tensor) -> Tensor:
    """1 where the mask is lighter than half, 0 elsewhere, (1, 1, h, w)."""
    plane = mask[None] if isinstance(mask, (Tensor, np.ndarray)) and mask.ndim == 2 else mask  # as a panel paints it
    known = (as_pictures(plane, channels=1) > 0.5).float().to(picture.device)
    if len(known) != 1 or known.shape[2:] != picture.shape[2:]:
        raise ValueError(
            f"The mask is {tuple(known.shape)}, and the picture needs (1, 1, {picture.shape[2]}, {picture.shape[3]}): "
            "1 where it is known, 0 where it is to be made up."
        )
    if not known.any():
        raise ValueError("The mask leaves nothing known. Make it 1, or white, where the picture is to be kept.")
    return known


def _whole(picture: Tensor, factor: int) -> Tensor:
    """The picture without the last rows and columns that `factor` leaves over."""
    h, w = (side // factor * factor for side in picture.shape[2:])
    if not h or not w:
        small = f"{picture.shape[3]} x {picture.shape[2]}"
        raise ValueError(
            f"The picture, {small}, cannot be made {factor} times smaller. Give a larger one, or enlarge=True."
        )
    return picture[..., :h, :w]


def _seeds(seed: int | Sequence[int], times: int) -> list[int]:
    given = list(seed) if isinstance(seed, Sequence) else [seed]
    if not given:
        raise ValueError("seed needs at least one number; an empty list makes no picture.")
    return [int(one) for one in given for _ in range(times)]


def _check(task: str, steps: int, missing: float, noise: float, factor: int, averaging: float, size: int) -> None:
    rules = {
        f"task={task!r} is none of {', '.join(TASKS)}.": task in TASKS,
        f"steps={steps} turns nothing. Give 1 or more; 1024 is usual.": steps >= 1,
        f"missing={missing} is no share. Give 0 or more and less than 1.": 0 <= missing < 1,
        f"noise={noise} is negative. Give a deviation of 255, or 0 for a picture that is noisy already.": noise >= 0,
        f"factor={factor} makes nothing larger. Give 2 or more; 4 is usual.": factor >= 2,
        f"averaging={averaging} is outside 0 to 1. Give 0 for none; 0.99 is usual.": 0 <= averaging < 1,
        f"size={size} is too small for a picture. Give 8 or more, or 0 for its own size.": size == 0 or size >= 8,
    }
    for sentence, kept in rules.items():
        if not kept:
            raise ValueError(sentence)
