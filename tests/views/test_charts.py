"""Results as plotly figures, read back from the figure's own description."""

import json

import plotly.graph_objects as go
import torch

from vizkit.core.results import Curves, Points
from vizkit.views.charts import COLORS, line_chart


def curves(*names: str) -> Curves:
    return Curves(torch.arange(4.0), {n: torch.arange(4.0) * i for i, n in enumerate(names)}, "step", "value")


def contrast(color: str, background: float) -> float:
    """WCAG 2 contrast of a #rrggbb color on a background of given relative luminance."""
    levels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels]
    own = sum(share * v for share, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return (max(own, background) + 0.05) / (min(own, background) + 0.05)


def test_the_figure_holds_the_numbers_of_the_curves():
    figure = line_chart(curves("a", "b"))
    assert isinstance(figure, go.Figure)
    assert [trace.name for trace in figure.data] == ["a", "b"]
    assert [list(trace.y) for trace in figure.data] == [[0, 0, 0, 0], [0, 1, 2, 3]]
    assert list(figure.data[0].x) == [0, 1, 2, 3]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("step", "value")


def test_lines_keep_apart_beyond_the_number_of_colors():
    figure = line_chart(curves(*(f"line {i}" for i in range(15))))
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 15


def test_a_legend_appears_with_the_second_line():
    assert not line_chart(curves("a")).layout.showlegend
    assert line_chart(curves("a", "b")).layout.showlegend


def test_nothing_is_drawn_behind_the_lines_and_every_color_stands_out_on_light_and_dark():
    layout = line_chart(curves("a")).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    for color in (*COLORS, layout.font.color):
        assert contrast(color, background=1.0) > 1.9, f"{color} on white"
        assert contrast(color, background=0.006) > 3, f"{color} on #111"


def test_names_reach_plotly_as_text():
    figure = line_chart(curves("<b>bold</b>", "a & b"))
    assert "<b>" not in json.dumps(figure.to_plotly_json())
    assert figure.data[1].name == "a &amp; b"


def test_a_single_point_is_visible():
    figure = line_chart(Curves(torch.zeros(1), {"a": torch.ones(1)}))
    assert "markers" in figure.data[0].mode


def test_curves_with_no_line_make_an_empty_figure():
    assert len(line_chart(Curves(torch.zeros(0), {})).data) == 0


def test_a_result_hands_over_to_the_chart():
    assert len(curves("a").figure().data) == 1


def points(**more) -> Points:
    labels = torch.tensor([0, 1, 1, -1])
    told = {"labels": labels, "label_names": ("<b>cat</b>", "dog"), **more}
    return Points(torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]), **told)


def test_each_label_of_a_map_is_a_trace_with_its_points_and_its_color():
    figure = points().figure()
    assert [trace.name for trace in figure.data] == ["no label", "&lt;b&gt;cat&lt;/b&gt;", "dog"]
    assert [trace.type for trace in figure.data] == ["scattergl"] * 3
    assert (list(figure.data[2].x), list(figure.data[2].y)) == ([2, 4], [3, 5])
    assert [trace.marker.color for trace in figure.data[1:]] == [COLORS[0].lower(), COLORS[1].lower()]
    assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"
    assert figure.layout.yaxis.scaleanchor == "x"


def test_a_map_without_labels_is_one_trace_colored_by_its_first_values():
    figure = points(labels=None, values={"loss": torch.arange(4.0), "other": torch.zeros(4)}).figure()
    (trace,) = figure.data
    assert list(trace.marker.color) == [0, 1, 2, 3]
    assert (trace.marker.cmin, trace.marker.cmax, trace.marker.colorbar.title.text) == (0, 3, "loss")


def test_a_map_of_more_labels_than_a_legend_holds_is_one_trace():
    many = Points(torch.zeros(200, 2), labels=torch.arange(200), names=["<i>"] * 200)
    (trace,) = many.figure().data
    assert len(set(trace.marker.color)) > 150
    assert trace.hovertext[0] == "&lt;i&gt;"
