"""Curves as plotly figures that sit on a light or a dark page: nothing drawn behind them, text in mid-gray."""

from itertools import cycle

import plotly.graph_objects as go

from vizkit.core.results import Curves

# Okabe & Ito (2008), told apart by color-blind readers; without black and yellow, which vanish on some pages.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
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
