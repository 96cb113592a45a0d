"""Sliders over answers that are all there already: on a page without a kernel, moving one is a look-up."""

from pathlib import Path

import anywidget
import traitlets

from vizkit.views.modules import joined

_static = Path(__file__).parent / "static"


class Deck(anywidget.AnyWidget):
    """A slider for each of `axes` ({"name", "values", "plays"}), play and pause for the one that `plays`, a search.

    `position` counts row by row over the axes. `told` holds, for each position, what is shown there: a caption and
    values for each picture, {"caption", "values": [[name, words]]}, of all grids one after another; with "again", the
    picture stands at an earlier position too, and a search finds it there. `hovered` is the picture that is pointed at,
    `picked` the one a search led to; -1 for none.
    """

    _esm = joined("parts.mjs", "deck.mjs")
    _css = _static / "deck.css"

    axes = traitlets.List(traitlets.Dict()).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    told = traitlets.List(traitlets.List(traitlets.Dict())).tag(sync=True)
    hovered = traitlets.Int(-1, min=-1).tag(sync=True)
    picked = traitlets.Int(-1, min=-1).tag(sync=True)
