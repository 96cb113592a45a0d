"""A scripted visitor of the explorer in a real JupyterLab: every click has its effect in Python, and nothing fails."""

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
]


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
