"""The plainest loop: pictures (n, c, h, w) turned down the slope of a cost (n,), with no network to please."""

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from vizkit.maximize.adam import Adam


class Turned(Protocol):
    """What is turned: see `pictures.Picture`."""

    parameters: list[Tensor]
    rate: float

    def __call__(self) -> Tensor: ...

    def project(self) -> None: ...

    def stir(self) -> None: ...


def descent(
    picture: Turned, cost: Callable[[Tensor], Tensor], *, steps: int, rate: float = 1.0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Turn `picture` until it costs little; yields steps + 1 times its pixels and what those very pixels cost.

    The first are the picture as it starts. Adam, at a constant rate: `rate` times what the picture likes.
    """
    adam = Adam(picture.parameters, rate * picture.rate)
    for _ in range(steps):
        picture.stir()
        with torch.enable_grad():
            pixels = picture()
            costs = cost(pixels)
            gradients = torch.autograd.grad(costs.sum(), picture.parameters)
        adam.step(gradients)
        picture.project()
        yield pixels.detach(), costs.detach()
    picture.stir()
    with torch.no_grad():
        pixels = picture()
        yield pixels, cost(pixels)
