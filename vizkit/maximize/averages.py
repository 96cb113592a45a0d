"""The mean of what a restless search has drawn lately, and how restless it was. Pictures (n, c, h, w), numbers (n,)."""

import torch
from torch import Tensor


class Average:
    """Exponential mean of pictures, each weighing `keep` times the next; the first weigh no more than they should.

    `variance` is their mean squared distance from it. Where it is smallest is where a deep prior has drawn the
    picture and not yet begun on its noise (Wang et al. 2021, "Early stopping for deep image prior", ES-EMV); that
    is looked for once as many pictures were seen as weigh in the mean.
    """

    def __init__(self, keep: float):
        self.keep = keep
        self.step = 0
        self._sum: Tensor | None = None
        self._variances: Tensor = torch.zeros(())
        self._least: Tensor = torch.zeros(())
        self._steadiest: Tensor = torch.zeros(())

    @property
    def window(self) -> int:
        """How many pictures weigh in the mean."""
        return round(1 / (1 - self.keep))

    @property
    def mean(self) -> Tensor:
        assert self._sum is not None, "nothing was added yet"
        return self._sum / (1 - self.keep**self.step)

    @property
    def variance(self) -> Tensor:
        return self._variances / (1 - self.keep**self.step)

    @property
    def steadiest(self) -> Tensor:
        """After how many pictures the variance was least, (n,); 0 before there is a full window of them."""
        return self._steadiest

    def add(self, pixels: Tensor) -> None:
        before = pixels if self._sum is None else self.mean
        far = (pixels - before).square().mean((1, 2, 3))
        if self._sum is None:
            self._sum, self._variances = torch.zeros_like(pixels), torch.zeros_like(far)
            self._least, self._steadiest = torch.full_like(far, torch.inf), torch.zeros_like(far)
        self.step += 1
        self._sum = self.keep * self._sum + (1 - self.keep) * pixels
        self._variances = self.keep * (self._variances + (1 - self.keep) * far)
        if self.step > self.window:
            less = self.variance < self._least
            self._least = torch.where(less, self.variance, self._least)
            self._steadiest = torch.where(less, float(self.step), self._steadiest)
