"""The pages of a site as a reader meets them: opened from a disk, under their own policy, hostile words in them."""

import io

import numpy as np
import pytest
from PIL import Image

import vizkit
from tests.browser import page
from tests.save.sites import HOSTILE, QUICK, built, labelled, network, scanned

pytestmark = pytest.mark.browser

CLASSES = [f"{HOSTILE[i % 4]}{i}" for i in range(12)]
IN_SIGHT = """[...document.querySelectorAll('.tile')]
  .filter(tile => tile.getBoundingClientRect().bottom < innerHeight)
  .map(tile => tile.firstChild.naturalWidth)"""  # how wide each picture is, 0 until it is there


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    net = vizkit.wrap(network().module, 96, labels=CLASSES, name=HOSTILE[0])
    folder = tmp_path_factory.mktemp("hostile") / "site"
    built(net, scanned(net, labelled()), folder, credit=HOSTILE[0], together=QUICK["together"])
    return folder


@pytest.fixture
def opened(chromium, out):
    """A page of the site by its name; whatever its scripts or its policy complain of fails the test."""
    with page(chromium) as tab:
        asked = []
        tab.on("request", lambda request: asked.append(request.url))

        def go(name: str):
            tab.goto(f"{(out / name.split('#')[0]).as_uri()}{''.join(name.partition('#')[1:])}")
            return tab

        yield go
        assert asked
        assert all(url.startswith(out.as_uri()) for url in asked)
        assert tab.title() != "broken"


def shown(tab) -> list[int]:
    return [
        int(unit)
        for unit in tab.eval_on_selector_all(".sheet > a:not([hidden])", "all => all.map(a => a.dataset.unit)")
    ]


def loaded(tab) -> None:
    """Wait for all pictures, those out of sight too."""
    tab.evaluate("for (const image of document.images) image.loading = 'eager'")
    tab.wait_for_function("[...document.images].every(image => image.complete)")


def test_pictures_load_on_every_kind_of_page(opened):
    for name in ("index.html", "layers/stage3/index.html", "layers/stage3/4.html"):
        tab = opened(name)
        loaded(tab)
        widths = tab.eval_on_selector_all("img", "all => all.map(image => image.naturalWidth)")
        assert widths
        assert min(widths) > 0


def test_what_is_in_sight_loads_by_itself(chromium, out):
    with page(chromium, 1440, 900) as tab:
        for name in ("index.html", "layers/stage3/index.html", "layers/stage3/4.html"):
            tab.goto((out / name).as_uri())
            tab.wait_for_function(f"{IN_SIGHT}.every(width => width > 0)", timeout=10_000)
            assert len(tab.evaluate(IN_SIGHT)) > 3


def nearest(cell, folder) -> int:
    """The unit whose made picture a part of the page shows."""
    with Image.open(io.BytesIO(cell.screenshot())) as image:
        shown = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BOX), dtype=np.float32)
    apart = {}
    for unit in range(10):
        with Image.open(folder / f"{unit}.webp") as image:
            apart[unit] = np.abs(np.asarray(image.convert("RGB"), dtype=np.float32) - shown)[4:-4, 4:-4].mean()
    return min(apart, key=lambda unit: apart[unit])


def test_every_place_shows_its_own_tile(opened, out):
    folder = out / "layers" / "output"
    tab = opened("layers/output/index.html")
    loaded(tab)
    for unit in range(10):
        assert nearest(tab.locator(f".sheet > a[data-unit='{unit}'] .tile"), folder) == unit
    tab = opened("index.html")
    loaded(tab)
    for cell in tab.locator("a[href^='layers/output/'] > .tile").all():
        link = cell.evaluate("tile => tile.parentElement.getAttribute('href')")
        assert nearest(cell, folder) == int(link.rsplit("/", 1)[1].removesuffix(".html"))


