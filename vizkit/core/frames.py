"""One moment of a run: a complete result, only better than the one before; the last is the answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from torch import Tensor

from vizkit.core.modes import own_modes
from vizkit.core.results import Result

R = TypeVar("R", bound=Result)


@dataclass(frozen=True, eq=False)
class Frame(Generic[R]):
    """`step` of `of`, the `result` at that step, and `scalars` measured on that very result.

    A scalar is a detached tensor, 0-d or one number per picture (n,), still on its device: whoever
    shows it pays for `float()`. `remark` is a sentence on what the numbers mean, or a function that makes it.
    """

    step: int
    of: int
    result: R
    scalars: Mapping[str, Tensor] = field(default_factory=dict)
    remark: str | Callable[[], str] = ""

    @property
    def last(self) -> bool:
        return self.step >= self.of

    @property
    def said(self) -> str:
        """The remark in words; empty where the method has none."""
        return self.remark if isinstance(self.remark, str) else self.remark()


class Scalars(Mapping[str, Tensor]):
    """Scalars of which some are worked out when first asked for, so that what nobody shows costs nothing.

    >>> Scalars({"objective": score}, {"ssim": lambda: ssim(pixels, image)})["ssim"]
    """

    def __init__(self, known: Mapping[str, Tensor], later: Mapping[str, Callable[[], Tensor]]):
        self._known, self._later = dict(known), dict(later)

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._known:
            with own_modes():  # whoever asks
                self._known[name] = self._later[name]().detach()
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._known, *self._later]))

    def __len__(self) -> int:
        return len({*self._known, *self._later})


Frames: TypeAlias = Iterator[Frame[R]]
