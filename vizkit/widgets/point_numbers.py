"""Which picture each point of a map stands for: a picture that could not be read has no point. Both are numbers."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vizkit.core.results import Points
from vizkit.data.collections import Subset


def pictures_of(points: Points, count: int) -> Tensor:
    """The number of each point's picture among `count`, (points,)."""
    shown = points.pictures
    if isinstance(shown, Subset) and len(shown) < count:
        return torch.tensor(shown.numbers)
    return torch.arange(len(points))


def points_of(points: Points, count: int, pictures: Sequence[int] | np.ndarray | Tensor) -> Tensor:
    """The point of each of `pictures`, -1 where it has none."""
    where = torch.full((count + 1,), -1)  # the last is that of no picture, -1
    numbers = pictures_of(points, count)
    where[numbers] = torch.arange(len(numbers))
    return where[torch.tensor([int(one) for one in pictures], dtype=torch.int64)]
