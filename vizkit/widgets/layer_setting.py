"""A layer, picked by stage and name or by moving along the depth of the network."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import ipywidgets

from vizkit.core.controls import Control
from vizkit.nets.describe import Layer, Layers
from vizkit.widgets.setting import LABELED, Setting, row

Menu: TypeAlias = ipywidgets.Dropdown | ipywidgets.SelectionSlider


class LayerSetting(Setting):
    """Two menus, stage and layer, and a slider over all layers from the first to the last; all three go together.

    Layers that hand on the very tensor of another are left out, whatever name of it is `value` excepted.
    """

    def __init__(self, control: Control, value: Any, layers: Layers):
        self.layers = layers
        value = layers.default if value is None else value
        self.shown = distinct(layers, self.check(value))
        self.stage = ipywidgets.Dropdown(
            options=_stages(self.shown), description="stage", tooltip="Part of the network", style=LABELED
        )
        self.name = ipywidgets.Dropdown(description=control.label, tooltip=control.doc, style=LABELED)
        self.depth = ipywidgets.SelectionSlider(
            options=[layer.name for layer in self.shown],
            description="depth",
            readout=False,
            continuous_update=False,
            tooltip="From the first layer to the last",
            style=LABELED,
        )
        for part, moved in ((self.stage, self._stage_picked), (self.name, self._moved), (self.depth, self._moved)):
            part.observe(moved, "value")
        super().__init__(value, row(self.stage), row(self.name), row(self.depth))

    @property
    def layer(self) -> Layer:
        """The layer `value` names."""
        return self.layers[self.value]

    def check(self, value: Any) -> str:
        return self.layers[value].name

    def mirror(self) -> None:
        if self.value not in self.depth.options:
            self._show_also()
        stage = _stage(self.layer, self.shown)
        within = [(_short(layer), layer.name) for layer in self.shown if _stage(layer, self.shown) == stage]
        self._quietly(self.stage, stage)
        self._quietly(self.name, self.value, tuple(within))
        self._quietly(self.depth, self.value)
        self.children[0].layout.display = None if len(self.stage.options) > 1 else "none"

    def _show_also(self) -> None:
        """Let `value` stand in for the layer that shares its tensor."""
        self.shown = distinct(self.layers, self.value)
        self._quietly(self.stage, _stage(self.layer, self.shown), _stages(self.shown))
        self._quietly(self.depth, self.value, tuple(layer.name for layer in self.shown))

    def _quietly(self, part: Menu, value: str, options: tuple | None = None) -> None:
        """Make `part` show `value` without taking it for the reader's choice (new options first fall to the first)."""
        moved = self._stage_picked if part is self.stage else self._moved
        part.unobserve(moved, "value")
        with part.hold_sync():
            if options is not None and part.options != options:
                part.options = options
            part.value = value
        part.observe(moved, "value")

    def _stage_picked(self, change: dict) -> None:
        """Go to the last layer of the stage: what the stage hands on."""
        self.value = [layer.name for layer in self.shown if _stage(layer, self.shown) == change["new"]][-1]

    def _moved(self, change: dict) -> None:
        self.value = change["new"]


def distinct(layers: Layers, wanted: str) -> list[Layer]:
    """One layer for each tensor: the one `wanted`, else `output`, else the default, else the shortest name."""
    groups: dict[str, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(layer.same_as or layer.name, []).append(layer)
    first = (wanted, "output", layers.default)

    def rank(layer: Layer) -> tuple[int, int]:
        return (first.index(layer.name) if layer.name in first else len(first), layer.name.count("."))

    return [min(group, key=rank) for group in groups.values()]


def _stages(shown: Sequence[Layer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_stage(layer, shown) for layer in shown))


def _stage(layer: Layer, shown: Sequence[Layer]) -> str:
    """The stage's name; a layer that stands alone is its own, unless all do."""
    return layer.stage or (layer.name if any(other.stage for other in shown) else "all")


def _short(layer: Layer) -> str:
    """`1.relu — 80 × 12 × 12`: without the stage, which its menu shows."""
    name = layer.name.removeprefix(f"{layer.stage}.") if layer.stage else layer.name
    return f"{name} — {' × '.join(map(str, layer.shape))}"
