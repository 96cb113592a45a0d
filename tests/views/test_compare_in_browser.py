"""Pictures beside their originals, in Chromium over file://: wiped by mouse, finger and keyboard, in turn, in pairs."""

import pytest
import torch

from tests import browser
from vizkit.core.results import Images
from vizkit.views.component import page
from vizkit.views.live_image import LiveImage
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

CELLS, HANDLES = ".vizkit-live-cell", ".vizkit-live-wipe"
PAINTED = "document.querySelector('.vizkit-live').dataset.frames >= {}"
WIPED = "parseFloat(document.querySelector('.vizkit-live').style.getPropertyValue('--wipe'))"
SHOWS = "document.querySelector('.vizkit-live').dataset.shows"


@pytest.fixture
def make():
    made = []

    def make(count=1, originals=1, on_open=None, **images) -> LiveImage:
        """A live image of gray pictures, compared with black and white ones."""
        view = LiveImage(on_open=on_open)
        made.append(view)
        beside = torch.linspace(0, 1, max(originals, 2))[:originals].reshape(-1, 1, 1, 1).expand(-1, 3, 32, 32)
        pixels = torch.full((count, 3, 32, 32), 0.5)
        captions = tuple(f"cell {i}" for i in range(count))
        view.show(Images(pixels, captions, beside if originals else None, **images))
        view.keep()
        return view

    yield make
    for view in made:
        close_tree(view)


@pytest.fixture
def show(open_page):
    """Put a view on a page, compared in some way, and wait until it has painted."""

    def show(view, way="", width=900, theme="light", reduced=False):
        view.compare = way or view.compare
        motion = "reduce" if reduced else "no-preference"
        return open_page(view, width, theme=theme, motion=motion, ready=PAINTED.format(1))

    return show


def gray(shown, across: float, cell: int = 0) -> int:
    """The gray that a screenshot has somewhere on the picture of a cell, below its middle."""
    box = shown.locator(".vizkit-live-frame").nth(cell).bounding_box()
    x, y = box["x"] + across * box["width"], box["y"] + 0.8 * box["height"]
    data = shown.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})
    return browser.pixel(data)[0]


def pull(shown, start: float, end: float, cell: int = 0) -> None:
    """Press the mouse on a cell's picture, pull it across, let go; both as shares of its width."""
    box = shown.locator(".vizkit-live-frame").nth(cell).bounding_box()
    y = box["y"] + box["height"] / 3
    shown.mouse.move(box["x"] + start * box["width"], y)
    shown.mouse.down()
    shown.mouse.move(box["x"] + (start + end) / 2 * box["width"], y)
    shown.mouse.move(box["x"] + end * box["width"], y)
    shown.mouse.up()


def test_without_an_original_there_is_nothing_to_compare(make, show):
    shown = show(make(originals=0))
    assert shown.get_by_role("radio").count() == 0
    assert shown.locator("img").count() == 1
    assert shown.locator(".vizkit-live-bar").is_hidden()


def test_side_by_side_is_how_it_starts_and_the_original_is_as_large_as_a_picture(make, show):
    shown = show(make(3))
    alts = [image.get_attribute("alt") for image in shown.locator("img").all()]
    assert alts == ["original", "cell 0", "cell 1", "cell 2"]
    boxes = [image.bounding_box() for image in shown.locator("img").all()]
    assert len({round(box["width"]) for box in boxes}) == 1
    assert len({round(box["y"]) for box in boxes}) == 1
    assert shown.get_by_role("radio", checked=True).inner_text() == "side by side"


def test_the_way_is_chosen_with_arrow_keys_and_told_to_python(make, show):
    shown = show(make())
    shown.keyboard.press("Tab")
    shown.keyboard.press("ArrowRight")
    assert shown.evaluate("vizkit.models[0].get('compare')") == "wipe"
    shown.keyboard.press("End")
    assert shown.evaluate("vizkit.models[0].get('compare')") == "result"
    shown.keyboard.press("ArrowRight")
    assert shown.evaluate("document.activeElement.textContent") == "side by side"


def test_left_of_the_line_is_the_original_and_right_of_it_the_result(make, show):
    shown = show(make(), "wipe")
    assert gray(shown, 0.25) == pytest.approx(0, abs=8)
    assert gray(shown, 0.75) == pytest.approx(128, abs=8)


