"""Points as files: what is drawn where, in which color, and what a table holds."""

import base64
import csv
import io
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from vizkit.core.results import Points
from vizkit.save import palettes, recipes
from vizkit.save.point_pictures import FEW, HEIGHT, LEGEND, WIDTH, colors_of, draw, span

CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def corners(times: int = 1, **more) -> Points:
    """Points in the four corners of a square, each corner a label."""
    labels = torch.arange(4).repeat(times)
    return Points(CORNERS.repeat(times, 1), labels=labels, label_names=("a", "b", "c", "d"), **more)


def color_at(paper: Image.Image, x: float, y: float) -> np.ndarray:
    """The color where the square of the four corners has (x, y)."""
    side = HEIGHT - 40
    return np.asarray(paper)[round(20 + (1 - y) * side), round((WIDTH - side) / 2 + x * side)].astype(int)


@pytest.mark.parametrize("times", [1, FEW], ids=["discs", "shared out"])
def test_points_are_drawn_where_they_lie_in_the_color_of_their_label(times):
    paper = draw(corners(times))
    colors = palettes.of_labels(np.arange(4)).astype(int)
    for color, (x, y) in zip(colors, CORNERS.tolist(), strict=True):
        found = color_at(paper, x, y)
        assert np.abs(found - color).max() < 0.25 * (255 - color).max() + 3, "the color, as opaque as it is drawn"
    assert color_at(paper, 0.5, 0.5).tolist() == [255, 255, 255]


def test_both_axes_have_one_scale():
    wide = Points(torch.tensor([[0.0, 0.0], [10.0, 1.0]]))
    rows = np.flatnonzero((np.asarray(draw(wide)) < 250).any((1, 2)))
    assert rows[-1] - rows[0] == pytest.approx((WIDTH - 40) / 10, abs=12)


def test_a_legend_stands_beside_labels_and_values_and_nothing_beside_neither():
    assert draw(corners()).width == WIDTH + LEGEND
    assert draw(Points(CORNERS, values={"loss": torch.arange(4.0)})).width == WIDTH + LEGEND
    assert draw(Points(CORNERS)).width == WIDTH


@pytest.mark.parametrize("count", [0, 1])
def test_no_point_and_a_single_one_can_be_drawn(count):
    assert draw(Points(torch.zeros(count, 2))).size == (WIDTH, HEIGHT)


def test_values_are_colored_from_low_to_high_and_gray_where_there_is_none():
    colors = colors_of(Points(torch.zeros(3, 2), values={"a": torch.tensor([0.0, 2.0, torch.nan])}))
    ramp = palettes.ramp()
    assert colors.tolist() == [ramp[0].tolist(), ramp[-1].tolist(), palettes.of_labels(np.array([-1]))[0].tolist()]


def test_one_odd_value_does_not_flatten_the_rest():
    values = np.append(np.linspace(0, 1, 999), 1e9)
    assert span(values)[1] < 1.01
    assert span(np.array([3.0, 3.0])) == (3.0, 4.0)
    assert span(np.array([np.nan])) == (0.0, 1.0)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_a_drawing_carries_the_recipe_and_loses_nothing(tmp_path, suffix):
    class Made:
        recipe = "run = vizkit.run('embedding_map')"

    points = replace(corners(), run=Made())
    path = points.save(tmp_path / f"map{suffix}")
    assert recipes.read(path) == Made.recipe
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), np.asarray(draw(points)))


def test_a_table_has_a_row_for_each_point(tmp_path):
    points = corners(values={"loss": torch.tensor([0.5, 1.0, 1.5, 2.0])}, names=['say "hi"', "b,c", "d", "e"])
    with points.save(tmp_path / "map.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["a", "b", "c", "d"]
    assert [row["name"] for row in rows] == list(points.names)
    assert [[float(row[k]) for k in ("x", "y", "loss")] for row in rows] == [
        [0, 0, 0.5], [1, 0, 1], [0, 1, 1.5], [1, 1, 2]
    ]  # fmt: skip


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'map.gif' ends in '.gif', and this can be saved as .png or .webp or .csv"):
        corners().save(tmp_path / "map.gif")


def test_a_notebook_shows_a_picture_with_an_alt_text_that_is_no_markup():
    points = replace(corners(), label_names=('<b>"', "b", "c", "d"))
    bundle = points._repr_mimebundle_()
    assert bundle["text/plain"] == '4 points: 1 <b>" · 1 b · 1 c · 1 d'
    assert "<b>" not in bundle["text/html"]
    assert bundle["text/html"].startswith('<img alt="4 points: 1 &lt;b&gt;&quot;')
    data = bundle["text/html"].split("base64,")[1].split('"')[0]
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (WIDTH + LEGEND, HEIGHT)


def test_a_data_frame_has_the_points_and_what_is_known_of_them():
    pytest.importorskip("pandas")
    labels = torch.tensor([0, 1, -1, 1])
    values = {"loss": torch.arange(4.0), "x": torch.arange(4)}
    frame = Points(CORNERS, labels=labels, label_names=("a", "b"), values=values, names="wxyz").to_dataframe()
    assert list(frame.columns) == ["x", "y", "label", "name", "loss", "x value"]
    assert frame["label"].tolist() == ["a", "b", "", "b"]
    assert frame[["x", "y"]].to_numpy().tolist() == CORNERS.tolist()


def test_kinds_that_are_no_labels_are_words_in_a_table_and_have_a_color_each():
    pytest.importorskip("pandas")
    values = {"loss": torch.arange(4.0), "answer": torch.tensor([1, 0, 1, -1])}
    points = Points(CORNERS, values=values, words={"answer": ("a", "b")})
    frame = points.to_dataframe()
    assert frame["answer"].tolist() == ["b", "a", "b", "none"]
    assert str(frame["answer"].dtype) == "category"
    assert frame["loss"].tolist() == [0, 1, 2, 3]
    assert np.array_equal(colors_of(points), palettes.of_labels(np.array([1, 0, 1, -1])))
    assert [trace.name for trace in points.figure().data] == ["none", "a", "b"]


def test_without_pandas_a_data_frame_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install pandas.*map\.csv"):
        corners().to_dataframe()


def test_labels_are_told_apart_and_keep_their_color():
    colors = palettes.of_labels(np.arange(40)).astype(float)
    apart = np.linalg.norm(colors[:, None] - colors[None], axis=2) + 1e3 * np.eye(40)
    assert apart[:12, :12].min() > 50
    assert apart.min() > 10
    assert np.array_equal(palettes.of_labels(np.array([7])), palettes.of_labels(np.arange(9))[7:8])


def test_the_ramp_gets_lighter_all_the_way():
    lightness = palettes.ramp().astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > -0.5).all()
    assert lightness[-1] - lightness[0] > 120
