"""A second network beside the first one: at each unit, the one of its units whose answers go with it most."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
from torch import Tensor

from vizkit.core.results import Images
from vizkit.data.collections import Collection
from vizkit.measure.answers import Match, matched
from vizkit.measure.index import Index
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.views.remark import Remark
from vizkit.widgets.explorer_parts import listed, part, section, titled, wait, wait_no_more
from vizkit.widgets.knowing import Knowing
from vizkit.widgets.panel import Panel
from vizkit.widgets.scanning import Scanning

ALIKE = ((0.8, "much like"), (0.6, "like"), (0.4, "somewhat like"))
HARDLY = "hardly like"
WAITING = "{} looks for its unit that goes with this one."
MATCH = "Answers {} unit {} of {}: correlation {:.2f}."
BEST = " No unit of this layer does more."
RULE = (
    "Both look at the same {count} pictures. Beside each unit of {net} stands that unit of {other} whose answers go "
    "with it most (Pearson's correlation: 1 is the same, 0 is nothing in common), drawn from the same noise."
)
TITLES = ("What each likes, drawn", "Real pictures that excite each")
BEFORE = "waits until {} has looked at the pictures"
OWN = ("layer", "unit")  # settings in which the two networks differ

Known = Callable[[str], Tensor | None]


class Companion:
    """What `other` shows beside `drawn` and `real`, panels of `net`, whose settings it takes over.

    `known(layer)` has the answers of `net`, None while they are not known. `pairs` are the sections that hold both
    sides, `told` is what is said of the match, `match` the match itself, or None. `on_picture` is called with the
    number of a picture that was chosen on this side.
    """

    def __init__(
        self,
        net: Network,
        other: Network,
        pictures: Collection,
        drawn: Panel,
        real: Panel,
        known: Known,
        on_picture: Callable[[int], object],
    ):
        self.net, self.other, self.table = net, other, listed(other)
        self.names = told_apart(net, other)
        self.match: Match | None = None
        self._known, self._on_picture = known, on_picture
        self._place = ("", 0)  # layer and unit of the first network
        self.scanning = Scanning(
            other, pictures, self.table.names, self._looked, self._again, waits=True, who=f"{self.names[1]}: "
        )
        self.knowing = Knowing(self.scanning, self._again)
        self.scanning.say(BEFORE.format(self.names[0]), 0.0)
        layer = self.table.default
        self.drawn = part("activation_maximization", other, layer=layer, autostart=False, **_shared(drawn))
        self.real = part("top_images", other, layer=layer, pictures=pictures, autostart=False, **_shared(real))
        self.told = Remark().add_class("vizkit-explorer-match")
        self._heads = tuple((titled(""), titled("")) for _ in TITLES)
        rule = RULE.format(net=self.names[0], other=self.names[1], count=len(pictures))
        self.rule = ipywidgets.Label(rule).add_class("vizkit-explorer-hint")
        self.pairs = tuple(self._pair(i, *both) for i, both in enumerate(((drawn, self.drawn), (real, self.real))))
        for one, its in ((drawn, self.drawn), (real, self.real)):
            self._take_over(one, its)
            wait(its)
        self.real.view.observe(self._crop_chosen, "selected")
        drawn.observe(lambda _: self.scanning.go_ahead(), "frame")  # what is seen first goes first

    def follow(self, layer: str, unit: int) -> None:
        """Show what goes with `unit` of `layer`, in the layer of that name or else at that depth; never waits."""
        self._place = layer, unit
        there = self._layer_beside(layer)
        own, its = self._known(layer), self.knowing.of(there)
        self._say_first(layer, unit)
        if own is None or its is None:
            self._say_second(there, None)
            self.told.show(WAITING.format(self.names[1]) if self.index is not None else "", True)
        else:
            self._show(there, unit, matched(own[:, [unit]], its))

    @property
    def index(self) -> Index | None:
        """What is known of the pictures, None until the second network looked at them."""
        return self.scanning.index

    def gather(self) -> None:
        """Look at the pictures and play both parts in the cell, where there is no page."""
        if self.index is None:
            self.scanning.now()
        self.knowing.now(self._layer_beside(self._place[0]))
        self._again()
        for one in (self.drawn, self.real):
            for frame in one.run:
                one.show(frame)

    def close(self) -> None:
        """Stop for good."""
        self.scanning.close()
        self.knowing.close()
        for one in (self.drawn, self.real):
            one.close()

    def _again(self) -> None:
        if self._place[0]:
            self.follow(*self._place)

    def begin(self) -> None:
        """Look at the pictures, once the first network has."""
        self.scanning.begin()

    def _looked(self, index: Index) -> None:
        self.real.given = {**{k: v for k, v in self.real.given.items() if k != "pictures"}, "index": index}
        self._again()

    def _show(self, layer: str, unit: int, match: Match) -> None:
        """Everything of the unit that goes with `unit`."""
        self.match = match
        found, correlation = int(match.units[0]), float(match.correlation[0])
        self._say_second(layer, found)
        alike = how_alike(correlation)
        said = MATCH.format(alike, unit, self.names[0], correlation)
        self.told.show(said + (BEST if alike == HARDLY else ""), True)
        for one in (self.drawn, self.real):
            wait_no_more(one)
            one.autostart = True  # when it is seen
            one.set(layer=layer, unit=found)
            if one.transport.seen and one.player.state == "idle":
                one.play()

    def _say_first(self, layer: str, unit: int) -> None:
        for first, _ in self._heads:
            first.value = f"{self.names[0]}\n{layer} · {_unit(self.net, layer, unit)}"

    def _say_second(self, layer: str, unit: int | None) -> None:
        for _, second in self._heads:
            words = "…" if unit is None else _unit(self.other, layer, unit)
            second.value = f"{self.names[1]}\n{layer} · {words}"

    def _crop_chosen(self, change: dict) -> None:
        result = self.real.result
        if isinstance(result, Images) and 0 <= change["new"] < len(result.numbers):
            self._on_picture(result.numbers[change["new"]])

    def _take_over(self, one: Panel, its: Panel) -> None:
        """Have a panel of the second network follow the settings of one of the first."""
        for name in _shared(one):
            one.controls[name].observe(
                lambda change, own=its.controls[name]: setattr(own, "value", change["new"]), "value"
            )
            its.controls[name].remove_class("vizkit-explorer-kept")

    def _pair(self, i: int, one: Panel, its: Panel) -> ipywidgets.VBox:
        """Both sides under one title."""
        first, second = self._heads[i]
        note = (self.told,) if i == 0 else ()
        left = ipywidgets.VBox((first.add_class("vizkit-explorer-side-name"), one)).add_class("vizkit-explorer-side")
        right = ipywidgets.VBox((second.add_class("vizkit-explorer-side-name"), *note, its))
        right.add_class("vizkit-explorer-side").add_class("vizkit-explorer-second")
        return section(TITLES[i], ipywidgets.Box((left, right)).add_class("vizkit-explorer-pair"), settings_of=one)

    def _layer_beside(self, layer: str) -> str:
        """The layer of the same name where that means the same, else the one at the same depth."""
        names, theirs = layers_of(self.net).names, layers_of(self.other).names
        if layer in theirs and (layer == "output" or names == theirs):  # `features.9` is somewhere else in another kind
            return layer
        depth = names.index(layer) / max(1, len(names) - 1)
        return self.table.names[round(depth * (len(self.table) - 1))]


def how_alike(correlation: float) -> str:
    """A correlation in a word or two; the steps are ours, a reader's own threshold may be another."""
    return next((words for least, words in ALIKE if correlation >= least), HARDLY)


def told_apart(net: Network, other: Network) -> tuple[str, str]:
    """Their names; where both are called the same, with the argument's name behind."""
    if net.name != other.name:
        return net.name, other.name
    return f"{net.name} (net)", f"{other.name} (other)"


def _shared(one: Panel) -> Mapping[str, Any]:
    """The settings that both networks have in common, as they are."""
    return {name: control.value for name, control in one.controls.items() if name not in OWN}


def _unit(net: Network, layer: str, unit: int) -> str:
    """`unit 5`, of classes with its label."""
    label = net.labels[unit] if layer == "output" and unit < len(net.labels) else ""
    return f"unit {unit} ({label})" if label else f"unit {unit}"
