"""What a picture is asked to do. An objective reads layers and gives one number per picture, (n,), more is better.

Objectives add, subtract and scale: `channel("layer3", 7) - 0.1 * energy("layer3")`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

Units = int | Sequence[int] | Tensor


@dataclass(frozen=True)
class Objective:
    """The `layers` it reads, and `score`: activations by layer name -> (n,)."""

    layers: tuple[str, ...]
    score: Callable[[Mapping[str, Tensor]], Tensor]

    def __call__(self, seen: Mapping[str, Tensor]) -> Tensor:
        return self.score(seen)

    def __add__(self, other: "Objective") -> "Objective":
        layers = tuple(dict.fromkeys(self.layers + other.layers))
        return Objective(layers, lambda seen: self.score(seen) + other.score(seen))

    def __mul__(self, factor: float | Tensor) -> "Objective":
        return Objective(self.layers, lambda seen: factor * self.score(seen))

    __rmul__ = __mul__

    def __neg__(self) -> "Objective":
        return -1.0 * self

    def __sub__(self, other: "Objective") -> "Objective":
        return self + (-other)


def channel(layer: str, units: Units) -> Objective:
    """Mean of a channel over its positions; of a flat layer, the unit itself (so a class logit at `output`).

    `units` is one channel for every picture, or one for each, (n,).
    """
    choose = _chooser(units)
    return Objective((layer,), lambda seen: choose(positions_last(seen[layer])).mean(-1))


def neuron(layer: str, units: Units, position: tuple[int, int] | None = None) -> Objective:
    """A channel at one position (row, column), the center if None; of a token layer, the middle token."""
    choose = _chooser(units)

    def score(seen):
        a = seen[layer]
        return choose(positions_last(a))[:, _flat_position(a, position)]

    return Objective((layer,), score)


def direction(layer: str, vectors: Tensor, cosine: float = 0.0) -> Objective:
    """Mean over positions of the dot product with `vectors` (c,) or (n, c), times its cosine to the power `cosine`.

    The cosine, held at 0.1 or more, keeps a direction from being served by mere length (lucid's `direction`).
    """
    beside = _beside(vectors.float())

    def score(seen):
        a = positions_last(seen[layer]).float()
        if vectors.ndim > 2 or vectors.shape[-1] != a.shape[1]:
            wanted = f"one number per channel of {layer}, ({a.shape[1]},) or (n, {a.shape[1]})"
            raise ValueError(f"vectors has shape {tuple(vectors.shape)}; it needs {wanted}.")
        v = _for_each(beside(a.device).reshape(-1, a.shape[1], 1), len(a))
        along = (a * v).sum(1)
        if cosine:
            along = along * F.cosine_similarity(a, v, dim=1).clamp(min=0.1) ** cosine
        return along.mean(-1)

    return Objective((layer,), score)


def probability(layer: str, units: Units) -> Objective:
    """Log-probability of a unit among all units of the layer: its logit, less what the others answer.

    At `output` this is the log-probability of a class; a picture must then not look like its neighbors.
    """
    choose = _chooser(units)

    def score(seen):
        a = positions_last(seen[layer]).float().mean(-1, keepdim=True)
        return choose(a.log_softmax(1)).mean(-1)

    return Objective((layer,), score)


def energy(layer: str) -> Objective:
    """Mean square of a whole layer: more of whatever it already sees (Mordvintsev et al. 2015, "deep dream")."""
    return Objective((layer,), lambda seen: seen[layer].float().square().flatten(1).mean(1))


def positions_last(a: Tensor) -> Tensor:
    """Activations as (n, channels, positions): maps (n, c, h, w), tokens (n, t, d) and flat (n, d) alike."""
    if a.ndim == 2:
        return a[:, :, None]
    return a.transpose(1, 2) if a.ndim == 3 else a.flatten(2)


def _chooser(units: Units) -> Callable[[Tensor], Tensor]:
    """(n, channels, positions) -> (n, positions): of each picture its own unit, in float32."""
    index = unit_numbers(units)
    beside, low, high = _beside(index), int(index.min()), int(index.max())

    def choose(a: Tensor) -> Tensor:
        if low < 0 or high >= a.shape[1]:
            wrong = low if low < 0 else high
            raise LookupError(f"This layer has {a.shape[1]} units, 0 to {a.shape[1] - 1}; there is no unit {wrong}.")
        chosen = _for_each(beside(a.device), len(a))[:, None, None].expand(-1, 1, a.shape[2])
        return a.gather(1, chosen)[:, 0].float()

    return choose


def unit_numbers(units: Units) -> Tensor:
    """Units as whole numbers (n,).

    Raises:
        TypeError: they are no numbers, or no whole ones.
        ValueError: there are none.
    """
    wanted = f"{units!r} names no unit. Give a whole number from 0, or several."
    try:
        index = torch.as_tensor(units).reshape(-1)
    except (TypeError, ValueError, RuntimeError):  # words, nothing, lists of unlike things
        raise TypeError(wanted) from None
    if not index.numel():
        raise ValueError(wanted)
    if index.dtype == torch.bool or index.is_floating_point() or index.is_complex():
        raise TypeError(wanted)
    return index.long()


def _for_each(value: Tensor, n: int) -> Tensor:
    """One for all n pictures, or one each, or one for every few in a row: the views of a picture."""
    return value.repeat_interleave(n // len(value), 0)


def _beside(value: Tensor) -> Callable[[torch.device], Tensor]:
    """`value` on a device, moved there once: a captured step cannot copy from the host."""
    return cache(lambda device: value.to(device))


def _flat_position(a: Tensor, position: tuple[int, int] | None) -> int:
    if a.ndim != 4:
        return (1 if a.ndim == 2 else a.shape[1]) // 2 if position is None else position[0]
    h, w = a.shape[2:]
    row, column = position if position is not None else (h // 2, w // 2)
    if not (0 <= row < h and 0 <= column < w):
        raise ValueError(
            f"position ({row}, {column}) is outside the {h} × {w} map. Rows go 0–{h - 1}, columns 0–{w - 1}."
        )
    return row * w + column
