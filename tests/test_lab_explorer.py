"""A scripted visitor of the explorer in a real JupyterLab: every click has its effect in Python, and nothing fails."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browser
from tests.lab import Notebook, notebook, server
from tests.visitor import ASK, Visitor

pytestmark = pytest.mark.browser

CELLS = [
    """
import torch
import vizkit
torch.set_num_threads(1)
net = vizkit.load("world")
explorer = vizkit.explore(net, "world/test/96")
explorer.drawn.controls["steps"].value = 24
explorer.map.controls["steps"].value = 100
explorer""",
    ASK,
    """
path = explorer.to_html("x.html", units=[0, 2], tv=[0, 1], steps=4)
print(path.stat().st_size)""",
    """
two = vizkit.explore(net, "world/test/96", other=vizkit.load("world-b"), state={"layer": "stage3"})
two.drawn.controls["steps"].value = 12
two.map.controls["steps"].value = 50
two""",
    """
match = two.companion.match
print({**two.state, "text": two.companion.told.text, "found": int(match.units[0]),
       "drawn": two.companion.drawn.result.run.arguments["unit"], "tv": two.companion.drawn.controls["tv"].value})""",
]
ASK_TWO = 4

# Each pair of the two networks' parts: what is beside each other, and whether words are cut off.
PAIRS = """() => [...document.querySelectorAll(".vizkit-explorer-pair")].map((pair) => {
  const [left, right] = [...pair.children].map((side) => ({
    name: side.querySelector(".vizkit-explorer-side-name").getBoundingClientRect().toJSON(),
    stage: side.querySelector(".vizkit-stage").getBoundingClientRect().toJSON(),
    words: side.querySelector(".vizkit-explorer-side-name").innerText.split("\\n"),
  }));
  const words = ["explorer-side-name", "remark-text", "status", "live-source"].map((name) => `.vizkit-${name}`);
  const cut = [...pair.querySelectorAll(words.join())];
  return { left, right, cut: cut.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent) };
})"""
TWO = "document.querySelector('.vizkit-explorer-two')"
TOLD = f"(words) => {TWO}?.querySelector('.vizkit-explorer-match').innerText.includes(words)"
DRAWN = f"""() => [...{TWO}.querySelectorAll('.vizkit-transport')].every((one) => one.dataset.state === 'done')
  && {TWO}.querySelectorAll('.vizkit-explorer-second .vizkit-live-cell img').length === 10"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Notebook]:
    """The cells, open and not run; one JupyterLab for this file."""
    folder = tmp_path_factory.mktemp("lab")
    with (
        server(folder) as address,
        browser() as running,
        notebook(running, address, folder, CELLS, width=1440) as opened,
    ):
        opened.page.set_viewport_size({"width": 1440, "height": 1300})
        yield opened


@pytest.fixture(scope="module")
def visit(lab, tmp_path_factory) -> tuple[Visitor, dict[str, dict]]:
    """The visitor, and what a cell said after each of its steps."""
    folder = Path(os.environ.get("VIZKIT_SCREENSHOTS") or tmp_path_factory.mktemp("seen"))
    visitor = Visitor(lab, 0, 1, 2, lambda name: lab.page.screenshot(path=folder / f"explorer-{name}.png") and None)
    return visitor, dict(visitor.visit())


def test_every_step_of_a_visit_is_seen_in_python(visit):
    _, told = visit
    start = told["open"]
    assert (start["network"], start["layer"], start["unit"], start["picture"]) == ("world", "stage4", 0, -1)
    assert start["index"]
    assert told["to_layer"]["layer"] == "stage4.0.wide.1"
    assert told["to_unit"]["unit"] == 2
    assert told["dial"]["tv"] > start["tv"]
    picture = told["pick"]["picture"]
    assert 0 <= picture < 96
    assert told["pick"]["selection"] == [picture]
    assert 10 < told["lasso"]["count"] < 86
    assert told["lasso"]["picture"] == picture, "a lasso keeps the picture"
    assert told["invert"]["inverted"] == told["lasso"]["layer"] == "stage4.0.wide.1"
    assert told["save"]["error"] == "None"


