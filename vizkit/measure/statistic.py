"""Statistics over many pictures as values. A state is a flat dict of tensors; pictures are told by their number.

Every statistic has `zero()`, `update(state, batch, ids)`, `merge(a, b)` and `finalize(state)`. `batch` is
(n, units, positions): what every unit answers everywhere on n pictures, and `ids` (n,) their numbers, each picture
once. However the pictures are parted, and in whatever order the parts are merged, the outcome is that of one pass.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor

State: TypeAlias = dict[str, Tensor]


class Statistic(Protocol):
    """What is kept of many pictures, in a space that does not grow with their number."""

    def zero(self) -> State:
        """The state of no picture at all."""
        ...

    def update(self, state: State, batch: Tensor, ids: Tensor) -> State:
        """The state after pictures `ids` (n,), whose activations are `batch` (n, units, positions)."""
        ...

    def merge(self, a: State, b: State) -> State:
        """The state of two sets of pictures that have none in common."""
        ...

    def finalize(self, state: State) -> Any:
        """What one wanted to know."""
        ...


def merged_all(statistics: Mapping[str, Statistic], a: State, b: State) -> State:
    """Two states of several statistics as one; their tensors are called `statistic.tensor`."""
    found: State = {}
    for name, statistic in statistics.items():
        found.update(named(name, statistic.merge(part(a, name), part(b, name))))
    return found


def zeros(statistics: Mapping[str, Statistic]) -> State:
    """The state of no picture, of several statistics."""
    return {key: t for name, statistic in statistics.items() for key, t in named(name, statistic.zero()).items()}


def part(state: Mapping[str, Tensor], name: str) -> State:
    """The state of the statistic `name` alone."""
    return {key.removeprefix(f"{name}."): tensor for key, tensor in state.items() if key.startswith(f"{name}.")}


def named(name: str, state: State) -> State:
    """The state with its tensors called `name.tensor`."""
    return {f"{name}.{key}": tensor for key, tensor in state.items()}


def scattered(ids: Tensor) -> Tensor:
    """A number from 0 to 2^63 - 1 for each picture, as if drawn at random (SplitMix64, Steele et al. 2014)."""
    x = (ids.long() + 1) * _signed(0x9E3779B97F4A7C15)
    x = (x ^ (x >> 30 & 0x3FFFFFFFF)) * _signed(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> 27 & 0x1FFFFFFFFF)) * _signed(0x94D049BB133111EB)
    return (x ^ (x >> 31 & 0x1FFFFFFFF)) & (2**63 - 1)


def _signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


def answers(peak: Tensor) -> Tensor:
    """Whether a strongest answer is a number: False for NaN and infinity, which are told of and otherwise left out."""
    return torch.isfinite(peak)
