"""Ways to write a picture down as numbers to be optimized. A picture is called for its pixels, (n, c, h, w) in [0, 1].

How a picture is written is half of how it looks: the same gradient moves pixels one by one, whole
frequencies in a Fourier picture, and the weights of a small network in a deep prior.
"""

from typing import Protocol

import torch
from torch import Tensor

from vizkit.maximize.chance import Streams, normal
from vizkit.maximize.deep_prior import DeepPrior
from vizkit.maximize.starts import Shape, fitted


class Picture(Protocol):
    """What the loop needs: leaf tensors to turn, a rate they like, the pixels, a way back into bounds, and `stir`:
    whatever is drawn anew for the coming step, outside what is captured."""

    parameters: list[Tensor]
    rate: float

    def __call__(self) -> Tensor: ...

    def project(self) -> None: ...

    def stir(self) -> None: ...


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

    def stir(self) -> None:
        """Nothing to do: a pixel is what it is."""


class Fourier:
    """Frequencies scaled by 1/f, colors decorrelated, squashed to [0, 1] (Olah et al. 2017, as lucid does it).

    Only pictures of three channels have their colors decorrelated; others keep their channels as they are.
    """

    rate = 0.05
    decorrelated = True

    def __init__(self, shape: Shape, chance: Streams, device: torch.device, start: Tensor | None = None):
        _, c, h, w = shape
        self._size = (h, w)
        self._scale = (_frequency_scale(h, w) / 4).to(device)
        self._colors = _color_matrix().to(device) if c == 3 and self.decorrelated else None
        noise = 0.01 * normal((c, h, w // 2 + 1, 2), chance).to(device)
        self.parameters = [(noise if start is None else self._inverse(start, shape)).requires_grad_()]

    def __call__(self) -> Tensor:
        spectrum = torch.view_as_complex(self.parameters[0] * self._scale[..., None])
        image = torch.fft.irfft2(spectrum, s=self._size, norm="ortho")
        return _mixed(image, self._colors).sigmoid()

    def project(self) -> None:
        """Nothing to do: the sigmoid keeps every value inside."""

    def stir(self) -> None:
        """Nothing to do: a frequency is what it is."""

    def _inverse(self, start: Tensor, shape: Shape) -> Tensor:
        """The numbers whose picture is `start`; values closer than 1/512 to the ends are moved there."""
        image = fitted(start, shape).to(self._scale.device).clamp(1 / 512, 511 / 512).logit()
        image = _mixed(image, None if self._colors is None else torch.linalg.inv(self._colors))
        spectrum = torch.fft.rfft2(image, norm="ortho") / self._scale
        return torch.view_as_real(spectrum).clone()


class PlainFourier(Fourier):
    """The same frequencies, with the channels as they are: what decorrelation adds is then seen by its absence."""

    decorrelated = False


PICTURES = {"fourier": Fourier, "plain fourier": PlainFourier, "pixels": Pixels, "deep prior": DeepPrior}


def _frequency_scale(h: int, w: int) -> Tensor:
    """1/f over the half spectrum, (h, w//2+1), held at the lowest frequency a picture of this size can show."""
    rows, columns = torch.fft.fftfreq(h)[:, None], torch.fft.rfftfreq(w)[None]
    return 1 / (rows.square() + columns.square()).sqrt().clamp(min=1 / max(h, w))


def _mixed(image: Tensor, colors: Tensor | None) -> Tensor:
    """Every pixel's channels times a matrix; as one product, which einsum does not see (33 -> 22 ms for 16 of 224)."""
    if colors is None:
        return image
    return (colors @ image.flatten(2)).reshape(image.shape)


def _color_matrix() -> Tensor:
    """Square root of the color covariance of ImageNet, its largest column of length 1 (lucid `color.py`)."""
    root = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    return root / root.norm(dim=0).max()
