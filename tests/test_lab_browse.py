"""Units browsed by key and named by key in a real JupyterLab, from an index that a cell has scanned."""

import json
from statistics import median

import pytest

from tests.lab import Notebook

pytestmark = pytest.mark.browser

CELLS = [
    """
import torch
import vizkit
torch.set_num_threads(1)
net = vizkit.load("world")
index = vizkit.scan(net, "world/test/96", ["stage3"])
panel = vizkit.panel("top_images", net, layer="stage3", index=index)
panel""",
    """
chosen = panel.picture.selection
print(panel.controls["unit"].value, list(chosen), panel.result.numbers[2] in chosen)""",
    """
one = vizkit.annotate(net, "stage3", index=index, path="words.json", units=[3, 5, 8])
one""",
]
PAINTED = "(i) => Number(document.querySelectorAll('.vizkit-live')[i]?.dataset.frames) >= 1"
UNIT = "(name) => document.querySelector('.vizkit-profile').ariaLabel === name"

# Milliseconds from a key to the pictures of another unit being painted, and until its profile is there too.
PRESS = """([key, name]) => new Promise((resolve) => {
  const live = document.querySelector(".vizkit-live"), grid = live.querySelector(".vizkit-live-grid");
  const before = grid.ariaLabel;
  let took = null;
  const watch = new MutationObserver(() => {
    if (took === null && grid.ariaLabel !== before) took = performance.now() - begun;
    if (took === null || live.querySelector(".vizkit-profile").ariaLabel !== name) return;
    watch.disconnect();
    setTimeout(resolve, 50, took);
  });
  watch.observe(live, { attributes: true, subtree: true });
  const begun = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
})"""


@pytest.fixture(scope="module")
def lab(open_lab) -> Notebook:
    """A panel on an index; one JupyterLab for this file."""
    opened = open_lab(CELLS)
    opened.run_cell(0)
    opened.page.wait_for_function(PAINTED, arg=0, timeout=60_000)
    opened.wait_until_idle()
    return opened


def test_page_down_goes_from_unit_to_unit_and_the_focus_stays(lab, keep):
    lab.page.wait_for_function(UNIT, arg="unit 0 of stage3")
    lab.page.locator(".vizkit-live-cell").nth(2).focus()
    times = [lab.page.evaluate(PRESS, ["PageDown", f"unit {unit} of stage3"]) for unit in range(1, 13)]
    lab.page.evaluate(PRESS, ["PageUp", "unit 11 of stage3"])
    focused = "[...document.querySelectorAll('.vizkit-live-cell')].indexOf(document.activeElement)"
    assert lab.page.evaluate(focused) == 2
    keep("browsed")
    assert median(times) < 1000, "benchmarks/browse.py measures on a machine that does nothing else"


def test_pictures_that_are_chosen_are_numbers_of_the_collection_in_python(lab, keep):
    cells = lab.page.locator(".vizkit-live-cell")
    cells.nth(0).click()
    cells.nth(2).click(modifiers=["Shift"])
    keep("chosen")
    lab.run_cell(1)
    lab.wait_until_idle()
    unit, selection = lab.output(1).split(" ", 1)
    assert unit == "11"
    assert len(json.loads(selection.split("]")[0] + "]")) == 3
    assert "True" in selection


def test_a_unit_is_named_without_the_mouse_and_the_file_is_there(lab, keep):
    lab.run_cell(2)
    lab.page.wait_for_function(PAINTED, arg=1, timeout=60_000)
    word, title = lab.page.locator(".vizkit-naming-word"), lab.page.locator(".vizkit-naming h3")
    word.focus()
    lab.page.keyboard.type("lamp 1")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("5")
    keep("naming")
    lab.page.keyboard.press("Enter")
    lab.page.wait_for_function("document.querySelector('.vizkit-naming h3').textContent === 'unit 5 of stage3'")
    lab.page.wait_for_function("document.activeElement.className === 'vizkit-naming-word'")
    assert word.input_value() == ""
    saved = json.loads((lab.path.parent / "words.json").read_text("utf-8"))
    assert saved["words"] == {"3": {"word": "lamp 1", "category": "object"}}
    lab.page.keyboard.type("half a wo")
    lab.page.locator(".vizkit-annotating .vizkit-live-cell").first.focus()
    lab.page.keyboard.press("7")
    lab.page.keyboard.press("PageDown")
    lab.page.wait_for_function("document.querySelector('.vizkit-naming h3').textContent === 'unit 8 of stage3'")
    lab.page.keyboard.press("PageUp")
    lab.page.wait_for_function("document.querySelector('.vizkit-naming-word').value === 'half a wo'")
    assert title.inner_text() == "unit 5 of stage3"
    assert lab.page.get_by_role("radio", name="unclear").get_attribute("aria-checked") == "true"
    assert lab.page.locator(".vizkit-naming-count").inner_text() == "1 of 3 named"
    keep("draft")
