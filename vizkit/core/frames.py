"""One moment of a run: a complete result, only better than the one before; the last is the answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from torch import Tensor

from vizkit.core.results import Result

R = TypeVar("R", bound=Result)


@dataclass(frozen=True, eq=False)
class Frame(Generic[R]):
    """`step` of `of`, the `result` at that step, and `scalars` measured on that very result.

    A scalar is a detached tensor, 0-d or one number per picture (n,), still on its device: whoever
    shows it pays for `float()`.
    """

    step: int
    of: int
    result: R
    scalars: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def last(self) -> bool:
        return self.step >= self.of


Frames: TypeAlias = Iterator[Frame[R]]
