"""Drawn curves: where the ink is, what the ticks say, and what is left where nothing can be drawn."""

import numpy as np
import pytest
import torch
from PIL import Image

from tests.save.toy import counting
from vizkit.core.results import Curves
from vizkit.core.runs import Run
from vizkit.save import recipes
from vizkit.save.curve_pictures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, draw, save_curves, ticks


def curves(**lines: list[float]) -> Curves:
    values = {name: torch.tensor(line) for name, line in lines.items()}
    return Curves(torch.arange(float(len(next(iter(values.values()))))), values, x_name="step")


def blue(image: Image.Image) -> np.ndarray:
    """Where the first line's color is, as (row, column) of each pixel."""
    pixels = np.asarray(image).astype(int)
    return np.argwhere((abs(pixels - (0, 0x72, 0xB2)) < 30).all(-1))


def test_a_line_goes_from_its_lowest_value_to_its_highest():
    rows, columns = blue(draw(curves(up=[0.0, 1.0])))[:, 0] - 26, blue(draw(curves(up=[0.0, 1.0])))[:, 1]
    line = rows >= TOP - 2  # below the names
    assert abs(rows[line].min() - TOP) <= 2
    assert abs(rows[line].max() - (HEIGHT - BOTTOM)) <= 2
    assert abs(columns[line].min() - LEFT) <= 2
    assert abs(columns[line].max() - (WIDTH - RIGHT)) <= 2


def test_what_is_not_finite_leaves_a_gap():
    gap = blue(draw(curves(line=[1.0, 2.0, float("nan"), 2.0, 1.0])))
    columns = set(gap[gap[:, 0] > 40][:, 1])
    middle = LEFT + (WIDTH - LEFT - RIGHT) // 2
    assert not columns & set(range(middle - 60, middle + 60))
    assert columns & set(range(LEFT, LEFT + 60))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0, 0.5, 1]),
        (0.0, 10.0, [0, 5, 10]),
        (-3.0, 3.0, [-2, 0, 2]),
        (0.0, 0.003, [0, 0.001, 0.002, 0.003]),
        (7.0, 7.0, [7]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high, 4) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[float("nan")] * 3, [float("inf"), 1.0, 2.0], [5.0], [3.0, 3.0]])
def test_odd_values_are_drawn_without_complaint(values):
    assert draw(curves(odd=values)).width == WIDTH


def test_no_line_and_many_lines_are_drawn():
    assert draw(Curves(torch.zeros(0), {})).height == HEIGHT
    assert draw(curves(**{f"line {i} <b>": [0.0, float(i)] for i in range(7)})).height == HEIGHT + 3 * 26


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_a_saved_chart_carries_its_recipe(tmp_path, suffix):
    result = Run.of(counting).result()
    path = result.save(tmp_path / f"x{suffix}")
    assert recipes.read(path) == result.recipe
    with pytest.raises(ValueError, match=r"\.png or \.webp"):
        save_curves(result, tmp_path / "x.svg")
