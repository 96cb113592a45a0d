"""What does a layer keep of a picture? Another picture is turned, step by step, until the layer answers alike."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Annotated, Literal

import torch
from torch import Tensor

from vizkit.core.controls import Choice, LayerName, Picture, Range, Seed
from vizkit.core.dials import Dial
from vizkit.core.frames import Frame, Frames, Scalars
from vizkit.core.presets import presets
from vizkit.core.results import Images
from vizkit.data.pictures import Source, as_pictures
from vizkit.maximize import penalties
from vizkit.maximize.cells import check_loop, check_size, several, together
from vizkit.maximize.chance import streams
from vizkit.maximize.codes import Part, Region, code_of, match, weight_of_a_code
from vizkit.maximize.deep_prior import ARCHITECTURES
from vizkit.maximize.pictures import PICTURES
from vizkit.maximize.search import Look, search
from vizkit.maximize.transforms import Shift, Still
from vizkit.measure.likeness import image_error, psnr, ssim
from vizkit.nets.network import Network
from vizkit.nets.read import activations

Strength = float | Dial | Sequence[float]
REST = 0.8  # of the way, then the picture stands still: 2750 of 3500 steps in Mahendran & Vedaldi 2016
FOUND, LOST = 0.05, 0.25  # feature errors up to which two codes are the same, and from which they are not
NEAR = 0.25  # image error below which two pictures look alike
SETTLE = 0.01  # of the rate is left at the end: a pull that never tires leaves the picture trembling by its rate
BOLD = {"fourier": 2.0, "plain fourier": 2.0}  # a code pulls to one picture: larger steps than in a search for any


@presets(
    **{
        "mahendran-vedaldi-2015": {
            "picture": "pixels",
            "balance": "loss",
            "tv": 10.0,
            "tv_beta": 2.0,
            "gray": 3.38,  # 8e-10 · 255⁴
            "alpha": 6.0,
            "saturation": 0.0,
            "steps": 400,
        },
        "natural-pre-image-2016": {
            "picture": "pixels",
            "balance": "loss",
            "tv": 9.4,  # 2 · 3 σ² (255 · 6.5 / 80)² / C with σ = 69/255, C = 20
            "tv_beta": 2.0,
            "gray": 207.0,  # 2 · 27 σ² (255 / 80)⁶ / C: as strong on a gray picture
            "alpha": 6.0,
            "saturation": 0.0,
            "jitter": 0.018,  # a quarter of conv5's stride: 4 of 227 pixels
            "steps": 350,
        },
        "deep-prior-2018": {
            "picture": "deep prior",
            "architecture": "inversion",
            "balance": "loss",
            "tv": 0.0,
            "gray": 0.0,
            "saturation": 0.0,
            "steps": 3100,
        },
    }
)
def feature_inversion(
    net: Network,
    image: Annotated[Source, Picture()],
    layer: Annotated[str, LayerName()],
    *,
    picture: Annotated[str, Choice("fourier", "plain fourier", "pixels", "deep prior")] = "fourier",
    tv: Annotated[Strength, Range(0.001, 1000.0, log=True, zero=True)] = 0.15,
    tv_beta: Annotated[float, Range(1.0, 3.0)] = 1.0,
    gray: Annotated[Strength, Range(0.001, 1000.0, log=True, zero=True)] = 3.0,
    alpha: Annotated[float, Range(2.0, 8.0)] = 6.0,
    saturation: Annotated[Strength, Range(0.01, 1000.0, log=True, zero=True)] = 30.0,
    seed: Annotated[int | Sequence[int], Seed()] = 0,
    steps: Annotated[int, Range(1, 4096, log=True)] = 256,
    rate: Annotated[float, Range(0.1, 10.0, log=True)] = 1.0,
    jitter: Annotated[float, Range(0.0, 0.1)] = 0.0,
    balance: Literal["pull", "loss"] = "pull",
    architecture: Annotated[str, Choice(*ARCHITECTURES)] = "quick",
    size: Annotated[int, Range(32, 512, log=True, zero=True)] = 0,
    precision: Literal["float32", "bfloat16"] = "float32",
    channels: Sequence[int] = (),
    region: Region | None = None,
    start: Tensor | None = None,
) -> Frames[Images]:
    """Find pictures that a layer cannot tell from a given one (Mahendran & Vedaldi 2015; Ulyanov et al. 2018).

    A layer's code is whatever it returns: maps, tokens or a vector, before or after the nonlinearity as its name
    says. Every combination of image, `seed` and strengths is one picture of a single batch, and does not depend on
    the others in it; several seeds show how different pictures of one code may be. Scalars (n,), all of the
    frame's own picture, standing still: "feature error" ‖Φ(x) − Φ₀‖ / ‖Φ₀‖, "image error" ‖x − x₀‖ / ‖x₀ − mean(x₀)‖
    (1: no nearer than a plain picture), "psnr" in decibels, "ssim". Only both errors together mean something:
    where the first is small and the second is not, the layer did not keep what is missing.

    The presets have the papers' penalties and numbers of steps. In all of them Adam, whose rate falls over the last
    third, takes the place of the authors' gradient descent. The total variation of the 2015 preset is that of the
    middle layers: the authors take `tv=1` in the first third and `tv=100` in the last. That of 2016 has C = 20 (of
    300, 100, 20 and 1 from first to last: `tv=188 / C`, `gray=4139 / C`).

    Args:
        net: The network to look into.
        image: The picture whose code is wanted, or several of one shape.
        layer: Where the code is read; `output` holds the class logits.
        picture: How the picture is written down: by frequencies and decorrelated colors, by frequencies alone, by
            pixels, or by an untrained network.
        tv: Strength of total variation: smooths neighbors.
        tv_beta: Its exponent: 1 keeps edges sharp, 2 spreads them out.
        gray: Strength of the pull toward plain gray, without which brightness drifts where the layer does not see it.
        alpha: Exponent of that pull: at 6 only values far from gray feel it.
        saturation: Strength against values near black and white.
        seed: Where the random start comes from; several give several pictures of the same code.
        steps: How often the picture is turned.
        rate: How far each turn goes, relative to what the kind of picture likes.
        jitter: Largest random shift before each look, as a share of the picture; none in the last fifth of the steps.
        balance: What strengths are weighed against: the "pull" of the code, which is then as strong at every step and
            layer, or its "loss", as in the papers, where `tv` is their λ and fades in as the loss falls.
        architecture: Which untrained network draws a deep prior; "inversion" is the paper's.
        size: Side of the picture in pixels; 0 takes the size the network was made for.
        precision: Arithmetic of the network in the first seven eighths of the steps; the picture, and the network
            at the end, are float32.
        channels: Which channels of the code count; all if none is named.
        region: Which part of the map counts: top, left, bottom, right in places of the map; all if None.
        start: Pictures (n or 1, c, h, w) in [0, 1] to begin with, instead of noise.

    Raises:
        LookupError: the layer or a channel does not exist; the message names the nearest.
        ValueError: an argument is out of its bounds, or the code is zero everywhere.
        FloatingPointError: the network answers with NaN.

    >>> net = vizkit.load("world")
    >>> vizkit.run("feature_inversion", net, "world/7", layer="stage2", seed=[0, 1]).result().pixels.shape
    torch.Size([2, 3, 96, 96])
    """
    check_loop(steps, rate, precision)
    check_size(size)
    _check(balance, jitter=jitter, alpha=alpha, tv_beta=tv_beta)
    canvas = (size, size) if size else net.size
    originals = as_pictures(image, canvas, net.channels).to(net.device)
    cells = list(product(range(len(originals)), *map(several, (seed, tv, gray, saturation))))
    if not cells:
        raise ValueError("image, seed and strengths need at least one value each; an empty list makes no picture.")
    index, seeds, *strengths = zip(*cells, strict=True)
    part = Part(tuple(channels), region)
    wanted = code_of(net, _shown(net, originals), layer, part)[list(index)]
    chance = streams(seeds)
    shape = (len(cells), net.channels, *canvas)
    kind, liked = _kind(picture, architecture)
    costs = [partial(penalties.total_variation, beta=tv_beta), partial(penalties.norm, p=alpha), penalties.outside]
    weight = weight_of_a_code(shape)
    looks = search(
        net,
        kind(shape, chance, net.device, start),
        match(layer, wanted, part, weight),
        chance,
        steps=steps,
        penalties=[(together(s), cost) for s, cost in zip(strengths, costs, strict=True)],
        transform=Shift(jitter) if jitter else Still(),
        rest=REST,
        rate=rate * liked,
        settle=SETTLE,
        share=balance == "pull",
        dtype=getattr(torch, precision),
    )
    still = not jitter and precision == "float32"
    captions = tuple(_captions(layer, cells))
    beside = originals[list(index)] if len(originals) > 1 else originals
    for look in looks:
        error = partial(_errors, look, weight) if still else partial(_errors_again, net, look, layer, wanted, part)
        scalars = _scalars(look.pixels, beside, error)
        remark = partial(said, layer, scalars, look.step >= steps)
        yield Frame(look.step, steps, Images(look.pixels, captions, beside), scalars, remark)


def said(layer: str, scalars: Mapping[str, Tensor], last: bool) -> str:
    """What both errors mean together, in a sentence. Of several pictures, the worst decides."""
    feature, image = scalars["feature error"], scalars["image error"]
    found, far = percents(feature), percents(image)
    if feature.max() > LOST:
        if not last:
            return f"Still searching: feature error {found}, image error {far}."
        return (
            f"The search did not reach the code of {layer} (feature error {found}): "
            "what is missing may be its fault, not the layer's."
        )
    if image.max() < NEAR:
        return f"{layer} has kept nearly all of it: feature error {found}, and the pictures differ by {far}."
    can = "cannot" if feature.max() <= FOUND else "can hardly"
    return f"At {layer} the network {can} tell these apart: feature error {found}, but they differ by {far}."


def percents(shares: Tensor) -> str:
    """`3 %`, or `3 to 8 %` of several that differ; below ten with a digit after the point where that is small."""
    low, high = (_percent(float(end)) for end in (shares.min(), shares.max()))
    return f"{low} %" if low == high else f"{low} to {high} %"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share < 0.0095 else f"{100 * share:.0f}"


def _scalars(pixels: Tensor, originals: Tensor, error: Callable[[], Tensor]) -> Scalars:
    later = {name: partial(measure, pixels, originals) for name, measure in {"psnr": psnr, "ssim": ssim}.items()}
    return Scalars({"feature error": error, "image error": image_error(pixels, originals), **later})


def _errors(look: Look, weight: float) -> Tensor:
    """The feature errors (n,) that a search's score stands for."""
    return (-look.score / weight).clamp(min=0).sqrt()