def test_the_mouse_pulls_the_line(make, show):
    shown = show(make(), "wipe")
    pull(shown, 0.5, 0.9)
    assert shown.evaluate(WIPED) == pytest.approx(90, abs=1)
    assert gray(shown, 0.75) == pytest.approx(0, abs=8)
    pull(shown, 0.9, -0.5)
    assert shown.evaluate(WIPED) == 0
    assert gray(shown, 0.25) == pytest.approx(128, abs=8)


def test_a_finger_pulls_the_line(chromium, make, tmp_path):
    view = make()
    view.compare = "wipe"
    context = chromium.new_context(viewport={"width": 500, "height": 700}, has_touch=True)
    shown = context.new_page()
    browser.open_html(shown, page(view), tmp_path)
    shown.wait_for_function(PAINTED.format(1))
    box = shown.locator(".vizkit-live-frame").bounding_box()
    points = [{"x": box["x"] + share * box["width"], "y": box["y"] + 40} for share in (0.5, 0.4, 0.2)]
    session = context.new_cdp_session(shown)
    for kind, point in zip(("touchStart", "touchMove", "touchMove"), points, strict=True):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wiped = shown.evaluate(WIPED)
    context.close()
    assert wiped == pytest.approx(20, abs=2)


def test_the_keyboard_moves_the_line_and_a_screen_reader_hears_where_it_is(make, show):
    shown = show(make(), "wipe")
    slider = shown.get_by_role("slider")
    slider.focus()
    for key, expected in (
        ("ArrowRight", 52),
        ("ArrowUp", 54),
        ("ArrowLeft", 52),
        ("Home", 0),
        ("ArrowLeft", 0),
        ("End", 100),
    ):
        shown.keyboard.press(key)
        assert shown.evaluate(WIPED) == expected
    assert slider.get_attribute("aria-valuenow") == "100"
    assert slider.get_attribute("aria-valuetext") == "100 % original, 0 % result"
    assert slider.get_attribute("aria-label")


def test_one_line_goes_through_all_pictures_and_one_slider_moves_it(make, show):
    shown = show(make(6), "wipe")
    assert shown.locator(HANDLES).count() == 6
    assert shown.get_by_role("slider").count() == 1
    pull(shown, 0.5, 0.8, cell=3)
    assert shown.evaluate(WIPED) == pytest.approx(80, abs=1)
    assert gray(shown, 0.7, cell=1) == pytest.approx(0, abs=8)
    shown.get_by_role("slider").focus()
    shown.keyboard.press("Home")
    assert shown.evaluate(WIPED) == 0


def test_a_pull_chooses_no_picture_and_a_press_does(make, show):
    shown = show(make(4), "wipe")
    pull(shown, 0.3, 0.6, cell=2)
    assert shown.evaluate("vizkit.models[0].get('selected')") == -1
    shown.locator(CELLS).nth(2).click(position={"x": 12, "y": 12})
    assert shown.evaluate("vizkit.models[0].get('selected')") == 2
    assert shown.evaluate(WIPED) == pytest.approx(60, abs=1)


def test_the_line_stays_while_frames_stream_and_originals_are_not_sent_again(make, show):
    shown = show(make(2), "wipe")
    pull(shown, 0.5, 0.3)
    source = shown.locator(".vizkit-live-original").first.get_attribute("src")
    for number in (1, 2, 3):
        shown.evaluate(f"vizkit.models[0].emit('msg:custom', {{frame: {number}}}, vizkit.models[0].get('last'))")
        shown.wait_for_function(PAINTED.format(number + 1))
    assert shown.evaluate(WIPED) == pytest.approx(30, abs=1)
    assert {image.get_attribute("src") for image in shown.locator(".vizkit-live-original").all()} == {source}
    assert gray(shown, 0.2) == pytest.approx(0, abs=8)


def test_a_frame_during_a_pull_does_not_end_it(make, show):
    shown = show(make(), "wipe")
    box = shown.locator(".vizkit-live-frame").bounding_box()
    shown.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 30)
    shown.mouse.down()
    shown.evaluate("vizkit.models[0].emit('msg:custom', {frame: 1}, vizkit.models[0].get('last'))")
    shown.wait_for_function(PAINTED.format(2))
    shown.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 30)
    shown.mouse.up()
    assert shown.evaluate(WIPED) == pytest.approx(10, abs=1)


def test_each_picture_is_wiped_over_its_own_original(make, show):
    shown = show(make(3, originals=3), "wipe")
    assert [gray(shown, 0.25, cell) for cell in range(3)] == pytest.approx([0, 128, 255], abs=8)


