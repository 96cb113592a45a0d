"""A page of an explorer opened from disk, the network off: sliders, map, search, keys; what labels may not do."""

import contextlib

import pytest
import torch

import vizkit
from tests import browser
from tests.views.test_pages_in_browser import BROKEN, HOSTILE, nothing_asked, slider

pytestmark = pytest.mark.browser

NET = vizkit.load("world")
LAYERS = ("stage2", "output")
LAID = "document.querySelector('.vizkit-map')?.dataset.points === '24'"
SHOWN = "[...document.querySelectorAll('.vizkit-live-caption')].map((one) => one.textContent)"
RINGED = "vizkit.models.find((one) => one.get('ringed')).get('ringed')"


def explorer(labels=("a", "b", "c"), **options):
    """An explorer of 24 pictures, which are noise around a color."""
    draw = torch.Generator().manual_seed(0)
    colors = torch.rand(24, 3, 1, 1, generator=draw)
    pixels = (colors + 0.2 * torch.randn(24, 3, 96, 96, generator=draw)).clamp(0, 1)
    from vizkit.data.collections import as_collection

    pictures = as_collection([(one, i % 3) for i, one in enumerate(pixels)], labels=labels)
    made = vizkit.explore(NET, index=vizkit.scan(NET, pictures, LAYERS, pooled="max"), **options)
    made.map.controls["steps"].value = 50
    return made


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> str:
    """The HTML of two layers, three units and two strengths."""
    made = explorer()
    path = tmp_path_factory.mktemp("pages") / "x.html"
    with contextlib.closing(made):
        made.to_html(path, layers=LAYERS, units=[0, 3, 7], tv=[0, 1], steps=2, credit="Pictures: nobody's")
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as running:
        yield running


@pytest.fixture
def opened(chromium, tmp_path):
    """Open HTML as a file, offline; at the end nothing was requested, blocked by its policy, or logged as an error."""
    with contextlib.ExitStack() as stack:

        def opened(html: str, width: int = 1440):
            tab = stack.enter_context(browser.page(chromium, width, strict=True))
            tab.set_default_timeout(5000)
            tab.context.set_offline(True)
            requests = []
            tab.on("request", lambda request: requests.append(request.url))
            tab.add_init_script(BROKEN)
            stack.callback(lambda: nothing_asked(tab, requests))
            browser.open_html(tab, html, tmp_path)
            browser.wait_until(tab, LAID)
            return tab

        yield opened


def test_every_slider_switches_what_depends_on_it_and_nothing_else(opened, saved):
    tab = opened(saved)
    slider(tab, "layer").fill("0")
    parts = ("vizkit.models[1].get('last')", "vizkit.models[3].get('last')", "vizkit.models[5].get('xy')", RINGED)
    look = f"[{', '.join(parts)}]"
    tab.evaluate(f"window.before = {look}")
    changed = f"{look}.map((one, i) => one !== before[i])"
    slider(tab, "tv").fill("1")
    assert tab.evaluate(changed) == [True, False, False, False]
    tab.evaluate(f"window.before = {look}")
    slider(tab, "unit").fill("2")
    assert tab.evaluate(changed) == [True, True, False, True]
    tab.evaluate(f"window.before = {look}")
    slider(tab, "layer").fill("1")
    assert tab.evaluate(changed) == [True, True, True, True]
    assert tab.evaluate(SHOWN)[0] == NET.labels[7]
    assert tab.locator(".vizkit-deck-value").all_inner_texts() == ["output", "7", "1"]


def test_parts_have_titles_and_a_unit_its_histogram_and_classes(opened, saved):
    tab = opened(saved)
    titles = ["What it likes, drawn", "Real pictures that excite it", "All pictures"]
    assert tab.locator("h2").all_inner_texts() == titles
    profile = tab.locator(".vizkit-profile:not([hidden])")
    assert profile.get_attribute("aria-label").startswith("unit 0 of ")
    slider(tab, "unit").fill("1")
    assert profile.get_attribute("aria-label").startswith("unit 3 of ")
    assert "Rings: the 16 pictures" in tab.locator(".vizkit-page-right").inner_text()
    assert tab.locator(".vizkit-about-credit").inner_text() == "Pictures: nobody's"


def test_a_search_leads_to_a_crop_which_is_found_once_for_all_strengths(opened, saved):
    tab = opened(saved)
    tab.get_by_role("searchbox", name="search captions and settings").fill("stage2 unit 3 b")
    hits = tab.locator(".vizkit-deck-hit")
    words = hits.all_inner_texts()
    assert words
    assert all(" · tv 0 · " in one for one in words)
    hits.first.click()
    browser.wait_until(tab, "document.querySelectorAll('.vizkit-live-cell[aria-selected=true]').length === 1")
    caption = tab.locator(".vizkit-live-cell[aria-selected=true] .vizkit-live-caption").inner_text()
    assert words[0].endswith(caption)


def test_the_crop_under_the_mouse_tells_its_own_value(opened, saved):
    tab = opened(saved)
    cell = tab.locator(".vizkit-live-cell").nth(3)
    cell.hover()
    assert tab.locator(".vizkit-deck-caption").inner_text() == cell.locator(".vizkit-live-caption").inner_text()
    assert tab.locator(".vizkit-deck-values dt").all_inner_texts() == ["activation"]


def test_arrow_keys_move_the_units_and_every_point_has_its_picture(opened, saved):
    tab = opened(saved)
    slider(tab, "layer").fill("0")
    slider(tab, "unit").focus()
    tab.keyboard.press("End")
    assert tab.evaluate(SHOWN)[0] == "unit 7"
    browser.wait_until(tab, "document.querySelector('.vizkit-map').dataset.pictures === '24'")


@pytest.mark.parametrize("width", [320, 800, 1000, 1440])
def test_no_width_scrolls_sideways(opened, saved, width):
    tab = opened(saved, width)
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_hostile_labels_are_text(opened, tmp_path):
    labels = tuple(HOSTILE[name] for name in ("markup", "right to left", "emoji"))
    made = explorer(labels)
    with contextlib.closing(made):
        made.to_html(tmp_path / "y.html", units=[1], tv=0, steps=1, title=HOSTILE["quotes"], credit=HOSTILE["markup"])
    tab = opened((tmp_path / "y.html").read_text("utf-8"))
    assert tab.locator("img[src=x], b").count() == 0
    assert tab.evaluate("document.title") == HOSTILE["quotes"]
    shown = set(tab.evaluate(SHOWN)[1:])
    assert all(any(one.startswith(label) for label in labels) for one in shown)
    assert tab.locator(".vizkit-about-credit").evaluate("(one) => one.textContent") == HOSTILE["markup"]
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
