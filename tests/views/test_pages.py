"""Pages read as text: what they hold, how large they are, how they are embedded. Chromium opens them next door."""

import base64
import html
import io
import json
import re
import warnings

import pytest
import torch
from PIL import Image

import vizkit
from tests.save.toy import counting, toy
from vizkit.core.frames import Frame
from vizkit.core.results import Curves, Images, Points
from vizkit.core.runs import Run
from vizkit.save.recordings import open_recording, record
from vizkit.views import pages
from vizkit.views.answer_pages import page
from vizkit.views.pages import page_of


def glowing(*, steps: int = 2, pictures: int = 2, size: int = 16):
    """The toy run, with hints."""
    yield from toy(steps=steps, pictures=pictures, size=size)


def told(text: str) -> dict:
    return json.loads(re.search(r'id="told">(.*?)</script>', text, re.DOTALL)[1])


def deck(text: str) -> dict:
    return told(text)["parts"][0]["state"]


def pictures(text: str) -> list[Image.Image]:
    """Every picture in the page, in the order of its pool."""
    found = []
    for content in map(base64.b64decode, told(text)["pool"]):
        if content[:4] == b"RIFF":
            found.append(Image.open(io.BytesIO(content)))
    return found


def test_a_result_is_a_page_with_its_recipe_and_credit(tmp_path):
    result = toy(steps=2).result()
    path = result.to_html(tmp_path / "x.html", credit="Pictures by nobody, CC0")
    about = told(path.read_text("utf-8"))["parts"][-1]["state"]
    assert about["recipe"] == result.recipe
    assert about["credit"] == "Pictures by nobody, CC0"
    assert [picture.size for picture in pictures(path.read_text("utf-8"))] == [(16, 16)] * 2


def test_pictures_are_webp_close_to_what_was_shown():
    ramp = torch.linspace(0, 1, 64).expand(3, 64, 64)[None]
    (picture,) = pictures(page_of(Images(ramp)).html())
    assert picture.format == "WEBP"
    shown = torch.frombuffer(bytearray(picture.convert("RGB").tobytes()), dtype=torch.uint8).view(64, 64, 3) / 255
    assert (shown.permute(2, 0, 1) - ramp[0]).abs().mean() < 0.02


def test_a_run_has_a_slider_over_its_frames_that_stands_at_the_last():
    state = deck(page_of(toy(steps=5)).html())
    assert state["axes"] == [{"name": "step", "values": [f"{i} of 5" for i in range(1, 6)], "plays": True}]
    assert state["position"] == 4


def test_a_long_run_is_thinned():
    state = deck(page_of(toy(steps=300, size=4), frames=10).html())
    values = state["axes"][0]["values"]
    assert (len(values), values[0], values[-1]) == (10, "1 of 300", "300 of 300")


def test_a_recording_makes_the_page_of_its_run(tmp_path):
    run = toy(steps=4)
    recording = open_recording(record(run, tmp_path / "x.vizkit", lossless=True))
    assert deck(page_of(recording).html()) == deck(page_of(run).html())
    assert told(page_of(recording).html())["parts"][-1]["state"]["recipe"] == run.recipe


def test_values_are_told_for_each_picture_as_they_were_measured():
    last = deck(page_of(toy(steps=3)).html())["told"][-1]
    assert last == [
        {"caption": "unit 0", "values": [["objective", "1"], ["loss", "1.5"]]},
        {"caption": "unit 1", "values": [["objective", "2"], ["loss", "1.5"]]},
    ]


def test_what_does_not_change_from_frame_to_frame_is_written_once():
    original = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))

    def approaching():
        for step in range(1, 6):
            yield Frame(step, 5, Images(original * step / 6, ("one",), original))

    content = page_of(Run.of(approaching)).html()
    assert len(pictures(content)) == 6  # five frames, and the original they are compared with
    images = told(content)["deck"]["table"][2][1]
    assert set(images) == {"last"}


def test_the_table_at_each_position_has_a_row_for_each_part():
    made = told(page_of(toy(steps=3)).html())
    assert {len(row) for row in made["deck"]["table"]} == {len(made["parts"])}


def test_points_and_curves_have_pages():
    def drifting():
        for step in (1, 2):
            yield Frame(step, 2, Points(torch.arange(6.0).view(3, 2) * step, labels=torch.tensor([0, 1, 1])))

    state = told(page_of(Run.of(drifting)).html())["deck"]["table"]
    assert [set(row[1]) & {"xy", "labels"} for row in state] == [{"xy"}, {"xy"}]
    assert told(page_of(Run.of(counting).result()).html())["parts"][1]["state"]["names"] == ["count"]


def test_frames_of_two_kinds_are_refused():
    def mixed():
        yield Frame(1, 2, Images(torch.zeros(1, 3, 4, 4)))
        yield Frame(2, 2, Curves(torch.zeros(1), {}))

    with pytest.raises(TypeError, match="Curves among others"):
        page_of(Run.of(mixed))


def test_what_has_no_view_is_told():
    with pytest.raises(TypeError, match="not dict"):
        page_of({})
    with pytest.raises(TypeError, match="Result has no view"):
        page_of(vizkit.core.results.Result())


