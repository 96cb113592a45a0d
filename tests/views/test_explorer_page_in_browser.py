"""A page of an explorer opened from disk, the network off: sliders, map, search, keys; what labels may not do."""

import contextlib

import pytest
import torch

import vizkit
from tests import browser
from tests.views.test_pages_in_browser import HOSTILE, slider

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


@pytest.fixture
def opened(open_page):
    """Open HTML as a file, offline; at the end nothing was requested, blocked by its policy, or logged as an error."""
    return lambda html, width=1440: open_page(html, width, ready=LAID, sealed=True)


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
    browser.wait_until(tab, f"(label) => {SHOWN}[0] === label", NET.labels[7])
    assert tab.locator(".vizkit-deck-value").all_inner_texts() == ["output", "7", "1"]


def test_parts_have_titles_and_a_unit_its_histogram_and_classes(opened, saved):
    tab = opened(saved)
    titles = ["What it likes, drawn", "Real pictures that excite it", "All pictures"]
    titles.append("The chosen picture, and the units it excites")
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
    browser.wait_until(tab, f"{SHOWN}[0] === 'unit 7'")
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
    tab.locator(".vizkit-live-cell").nth(1).click()
    assert tab.locator(".vizkit-excites-name").inner_text()
    assert tab.locator("img[src=x], b").count() == 0
    assert tab.evaluate("document.title") == HOSTILE["quotes"]
    shown = set(tab.evaluate(SHOWN)[1:])
    assert all(any(one.startswith(label) for label in labels) for one in shown)
    assert tab.locator(".vizkit-about-credit").evaluate("(one) => one.textContent") == HOSTILE["markup"]
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


# The units that a picture excites

EXCITES = "vizkit.models.find((one) => one.get('strengths'))"
UNITS = ".vizkit-excites-unit"


def picture_of(tab) -> int:
    return tab.evaluate(f"{EXCITES}.get('picture')")


def crop_numbers(tab) -> list[int]:
    return tab.evaluate(
        f"(() => {{ const m = {EXCITES}; return m.get('crops')[Math.floor(m.get('position') / 2)]; }})()"
    )


def expected_rows(picture: int) -> list[str]:
    """What the page is to list, from the answers themselves."""
    made = explorer()
    rows = []
    with contextlib.closing(made):
        for layer in LAYERS:
            known = made.index.embeddings(layer)
            score = (known[picture] - known.mean(0)) / known.std(0).clip(1e-12)
            for unit in sorted((0, 3, 7), key=lambda unit: -score[unit]):
                if score[unit] > 0:
                    share = round(100 * float((known[:, unit] < known[picture, unit]).mean()))
                    rows.append((f"unit {unit}", float(known[picture, unit]), f"above {share} %"))
    return rows


def listed(tab) -> list[tuple[str, float, str]]:
    parts = [tab.locator(f".vizkit-excites-{part}").all_inner_texts() for part in ("which", "answer", "above")]
    return [(which, float(answer), above) for which, answer, above in zip(*parts, strict=True)]


def test_a_click_on_a_crop_lists_the_units_it_excites_in_every_layer(opened, saved):
    tab = opened(saved)
    assert "Click a real picture" in tab.locator(".vizkit-excites").inner_text()
    tab.locator(".vizkit-live-cell").nth(2).click()
    picture = picture_of(tab)
    assert picture == crop_numbers(tab)[1]  # the first cell is the drawing
    assert tab.locator(".vizkit-excites-layer").all_inner_texts() == list(LAYERS)
    rows = expected_rows(picture)
    assert [(which, above) for which, _, above in listed(tab)] == [(which, above) for which, _, above in rows]
    assert [answer for _, answer, _ in listed(tab)] == pytest.approx([answer for _, answer, _ in rows], rel=1e-2)
    assert tab.locator(".vizkit-map").get_attribute("data-selected") == "1"
    browser.wait_until(tab, "!document.querySelector('.vizkit-excites-picture').hidden")