def test_the_page_is_saved_in_the_cell(visit, lab):
    assert 50_000 < int(lab.output(2)) < 2_000_000
    assert (lab.path.parent / "x.html").is_file()
    assert not list(lab.path.parent.glob(".x.html.answers"))


def test_no_error_was_reported_on_the_way(visit, lab):
    visitor, _ = visit
    assert visitor.errors == []
    errors = """() => [...jupyterapp.shell.currentWidget.content.model.cells]
      .flatMap((cell) => cell.outputs?.toJSON() ?? [])
      .filter((output) => output.output_type === "error" || output.name === "stderr")"""
    assert lab.page.evaluate(errors) == []


@pytest.fixture(scope="module")
def two(visit, lab) -> Notebook:
    """Two networks, after the visit, in the same notebook."""
    lab.page.set_default_timeout(60_000)
    lab.run_cell(3)
    lab.page.wait_for_function(TOLD, arg="unit 0 of world: correlation")
    lab.page.wait_for_function(DRAWN)
    return lab


def told_of_two(lab) -> dict:
    lab.run_cell(ASK_TWO)
    lab.wait_until_idle()
    return ast.literal_eval(lab.output(ASK_TWO).strip())


@pytest.mark.parametrize("width", [1440, 800])
def test_two_networks_stand_beside_each_other_and_no_word_is_cut_off(two, keep, width):
    two.page.set_viewport_size({"width": width, "height": 1900 if width > 1000 else 3600})
    two.page.evaluate(f"{TWO}.scrollIntoView()")
    two.page.wait_for_timeout(200)
    keep(f"explorer-two-{width}")
    pairs = two.page.evaluate(PAIRS)
    assert len(pairs) == 2
    for pair in pairs:
        left, right = pair["left"], pair["right"]
        assert [left["words"][0], right["words"][0]] == ["world", "world-b"]
        assert pair["cut"] == []
        for part in ("name", "stage"):
            assert abs(left[part]["top"] - right[part]["top"]) < 1
            assert abs(left[part]["width"] - right[part]["width"]) < 1
            assert left[part]["right"] < right[part]["left"]


def test_the_second_network_follows_the_unit_the_strength_and_the_theme(two, keep):
    two.page.set_viewport_size({"width": 1440, "height": 1900})
    shown = two.page.locator(".vizkit-explorer-two")
    shown.get_by_role("slider", name="unit").focus()
    for _ in range(3):
        two.page.keyboard.press("ArrowRight")
    two.page.wait_for_function(TOLD, arg="unit 3 of world: correlation")
    shown.locator(".vizkit-explorer-kept .noUi-handle").first.focus()
    two.page.keyboard.press("ArrowRight")
    two.page.wait_for_timeout(400)
    two.page.wait_for_function(DRAWN)
    told = told_of_two(two)
    assert told["unit"] == 3
    assert told["drawn"] == told["found"]
    assert told["tv"] > 0.1
    assert two.page.evaluate(PAIRS)[0]["right"]["words"] == ["world-b", f"stage3 · unit {told['found']}"]
    assert two.page.evaluate(TOLD, told["text"])
    two.theme(True)
    two.page.wait_for_timeout(200)
    keep("explorer-two-dark")
    two.theme(False)


def test_a_picture_of_the_second_network_is_chosen_for_both(two):
    two.page.locator(".vizkit-explorer-second .vizkit-live-cell").nth(3).click()
    two.page.locator(".vizkit-explorer-two .vizkit-explorer-picture img").wait_for()
    told = told_of_two(two)
    assert told["selection"] == [told["picture"]]
    assert two.page.locator(".vizkit-explorer-two .vizkit-explorer-picture .vizkit-roster-row").count() > 0
