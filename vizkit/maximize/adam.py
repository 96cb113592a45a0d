"""Adam (Kingma & Ba 2015), as `torch.optim` has it, whose first use imports a compiler and takes two seconds."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

BETAS = 0.9, 0.999  # shares of the past in the means of gradients and of their squares
LEAST = 1e-8  # added to the root of the latter


class Adam:
    """Turns `parameters`, floating leaves on one device, in place.

    `rate` is how far, a tensor () where they are. Everything a step reads and writes stays where it is, so that a
    step can be captured.
    """

    def __init__(self, parameters: Sequence[Tensor], rate: float):
        self.parameters = list(parameters)
        self.rate = torch.tensor(rate, dtype=torch.float32, device=self.parameters[0].device)
        self._count = torch.zeros_like(self.rate)
        self._first = [torch.zeros_like(p, requires_grad=False) for p in self.parameters]
        self._second = [torch.zeros_like(p, requires_grad=False) for p in self.parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        """One turn down `gradients`, one for each parameter and in its shape."""
        self._count += 1
        early, late = (-torch.expm1(self._count * math.log(beta)) for beta in BETAS)  # 1 - beta ** count
        there = zip(self.parameters, gradients, self._first, self._second, strict=True)
        for parameter, gradient, first, second in there:
            first.lerp_(gradient, 1 - BETAS[0])
            second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            parameter.addcdiv_(first * (-self.rate / early), (second / late).sqrt_().add_(LEAST))
