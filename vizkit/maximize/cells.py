"""Every combination of what is given several times is a cell, one picture of a batch. And what a loop refuses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from vizkit.maximize.search import Strength


def several(value: Any) -> list:
    """`value` as a list: a sequence's or tensor's items, or the one value."""
    if torch.is_tensor(value) or isinstance(value, np.ndarray):
        return value.flatten().tolist()
    return list(value) if isinstance(value, Sequence) else [value]


def together(strengths: tuple) -> Strength:
    """The cells' strengths: one dial or number for all, where they are the same, or a number for each."""
    return strengths[0] if len(set(strengths)) == 1 else strengths


def check_loop(steps: int, rate: float, precision: str) -> None:
    """Refuse what no search can do.

    Raises:
        ValueError: an argument is out of its bounds; the message says what to give.
    """
    if steps < 1:
        raise ValueError(f"steps={steps} turns nothing. Give 1 or more; 256 is usual.")
    if int(steps) != steps:
        raise ValueError(f"steps={steps} is no whole number. Give 1 or more; 256 is usual.")
    if not rate > 0:
        raise ValueError(f"rate={rate} moves nothing. Give a number above 0; 1 is usual.")
    if precision not in {"float32", "bfloat16"}:
        raise ValueError(f"precision={precision!r} is unknown. Give float32 or bfloat16.")


def check_size(size: int) -> None:
    """Refuse a canvas too small for a picture.

    Raises:
        ValueError: it is; the message says what to give.
    """
    if size and size < 8:
        raise ValueError(f"size={size} is too small for a picture. Give 8 or more, or 0 for the network's own size.")
