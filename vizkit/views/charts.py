"""Results as plotly figures that sit on a light or a dark page: nothing drawn behind them, text in mid-gray."""

from itertools import cycle

import numpy as np
import plotly.graph_objects as go

from vizkit.core.results import Curves, Points
from vizkit.save import palettes
from vizkit.save.point_pictures import colors_of, dot, kinds_of, span

COLORS = palettes.OKABE_ITO
TRACED = 60  # labels that get a trace and a line in the legend each; of more, all points are one trace
DASHES = ("solid", "dash", "dot")  # one after each round of colors
TEXT, GRID = "#808080", "rgba(128, 128, 128, 0.3)"


def line_chart(curves: Curves) -> go.Figure:
    """The lines of `curves` over their x; names are shown as text, and a legend where there are several."""
    styles = cycle((color, dash) for dash in DASHES for color in COLORS)
    lines = [_line(curves, name, *style) for name, style in zip(curves.lines, styles, strict=False)]
    figure = go.Figure(lines, layout=_layout(several=len(lines) > 1))
    figure.update_xaxes(title_text=_text(curves.x_name))
    figure.update_yaxes(title_text=_text(curves.y_name or " · ".join(curves.lines)))
    return figure


def point_chart(points: Points) -> go.Figure:
    """The points of a map as scattergl: a trace for each label or other kind, or one colored by the first values."""
    kinds, word = kinds_of(points) or (np.zeros(0, int), str)
    known = np.unique(kinds)
    several = 0 < len(known) <= TRACED
    apart = [_kind(points, int(k), word(int(k)), np.flatnonzero(kinds == k)) for k in known if several]
    figure = go.Figure(apart or [_together(points)], layout=_layout(several))
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_layout(height=560, hovermode="closest", dragmode="pan", xaxis=hidden, yaxis=hidden)
    figure.update_layout(legend={"orientation": "v", "x": 1.02, "y": 1, "yanchor": "top", "itemsizing": "constant"})
    return figure.update_yaxes(scaleanchor="x")


def _kind(points: Points, kind: int, word: str, some: np.ndarray) -> go.Scattergl:
    color = palettes.named(palettes.of_labels(np.array([kind]))[0])
    return _scatter(points, some, color, name=_text(word))


def _together(points: Points) -> go.Scattergl:
    """All points in one trace: by kind where there are many, by the first values, or all alike."""
    some = np.arange(len(points))
    if kinds_of(points) is not None or not points.values:
        return _scatter(points, some, [palettes.named(color) for color in colors_of(points)])
    name, value = next(iter(points.values.items()))
    low, high = span(value.detach().float().cpu().numpy())
    bar = {"title": {"text": _text(name)}, "outlinewidth": 0, "thickness": 12}
    scale = [[i / 15, palettes.named(color)] for i, color in enumerate(palettes.ramp(16))]
    trace = _scatter(points, some, value.detach().float().cpu().numpy())
    return trace.update(marker={"colorscale": scale, "cmin": low, "cmax": high, "colorbar": bar, "showscale": True})


def _scatter(points: Points, some: np.ndarray, color, name: str = "") -> go.Scattergl:
    xy = points.xy.detach().float().cpu().numpy()[some]
    size, alpha = dot(len(points))
    told = {"hovertext": [_text(str(points.names[i])) for i in some]} if len(points.names) else {}
    return go.Scattergl(
        x=xy[:, 0],
        y=xy[:, 1],
        name=name,
        mode="markers",
        marker={"color": color, "size": size, "opacity": alpha},
        hoverinfo="text+name" if told else "name" if name else "x+y",
        **told,
    )


def _line(curves: Curves, name: str, color: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=curves.x.tolist(),
        y=curves.lines[name].tolist(),
        name=_text(name),
        mode="lines+markers" if len(curves.x) == 1 else "lines",
        line={"color": color, "dash": dash, "width": 2},
    )


def _layout(several: bool) -> go.Layout:
    axis = {"color": TEXT, "gridcolor": GRID, "linecolor": GRID, "zeroline": False, "automargin": True}
    return go.Layout(
        template="none",
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        font={"color": TEXT, "size": 12},
        margin={"l": 8, "r": 8, "t": 24 if several else 8, "b": 8},
        height=280,
        hovermode="x",
        showlegend=several,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis=axis,
        yaxis=axis,
    )


def _text(words: str) -> str:
    """`words` as plotly shows them: it reads a little markup, which names must not become."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
