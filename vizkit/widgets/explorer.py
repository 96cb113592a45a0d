"""One unit from every side: the network's layers, what a unit likes, which pictures excite it, and where they lie."""

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import ipywidgets
import numpy as np
import torch
import traitlets

from vizkit.core.controls import controls
from vizkit.core.paged import Paged
from vizkit.core.results import Images, Points, Result
from vizkit.core.words import nearest
from vizkit.data.collections import Collection, Pictures
from vizkit.measure.answers import Excited, excited
from vizkit.measure.index import Index, open_index
from vizkit.measure.looking import shown
from vizkit.methods import activation_maximization, feature_inversion
from vizkit.nets.describe import Layers
from vizkit.nets.network import Network
from vizkit.save.files import ending
from vizkit.views.indices import Indices
from vizkit.views.live_image import LiveImage
from vizkit.views.pages import Page
from vizkit.views.point_map import PointMap
from vizkit.views.roster import Roster
from vizkit.widgets.closing import close_parts, close_tree
from vizkit.widgets.companion import Companion, told_apart
from vizkit.widgets.explorer_page import OURS, answering, explorer_page, marked
from vizkit.widgets.explorer_parts import column, listed, part, section, titled, wait, wait_no_more
from vizkit.widgets.knowing import Knowing
from vizkit.widgets.panel import Panel, panel
from vizkit.widgets.point_numbers import pictures_of, points_of
from vizkit.widgets.scanning import Scanning
from vizkit.widgets.setting import row
from vizkit.widgets.unit_setting import UnitSetting

SEEDS = (0, 1, 2, 3)  # of a seed spread
UNITS = 12  # that a picture excites
HINT = "Choose a layer, then a unit. Click any picture or point to see what else it excites."
CHOOSE = "Click a picture on the left, or a point of the map: the units it excites will be listed here."
LOOKS = "The units it excites will be listed once {} has looked at all pictures with this layer."
NOBODY = "It excites no unit of this layer more than usual."
COLUMNS = ("layer", "units", "sees")  # and once it is known, the share of dead units
STATE = {"layer": str, "unit": int, "picture": int, "selection": list}


def explore(
    net: Network,
    pictures: Pictures | None = None,
    index: Index | str | Path | None = None,
    *,
    other: Network | None = None,
    state: Mapping[str, Any] | None = None,
) -> "Explorer":
    """See one unit from every side: drawn, in real pictures, and among all pictures; everything follows one choice.

    On the left the layers, in the middle what a unit likes: the picture it is drawn, and the real ones that excite it.
    On the right all pictures, near each other where the layer answers alike, and what the chosen one excites. Pictures
    are looked at once, in the background, as soon as the explorer is seen.

    Args:
        net: The network to look into.
        pictures: A folder, "world", an array (n, c, h, w), a dataset; None for 480 of the bundled world.
        index: What `vizkit.scan` made of them, or its path; nothing is scanned then. With `pooled="max"` in it the
            map and the units of a picture are there at once, too.
        other: A second network, or another checkpoint: the unit of it that goes with this one, beside it.
        state: What `explorer.state` was, to go on from there.

    Raises:
        LookupError: `state` names a layer or a unit that does not exist.
        ValueError: the index is of another network, or there are no pictures for this one.

    >>> explorer = vizkit.explore(net)
    >>> explorer.layer, explorer.unit = "stage3", 7
    >>> explorer.on_change(lambda explorer: print(explorer.state))
    """
    if isinstance(index, (str, Path)):
        index = open_index(index, pictures)
    made = Explorer(net, shown(net, _there(pictures, index))[1], index, other)
    if state:
        try:
            made.state = state
        except Exception:
            made.close()
            raise
    return made