def test_another_ending_is_refused_before_anything_is_computed(tmp_path):
    def never():
        raise AssertionError("played")
        yield

    with pytest.raises(ValueError, match=r"\.html"):
        page(never, out=tmp_path / "x.png")
    with pytest.raises(ValueError, match=r"\.html"):
        toy(steps=1).result().to_html(tmp_path / "x.htm")


def test_a_large_page_says_what_to_leave_out(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "LARGE", 10_000)
    with pytest.warns(UserWarning, match=r"x\.html is 0\.\d MB.*frames=2.*quality=60"):
        toy(steps=4).to_html(tmp_path / "x.html")
    with pytest.warns(UserWarning, match=r"6 answers: give fewer than 3 values of steps"):
        page(glowing, steps=[1, 2, 3], pictures=[1, 2], out=tmp_path / "x.html")


def test_a_large_map_says_how_many_points_it_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "LARGE", 1000)
    xy = torch.rand(40, 2, generator=torch.Generator().manual_seed(0))
    with pytest.warns(UserWarning, match=r"x\.html is 0\.\d MB.*It holds 40 points: give fewer\.$"):
        Points(xy).to_html(tmp_path / "x.html")
    shown = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    with pytest.warns(UserWarning, match="40 points and their thumbnails: give fewer"):
        Points(xy, pictures=shown).to_html(tmp_path / "x.html")


def test_hundred_optimized_pictures_of_224_pixels_are_at_most_two_point_eight_megabytes():
    net = vizkit.load("world")
    run = vizkit.run("activation_maximization", net, layer="stage3", unit=(0, 1), size=224, steps=16)
    images = run.result()
    both, one = (len(page_of(some).html()) for some in (images, Images(images.pixels[:1])))
    assert 100 * (both - one) + one <= 2_800_000


def test_an_iframe_holds_the_page_and_may_run_scripts_and_nothing_else():
    made = toy(steps=2).result().to_iframe(height=500, title='a "b" <c>')
    text = made._repr_html_()
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', text)[1]) == made.page.html()
    assert 'sandbox="allow-scripts"' in text
    assert "height: 500px" in text
    assert "<c>" not in text


def test_a_myst_directive_points_at_the_files_beside_it(tmp_path):
    directive = toy(steps=3).to_myst(tmp_path / "live", name="toy")
    first, css, body, last = directive.strip().splitlines()
    assert first == "```{anywidget} ./live/toy.mjs"
    assert (css, last) == (":css: ./live/toy.css", "```")
    assert json.loads(body) == {"position": 2}
    assert {path.name for path in (tmp_path / "live").iterdir()} == {"toy.mjs", "toy.css"}
    assert (tmp_path / "live" / "toy.mjs").read_text("utf-8").count("export default") == 1


# a grid of answers


def test_each_list_is_a_slider_and_what_is_no_list_a_setting(tmp_path):
    made = page(glowing, steps=[1, 2], pictures=[1, 2, 3], size=8, out=tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text("utf-8")
    assert text == made.html()
    assert deck(text)["axes"] == [
        {"name": "steps", "values": ["1", "2"], "plays": False},
        {"name": "pictures", "values": ["1", "2", "3"], "plays": False},
    ]
    assert [len(pictures) for pictures in deck(text)["told"]] == [1, 2, 3, 1, 2, 3]
    assert told(text)["parts"][-1]["state"]["settings"] == [["size", "8"]]


def test_units_of_the_output_are_told_by_their_labels():
    net = vizkit.load("world")
    made = page("activation_maximization", net, layer="output", unit=[1, 5], steps=1)
    assert deck(made.html())["axes"][0]["values"] == [net.labels[1], net.labels[5]]


def test_the_recipe_makes_the_page_again():
    net = vizkit.load("world")
    made = page("activation_maximization", net, layer="stage3", unit=[1, 5], tv=[0.0, 1.0], steps=1)
    recipe = told(made.html())["parts"][-1]["state"]["recipe"]
    again = {"vizkit": vizkit}
    code = recipe.replace('out="page.html"', "").replace("vizkit.page(", "made = vizkit.page(")
    exec(code, again)
    assert deck(again["made"].html()) == deck(made.html())


def test_what_was_computed_is_kept_until_the_page_is_there(tmp_path):
    calls = []

    def slow(*, number: int = 0):
        calls.append(number)
        if calls == [0, 1]:
            raise KeyboardInterrupt
        yield Frame(1, 1, Images(torch.full((1, 3, 4, 4), number / 4)))

    with pytest.raises(KeyboardInterrupt):
        page(slow, number=[0, 1, 2], out=tmp_path / "x.html")
    done = []
    page(slow, number=[0, 1, 2], out=tmp_path / "x.html", tell=lambda *so_far: done.append(so_far))
    assert calls == [0, 1, 1, 2]
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]


def test_a_small_page_warns_of_nothing(tmp_path):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        made = toy(steps=2).to_html(tmp_path / "x.html")
    assert made.stat().st_size > 0
    assert not warned
