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
    Steps grow from frame to frame, and that of the last is `of`.

    >>> frame = next(iter(vizkit.run("activation_maximization", net, layer="output", unit=[3, 5])))
    >>> frame.result.pixels.shape, frame.scalars["objective"].shape
    (torch.Size([2, 3, 96, 96]), torch.Size([2]))
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
    """Scalars of which some are functions, called when first asked for: what nobody shows costs nothing.

    `at_once` names those that need no work.

    >>> Scalars({"objective": score, "ssim": lambda: ssim(pixels, image)})["ssim"]
    """

    def __init__(self, values: Mapping[str, Tensor | Callable[[], Tensor]]):
        self._values = dict(values)
        self.at_once = tuple(name for name, value in self._values.items() if isinstance(value, Tensor))

    def __getitem__(self, name: str) -> Tensor:
        value = self._values[name]
        if not isinstance(value, Tensor):
            with own_modes():  # whoever asks
                value = self._values[name] = value().detach()
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


Frames: TypeAlias = Iterator[Frame[R]]
