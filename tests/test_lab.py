"""The first notebook in a real JupyterLab: run it, press Run, watch it draw, press Stop while a cell is busy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import Notebook

pytestmark = pytest.mark.browser

FIRST = Path(__file__).parents[1] / "notebooks" / "00-quick-start.ipynb"
BUSY = "import time\nend = time.monotonic() + 6\nwhile time.monotonic() < end:\n    pass\n'busy no more'"

PRESS = """([name, state]) => new Promise((resolve) => {
  const transport = document.querySelector(".vizkit-transport");
  const button = [...transport.querySelectorAll("button")].find((one) => one.textContent === name);
  const begun = performance.now();
  const watch = new MutationObserver(() => {
    if (transport.dataset.state !== state) return;
    watch.disconnect();
    resolve((performance.now() - begun) / 1000);
  });
  watch.observe(transport, { attributes: true, attributeFilter: ["data-state"] });
  button.click();
})"""

WATCH = """(count) => new Promise((resolve) => {
  const live = document.querySelector(".vizkit-live");
  const canvas = new OffscreenCanvas(16, 16).getContext("2d", { willReadFrequently: true });
  const seen = { times: [], pictures: new Set() };
  const begun = performance.now();
  const watch = new MutationObserver(() => {
    canvas.drawImage(live.querySelector("img"), 0, 0, 16, 16);
    seen.pictures.add(canvas.getImageData(0, 0, 16, 16).data.join());
    seen.times.push((performance.now() - begun) / 1000);
    if (seen.times.length < count) return;
    watch.disconnect();
    resolve({ times: seen.times, different: seen.pictures.size });
  });
  watch.observe(live, { attributes: true, attributeFilter: ["data-frames"] });
})"""


ERRORS = """() => [...jupyterapp.shell.currentWidget.content.model.cells]
  .flatMap((cell) => cell.outputs?.toJSON() ?? [])
  .filter((output) => output.output_type === "error" || output.name === "stderr")"""
PAINTED = "(n) => Number(document.querySelector('.vizkit-live').dataset.frames) >= n"


@pytest.fixture(scope="module")
def lab(open_lab) -> Notebook:
    """The first notebook, open, its cells run; one JupyterLab for this file."""
    opened = open_lab(FIRST)
    opened.run_all()
    return opened


@pytest.fixture
def keep(keep, lab) -> Callable[[str], None]:
    """Keep a screenshot that has the panel in it."""

    def keep_panel(name: str) -> None:
        lab.page.locator(".vizkit-panel").scroll_into_view_if_needed()
        keep(name)

    return keep_panel


def press(lab: Notebook, name: str, state: str) -> float:
    """Click a button of the panel; the seconds until the page shows `state`."""
    return lab.page.evaluate(PRESS, [name, state])


def state(lab: Notebook) -> str | None:
    return lab.page.locator(".vizkit-transport").get_attribute("data-state")


def test_every_cell_runs_and_the_panel_draws_by_itself(lab, keep):
    assert lab.page.evaluate(ERRORS) == []
    lab.page.wait_for_function(PAINTED, arg=1)
    keep("opened")


def test_run_shows_a_growing_picture(lab, keep):
    if state(lab) == "running":
        press(lab, "Stop", "stopped")
    watching = "([press, watch, args]) => Promise.all([eval(watch)(8), eval(press)(args)])"
    seen, begun = lab.page.evaluate(watching, [PRESS, WATCH, ["Run", "running"]])
    keep("running")
    assert begun < 2
    assert seen["different"] >= 5


def test_stop_stops_at_once_and_leaves_the_picture(lab, keep):
    if state(lab) != "running":
        press(lab, "Run", "running")
    assert press(lab, "Stop", "stopped") < 2
    keep("stopped")
    assert "stopped at step" in lab.page.locator(".vizkit-status").inner_text()
    assert lab.page.locator(".vizkit-live img").count() == 1


def test_stop_stops_while_another_cell_is_busy(lab, keep):
    painted = lab.frames()
    press(lab, "Run", "running")
    lab.page.wait_for_function(PAINTED, arg=painted + 10)
    last = lab.page.evaluate(
        """(source) => {
          const model = jupyterapp.shell.currentWidget.content.model;
          model.sharedModel.addCell({ cell_type: "code", source });
          return model.cells.length - 1;
        }""",
        BUSY,
    )
    lab.run_cell(last)
    lab.wait_until_busy(last)
    assert press(lab, "Stop", "stopped") < 3
    assert "busy no more" not in lab.output(last)
    keep("stopped-while-busy")
    lab.wait_until_idle()
    assert "busy no more" in lab.output(last)
