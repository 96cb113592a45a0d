"""Buttons for what else can be played from what is chosen: the pictures of some points, or of one."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from vizkit.core.follows import Follow
from vizkit.core.results import Points, Result
from vizkit.core.runs import Run
from vizkit.data.collections import as_collection
from vizkit.methods import find
from vizkit.nets.network import Network


class FollowBar(ipywidgets.HBox):
    """A button for each of the `follows` that fits what is chosen; `begin(follow)` is called when one is pressed."""

    def __init__(self, begin: Callable[[Follow], object]):
        super().__init__()
        self.add_class("vizkit-following")
        self._begin = begin
        self._buttons: dict[str, ipywidgets.Button] = {}
        self.show((), 0)

    def show(self, follows: Sequence[Follow], count: int) -> None:
        """Offer those of `follows` that `count` chosen things are right for."""
        for follow in follows:
            if follow.words not in self._buttons:
                self._buttons[follow.words] = self._button(follow)
        offered = {follow.words: follow for follow in follows if follow.fits(count)}
        for words, button in self._buttons.items():
            button.layout.display = None if words in offered else "none"
            button.description = words if count < 2 else f"{words} {count}"
        self.children = tuple(self._buttons.values())
        self.layout.display = None if offered else "none"

    def press(self, words: str) -> None:
        """As if the button was pressed."""
        self._buttons[words].click()

    def _button(self, follow: Follow) -> ipywidgets.Button:
        made = ipywidgets.Button(tooltip="In a panel of its own below").add_class("vizkit-follow")
        made.on_click(lambda _: self._begin(follow))
        return made


def follows_of(result: Result) -> tuple[Follow, ...]:
    """What the method of `result` offers, and what any points do that stand for pictures a network was shown."""
    if result.run is None:
        return ()
    own = tuple(getattr(result.run.method, "follows", ()))
    pictured = isinstance(result, Points) and result.pictures is not None
    return own + (OF_PICTURES if pictured and _net(result.run) is not None else ())


def told(result: Result, numbers: Sequence[int]) -> str:
    """What is chosen, in words."""
    names = getattr(result, "names", ()) or getattr(result, "captions", ())
    if len(numbers) > 1:
        return f"{len(numbers)} of {len(names) or len(getattr(result, 'xy', ())) or 'them'}"
    return str(names[numbers[0]]) if names else f"number {numbers[0]}"


def _top_images(run: Run, result: Result, numbers: Sequence[int]) -> Run:
    assert isinstance(result, Points)
    chosen = as_collection(result.pictures).subset(numbers)
    return Run.of(find("top_images"), _net(run), **_layer(run), pictures=chosen)


def _inversion(run: Run, result: Result, numbers: Sequence[int]) -> Run:
    assert isinstance(result, Points)
    assert result.pictures is not None
    return Run.of(find("feature_inversion"), _net(run), result.pictures[numbers[0]], **_layer(run))


OF_PICTURES = (Follow("Top images of these", _top_images), Follow("Invert this picture", _inversion, one=True))


def _net(run: Run) -> Network | None:
    return next((value for value in run.arguments.values() if isinstance(value, Network)), None)


def _layer(run: Run) -> dict[str, Any]:
    """The layer that `run` looked into, where it was one."""
    layer = run.arguments.get("layer")
    return {"layer": layer} if isinstance(layer, str) and layer else {}
