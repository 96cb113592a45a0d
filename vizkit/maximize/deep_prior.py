"""Pictures drawn by untrained networks, whose weights are turned (Ulyanov, Vedaldi & Lempitsky 2018).

An architecture is a frozen value, called with maps and the `Weights` of n networks. The n run as one: a map is
(1, n·c, h, w), the channels of picture i side by side, so that convolutions in n groups keep the pictures apart.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.core.words import nearest
from vizkit.maximize.chance import Streams, uniform
from vizkit.maximize.descent import descent
from vizkit.maximize.starts import Shape, fitted

Padding = Literal["reflection", "zero"]


@dataclass(frozen=True)
class Code:
    """What a network is fed: `channels` of uniform noise in [0, 0.1), or the coordinates of every pixel in [0, 1].

    At every step, normal noise of deviation `stirred` is added to it.
    """

    channels: int = 32
    kind: Literal["noise", "mesh"] = "noise"
    stirred: float = 0.0

    def __call__(self, size: tuple[int, int], chance: Streams) -> Tensor:
        if self.kind == "noise":
            return 0.1 * uniform((self.channels, *size), chance)
        rows, columns = (torch.linspace(0, 1, side) for side in size)
        mesh = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1])
        return mesh.expand(len(chance), -1, -1, -1).clone()


class Architecture(Protocol):
    """A network as a value: the code it is fed, the rate its weights like, and what it makes of a code."""

    @property
    def code(self) -> Code: ...

    @property
    def rate(self) -> float: ...

    def __call__(self, x: Tensor, weights: "Weights", channels: int) -> Tensor: ...


@dataclass(frozen=True)
class Hourglass:
    """Down to small maps and up again, with a thin path across at every level (the paper's `skip` network).

    Level i halves the picture into `down[i]` channels by kernels of `kernels_down[i]`, draws on `skip[i]` channels
    of its own input (0: none) on the way back, and leaves `up[i]` channels. Levels whose picture is smaller than
    8 pixels are left out. `twice` adds a second convolution on the way down, `mix` a pointwise one on the way up.
    """

    down: tuple[int, ...]
    up: tuple[int, ...] = ()
    skip: tuple[int, ...] = ()
    kernels_down: tuple[int, ...] = (3,)
    kernels_up: tuple[int, ...] = (3,)
    twice: bool = True
    mix: bool = True
    enlarge: Literal["bilinear", "nearest"] = "bilinear"
    shrink: Literal["stride", "average"] = "stride"
    pad: Padding = "reflection"
    code: Code = field(default_factory=Code)
    rate: float = 0.01

    def __post_init__(self):
        for name in ("up", "skip", "kernels_down", "kernels_up"):
            given = getattr(self, name) or (self.down if name == "up" else (0,))
            if len(given) not in {1, len(self.down)}:
                raise ValueError(
                    f"{name}={given} has {len(given)} levels, down {len(self.down)}. Give as many, or one."
                )
            object.__setattr__(self, name, tuple(given) * (len(self.down) // len(given)))

    def __call__(self, x: Tensor, weights: "Weights", channels: int) -> Tensor:
        depth = levels(min(x.shape[2:]), len(self.down))
        return weights.plain(self._level(x, 0, depth, weights) if depth else x, "colors", channels)

    def _level(self, x: Tensor, level: int, depth: int, weights: "Weights") -> Tensor:
        size, skip = x.shape[2:], self.skip[level]
        across = [weights.block(x, f"skip{level}", skip)] if skip else []
        x = self._down(x, level, weights)
        if level + 1 < depth:
            x = self._level(x, level + 1, depth, weights)
        x = weights.joined([*across, enlarged(x, size, self.enlarge)])
        if self.twice:
            x = weights.normed(x, f"joined{level}")
        x = weights.block(x, f"up{level}", self.up[level], self.kernels_up[level], pad=self.pad)
        return weights.block(x, f"mix{level}", self.up[level]) if self.mix else x

    def _down(self, x: Tensor, level: int, weights: "Weights") -> Tensor:
        width, kernel = self.down[level], self.kernels_down[level]
        x = weights.block(x, f"down{level}", width, kernel, shrink=self.shrink, pad=self.pad)
        return weights.block(x, f"deep{level}", width, kernel, pad=self.pad) if self.twice else x


@dataclass(frozen=True)
class UNet:
    """Two convolutions a level, halved by maxima, everything handed across (Ronneberger et al. 2015).

    As in the prior's paper, the way up is not normalized.
    """

    widths: tuple[int, ...] = (8, 16, 32, 64, 128)
    pad: Padding = "zero"
    code: Code = field(default_factory=Code)
    rate: float = 0.001

    def __call__(self, x: Tensor, weights: "Weights", channels: int) -> Tensor:
        maps = [self._pair(x, "start", self.widths[0], weights)]
        for level in range(levels(min(x.shape[2:]), len(self.widths) - 1)):
            small = F.max_pool2d(maps[-1], 2, ceil_mode=True)
            maps.append(self._pair(small, f"down{level}", self.widths[level + 1], weights))
        x = maps.pop()
        for level in reversed(range(len(maps))):
            x = enlarged(x, maps[level].shape[2:], "nearest")
            x = weights.plain(x, f"enlarge{level}", self.widths[level], 3, pad=self.pad)
            x = self._pair(weights.joined([x, maps[level]]), f"up{level}", self.widths[level], weights, norm=False)
        return weights.plain(x, "colors", channels)

    def _pair(self, x: Tensor, name: str, width: int, weights: "Weights", norm: bool = True) -> Tensor:
        for part in "ab":
            x = weights.block(x, name + part, width, 3, pad=self.pad, norm=norm, slope=0.0)
        return x


@dataclass(frozen=True)
class ResNet:
    """Residual blocks at full size, nowhere an hourglass."""

    width: int = 32
    blocks: int = 8
    pad: Padding = "zero"
    code: Code = field(default_factory=Code)
    rate: float = 0.001

    def __call__(self, x: Tensor, weights: "Weights", channels: int) -> Tensor:
        x = weights.block(x, "start", self.width, 3, pad="reflection", norm=False)
        for block in range(self.blocks):
            inner = weights.block(x, f"first{block}", self.width, 3, pad=self.pad)
            inner = weights.plain(inner, f"second{block}", self.width, 3, pad=self.pad)
            x = x + weights.normed(inner, f"second{block} norm")
        x = weights.normed(weights.plain(x, "end", self.width, 3, pad=self.pad), "end norm")
        return weights.plain(x, "colors", channels, 3, pad="reflection")


class Weights:
    """The weights of n networks side by side, drawn at the first use of their name, picture i's from stream i.

    A convolution's are uniform within ± 1/√(inputs · kernel²), as torch draws them; where a normalization follows, it
    has no bias. Each map is normalized over its own pixels: what batch norm does in a batch of one.
    """

    def __init__(self, chance: Streams, device: torch.device):
        self.chance, self.device = chance, device
        self.n = len(chance)
        self.drawn: dict[str, Tensor] = {}

    def block(
        self,
        x: Tensor,
        name: str,
        width: int,
        kernel: int = 1,
        *,
        shrink: str = "",
        pad: Padding = "zero",
        norm: bool = True,
        slope: float = 0.2,
    ) -> Tensor:
        """Convolution, normalization, leaky ReLU; with `shrink`, to half the size."""
        stride = 2 if shrink == "stride" else 1
        x = self._convolved(x, name, width, kernel, stride, pad, bias=not norm)
        if shrink == "average":
            x = F.avg_pool2d(x, 2, ceil_mode=True)
        return F.leaky_relu(self.normed(x, name) if norm else x, slope)

    def plain(self, x: Tensor, name: str, width: int, kernel: int = 1, pad: Padding = "zero") -> Tensor:
        """Convolution with its bias, and nothing else."""
        return self._convolved(x, name, width, kernel, 1, pad, bias=True)

    def normed(self, x: Tensor, name: str) -> Tensor:
        """Every channel of every picture brought to mean 0 and deviation 1, then to what it learns."""
        gain, shift = self._constant(f"{name} gain", x.shape[1], 1.0), self._constant(f"{name} shift", x.shape[1], 0.0)
        return F.batch_norm(x, None, None, gain, shift, training=True)

    def joined(self, maps: Sequence[Tensor]) -> Tensor:
        """The channels of several maps, picture by picture."""
        if len(maps) == 1:
            return maps[0]
        if not channels_last(self.device):
            return torch.cat([x.unflatten(1, (self.n, -1)) for x in maps], dim=2).flatten(1, 2)
        parts = [x.permute(0, 2, 3, 1).unflatten(3, (self.n, -1)) for x in maps]
        return torch.cat(parts, dim=4).flatten(3).permute(0, 3, 1, 2)

    def _convolved(self, x, name: str, width: int, kernel: int, stride: int, pad: Padding, bias: bool) -> Tensor:
        inputs, edge = x.shape[1] // self.n, kernel // 2
        bound = 1 / math.sqrt(inputs * kernel * kernel)
        weight = self._uniform(f"{name} weight", (width, inputs, kernel, kernel), bound)
        shift = self._uniform(f"{name} bias", (width,), bound) if bias else None
        if edge and pad == "reflection" and min(x.shape[2:]) > edge:  # a smaller map has nothing to reflect
            x, edge = F.pad(x, (edge,) * 4, mode="reflect"), 0
        return F.conv2d(x, weight, shift, stride=stride, padding=edge, groups=self.n)

    def _uniform(self, name: str, shape: tuple[int, ...], bound: float) -> Tensor:
        if name not in self.drawn:
            drawn = bound * (2 * uniform(shape, self.chance) - 1)
            self.drawn[name] = laid_out(drawn.flatten(0, 1).to(self.device)).requires_grad_()
        return self.drawn[name]

    def _constant(self, name: str, count: int, value: float) -> Tensor:
        if name not in self.drawn:
            self.drawn[name] = torch.full((count,), value, device=self.device).requires_grad_()
        return self.drawn[name]


def channels_last(device: torch.device) -> bool:
    """Whether a pixel's channels lie together: on a CPU eight networks then cost a third (192 -> 64 ms a step)."""
    return device.type == "cpu"


def laid_out(maps: Tensor) -> Tensor:
    if maps.ndim < 4 or not channels_last(maps.device):
        return maps.contiguous()
    return maps.contiguous(memory_format=torch.channels_last)


def levels(side: int, most: int) -> int:
    """How often a picture is halved: `most` times, less what would bring its smaller side below 4 pixels."""
    return min(most, max(0, int(math.log2(max(1, side))) - 2))


def enlarged(x: Tensor, size: Sequence[int], how: str) -> Tensor:
    """Twice as large, less the last row and column where `size` is odd."""
    x = F.interpolate(x, scale_factor=2, mode=how, align_corners=None if how == "nearest" else False)
    return x if x.shape[2:] == size else x[..., : size[0], : size[1]]


_PAPER = (16, 32, 64, 128, 128, 128)

ARCHITECTURES: Mapping[str, Architecture] = {
    "quick": Hourglass((8, 16, 32, 32), skip=(4,), twice=False, mix=False, enlarge="nearest", code=Code(8)),
    "narrow": Hourglass((32,) * 5, skip=(4,), enlarge="nearest"),
    "restoration": Hourglass((128,) * 5, skip=(4,)),
    "inpainting": Hourglass((128,) * 5, skip=(128,), enlarge="nearest"),
    "large holes": Hourglass((128,) * 5, enlarge="nearest", code=Code(2, "mesh")),
    "depth 6": Hourglass(_PAPER, kernels_down=(5,), mix=False, enlarge="nearest", code=Code(1)),
    "depth 4": Hourglass(_PAPER[:4], kernels_down=(5,), mix=False, enlarge="nearest", code=Code(1)),
    "depth 2": Hourglass(_PAPER[:2], kernels_down=(5,), mix=False, enlarge="nearest", code=Code(1)),
    "few pixels": Hourglass(_PAPER[:5], shrink="average"),
    "deblocking": Hourglass((8, 16, 32, 64, 128), skip=(0, 0, 0, 4, 4), code=Code(3)),
    "inversion": Hourglass(
        _PAPER,
        skip=(4,),
        kernels_down=(7, 7, 5, 5, 3, 3),
        kernels_up=(7, 7, 5, 5, 3, 3),
        enlarge="nearest",
        shrink="average",
        pad="zero",
        rate=0.001,
    ),
    "activation": Hourglass(
        _PAPER,
        skip=(0, 4, 4, 4, 4, 4),
        kernels_down=(5, 3, 5, 5, 3, 5),
        kernels_up=(5, 3, 5, 3, 5, 3),
        shrink="average",
        code=Code(stirred=0.03),
        rate=0.001,
    ),
    "unet": UNet(code=Code(1)),
    "resnet": ResNet(code=Code(1)),
}


def built(name: str | Architecture) -> Architecture:
    """The architecture of that name, or the value itself.

    Raises:
        LookupError: none has that name; the message names the nearest and all.
    """
    if not isinstance(name, str):
        return name
    if name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise LookupError(f"There is no architecture {name!r}.{nearest(name, ARCHITECTURES)} There are {known}.")
    return ARCHITECTURES[name]


class DeepPrior:
    """n untrained networks draw n pictures of any size and number of channels; their weights are turned.

    Picture i depends on stream i alone, and is the same in any batch but for rounding. `input_noise` is the
    deviation of the noise that `stir` adds to the codes, the architecture's own if not given; the paper takes 0.03
    for most. `start` is reached by fitting the networks to it first.
    """

    def __init__(
        self,
        shape: Shape,
        chance: Streams,
        device: torch.device,
        start: Tensor | None = None,
        architecture: str | Architecture = "quick",
        input_noise: float | None = None,
    ):
        self.shape, self.architecture = shape, built(architecture)
        self.input_noise = self.architecture.code.stirred if input_noise is None else input_noise
        self.rate = self.architecture.rate
        self._weights = Weights(chance, device)
        self._code = laid_out(self.architecture.code(shape[2:], chance).flatten(0, 1)[None].to(device))
        self._fed = self._code.clone()
        self._stirring = [torch.Generator(device).manual_seed(seed) for seed in _seeds(chance)]
        with torch.no_grad():
            self()  # draws the weights
        self.parameters = list(self._weights.drawn.values())
        if start is not None:
            self._fit(fitted(start, shape).to(device))

    def __call__(self) -> Tensor:
        maps = self.architecture(self._fed, self._weights, self.shape[1])
        return maps.unflatten(1, self.shape[:2])[0].sigmoid().contiguous()

    def project(self) -> None:
        """Nothing to do: the sigmoid keeps every value inside."""

    def stir(self) -> None:
        """New noise on the codes for the coming step; outside whatever is captured."""
        if not self.input_noise:
            return
        _, _, h, w = self._code.shape
        shape, device = (self.architecture.code.channels, h, w), self._code.device
        noise = [torch.randn(shape, generator=source, device=device) for source in self._stirring]
        self._fed.copy_(torch.add(self._code, torch.cat(noise)[None], alpha=self.input_noise))

    def _fit(self, target: Tensor, steps: int = 150) -> None:
        for _ in descent(self, lambda pixels: (pixels - target).square().sum((1, 2, 3)), steps=steps):
            pass


def _seeds(chance: Streams) -> list[int]:
    """A whole number from each stream, to start another with."""
    return [int(torch.randint(2**62, (), generator=source)) for source in chance]
