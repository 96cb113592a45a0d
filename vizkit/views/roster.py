"""A list to choose one from: rows of a few words each, and a bar that compares them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from vizkit.views.modules import joined

_static = Path(__file__).parent / "static"


class Roster(anywidget.AnyWidget):
    """`rows` of texts under `columns`; `selected` is the chosen one, -1 for none, by click or by keys.

    `bars` (one number in [0, 1] for each row, or none) are drawn behind the last column. `group` is what stands before
    the last dot of a first text, shown paler, so that names of layers can be told apart.

    >>> Roster(label="layers", columns=["layer", "channels"], rows=[["stem", "16"], ["stage1", "32"]])
    """

    _esm = joined("parts.mjs", "roster.mjs")
    _css = _static / "roster.css"

    label = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)  # what to do where there are no rows
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    bars = traitlets.List(traitlets.Float(allow_none=True)).tag(sync=True)
    selected = traitlets.Int(-1, min=-1).tag(sync=True)

    def fill(self, rows: Sequence[Sequence[str]], bars: Sequence[float] = (), selected: int = -1) -> None:
        """Show other rows, in one message."""
        with self.hold_sync():
            self.rows, self.bars, self.selected = [list(row) for row in rows], list(bars), selected

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self.on_msg(lambda _widget, message, _buffers: "ready" in message and self.send({"hello": message["ready"]}))
