"""Lines with axes to read off, small enough for a page of its own: plotly's script alone is five megabytes."""

from pathlib import Path

import anywidget
import numpy as np
import traitlets

from vizkit.core.results import Curves
from vizkit.views.modules import joined

_static = Path(__file__).parent / "static"


class LineChart(anywidget.AnyWidget):
    """The lines of `Curves` and, under the pointer or the arrow keys, their values.

    `points` is a float32 table, row by row: an x and a value for each of `names`. `marked` is an x to mark, or None.
    """

    _esm = joined("parts.mjs", "line_chart.mjs")
    _css = _static / "line_chart.css"

    points = traitlets.Bytes().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    x_name = traitlets.Unicode().tag(sync=True)
    y_name = traitlets.Unicode().tag(sync=True)
    marked = traitlets.Float(None, allow_none=True).tag(sync=True)

    def show(self, curves: Curves) -> None:
        """Show `curves`, in one message."""
        rows = [row.detach().float().cpu().numpy() for row in (curves.x, *curves.lines.values())]
        with self.hold_sync():
            self.names, self.x_name, self.y_name = list(curves.lines), curves.x_name, curves.y_name
            self.points = np.stack(rows, 1).astype("<f4").tobytes()