def test_in_pairs_the_original_is_on_the_left_with_a_name(make, show):
    shown = show(make(2, originals=2))
    assert shown.get_by_alt_text("original of cell 1").count() == 1
    before, after = (shown.locator(f"{CELLS}:nth-child(2) img").nth(i).bounding_box() for i in (1, 0))
    assert before["x"] + before["width"] < after["x"] + 1
    assert before["width"] == pytest.approx(after["width"], abs=1)


def test_blinking_shows_one_after_the_other_until_somebody_flips_by_hand(make, show):
    shown = show(make(), "blink")
    shown.wait_for_function(f"{SHOWS} === 'original'")
    assert gray(shown, 0.5) == pytest.approx(0, abs=8)
    shown.wait_for_function(f"{SHOWS} === 'result'")
    shown.get_by_role("button", name="Show original").click()
    assert shown.evaluate(SHOWS) == "original"
    shown.wait_for_timeout(1600)
    assert shown.evaluate(SHOWS) == "original"
    shown.get_by_role("button", name="Show result").click()
    assert gray(shown, 0.5) == pytest.approx(128, abs=8)


def test_a_picture_that_is_held_shows_its_original(make, show):
    shown = show(make(), "blink", reduced=True)
    box = shown.locator(".vizkit-live-frame").bounding_box()
    shown.mouse.move(box["x"] + 20, box["y"] + 60)
    shown.mouse.down()
    assert shown.evaluate(SHOWS) == "original"
    shown.mouse.up()
    assert shown.evaluate(SHOWS) == "result"


def test_where_motion_is_unwanted_nothing_blinks_by_itself(make, show):
    shown = show(make(), "blink", reduced=True)
    shown.wait_for_timeout(1600)
    assert shown.evaluate(SHOWS) == "result"
    shown.get_by_role("button", name="Show original").click()
    assert shown.evaluate(SHOWS) == "original"


def test_columns_that_are_asked_for_scroll_rather_than_break(make, show):
    shown = show(make(14, columns=7), width=420)
    tops = shown.evaluate(f"[...document.querySelectorAll('{CELLS}')].map((c) => c.getBoundingClientRect().top)")
    assert len(set(tops)) == 2
    assert shown.evaluate("document.documentElement.scrollWidth") <= 420


@pytest.mark.parametrize("way", ["side by side", "wipe", "blink", "result"])
@pytest.mark.parametrize("count", [1, 6])
def test_nothing_is_wider_than_the_page(make, show, count, way):
    shown = show(make(count, on_open=print), way)
    for width in (320, 500, 1100):
        shown.set_viewport_size({"width": width, "height": 700})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_another_original_takes_the_place_of_the_first(make, show):
    shown = show(make(originals=1), "wipe")
    shown.evaluate("const m = vizkit.models[0]; m.set('beside', m.get('last'))")
    shown.wait_for_function("document.querySelector('.vizkit-live-original').complete")
    assert gray(shown, 0.25) == pytest.approx(128, abs=8)
    shown.evaluate("vizkit.models[0].set('beside', [])")
    assert shown.locator("img").count() == 1


# a picture opened alone


def opened(shown) -> list[int]:
    return [message["open"] for message in shown.evaluate("sent") if "open" in message]


def test_a_double_click_opens_a_picture_and_leaves_it_chosen(make, show):
    shown = show(make(4, on_open=print))
    shown.locator(CELLS).nth(2).dblclick()
    assert opened(shown) == [2]
    assert shown.evaluate("vizkit.models[0].get('selected')") == 2


def test_enter_chooses_and_enter_again_opens(make, show):
    shown = show(make(4, on_open=print))
    shown.locator(CELLS).first.focus()
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("Enter")
    assert opened(shown) == []
    shown.keyboard.press("Enter")
    assert opened(shown) == [1]


def test_the_button_opens_what_is_chosen_and_waits_until_something_is(make, show):
    shown = show(make(4, on_open=print))
    button = shown.get_by_role("button", name="Continue alone")
    button.click(force=True)
    assert opened(shown) == []
    shown.locator(CELLS).nth(3).click()
    assert "cell 3" in button.get_attribute("title")
    button.click()
    assert opened(shown) == [3]


def test_where_nothing_can_be_opened_there_is_no_button_and_a_double_click_does_nothing(make, show):
    shown = show(make(4))
    shown.locator(CELLS).nth(2).dblclick()
    assert opened(shown) == []
    assert shown.get_by_role("button", name="Continue alone").count() == 0
