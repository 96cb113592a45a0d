"""A panel's page: what it shows now, its settings, and nothing that needs a kernel."""

import json
import re

import pytest

import vizkit
from vizkit.measure.meters import Honesty, Judged, Line


def told(html: str) -> dict:
    return json.loads(re.search(r'id="told">(.*?)</script>', html, re.DOTALL)[1])


@pytest.fixture
def panel():
    net = vizkit.load("world")
    made = vizkit.panel("activation_maximization", net, layer="stage3", unit=[2, 3], autostart=False, steps=3)
    yield made
    made.close()


def test_an_empty_panel_has_no_page(panel, tmp_path):
    with pytest.raises(ValueError, match="shows nothing yet"):
        panel.to_html(tmp_path / "x.html")


def test_the_page_holds_what_the_panel_shows_and_its_settings(panel, tmp_path):
    for frame in panel.run:
        panel.show(frame)
    page = told(panel.to_html(tmp_path / "x.html").read_text("utf-8"))
    about = page["parts"][-1]["state"]
    assert dict(about["settings"])["layer"] == "stage3"
    assert dict(about["settings"])["unit"] == "2, 3"
    assert about["recipe"] == panel.result.recipe
    shown = page["parts"][1]["state"]
    assert shown["captions"] == ["unit 2", "unit 3"]
    assert len(shown["last"]) == 2
    assert page["parts"][0]["state"]["axes"] == []


def test_the_curve_is_that_of_the_frames_that_were_shown(panel, tmp_path):
    for frame in panel.run:
        panel.show(frame)
    page = told(panel.to_html(tmp_path / "x.html").read_text("utf-8"))
    chart = next(part["state"] for part in page["parts"] if "marked" in part["state"])
    assert (chart["names"], chart["marked"]) == (["objective"], 3.0)


def test_the_meter_comes_along_with_its_picture_and_without_its_button(panel, tmp_path):
    for frame in panel.run:
        panel.show(frame)
    line = Line("On the clean picture", "half of it", 0.5, "fair", 0.75, "more is better")
    judged = tuple(Judged((line,), "doubtful", "Nobody knows.", caption) for caption in ("one", "two"))
    panel.judging.meter.show(Honesty(judged, about="somebody"))
    page = told(panel.to_html(tmp_path / "x.html").read_text("utf-8"))
    at, meter = next((i, part["state"]) for i, part in enumerate(page["parts"]) if "can_judge" in part["state"])
    assert not meter["can_judge"]
    assert [1, "selected", at, "selected"] in page["links"]
    assert [at, "selected", 1, "selected"] in page["links"]


def test_a_panel_embeds_as_its_page_does(panel, tmp_path):
    for frame in panel.run:
        panel.show(frame)
    assert "srcdoc" in panel.to_iframe()._repr_html_()
    assert panel.to_myst(tmp_path / "live", "panel").startswith("```{anywidget} ./live/panel.mjs")
