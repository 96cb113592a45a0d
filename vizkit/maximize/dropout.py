"""A network that is never quite the same: what enters its layers is louder or softer by chance, anew at every look.

A picture that must please many slightly different networks keeps less of what only this one would fall for. Each
channel is multiplied by its own factor 1 + spread · normal noise, held at 0: Gaussian dropout (Srivastava et al.
2014, section 10) of whole channels (Tompson et al. 2015), as ghost networks (Li et al. 2020) make many of one.
Channels are those of maps (n, c, h, w) and the features of tokens and flat layers (n, ..., c).
"""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from vizkit.maximize.chance import Streams, normal

_MAPS = {torch.conv1d, torch.conv2d, torch.conv3d}  # channels second
_FEATURES = {F.linear}  # channels last


class Dropout(TorchFunctionMode):
    """Inside `with Dropout(...):`, convolutions and linear layers of the calling thread hear unsteady inputs.

    The first of them, which hears the picture itself, is left alone. Factors are drawn from each picture's own
    stream, one set for each of its `views`; they stay, in tensors that stay where they are, until `stir`.
    """

    def __init__(self, spread: float, chance: Streams, views: int = 1):
        super().__init__()
        self.spread, self._chance, self._views = spread, chance, views
        self._factors: dict[tuple[int, int], Tensor] = {}  # by the call in the pass and the channels it hears
        self._call = 0

    def __enter__(self):
        self._call = 0
        return super().__enter__()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if args and (func in _MAPS or func in _FEATURES):
            args = (self._heard(args[0], 1 if func in _MAPS else args[0].ndim - 1), *args[1:])
        return func(*args, **(kwargs or {}))

    def stir(self) -> None:
        """New factors for the coming look; outside whatever is captured."""
        widths = [width for _, width in self._factors]
        for factor, new in zip(self._factors.values(), self._drawn(sum(widths)).split(widths, dim=1), strict=True):
            factor.copy_(new)

    def _heard(self, x: Tensor, axis: int) -> Tensor:
        """`x` with every channel along `axis` times its factor; windows of a picture share the picture's."""
        rows = len(self._chance) * self._views
        if x.ndim < 2 or len(x) % rows:  # not one or several for each picture
            return x
        self._call += 1
        if self._call == 1:
            return x
        factor = self._factor(x.shape[axis], x.device).to(x.dtype).repeat_interleave(len(x) // rows, 0)
        return x * factor.reshape(len(x), *(x.shape[axis] if i == axis else 1 for i in range(1, x.ndim)))

    def _factor(self, width: int, device: torch.device) -> Tensor:
        """That of this call, (n · views, width), drawn when it is first met."""
        key = (self._call, width)
        if key not in self._factors:
            self._factors[key] = self._drawn(width).to(device)
        return self._factors[key]

    def _drawn(self, width: int) -> Tensor:
        noise = normal((self._views, width), self._chance).flatten(0, 1)
        return (1 + self.spread * noise).clamp(min=0)
