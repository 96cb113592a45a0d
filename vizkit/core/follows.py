"""What else can be played from what was chosen in a result. A method lists its own as `method.follows`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vizkit.core.results import Result
from vizkit.core.runs import Run


@dataclass(frozen=True)
class Follow:
    """A button's `words`, and the run that begins where some numbers are chosen in a result of a run.

    `begin(run, result, numbers)` makes it; `one` says that it takes a single number, and else it takes several.

    >>> scatter.follows = (Follow("Invert this picture", inversion_of_one, one=True),)
    """

    words: str
    begin: Callable[[Run, Result, Sequence[int]], Run]
    one: bool = False

    def fits(self, count: int) -> bool:
        """Whether it can begin with so many numbers."""
        return count == 1 if self.one else count > 1
