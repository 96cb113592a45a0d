"""A panel of a method that works on a picture, in a real JupyterLab: wiped, steered and slid through the layers."""

import json

import pytest

from tests.lab import Notebook
from tests.widgets.toy import until

pytestmark = pytest.mark.browser

CELLS = [
    """
import torch
import vizkit
torch.set_num_threads(1)
net = vizkit.load("world")
one = vizkit.panel("feature_inversion", net, layer="stage2", steps=4096)
seen = []
one.controls["tv"].observe(lambda change: seen.append(one.player.last.step), "value")
one""",
    """
import json
tv = one.frame.result.run.arguments["tv"]
print(json.dumps({"turns": list(tv.turns), "seen": seen, "image": one.controls["image"].value,
    "layer": one.controls["layer"].value}))""",
    """
one.stop()
below = vizkit.panel("inversion_ladder", net, layers=["stem", "stage3"], steps=2)
below""",
]
WIPED = "parseFloat(document.querySelector('.vizkit-live').style.getPropertyValue('--wipe'))"
PAINTED = "(n) => Number(document.querySelector('.vizkit-live').dataset.frames) >= n"


@pytest.fixture(scope="module")
def lab(open_lab) -> Notebook:
    """A panel that is inverting; one JupyterLab for this file."""
    opened = open_lab(CELLS)
    opened.run_cell(0)
    opened.page.wait_for_selector(".vizkit-panel")
    opened.page.wait_for_function(PAINTED, arg=2, timeout=60_000)
    return opened


def caption(lab: Notebook) -> str:
    return lab.page.locator(".vizkit-live-cell .vizkit-live-caption").first.inner_text()


def told(lab: Notebook) -> dict:
    """What the second cell prints."""
    return json.loads(lab.ask(1).strip().splitlines()[-1])


def test_the_line_is_pulled_by_the_mouse_and_moved_by_keys_while_the_picture_grows(lab, keep):
    lab.page.get_by_role("radio", name="wipe").click()
    lab.page.wait_for_selector(".vizkit-live-wipe")
    box = lab.page.locator(".vizkit-live-frame").first.bounding_box()
    painted = lab.frames()
    lab.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 40)
    lab.page.wait_for_function(PAINTED, arg=painted + 3)  # a frame does not end the pull
    lab.page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 40)
    lab.page.mouse.up()
    assert lab.page.evaluate(WIPED) == pytest.approx(70, abs=1)
    keep("wiped-by-mouse")
    cell = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = lab.page.evaluate(cell)
    lab.page.locator(".vizkit-live-wipe").focus()
    for key in ("End", "ArrowLeft", "ArrowDown", "ArrowDown"):
        lab.page.keyboard.press(key)
    assert lab.page.evaluate(WIPED) == 94
    assert lab.page.evaluate(cell) == before, "JupyterLab took an arrow key for its own"
    keep("wiped-by-keyboard")


def test_a_dial_that_is_turned_acts_within_two_frames(lab, keep):
    lab.page.get_by_role("slider", name="tv", exact=True).focus()
    lab.page.keyboard.press("ArrowRight")
    until(lambda: len(told(lab)["turns"]) == 2, 30)
    keep("steered")
    answer = told(lab)
    assert answer["turns"][1] - answer["seen"][0] <= 2


def test_sliding_the_layer_restarts_with_the_layer_it_ends_at(lab, keep):
    first = caption(lab)
    depth = lab.page.get_by_role("slider", name="depth")
    depth.focus()
    for _ in range(4):
        lab.page.keyboard.press("ArrowLeft")
    lab.page.wait_for_function(
        "(first) => document.querySelector('.vizkit-live-cell .vizkit-live-caption').innerText !== first", arg=first
    )
    until(lambda: caption(lab) == told(lab)["layer"], 30)
    assert caption(lab) != first
    keep("slid")


def test_another_picture_of_the_gallery_becomes_the_original(lab, keep):
    source = lab.page.locator(".vizkit-live-original").first.get_attribute("src")
    lab.page.locator(".vizkit-picture-option").nth(3).click()
    lab.page.wait_for_function("(source) => document.querySelector('.vizkit-live-original').src !== source", arg=source)
    assert told(lab)["image"] == "world/3"
    keep("another-picture")


def test_a_cell_of_a_ladder_is_continued_alone(lab, keep):
    lab.run_cell(2)
    cells = lab.page.locator(".vizkit-panel").nth(1).locator(".vizkit-live-cell")
    cells.nth(5).wait_for()
    cells.nth(5).dblclick()
    alone = lab.page.locator(".vizkit-below .vizkit-panel")
    alone.locator(".vizkit-live-cell img").first.wait_for(timeout=30_000)
    alone.scroll_into_view_if_needed()
    keep("alone")
    assert alone.locator(".vizkit-live-cell").count() == 1
    titles = (lab.page.locator(".vizkit-below-title"), cells.nth(5).locator(".vizkit-live-caption"))
    named, picked = (one.inner_text().split(" · ")[:2] for one in titles)  # the layer and the prior
    assert named == picked
    lab.page.get_by_role("button", name="Close", exact=True).click()
    alone.wait_for(state="detached")
    assert lab.page.locator(".vizkit-panel").count() == 2
