"""The live picture on a page of its own, in Chromium, over file://."""

import html
import re

import pytest
import torch

from tests import browser
from vizkit.core.results import Images
from vizkit.views.component import page
from vizkit.views.live_image import LiveImage
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "<b>bold</b> & &lt;",
    "مها مخططة",
    "🦓 zebra",
    "a caption that goes on and on, " * 9,
    "unit 511",
)
CELLS = ".vizkit-live-cell"
PAINTED = "document.querySelector('.vizkit-live').dataset.frames >= {}"
STRICT = (
    "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src blob:; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">"
)


@pytest.fixture
def view():
    view = LiveImage()
    yield view
    close_tree(view)


@pytest.fixture
def show(open_page, view):
    """Put the view on a page and wait until it has painted; all pages are closed and checked at the end."""

    def show(width=900, theme="light"):
        return open_page(view, width, theme=theme, ready=PAINTED.format(1 if view.last else 0))

    return show


def pictures(count: int, captions: tuple[str, ...] = (), height: int = 32, width: int = 32) -> Images:
    levels = torch.linspace(0, 1, max(count, 2))[:count]
    return Images(levels.reshape(-1, 1, 1, 1).expand(count, 3, height, width), captions)


def send(shown, number: int, buffers: str = "last") -> None:
    """Give the page a frame as a kernel would; `buffers` is JavaScript, `last` being what the page began with."""
    shown.evaluate(
        f"""const last = vizkit.models[0].get('last');
            vizkit.models[0].emit('msg:custom', {{frame: {number}}}, {buffers})"""
    )


def listen(shown) -> None:
    """Collect the numbers of acknowledged frames as `painted`."""
    shown.evaluate("window.painted = []; vizkit.models[0].on('sent', (message) => painted.push(message.painted))")


def focused(shown) -> int:
    return shown.evaluate(f"[...document.querySelectorAll('{CELLS}')].indexOf(document.activeElement)")


def selected(shown) -> int:
    return shown.evaluate("vizkit.models[0].get('selected')")


def contrast(shown, selector: str) -> float:
    """WCAG 2 contrast of a text with the page behind it."""
    colors = shown.evaluate(
        "s => [getComputedStyle(document.querySelector(s)).color, getComputedStyle(document.body).backgroundColor]",
        selector,
    )
    channels = [[int(v) / 255 for v in re.findall(r"\d+", color)[:3]] for color in colors]
    linear = [[v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb] for rgb in channels]
    light = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear)
    return (light[1] + 0.05) / (light[0] + 0.05)


def test_captions_and_alt_texts_are_text_whatever_they_contain(view, show):
    view.show(pictures(6, HOSTILE))
    shown = show()
    assert shown.locator(".vizkit-live-caption").all_text_contents() == list(HOSTILE)
    images = shown.locator("img")
    assert [image.get_attribute("alt") for image in images.all()] == list(HOSTILE)
    assert shown.locator("script").count() == 2
    assert shown.locator(".vizkit-live b").count() == 0


def test_a_picture_without_caption_has_an_alt_text_and_the_grid_a_name(view, show):
    view.show(pictures(3))
    shown = show()
    alts = [image.get_attribute("alt") for image in shown.locator("img").all()]
    assert alts == [f"picture {i} of 3" for i in (1, 2, 3)]
    assert shown.get_by_role("listbox", name="3 pictures of 32 × 32").count() == 1
    assert shown.get_by_role("option").count() == 3


def test_the_page_shows_the_pixels_it_was_given(view, show):
    view.show(pictures(3))
    levels = show().evaluate(
        """[...document.images].map((image) => {
             const canvas = new OffscreenCanvas(1, 1).getContext('2d');
             canvas.drawImage(image, 16, 16, 1, 1, 0, 0, 1, 1);
             return canvas.getImageData(0, 0, 1, 1).data[0];
           })"""
    )
    assert levels == pytest.approx([0, 127.5, 255], abs=2)


