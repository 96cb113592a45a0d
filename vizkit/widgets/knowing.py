"""What the units of a layer answer to all pictures: at once where that is known, else looked at in a thread."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from vizkit.core.frames import Frame
from vizkit.data.collections import Collection
from vizkit.measure.answers import answers, answers_known, answers_looked_at
from vizkit.nets.network import Network
from vizkit.play.player import Player, State
from vizkit.widgets.scanning import Scanning, Sofar, sentence


@dataclass(frozen=True, eq=False)
class Looking:
    """A pass over pictures at one layer, as frames that a player plays."""

    net: Network
    layer: str
    pictures: Collection

    def __iter__(self) -> Iterator[Frame]:
        for told in answers_looked_at(self.net, self.layer, self.pictures):
            yield Frame(told.done, told.of, Sofar(told))


class Knowing:
    """Answers of one layer after another to the pictures of `scanning`, which tells how far a pass is.

    `of(layer)` never waits: an index that kept peaks has them, and so has a pass before. Where neither has, it is None,
    a pass begins in a thread as soon as somebody sees the page, and `there()` is called, in that thread, at its end.
    """

    def __init__(self, scanning: Scanning, there: Callable[[], object]):
        self.player = Player(self._told, self._changed, fps=5)
        self._scanning, self._there = scanning, there
        self._asked = ""  # the layer that is looked at, or failed

    def of(self, layer: str) -> Tensor | None:
        """Answers (pictures, units) of `layer`; None while they are not known."""
        scan, index = self._scanning.scan, self._scanning.index
        if index is None:
            return None
        found = answers_known(scan.net, layer, scan.pictures, index)
        if found is None and self._asked != layer and self._scanning.transport.seen:
            self._asked = layer
            self.player.play(Looking(scan.net, layer, scan.pictures))
        elif found is not None and self.player.state == "running":
            self._asked = ""
            self.player.stop()  # of a layer that nobody asks for any more
        return found

    def now(self, layer: str) -> Tensor:
        """The same, looked at in the cell where they are not known."""
        scan = self._scanning.scan
        return answers(scan.net, layer, scan.pictures, self._scanning.index)

    def close(self) -> None:
        """Stop for good."""
        self.player.close()

    def _told(self, frame: Frame) -> None:
        told = frame.result.told
        self._scanning.answer(self._scanning.say, sentence(told, f"{self._asked}: "), told.done / max(1, told.of))

    def _changed(self, state: State) -> None:
        if state == "failed":  # and not again: the reader may choose another layer
            self._scanning.answer(self._scanning.complain, str(self.player.error))
        elif state == "done":
            self._asked = ""
            self._scanning.answer(self._ended)
        elif state == "stopped":
            self._scanning.answer(self._scanning.say_all)

    def _ended(self) -> None:
        self._scanning.say_all()
        self._there()
