"""What an explorer is put together from: panels that follow its choice, under their titles, and the list of layers."""

from typing import Any

import ipywidgets

from vizkit.nets.describe import Layers
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.nets.spread import outline
from vizkit.widgets.panel import Panel, panel

KEPT = {"activation_maximization": ("tv",), "top_images": ("spread",), "embedding_map": ()}  # settings in sight
WAITS = "waits until the pictures were looked at"


def part(method: str, net: Network, **arguments: Any) -> Panel:
    """A panel whose layer and unit are the explorer's to choose, and whose other settings but a few are put away."""
    made = panel(method, net, **arguments)
    for name in ("layer", "unit"):
        if name in made.controls:
            made.controls[name].layout.display = "none"
    for name in KEPT.get(method, ()):
        made.controls[name].add_class("vizkit-explorer-kept")
    return made.add_class("vizkit-explorer-part")


def section(title: str, *parts: ipywidgets.Widget, settings_of: Panel | None = None) -> ipywidgets.VBox:
    """Parts under their title; with a button that shows all settings of a panel."""
    head: ipywidgets.Widget = titled(title)
    if settings_of is not None:
        button = ipywidgets.ToggleButton(description="settings", tooltip="Show or hide all settings of this part")
        turn = {True: settings_of.add_class, False: settings_of.remove_class}
        button.observe(lambda change: turn[change["new"]]("vizkit-open"), "value")
        head = ipywidgets.HBox((head, button.add_class("vizkit-explorer-more"))).add_class("vizkit-explorer-head")
    return ipywidgets.VBox((head, *parts)).add_class("vizkit-explorer-section")


def titled(words: str) -> ipywidgets.Label:
    return ipywidgets.Label(words).add_class("vizkit-explorer-title")


def column(name: str, *parts: ipywidgets.Widget) -> ipywidgets.VBox:
    return ipywidgets.VBox(parts).add_class(f"vizkit-explorer-{name}")


def wait(shown: Panel) -> None:
    """Say of what shows pictures that it begins once they were looked at."""
    shown.add_class("vizkit-explorer-waiting")
    shown.transport.status = WAITS


def wait_no_more(shown: Panel) -> None:
    """Take that back."""
    shown.remove_class("vizkit-explorer-waiting")
    if shown.transport.status == WAITS:
        shown.transport.status = ""


def listed(net: Network) -> Layers:
    """Layers from the first to the last, by the names of blocks, and the one a panel opens on."""
    table = layers_of(net)
    names = outline(net)
    return Layers(table.of, tuple(layer for layer in table if layer.name in names), table.default)
