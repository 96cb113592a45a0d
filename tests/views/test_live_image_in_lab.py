"""The live picture in a real JupyterLab: what only its kernel and its page can show."""

import pytest

CELLS = [
    """
import time
import torch
from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.play.player import Player
from vizkit.views.live_image import LiveImage

def noise(of=10**6):
    for step in range(1, of + 1):
        time.sleep(0.03)
        yield Frame(step, of, Images(torch.rand(2, 3, 64, 64), ("unit 1", "unit 2")))

view = LiveImage()
player = Player(lambda frame: view.show(frame.result), lambda state: state != "running" and view.keep())
view""",
    "player.play(noise())",
    "time.sleep(3)",
    "player.stop(); player.wait(5); print(player.state, view.selected, player.frames > 50)",
]
DEAF = 4  # frames in two seconds where acknowledgements wait: one for each time the kernel lost patience, and a few


@pytest.mark.browser
def test_pictures_flow_while_a_cell_runs_and_after_a_reload_and_can_be_selected(open_lab):
    notebook = open_lab(CELLS)
    notebook.run_cell(0)
    notebook.page.wait_for_selector(".vizkit-live")
    notebook.wait_until_idle()
    notebook.run_cell(1)
    assert len(notebook.frame_times(2)) > DEAF
    notebook.run_cell(2)
    assert len(notebook.frame_times(2)) > DEAF, "the widget is deaf while a cell runs"
    notebook.wait_until_idle()
    notebook.page.locator(".vizkit-live-cell").first.click()
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("Enter")
    notebook.reload()
    notebook.page.wait_for_selector(".vizkit-live img")
    assert len(notebook.frame_times(2)) > DEAF
    notebook.run_cell(3)
    notebook.page.wait_for_function("() => document.body.innerText.includes('stopped 1 True')")