def test_a_unit_of_the_list_is_gone_to_by_click_and_by_keys_and_the_strength_stays(opened, saved):
    tab = opened(saved)
    slider(tab, "layer").fill("0")
    slider(tab, "tv").fill("1")
    tab.locator(".vizkit-live-cell").nth(1).click()
    picture = picture_of(tab)
    place = int(tab.locator(UNITS).last.get_attribute("data-place"))
    tab.locator(UNITS).last.click()
    wanted = [LAYERS[place // 3], ["0", "3", "7"][place % 3], "1"]
    assert tab.locator(".vizkit-deck-value").all_inner_texts() == wanted
    assert tab.locator(f"{UNITS}[aria-current=true]").count() == 1
    assert picture_of(tab) == picture, "the picture stays, to go on from"
    slider(tab, "unit").focus()
    tab.keyboard.press("Home")
    assert picture_of(tab) == picture
    tab.locator(UNITS).first.focus()
    tab.keyboard.press("Enter")
    first = int(tab.locator(UNITS).first.get_attribute("data-place"))
    assert tab.locator(".vizkit-deck-value").nth(1).inner_text() == ["0", "3", "7"][first % 3]
    tab.locator(UNITS).last.click()  # there again: sliders have moved since
    assert tab.locator(".vizkit-deck-value").all_inner_texts() == wanted


def test_a_point_of_the_map_is_a_picture_too_and_crops_of_it_are_marked(opened, saved):
    tab = opened(saved)
    number = crop_numbers(tab)[0]
    tab.evaluate(
        f"vizkit.models.find((one) => one.get('ringed')).set('chosen', new DataView(bits({number})))".replace(
            f"bits({number})",
            f"Uint8Array.from([0, 1, 2], (i) => (i === {number >> 3} ? {1 << (number & 7)} : 0)).buffer",
        )
    )
    assert picture_of(tab) == number
    chosen = "document.querySelectorAll('.vizkit-live-cell[aria-selected=true]').length === 1"
    browser.wait_until(tab, chosen)
    several = (
        "vizkit.models.find((one) => one.get('ringed')).set('chosen', new DataView(Uint8Array.of(7, 0, 0).buffer))"
    )
    tab.evaluate(several)
    assert picture_of(tab) == number, "a lasso chooses no picture"


def test_a_point_is_chosen_by_a_click_on_the_map(opened, saved):
    tab = opened(saved)
    tab.locator(".vizkit-map-over").first.scroll_into_view_if_needed()
    tab.locator(".vizkit-map-over").focus()
    box = tab.locator(".vizkit-map-over").bounding_box()
    for x in range(5, int(box["width"]), 9):
        for y in range(5, int(box["height"]), 30):
            tab.mouse.move(box["x"] + x, box["y"] + y)
            if tab.locator(".vizkit-map").get_attribute("data-hovered") not in (None, "-1"):
                hovered = int(tab.locator(".vizkit-map").get_attribute("data-hovered"))
                tab.mouse.click(box["x"] + x, box["y"] + y)
                assert picture_of(tab) == hovered
                return
    pytest.fail("no point was found under the mouse")


def test_of_many_pictures_only_those_that_are_shown_are_known(opened, tmp_path, monkeypatch):
    monkeypatch.setattr("vizkit.widgets.explorer_page.EVERY", 10)
    made = explorer()
    with contextlib.closing(made):
        made.to_html(tmp_path / "y.html", layers=["stage2"], units=[1], tv=0, steps=1)
    tab = opened((tmp_path / "y.html").read_text("utf-8"))
    tab.locator(".vizkit-live-cell").nth(1).click()
    assert tab.locator(".vizkit-excites-layer").count() == 1
    crops = set(tab.evaluate(f"{EXCITES}.get('crops').flat()"))
    other = next(number for number in range(24) if number not in crops)
    tab.evaluate(f"{EXCITES}.set('picture', {other})")
    assert "does not know what" in tab.locator(".vizkit-excites").inner_text()
