"""A small line that grows while a run plays: one value, or one per picture, over the step."""

from collections.abc import Sequence
from pathlib import Path

import anywidget
import numpy as np
import traitlets

_static = Path(__file__).parent / "static"


class LiveCurve(anywidget.AnyWidget):
    """Lines over the step, without axes to read off (`Panel.curves.figure()` has those). Set it in any thread.

    `points` is a float32 table, row by row: a step and `lines` values. `of` is where the steps will end, `names`
    tells several lines apart.
    """

    _esm = _static / "live_curve.mjs"
    _css = _static / "live_curve.css"

    name = traitlets.Unicode().tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    lines = traitlets.Int(1).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    of = traitlets.Int(1).tag(sync=True)

    def show(self, name: str, of: int, table: Sequence[Sequence[float]], names: Sequence[str] = ()) -> None:
        """Show `table`, rows of a step and its values, in one message."""
        with self.hold_sync():
            self.name, self.of, self.names = name, of, list(names)
            self.lines = max(len(table[0]) - 1, 1) if table else 1
            self.points = np.asarray(table, dtype="<f4").tobytes()
