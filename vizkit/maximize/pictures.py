"""Ways to write a picture down as numbers to be optimized. A picture is called for its pixels, (n, c, h, w) in [0, 1].

How a picture is written is half of how it looks: the same gradient moves pixels one by one, whole
frequencies in a Fourier picture, and the weights of a small network in a deep prior.
"""

import math
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.maximize.chance import Streams, normal, uniform

Shape = tuple[int, int, int, int]


class Picture(Protocol):
    """What the loop needs: leaf tensors to turn, a rate they like, the pixels, and a way back into bounds."""

    parameters: list[Tensor]
    rate: float

    def __call__(self) -> Tensor: ...

    def project(self) -> None: ...


class Pixels:
    """Every pixel by itself, kept in [0, 1]; starts at gray with a little noise, or at `start`."""

    rate = 0.01

    def __init__(self, shape: Shape, chance: Streams, device: torch.device, start: Tensor | None = None):
        first = 0.5 + 0.01 * normal(shape[1:], chance) if start is None else fitted(start, shape)
        self.parameters = [first.to(device).requires_grad_()]

    def __call__(self) -> Tensor:
        return self.parameters[0]

    def project(self) -> None:
        with torch.no_grad():
            self.parameters[0].clamp_(0, 1)


class Fourier:
    """Frequencies scaled by 1/f, colors decorrelated, squashed to [0, 1] (Olah et al. 2017, as lucid does it).

    Only pictures of three channels have their colors decorrelated; others keep their channels as they are.
    """

    rate = 0.05

    def __init__(self, shape: Shape, chance: Streams, device: torch.device, start: Tensor | None = None):
        _, c, h, w = shape
        self._size = (h, w)
        self._scale = _frequency_scale(h, w).to(device)
        self._colors = _color_matrix().to(device) if c == 3 else None
        noise = 0.01 * normal((c, h, w // 2 + 1, 2), chance).to(device)
        self.parameters = [(noise if start is None else self._inverse(start, shape)).requires_grad_()]

    def __call__(self) -> Tensor:
        spectrum = torch.view_as_complex(self.parameters[0]) * self._scale
        image = torch.fft.irfft2(spectrum, s=self._size, norm="ortho") / 4
        if self._colors is not None:
            image = torch.einsum("nchw,dc->ndhw", image, self._colors)
        return image.sigmoid()

    def project(self) -> None:
        """Nothing to do: the sigmoid keeps every value inside."""

    def _inverse(self, start: Tensor, shape: Shape) -> Tensor:
        """The numbers whose picture is `start`; values closer than 1/512 to the ends are moved there."""
        image = fitted(start, shape).to(self._scale.device).clamp(1 / 512, 511 / 512).logit()
        if self._colors is not None:
            image = torch.einsum("nchw,dc->ndhw", image, torch.linalg.inv(self._colors))
        spectrum = torch.fft.rfft2(image * 4, norm="ortho") / self._scale
        return torch.view_as_real(spectrum).clone()


class DeepPrior:
    """An untrained hourglass network draws the picture; its weights are turned (Ulyanov et al. 2018).

    Each of the n pictures has its own network: they run as one through grouped convolutions, so a picture
    does not depend on its neighbors in the batch. `start` is reached by fitting the networks to it first.
    """

    rate = 0.01
    code = 16

    def __init__(
        self,
        shape: Shape,
        chance: Streams,
        device: torch.device,
        start: Tensor | None = None,
        widths: tuple[int, ...] = (16, 32, 32, 32),
    ):
        self.shape = shape
        _, c, h, w = shape
        self._depth = min(len(widths), max(1, int(math.log2(max(2, min(h, w) // 4)))))
        self._input = 0.1 * uniform((self.code, h, w), chance).flatten(0, 1)[None].to(device)
        layers = _hourglass(c, self.code, widths[: self._depth], chance)
        self._layers = {name: [t.to(device).requires_grad_() for t in ts] for name, ts in layers.items()}
        self.parameters = [tensor for layer in self._layers.values() for tensor in layer]
        if start is not None:
            self._fit(fitted(start, shape).to(device))

    def __call__(self) -> Tensor:
        n, c, h, w = self.shape
        x, skips = self._input, []
        for level in range(self._depth):
            skips.append(x)
            x = self._block(x, f"down{level}", stride=2)
        for level in reversed(range(self._depth)):
            skip = self._block(skips[level], f"skip{level}")
            x = F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=False)
            x = self._block(_join(x, skip, n), f"up{level}")
        weight, bias = self._layers["colors"]
        return F.conv2d(x, weight, bias, groups=n).reshape(n, c, h, w).sigmoid()

    def project(self) -> None:
        """Nothing to do: the sigmoid keeps every value inside."""

    def _block(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight, gain, shift = self._layers[name]
        edge = weight.shape[-1] // 2
        x = F.conv2d(F.pad(x, (edge,) * 4, mode="reflect"), weight, stride=stride, groups=self.shape[0])
        return F.leaky_relu(F.instance_norm(x, weight=gain, bias=shift), 0.1)

    def _fit(self, target: Tensor, steps: int = 150) -> None:
        optimizer = torch.optim.Adam(self.parameters, lr=self.rate)
        for _ in range(steps):
            with torch.enable_grad():
                loss = (self() - target).square().sum()
            for parameter, gradient in zip(self.parameters, torch.autograd.grad(loss, self.parameters), strict=True):
                parameter.grad = gradient
            optimizer.step()
        for parameter in self.parameters:
            parameter.grad = None


PICTURES = {"fourier": Fourier, "pixels": Pixels, "deep prior": DeepPrior}


def fitted(start: Tensor, shape: Shape) -> Tensor:
    """`start` (c, h, w) or (1 or n, c, h, w) resized to the canvas and repeated to n pictures.

    Raises:
        ValueError: the number of channels or of pictures does not fit.
    """
    start = start.detach().float()
    start = start[None] if start.ndim == 3 else start
    n, c, h, w = shape
    if start.ndim != 4 or start.shape[1] != c or len(start) not in {1, n}:
        raise ValueError(f"start has shape {tuple(start.shape)}; the run needs ({n} or 1, {c}, {h}, {w}).")
    if start.shape[2:] != (h, w):
        start = F.interpolate(start, size=(h, w), mode="bilinear", antialias=True).clamp(0, 1)
    return start.expand(n, -1, -1, -1).clone()


def _frequency_scale(h: int, w: int) -> Tensor:
    """1/f over the half spectrum, (h, w//2+1), held at the lowest frequency a picture of this size can show."""
    rows, columns = torch.fft.fftfreq(h)[:, None], torch.fft.rfftfreq(w)[None]
    return 1 / (rows.square() + columns.square()).sqrt().clamp(min=1 / max(h, w))


def _color_matrix() -> Tensor:
    """Square root of the color covariance of ImageNet, its largest column of length 1 (lucid `color.py`)."""
    root = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    return root / root.norm(dim=0).max()


def _hourglass(c: int, code: int, widths: tuple[int, ...], chance: Streams) -> dict[str, list[Tensor]]:
    """Weights of an hourglass per picture, side by side: `down`, `skip` and `up` at every level, then the colors."""
    skip, layers = 4, {}
    inputs = [code, *widths]
    for level, width in enumerate(widths):
        deeper = widths[min(level + 1, len(widths) - 1)]
        layers[f"down{level}"] = _convolution(inputs[level], width, 3, chance)
        layers[f"skip{level}"] = _convolution(inputs[level], skip, 1, chance)
        layers[f"up{level}"] = _convolution(deeper + skip, width, 3, chance)
    layers["colors"] = [_weights(widths[0], c, 1, chance), torch.zeros(len(chance) * c)]
    return layers


def _convolution(inputs: int, outputs: int, kernel: int, chance: Streams) -> list[Tensor]:
    weight = _weights(inputs, outputs, kernel, chance)
    return [weight, torch.ones(len(weight)), torch.zeros(len(weight))]


def _weights(inputs: int, outputs: int, kernel: int, chance: Streams) -> Tensor:
    noise = normal((outputs, inputs, kernel, kernel), chance).flatten(0, 1)
    return noise / math.sqrt(inputs * kernel * kernel)


def _join(x: Tensor, skip: Tensor, n: int) -> Tensor:
    """Channels of two maps interleaved by picture, so that groups stay together."""
    parts = [t.reshape(n, -1, *t.shape[2:]) for t in (x, skip)]
    return torch.cat(parts, dim=1).flatten(0, 1)[None]