class Explorer(Paged, ipywidgets.VBox):
    """The widget that `vizkit.explore` makes. Read or set `layer`, `unit`, `picture` and `selection`.

    `picture` is the number of one picture, -1 for none, `selection` the numbers of several, an int64 array; choosing
    a picture selects it where not several are selected. `drawn`, `real` and `map` are panels like any other, `points`
    is the map itself, `excited` lists the units that `picture` excites, `inverted` is the panel of its inversion or
    None. `companion` is the second network's side, or None. `table` holds the layers of the list: those of the index,
    or 8 to 24 from the first to the last. `index` is what is known of the pictures, None until they were looked at.
    """

    layer = traitlets.Unicode()
    unit = traitlets.Int(0, min=0)
    picture = traitlets.Int(-1, min=-1)
    selection = Indices()

    def __init__(self, net: Network, pictures: Collection, index: Index | None = None, other: Network | None = None):
        self.net, self.pictures, self.other = net, pictures, other
        self.index: Index | None = None
        self.inverted: Panel | None = None
        self._lock, self._telling = threading.RLock(), False
        self.table = index.layers if index is not None else listed(net)
        first = self.table.default
        self.layers = Roster(label="layers", columns=list(COLUMNS), rows=_rows(self.table))
        self.excited = Roster(label="units", columns=["unit", "answers above"], hint=CHOOSE)
        self.chosen = LiveImage()
        self.drawn = part("activation_maximization", net, layer=first)
        self.real = part("top_images", net, layer=first, pictures=pictures, count=9, autostart=False)
        near = max(1, min(30, len(pictures) // 8))
        self.map = part("embedding_map", net, layer=first, pictures=pictures, perplexity=near, autostart=False)
        self.crops = cast(LiveImage, self.real.view)  # what these methods make
        self.points = cast(PointMap, self.map.view)
        self.unit_setting = UnitSetting(controls(activation_maximization)["unit"], 0, self.table[first].channels)
        self.spread = ipywidgets.ToggleButton(description="4 seeds", tooltip="Draw the unit from four different noises")
        who = f"{told_apart(net, other)[0]}: " if other is not None else ""
        self.scanning = Scanning(net, pictures, self.table.names, self._looked, self._seen, index=index, who=who)
        self.knowing = Knowing(self.scanning, self._known)
        self.companion = self._companion(other) if other is not None else None
        self._invert = ipywidgets.Button(description="Invert it", tooltip="What does the layer keep of this picture?")
        self._inverting = ipywidgets.VBox().add_class("vizkit-below")
        super().__init__((self._body(), self._inverting))
        self.add_class("vizkit-explorer")
        self._connect()
        self.layer = first
        if index is not None:
            self._looked(index)
        else:
            wait(self.real)
            wait(self.map)

    # What a reader's Python says.

    @property
    def state(self) -> dict[str, Any]:
        """What was chosen, as plain values: `vizkit.explore(net, state=…)` goes on from there."""
        told = {"layer": self.layer, "unit": self.unit, "picture": self.picture, "selection": self.selection.tolist()}
        return {"network": self.net.name, **told}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        """Take up `state`, all of it or nothing.

        Raises:
            LookupError: it names a layer, a unit or a picture that does not exist.
            ValueError: it is not the state of an explorer.
        """
        wanted = {**self.state, **_checked(state)}
        layer = self.table[wanted["layer"]]
        _check_below("unit", wanted["unit"], layer.channels, layer.name)
        for number in (max(0, wanted["picture"]), *wanted["selection"]):
            _check_below("picture", number, len(self.pictures), "these pictures")
        with self._lock:
            self._go(layer.name, wanted["unit"])
            self.picture, self.selection = wanted["picture"], wanted["selection"]

    def on_change(self, tell: Callable[["Explorer"], object]) -> None:
        """Call `tell(explorer)` whenever layer, unit, picture or selection is another."""
        self.observe(lambda _: tell(self), list(STATE))

    def gather(self) -> "Explorer":
        """Look at the pictures and play every part in the cell, where there is no page; returns itself."""
        if self.index is None:
            self.scanning.now()
        self.knowing.now(self.layer)
        for one in (self.drawn, self.real, self.map):
            for frame in one.run:
                one.show(frame)
        self._known()
        if self.companion:
            self.companion.gather()
        return self

    def invert(self) -> Panel:
        """Open the inversion of the chosen picture at the chosen layer, below.

        Raises:
            LookupError: no picture is chosen.
        """
        if self.picture < 0:
            raise LookupError("No picture is chosen. Click one, or set explorer.picture = 0.")
        self._close_inverted()
        image = self.pictures[self.picture][None]
        self.inverted = panel(feature_inversion, self.net, image, layer=self.layer)
        title = ipywidgets.Label(f"What {self.layer} keeps of {self.pictures.name(self.picture)}")
        close = ipywidgets.Button(description="Close", tooltip="Close this panel").add_class("vizkit-close")
        close.on_click(lambda _: self._close_inverted())
        self._inverting.children = (row(title.add_class("vizkit-below-title"), close), self.inverted)
        return self.inverted

    def to_html(self, path: str | Path, **options: Any) -> Path:
        """Write one `.html` with chosen layers, units and strengths as sliders, their pictures, and the map.

        Every combination is drawn beforehand, with the settings of `drawn`, so it takes as long as that many runs; the
        explorer tells how far it is. Interrupted, the same call goes on: what is done lies in a hidden folder beside
        the page until the page is there.

        Args:
            path: Where to; an existing file is replaced.
            options: `layers` (the current one), `units` (eight around the current one), `tv` (0, the current strength
                and ten times that), `steps` of each drawing; `title`, `credit` (whose pictures these are, and under
                which license), `quality` of the pictures (WebP, 80), and `tell`, called with how much is done, of how
                much.

        Raises:
            LookupError: a layer does not exist, or a unit in one of them.
            ValueError: another ending, or an empty list.

        >>> explorer.to_html("stage3.html", layers=["stage2", "stage3"], units=range(16), tv=[0, 0.1, 1])
        """
        path = Path(path)
        ending(path, (".html",))  # before minutes of work, not after
        folder = path.with_name(f".{path.name}.answers")
        self._page(folder=folder, **options).save(path)
        shutil.rmtree(folder, ignore_errors=True)
        return path

    def _page(self, **options: Any) -> Page:
        return explorer_page(self, **options)

    def close(self) -> None:
        """Stop for good and take everything off the page."""
        self.scanning.close()
        self.knowing.close()
        self._close_inverted()
        for one in (self.drawn, self.real, self.map):
            one.close()
        if self.companion:
            self.companion.close()
        close_parts(self)
        super().close()

    def __repr__(self) -> str:
        return f"Explorer of {self.net.name}: layer={self.layer!r}, unit={self.unit}"

    # How it is put together.

    def _body(self) -> ipywidgets.Box:
        hint = ipywidgets.Label(HINT).add_class("vizkit-explorer-hint")
        looked = (self.scanning.transport, *([self.companion.scanning.transport] if self.companion else []))
        left = column("layers", titled(self.net.name), hint, *looked, self.layers)
        unit = ipywidgets.HBox((self.unit_setting, self.spread)).add_class("vizkit-explorer-choice")
        unit.add_class("vizkit-panel")  # whose style a setting has
        middle = column("unit", unit, *self._shown())
        self._invert.on_click(lambda _: self.picture >= 0 and self.invert())
        self._chosen = ipywidgets.VBox((self.chosen, self._invert))
        self._chosen.layout.display = "none"  # until there is one
        picture = ipywidgets.HBox((self._chosen, self.excited))
        who = f" in {self.companion.names[0]}" if self.companion else ""
        chosen = section(
            f"The chosen picture, and the units it excites{who}", picture.add_class("vizkit-explorer-picture")
        )
        right = column("pictures", section("All pictures", self.map, settings_of=self.map), chosen)
        body = ipywidgets.Box((left, middle, right)).add_class("vizkit-explorer-body")
        return body.add_class("vizkit-explorer-two") if self.companion else body

    def _shown(self) -> tuple[ipywidgets.Widget, ...]:
        """The unit, drawn and in real pictures; of two networks, theirs beside each other."""
        if self.companion:
            return self.companion.rule, *self.companion.pairs
        drawn = section("What it likes, drawn", self.drawn, settings_of=self.drawn)
        return drawn, section("Real pictures that excite it", self.real, settings_of=self.real)

    def _companion(self, other: Network) -> Companion:
        return Companion(
            self.net,
            other,
            self.pictures,
            self.drawn,
            self.real,
            self.knowing.of,
            lambda n: setattr(self, "picture", n),
        )

    def _connect(self) -> None:
        self.observe(self._went, ["layer", "unit"])
        self.observe(self._chose, "picture")
        self.observe(self._selected, "selection")
        self.layers.observe(lambda c: c["new"] >= 0 and self._go(self.table[c["new"]].name, self.unit), "selected")
        self.unit_setting.observe(lambda c: self._take_units(c["new"]), "value")
        self.excited.observe(self._picked, "selected")
        self.spread.observe(lambda c: self.drawn.set(seed=SEEDS if c["new"] else SEEDS[0]), "value")
        self.drawn.observe(lambda _: self.scanning.go_ahead(), "frame")
        self.crops.observe(self._crop_chosen, "selected")
        self.points.observe(self._points_chosen, "selection")
        self.map.dressed = self._dressed
        self.points.observe(lambda _: self._mapped(), "value_names")

    # What follows what. In any thread.

    @traitlets.validate("layer")
    def _layer_checked(self, proposal: dict) -> str:
        return self.table[proposal["value"]].name

    @traitlets.validate("unit")
    def _unit_checked(self, proposal: dict) -> int:
        known = self.table[self.layer].channels if self.layer else 1
        _check_below("unit", proposal["value"], known, self.layer)
        return proposal["value"]

    @traitlets.validate("picture")
    def _picture_checked(self, proposal: dict) -> int:
        _check_below("picture", max(0, proposal["value"]), len(self.pictures), "these pictures")
        return proposal["value"]

    def _go(self, layer: str, unit: int) -> None:
        """Another layer and unit at once; the nearest unit where the layer has fewer."""
        with self._lock, self.hold_trait_notifications():
            self.layer = layer
            self.unit = min(unit, self.table[layer].channels - 1)

    def _went(self, _change: dict) -> None:
        with self._lock:
            layer = self.table[self.layer]
            if self.unit >= layer.channels:
                self.unit = layer.channels - 1
                return  # that change tells all
            self.layers.selected = self.table.names.index(layer.name)
            names = self.net.labels if layer.name == "output" else ()
            self.unit_setting.fit(layer.channels, names)
            self.unit_setting.value = self.unit
            self.drawn.set(layer=layer.name, unit=self.unit)
            if self.index is not None:  # before that, they would look at the pictures themselves
                self._follow()
            self._recolor()
            self._list_units()
            if self.companion:
                self.companion.follow(layer.name, self.unit)

    def _follow(self) -> None:
        """Show real pictures of the unit, and lay all out by the layer."""
        self.real.set(layer=self.layer, unit=self.unit)
        self.map.set(layer=self.layer)

    def _take_units(self, value: int | Sequence[int]) -> None:
        """One unit is followed by all parts; several are drawn, and the first one is followed."""
        several = isinstance(value, Sequence)
        self.unit = value[0] if several else value
        if several:
            self.drawn.set(unit=tuple(value))

    def _looked(self, index: Index) -> None:
        """Pictures were looked at: everything that waited for them goes on."""
        self.index = index
        for one in (self.real, self.map):
            wait_no_more(one)
            one.autostart = True  # when it is seen
            if one is self.real or all(map(index.pooling, index.layers.names)):  # else the map looks at them itself
                one.given = {**{k: v for k, v in one.given.items() if k != "pictures"}, "index": index}
        self._follow()
        for one in (self.real, self.map):
            if one.transport.seen:
                one.play()
        self.layers.fill(_rows(self.table, index), _dead(self.table, index), self.layers.selected)
        self.layers.columns = [*COLUMNS, "dead"]
        self._list_units()
        if self.companion:
            self.companion.begin()
            self.companion.follow(self.layer, self.unit)

    def _seen(self) -> None:
        """On a page, what is not known is looked up."""
        if self.index is not None:
            self.knowing.of(self.layer)
            if self.companion:
                self.companion.begin()

    def _known(self) -> None:
        """Answers of the layer were looked up: everything that waited for them goes on."""
        self._recolor()
        self._list_units()
        if self.companion:
            self.companion.follow(self.layer, self.unit)

    def _crop_chosen(self, change: dict) -> None:
        result = self.real.result
        if isinstance(result, Images) and 0 <= change["new"] < len(result.numbers):
            self.picture = result.numbers[change["new"]]

    def _points_chosen(self, change: dict) -> None:
        self.selection = self._pictures_of(change["new"])
        if len(self.selection) == 1:
            self.picture = int(self.selection[0])

    def _pictures_of(self, points: np.ndarray) -> np.ndarray:
        """The pictures that points of the map stand for."""
        result = self.map.result
        if not isinstance(result, Points):
            return points
        return pictures_of(result, len(self.pictures)).numpy()[points]

    def _points_of(self, pictures: np.ndarray) -> np.ndarray:
        """The points of those of `pictures` that have one."""
        result = self.map.result
        if not isinstance(result, Points):
            return pictures
        found = points_of(result, len(self.pictures), pictures).numpy()
        return found[found >= 0]

    def _selected(self, _change: dict) -> None:
        one = len(self.selection) == 1  # which is the chosen picture, and has a place and a button of its own
        (self.map.add_class if one else self.map.remove_class)("vizkit-explorer-one")
        if self.map.frame is not None:
            self.points.selection = self._points_of(self.selection)

    def _mapped(self) -> None:
        """There is a map: choose and mark on it what is chosen and marked."""
        self._mark()
        self.points.selection = self._points_of(self.selection)

    def _chose(self, _change: dict) -> None:
        with self._lock:
            if self.picture >= 0:
                name = self.pictures.name(self.picture)
                self.chosen.show(Images(self.pictures[self.picture][None], (name,)))
                self.chosen.keep()
                if len(self.selection) <= 1:
                    self.selection = np.array([self.picture])
            self._chosen.layout.display = None if self.picture >= 0 else "none"
            self._list_units()

    def _list_units(self) -> None:
        """The units of the layer that the chosen picture excites."""
        known = self._answers()
        if known is None or self.picture < 0:
            self.excited.hint = CHOOSE if self.picture < 0 else LOOKS.format(self.net.name)
            self.excited.fill((), ())
            return
        self.excited.hint = NOBODY
        self._found: Excited = excited(known, self.picture, UNITS)
        above = [float(share) for share in self._found.above]
        names = [str(unit) for unit in self._found.units.tolist()]
        told = [f"{_percent(share)} of pictures" for share in above]
        self.excited.fill(list(zip(names, told, strict=True)), above)

    def _picked(self, change: dict) -> None:
        if change["new"] >= 0:
            self.unit = int(self._found.units[change["new"]])

    def _answers(self) -> torch.Tensor | None:
        """What all units of the layer answer to all pictures; None while they are not looked at."""
        return self.knowing.of(self.layer)

    def _recolor(self) -> None:
        """Color the map by what the unit answers, and mark the pictures it answers most to."""
        if not isinstance(self.map.result, Points):
            return
        self.points.show(self._dressed(self.map.result))
        if self.map.player.state != "running":  # else the panel keeps what it ends with
            self.points.keep()
        self._mark()

    def _dressed(self, result: Result) -> Any:
        """The map with the answers of the unit, to color it by."""
        known = self._answers()
        return answering(result, known[:, self.unit]) if known is not None and isinstance(result, Points) else result

    def _mark(self) -> None:
        known = self._answers()
        if known is not None and self.points.count:
            own = known[:, self.unit]
            self.points.marked = marked(self.map.result, own) if isinstance(self.map.result, Points) else ()
            if not self.points.color and not self.points.labels:
                self.points.color = OURS

    def _close_inverted(self) -> None:
        parts, self._inverting.children, gone, self.inverted = self._inverting.children, (), self.inverted, None
        if gone is not None:
            gone.close()
            close_tree(parts[0])


def _there(pictures: Pictures | None, index: Index | None) -> Pictures | None:
    return pictures if pictures is not None or index is None else index.pictures.collection


def _rows(table: Layers, index: Index | None = None) -> list[tuple[str, ...]]:
    """Name, units, field, and once it is known the share of dead units."""
    dead = _dead(table, index) if index is not None else []
    told = [(_percent(share),) for share in dead] or [()] * len(table)
    return [
        (layer.name, str(layer.channels), f"{layer.field} px" if layer.field else "all", *words)
        for layer, words in zip(table, told, strict=True)
    ]


def _dead(table: Layers, index: Index) -> list[float]:
    """The share of units that no picture excites: whose strongest answer is not above 0, or is like any other."""
    return [_share_dead(index.top(layer.name).values) for layer in table]


def _share_dead(values: torch.Tensor) -> float:
    strongest = values[:, 0]
    return float((~(strongest > 0) | ~strongest.isfinite()).float().mean())


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _checked(state: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [name for name in state if name not in STATE and name != "network"]
    if unknown:
        raise ValueError(
            f"An explorer's state has no {unknown[0]!r}.{nearest(unknown[0], STATE)} It has {', '.join(STATE)}."
        )
    for name, kind in STATE.items():
        if name in state and not isinstance(state[name], (kind, tuple) if kind is list else kind):
            raise ValueError(f"{name}={state[name]!r} in the state is no {kind.__name__}.")
    return {name: state[name] for name in STATE if name in state}


def _check_below(name: str, number: int, count: int, of: str) -> None:
    if not 0 <= number < count:
        raise LookupError(f"There is no {name} {number} of {of}. Give 0 to {count - 1}.")