@pytest.mark.parametrize("name", ["index.html", "layers/stage3/index.html", "layers/output/4.html"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_its_window(chromium, out, name, width):
    with page(chromium, width, 800) as tab:
        tab.goto((out / name).as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_layer_is_sorted_and_filtered_and_its_address_remembers(opened):
    tab = opened("layers/output/index.html")
    assert shown(tab) == list(range(10))
    tab.select_option("[data-order]", "share")
    shares = tab.eval_on_selector_all(".sheet > a", "all => all.map(a => Number(a.dataset.share))")
    assert shares == sorted(shares, reverse=True)
    tab.select_option("[data-order]", "best")
    best = tab.eval_on_selector_all(".sheet > a", "all => all.map(a => Number(a.dataset.best))")
    assert best == sorted(best, reverse=True)
    words = tab.eval_on_selector_all(".sheet > a", "all => all.map(a => a.dataset.word)")
    label = words[3]
    tab.select_option("[data-label]", label)
    assert len(shown(tab)) == words.count(label)
    assert tab.inner_text("[data-count]").startswith(f"{words.count(label)} unit")
    before = shown(tab)
    tab.reload()
    assert shown(tab) == before


def test_the_real_pictures_take_the_place_of_the_made_ones(opened):
    tab = opened("layers/stage3/index.html")
    sources = "all => [...new Set(all.map(image => image.getAttribute('src')))]"
    assert tab.eval_on_selector_all(".sheet img", sources) == ["made-0.webp"]
    tab.click("[data-show=real]")
    assert tab.eval_on_selector_all(".sheet img", sources) == ["real-0.webp"]
    assert tab.get_attribute("[data-show=real]", "aria-pressed") == "true"


def test_arrow_keys_walk_through_a_sheet_and_from_unit_to_unit(opened):
    tab = opened("layers/stage3/index.html")
    here = "document.activeElement.dataset.unit"
    for key, unit in (("ArrowRight", "0"), ("ArrowRight", "1"), ("End", "9"), ("ArrowRight", "9"), ("ArrowLeft", "8")):
        tab.keyboard.press(key)
        assert tab.evaluate(here) == unit
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowDown")
    columns = int(tab.evaluate(here))
    tops = tab.eval_on_selector_all(".sheet > a", "all => all.map(a => a.offsetTop)")
    assert columns == tops.count(tops[0])
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/{columns}.html")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_url(f"**/{columns - 1}.html")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_url(f"**/{columns}.html")


def test_search_finds_layers_and_labels_from_any_page(opened):
    for name in ("index.html", "layers/stage3/4.html"):
        tab = opened(name)
        tab.fill(".search input", "STAGE")
        tab.wait_for_selector(".search li a")
        assert tab.inner_text(".search li a span") == "stage3"
        tab.fill(".search input", "<b>bold")
        tab.wait_for_selector(".search li a")
        assert "\"quotes' & <b>bold</b>" in tab.inner_text(".search li a span")
        tab.fill(".search input", "no such word")
        assert tab.inner_text(".search li") == "Nothing found."
    tab.fill(".search input", f"{CLASSES[5]}")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/layers/output/5.html")


def test_hostile_words_stand_there_as_they_are(opened):
    tab = opened("layers/output/4.html")
    assert tab.inner_text("h1 .word") == CLASSES[4]
    assert HOSTILE[0] in tab.inner_text("footer")
    assert tab.locator("main b b, main script, .classes img").count() == 0
    tab = opened("layers/output/index.html")
    assert CLASSES[0] in tab.eval_on_selector_all("[data-label] option", "all => all.map(option => option.value)")


def test_the_recipe_can_be_copied(opened):
    tab = opened("layers/stage3/4.html")
    recipe = tab.inner_text("pre")
    assert "activation_maximization" in recipe
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.click("[data-copy]")
    tab.wait_for_function("['Copied', 'Selected'].includes(document.querySelector('[data-copy]').textContent)")


def test_pages_can_be_read_without_scripts(chromium, out):
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    try:
        tab.goto((out / "layers/stage3/index.html").as_uri())
        assert tab.locator(".sheet > a").count() == 10
        assert tab.locator("[data-toolbar]").is_hidden()
        assert tab.locator(".search").is_hidden()
    finally:
        context.close()