def test_the_keyboard_reaches_every_picture_and_tab_stops_once(view, show):
    view.show(pictures(6, HOSTILE))
    shown = show()
    visited = []
    keys = ["Tab", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft", "End", "Home"]
    for key in keys:
        shown.keyboard.press(key)
        visited.append(focused(shown))
    assert visited == [0, 1, 4, 5, 5, 2, 1, 5, 0]
    shown.keyboard.press("Tab")
    assert focused(shown) == -1


def test_enter_and_click_select_a_picture_and_select_it_no_more(view, show):
    view.show(pictures(6))
    shown = show()
    shown.keyboard.press("Tab")
    shown.keyboard.press("End")
    shown.keyboard.press("Enter")
    assert selected(shown) == 5
    assert shown.get_by_role("option", selected=True).count() == 1
    shown.keyboard.press("Enter")
    assert selected(shown) == -1
    shown.locator(CELLS).nth(2).click()
    assert selected(shown) == 2
    shown.locator(CELLS).nth(2).click()
    assert selected(shown) == -1


def test_a_selection_made_in_python_is_marked_and_is_where_tab_arrives(view, show):
    view.show(pictures(6))
    shown = show()
    shown.evaluate("vizkit.models[0].set('selected', 3)")
    assert shown.locator(CELLS).nth(3).get_attribute("aria-selected") == "true"
    shown.keyboard.press("Tab")
    assert focused(shown) == 3


def test_the_focused_picture_has_a_ring_only_for_those_who_use_the_keyboard(view, show):
    view.show(pictures(2))
    shown = show()
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    shown.keyboard.press("Tab")
    assert shown.evaluate(ring) == "solid"
    shown.evaluate("document.activeElement.blur()")
    shown.locator(CELLS).first.click()
    assert shown.evaluate(ring) == "none"


def test_a_single_picture_cannot_be_selected(view, show):
    view.show(pictures(1))
    shown = show()
    shown.locator(CELLS).click()
    shown.keyboard.press("Tab")
    assert (selected(shown), focused(shown)) == (-1, -1)


@pytest.mark.parametrize("count", [1, 6, 40])
def test_nothing_is_wider_than_the_page(view, show, count):
    view.show(pictures(count, tuple(HOSTILE[i % 6] for i in range(count))))
    shown = show()
    for width in (400, 700, 1100, 1600):
        shown.set_viewport_size({"width": width, "height": 700})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate("Math.max(...[...document.images].map((i) => i.getBoundingClientRect().right))") <= width


def test_pictures_fill_rows_with_few_holes(view, show):
    view.show(pictures(16))
    shown, rows = show(1400), {}
    for number, count in enumerate((1, 4, 6, 7, 9, 12, 16), start=1):
        send(shown, number, f"last.slice(0, {count})")
        shown.wait_for_function(f"document.images.length === {count}")
        tops = shown.evaluate("[...document.images].map((image) => image.getBoundingClientRect().top)")
        rows[count] = len(set(tops))
    assert rows == {1: 1, 4: 1, 6: 2, 7: 2, 9: 3, 12: 3, 16: 4}


def test_a_strip_stays_side_by_side_on_a_narrow_page(view, show):
    view.columns = 7
    view.show(pictures(7))
    tops = show(460).evaluate("[...document.images].map((image) => image.getBoundingClientRect().top)")
    assert len(set(tops)) == 1


@pytest.mark.parametrize("size", [28, 700])
def test_a_single_picture_is_brought_to_a_pleasant_size(view, show, size):
    view.show(pictures(1, height=size, width=size))
    assert 320 <= show().locator("img").bounding_box()["width"] <= 448


def test_pictures_keep_their_proportions(view, show):
    view.show(pictures(1, height=20, width=40))
    box = show().locator("img").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_in_both_themes(view, show, theme):
    shown = show(theme=theme)
    assert contrast(shown, ".vizkit-live-empty") >= 4.5
    view.show(pictures(6, HOSTILE))
    assert contrast(show(theme=theme), ".vizkit-live-caption") >= 4.5


@pytest.mark.parametrize("words", ["", "It starts by itself."])
def test_before_the_first_picture_it_says_what_to_do(view, show, words):
    if words:
        view.waiting = words
    shown = show()
    assert shown.get_by_text(words or "Press Run").is_visible()
    assert shown.locator("img").count() == 0
    view.show(pictures(1))
    assert not show().get_by_text(words or "Press Run").is_visible()


def test_every_painted_frame_is_acknowledged_and_counted(view, show):
    view.show(pictures(2))
    shown = show()
    listen(shown)
    for number in (1, 2, 3):
        send(shown, number)
        shown.wait_for_function(PAINTED.format(number + 1))
    assert shown.evaluate("painted") == [1, 2, 3]


def test_of_frames_that_come_too_fast_the_last_is_painted_and_an_old_one_never(view, show):
    view.show(pictures(2))
    shown = show()
    listen(shown)
    shown.evaluate(
        """const model = vizkit.models[0];
           for (const frame of [1, 2, 3, 9, 4]) model.emit('msg:custom', {frame}, model.get('last'))"""
    )
    shown.wait_for_function("painted.includes(9)")
    assert shown.evaluate("painted") == [1, 9]


def test_a_broken_picture_leaves_the_one_before_and_is_acknowledged(view, show):
    view.show(pictures(2))
    shown = show()
    source = shown.locator("img").first.get_attribute("src")
    listen(shown)
    send(shown, 1, "[new DataView(new ArrayBuffer(3)), last[1]]")
    shown.wait_for_function("painted.length === 1")
    assert shown.locator("img").first.get_attribute("src") == source
    assert shown.locator("img").nth(1).get_attribute("src") != source


def test_pictures_that_are_there_already_are_not_painted_again_when_they_are_kept(view, show):
    view.show(pictures(2))
    shown = show()
    sources = "[...document.images].map((image) => image.src)"
    before = shown.evaluate(sources)
    keep = "vizkit.models[0].set('last', [{}].map((view) => new DataView(view.buffer.slice(0))))"
    shown.evaluate(f"const last = vizkit.models[0].get('last'); {keep.format('...last')}")
    shown.wait_for_timeout(50)
    assert shown.evaluate(sources) == before
    shown.evaluate(f"const last = vizkit.models[0].get('last'); {keep.format('last[1], last[0]')}")
    shown.wait_for_function(PAINTED.format(2))
    assert set(shown.evaluate(sources)).isdisjoint(before)


def test_a_frame_brings_its_own_words_and_they_change_with_the_pictures(view, show):
    view.show(pictures(2, ("unit 3", "unit 3, too")))
    shown = show()
    words = "[...document.querySelectorAll('.vizkit-live-caption')].map((caption) => caption.textContent)"
    now = shown.evaluate(
        f"""() => {{
             const model = vizkit.models[0], captions = ['unit 4', 'unit 4, too'], alt = '2 pictures of unit 4';
             model.emit('msg:custom', {{frame: 1, captions, alt}}, [...model.get('last')].reverse());
             model.set('captions', captions);
             return {words};
           }}"""
    )
    assert now == ["unit 3", "unit 3, too"], "the pictures are still those of unit 3"
    shown.wait_for_function(PAINTED.format(2))
    assert shown.evaluate(words) == ["unit 4", "unit 4, too"]
    assert shown.locator(".vizkit-live-grid").get_attribute("aria-label") == "2 pictures of unit 4"
    shown.evaluate("vizkit.models[0].set('captions', ['mine', 'yours'])")
    assert shown.evaluate(words) == ["mine", "yours"], "what is set by hand has no pictures to wait for"


def test_words_set_while_pictures_are_on_their_way_win_over_those_they_came_with(view, show):
    view.show(pictures(2, ("a", "b")))
    shown = show()
    shown.evaluate(
        """const model = vizkit.models[0];
           model.emit('msg:custom', {frame: 1, captions: ['c', 'd'], alt: ''}, [...model.get('last')].reverse());
           model.set('captions', ['c', 'd']);
           model.set('captions', ['mine', 'yours'])"""
    )
    shown.wait_for_function(PAINTED.format(2))
    assert shown.locator(".vizkit-live-caption").all_text_contents() == ["mine", "yours"]


def test_a_frame_leaves_alone_which_cell_tab_reaches(view, show):
    view.show(pictures(6))
    shown = show()
    shown.evaluate(
        """window.records = [];
           const watch = new MutationObserver((some) => records.push(...some));
           const grid = document.querySelector('.vizkit-live-grid');
           watch.observe(grid, {attributes: true, attributeFilter: ['tabindex'], subtree: true})"""
    )
    send(shown, 1, "[...last].reverse()")
    shown.wait_for_function(PAINTED.format(2))
    assert shown.evaluate("records.length") == 0, "each would have the browser lay out the page at once"


def test_the_number_of_pictures_may_change_from_frame_to_frame(view, show):
    view.show(pictures(6))
    shown = show()
    send(shown, 1, "[last[0]]")
    shown.wait_for_function(PAINTED.format(2))
    assert shown.locator("img").count() == 1
    assert shown.locator("[tabindex]").count() == 0


def test_the_page_asks_the_network_for_nothing_and_works_under_a_strict_policy(chromium, view, tmp_path):
    view.show(pictures(3))
    with browser.page(chromium) as shown:
        asked = []
        shown.on("request", lambda request: asked.append(request.url))
        browser.open_html(shown, page(view).replace("<meta", f"{STRICT}<meta", 1), tmp_path)
        shown.wait_for_function(PAINTED.format(1))
        assert [url for url in asked if not url.startswith("blob:")] == [(tmp_path / "page.html").as_uri()]


def test_a_page_holds_several_views_and_each_module_once(chromium, view, tmp_path):
    view.show(pictures(3))
    text = page(view, view, title="<i>two</i>")
    assert text.count("function automaticColumns") == 1
    assert f"<title>{html.escape('<i>two</i>')}</title>" in text
    with browser.page(chromium) as shown:
        browser.open_html(shown, text, tmp_path)
        shown.wait_for_function("document.images.length === 6")
