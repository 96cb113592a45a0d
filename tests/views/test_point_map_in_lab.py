"""The map of points in a real JupyterLab: it flows from layer to layer, and the next cell has what was chosen."""

import pytest

from tests.lab import Notebook
from tests.widgets.toy import until

pytestmark = pytest.mark.browser

CELLS = [
    """
import torch
from vizkit.core.results import Points
from vizkit.data import world
from vizkit.data.collections import as_collection
from vizkit.views.point_map import PointMap
chance = torch.Generator().manual_seed(0)
labels = torch.arange(240) % 12
def layer(apart):
    angle = labels * (torch.pi / 6)
    return apart * torch.stack([angle.cos(), angle.sin()], 1) + 0.5 * torch.randn(240, 2, generator=chance)
maps = {"stem": layer(0.0), "stage2": layer(1.0), "output": layer(3.0)}
map = PointMap()
map.show(Points(maps["stem"], labels, world.LABELS, pictures=as_collection("world/test/240"), maps=maps))
map.keep()
map""",
    "print(map.layer)",
    "print(len(map.selection), int((maps['output'][:, 0] > 0).sum()))",
    "map.selection = [1, 2, 3]",
    "import time\nend = time.monotonic() + 4\nwhile time.monotonic() < end:\n    pass",
]
MAP = "document.querySelector('.vizkit-map')"


@pytest.fixture(scope="module")
def lab(open_lab) -> Notebook:
    """A map on a page, of three layers; one JupyterLab for this file."""
    opened = open_lab(CELLS, height=1500)
    opened.run_cell(0)
    opened.page.wait_for_function(f"{MAP}?.dataset.points === '240'", timeout=60_000)
    opened.wait_until_idle()
    return opened


def told(lab: Notebook, cell: int) -> list[str]:
    """The words that a cell prints."""
    return lab.ask(cell).split()


def rest(lab: Notebook) -> None:
    """Wait until the map has stood still for a while."""
    still = f"() => window.drawn === (window.drawn = {MAP}.dataset.frames)"
    lab.page.wait_for_function(still, polling=400)


def pictured(lab: Notebook) -> bytes:
    lab.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return lab.page.locator(".vizkit-map-over").screenshot()


def test_points_flow_while_the_layer_slider_is_pulled_and_python_knows_where_it_stands(lab, keep):
    slider = lab.page.get_by_role("slider", name="layer")
    box, seen = slider.bounding_box(), []
    lab.page.mouse.move(box["x"] + 6, box["y"] + box["height"] / 2)
    lab.page.mouse.down()
    for share in (0.15, 0.3, 0.45, 0.6, 0.8, 0.999):
        lab.page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2, steps=3)
        seen.append(pictured(lab))
    keep("map-flowed")
    lab.page.mouse.up()
    assert len(set(seen)) == len(seen), "every place of the slider is another map"
    until(lambda: float(told(lab, 1)[-1]) > 1.95, 30)


def test_a_lasso_is_the_selection_in_the_next_cell(lab, keep):
    lab.page.get_by_role("slider", name="layer").press("End")
    until(lambda: float(told(lab, 1)[-1]) == 2, 30)
    rest(lab)
    lab.page.get_by_role("radio", name="Lasso").click()
    box = lab.page.locator(".vizkit-map-over").bounding_box()
    middle, right = box["x"] + box["width"] / 2, box["x"] + box["width"] - 2
    corners = [(middle, box["y"] + 2), (right, box["y"] + 2), (right, box["y"] + box["height"] - 2)]
    lab.page.mouse.move(*corners[0])
    lab.page.mouse.down()
    for corner in [*corners[1:], (middle, box["y"] + box["height"] - 2)]:
        lab.page.mouse.move(*corner, steps=5)
    keep("map-lasso")
    lab.page.mouse.up()
    until(lambda: told(lab, 2)[-2] == lab.page.evaluate(f"{MAP}.dataset.selected"), 30)
    count, most = told(lab, 2)[-2:]
    assert 0.8 * int(most) < int(count) <= 1.2 * int(most)
    keep("map-selected")


def test_a_selection_from_a_cell_is_shown(lab):
    rest(lab)
    before = pictured(lab)
    assert lab.page.evaluate(f"{MAP}.dataset.selected") != "3"
    lab.run_cell(3)
    lab.page.wait_for_function(f"{MAP}.dataset.selected === '3'")
    assert pictured(lab) != before


def test_the_picture_under_the_mouse_needs_no_kernel(lab, keep):
    lab.page.wait_for_function(f"{MAP}.dataset.pictures === '240'", timeout=60_000)
    lab.run_cell(4)
    lab.wait_until_busy(4)
    box = lab.page.locator(".vizkit-map-over").bounding_box()
    for share in range(1, 60):
        lab.page.mouse.move(
            box["x"] + share / 60 * box["width"], box["y"] + (0.3 + 0.4 * (share % 7) / 7) * box["height"]
        )
        if lab.page.evaluate(f"{MAP}.dataset.hovered") != "-1":
            break
    assert lab.page.locator(".vizkit-map-card").is_visible()
    assert lab.page.locator(".vizkit-map-picture").is_visible()
    keep("map-hover")
    lab.wait_until_idle()