@torch.no_grad()
def _errors_again(net: Network, look: Look, layer: str, wanted: Tensor, part: Part) -> Tensor:
    """The feature errors (n,) of pictures that were looked at while they moved, or through rougher numbers."""
    code = part(layer, activations(net, _shown(net, look.pixels), [layer])[layer])
    return torch.linalg.vector_norm(code - wanted, dim=1) / torch.linalg.vector_norm(wanted, dim=1)


def _shown(net: Network, pictures: Tensor) -> Tensor:
    """The pictures at the size of the network, as a search shows them that does not move them."""
    return Still()(pictures, net.size, torch.empty(0))


def _captions(layer: str, cells: list[tuple]):
    """What tells each picture from the others: the layer, then whatever varies."""
    names = ("picture", "seed", "tv", "gray", "saturation")
    varying = [i for i in range(len(names)) if len({str(cell[i]) for cell in cells}) > 1]
    for cell in cells:
        yield " · ".join([layer, *(f"{names[i]} {float(cell[i]):g}" for i in varying)])


def _kind(picture: str, architecture: str) -> tuple[Callable, float]:
    """What writes the picture down, and how much more boldly than usual it may be turned."""
    name = picture.replace("_", " ")
    if name not in PICTURES:
        raise ValueError(f"picture={picture!r} is none of {', '.join(PICTURES)}.")
    kind = PICTURES[name]
    return (partial(kind, architecture=architecture) if name == "deep prior" else kind), BOLD.get(name, 1.0)


def _check(balance: str, **amounts: float) -> None:
    if balance not in {"pull", "loss"}:
        raise ValueError(f"balance={balance!r} is unknown. Give pull or loss.")
    for name, amount in amounts.items():
        if not amount >= (0 if name == "jitter" else 1):
            raise ValueError(f"{name}={amount} is too small. Give {'0 or more' if name == 'jitter' else '1 or more'}.")
