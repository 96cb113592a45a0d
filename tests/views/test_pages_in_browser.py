"""Pages opened from disk in Chromium, the network off: sliders, keys, play, hover, search; what labels may not do."""

from typing import Annotated

import pytest
import torch
from playwright.sync_api import expect

from tests import browser
from tests.save.toy import toy
from vizkit.core.controls import Text
from vizkit.core.frames import Frame
from vizkit.core.results import Curves, Images, Points
from vizkit.core.runs import Run
from vizkit.views.answer_pages import page
from vizkit.views.component import to_module
from vizkit.views.pages import page_of

pytestmark = pytest.mark.browser

HOSTILE = {
    "markup": "</script><img src=x onerror=\"document.title='taken'\"><b>",
    "comment": "<!--<script>",
    "lines": "one\u2028two\u2029three\x00",
    "right to left": "\u202eשלום‏ مرحبا",
    "emoji": "👩🏽‍🔬🏳️‍🌈",
    "quotes": "\" onload=alert(1) x='`${alert(1)}`",
    "long": "x" * 10_000,
    "name of a property": "__proto__",
}
COLOR = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  canvas.drawImage(document.querySelector(".vizkit-live-cell img"), 0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


def shades(*, red: int = 0, green: int = 0):
    """One picture, whose color tells the arguments."""
    color = torch.tensor([red / 4, green / 4, 0.5])[None, :, None, None].expand(1, 3, 32, 32)
    yield Frame(1, 1, Images(color, (f"shade {red} {green}",)), {"sum": torch.tensor([float(red + green)])})


@pytest.fixture
def opened(open_page):
    """Open HTML as a file, offline; at the end nothing was requested, blocked by its policy, or logged as an error."""

    def opened(html: str, width: int = 1100, ready: str = "vizkit.models.length > 0"):
        return open_page(html, width, ready=ready, sealed=True)

    return opened


def shows(tab, red: int, green: int) -> None:
    """Wait until the picture is that of these settings."""
    wanted = [round(64 * red), round(64 * green), 128]
    close = f"(wanted) => {{ const seen = ({COLOR})(); return wanted.every((w, i) => Math.abs(seen[i] - w) < 12); }}"
    browser.wait_until(tab, close, wanted)


def slider(tab, name: str):
    return tab.get_by_role("slider", name=name, exact=True)


@pytest.fixture
def grid(opened):
    tab = opened(page(shades, red=[0, 1, 2, 3, 4], green=[0, 2, 4]).html())
    shows(tab, 0, 0)
    return tab


def test_sliders_look_up_every_combination(grid):
    for red in range(5):
        for i, green in enumerate((0, 2, 4)):
            slider(grid, "red").fill(str(red))
            slider(grid, "green").fill(str(i))
            shows(grid, red, green)
            assert grid.locator(".vizkit-live-caption").inner_text() == f"shade {red} {green}"


def test_arrow_keys_home_and_end_move_a_slider(grid):
    slider(grid, "red").focus()
    for key, red in (("ArrowRight", 1), ("End", 4), ("ArrowLeft", 3), ("Home", 0)):
        grid.keyboard.press(key)
        shows(grid, red, 0)
    assert slider(grid, "red").get_attribute("aria-valuetext") == "0"


def test_values_follow_the_sliders(grid):
    slider(grid, "red").fill("3")
    slider(grid, "green").fill("1")
    assert grid.locator(".vizkit-deck-values").inner_text().split() == ["sum", "5"]
    assert grid.locator(".vizkit-deck-value").all_inner_texts() == ["3", "2"]


def test_a_search_leads_to_the_settings_it_found(grid):
    grid.get_by_role("searchbox").fill("RED 3 green 4")
    assert grid.get_by_role("status").inner_text() == "1 of 15"
    grid.get_by_role("listitem").get_by_role("button").click()
    shows(grid, 3, 4)
    grid.get_by_role("searchbox").fill("nothing like it")
    assert grid.get_by_role("status").inner_text() == "0 of 15"


def test_a_step_is_painted_within_fifty_milliseconds(grid):
    took = grid.evaluate(
        """async () => {
          const live = document.querySelector(".vizkit-live");
          const [deck] = vizkit.models;
          const times = [];
          for (let position = 1; position < 15; position++) {
            const what = { attributeFilter: ["data-frames"] };
            const painted = new Promise((resolve) => new MutationObserver(resolve).observe(live, what));
            const begun = performance.now();
            deck.set("position", position);
            await painted;
            times.push(performance.now() - begun);
          }
          return times.sort((a, b) => a - b)[7];
        }"""
    )
    assert took < 50


def test_play_goes_from_the_first_frame_to_the_last_and_stops(opened):
    tab = opened(page_of(toy(steps=6)).html())
    tab.evaluate("window.seen = []; vizkit.models[0].on('change:position', (p) => seen.push(p))")
    tab.get_by_role("button", name="Play").click()
    assert tab.get_by_role("button", name="Pause").count() == 1
    browser.wait_until(tab, "document.querySelector('.vizkit-deck-play').textContent === 'Play'", seconds=10)
    assert tab.evaluate("seen") == [0, 1, 2, 3, 4, 5]


def test_moving_the_slider_pauses(opened):
    tab = opened(page_of(toy(steps=60)).html())
    tab.get_by_role("button", name="Play").click()
    slider(tab, "step").fill("30")
    assert tab.get_by_role("button", name="Play").count() == 1
    tab.wait_for_timeout(300)
    assert tab.evaluate("vizkit.models[0].get('position')") == 30


def test_the_picture_under_the_mouse_tells_its_values(opened):
    tab = opened(page_of(toy(steps=3)).html(), ready="document.querySelectorAll('.vizkit-live-cell').length === 2")
    tab.locator(".vizkit-live-cell").nth(1).hover()
    assert tab.locator(".vizkit-deck-caption").inner_text() == "unit 1"
    assert tab.locator(".vizkit-deck-values").inner_text().split() == ["objective", "2", "loss", "1.5"]
    tab.locator(".vizkit-live-cell").nth(0).focus()
    assert tab.locator(".vizkit-deck-caption").inner_text() == "unit 0"


def test_the_curve_has_a_mark_that_follows(opened):
    tab = opened(page_of(toy(steps=5)).html())
    marks = []
    for at in (0, 2, 4):
        slider(tab, "step").fill(str(at))
        marks.append(float(tab.locator(".vizkit-chart-marker").get_attribute("x1")))
    assert marks[1] == pytest.approx((marks[0] + marks[2]) / 2)
    assert "objective 2.17" in tab.locator(".vizkit-chart-told").inner_text()  # the mean of 5/3 and 8/3


def test_the_recipe_can_be_copied_or_is_selected(opened):
    run = toy(steps=2)
    tab = opened(page_of(run).html())
    tab.get_by_text("Make it again").click()
    assert tab.locator("pre").inner_text() == run.recipe
    tab.get_by_role("button", name="Copy").click()
    browser.wait_until(tab, "/Copied|Selected/.test(document.querySelector('.vizkit-about button').textContent)")


def test_arrow_keys_read_a_curve_off(opened):
    lines = {"up": torch.tensor([0.0, 1.0, float("nan"), 9.0]), "down": torch.tensor([4.0, 3.0, 2.0, 1.0])}
    tab = opened(page_of(Curves(torch.arange(4.0), lines, x_name="step")).html())
    tab.locator(".vizkit-chart svg").focus()
    read = []
    for _ in range(4):
        tab.keyboard.press("ArrowRight")
        read.append(tab.locator(".vizkit-chart-told").inner_text())
    assert read[1:3] == ["step 1 · up 1 · down 3", "step 2 · up NaN · down 2"]
    assert tab.locator("polyline").count() == 2  # what comes after the gap is a dot
    assert tab.locator(".vizkit-chart circle").count() == 1


def test_points_glide_along_the_frames_of_a_run(opened):
    def drifting():
        for step in (1, 2, 3):
            xy = torch.randn(50, 2, generator=torch.Generator().manual_seed(step))
            pictures = [torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(i)) for i in range(50)]
            yield Frame(step, 3, Points(xy, torch.arange(50) % 3, ("a", "b", "c"), pictures=pictures))

    tab = opened(page_of(Run.of(drifting)).html())
    before = tab.evaluate("vizkit.models[1].get('xy').getFloat32(0, true)")
    slider(tab, "step").fill("0")
    after = tab.evaluate("vizkit.models[1].get('xy').getFloat32(0, true)")
    assert before != after
    assert tab.locator("canvas").count() >= 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_label_changes_nothing_but_the_text(opened, name):
    label = HOSTILE[name]
    images = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    def taking(*, word: Annotated[str, Text()] = ""):
        yield Frame(1, 1, Images(images, (label,) * 6), {label: torch.zeros(6)}, label)

    calm = opened(page(taking, word=["a", "b"]).html().replace("\0", ""))
    made = page(taking, word=["a", label], title=label, credit=label)
    tab = opened(made.html())
    browser.wait_until(tab, "document.querySelectorAll('.vizkit-live-cell img').length === 6")
    assert tab.locator("body *").count() <= calm.locator("body *").count()  # not one element more
    assert tab.evaluate("document.title") != "taken"
    slider(tab, "word").fill("1")
    browser.wait_until(tab, "(label) => document.querySelector('.vizkit-live-caption').textContent === label", label)
    assert tab.locator(".vizkit-about-credit").evaluate("(one) => one.textContent") == label
    shown = tab.locator("h1").evaluate("(one) => one.textContent")
    assert shown == label.replace("\0", "")
    tab.get_by_role("searchbox").fill(label[:40])
    wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0  # and the page does not scroll sideways


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_points_and_lines_are_text(opened, name):
    label = HOSTILE[name]
    points = Points(torch.zeros(2, 2), torch.tensor([0, 1]), (label, "b"), {label: torch.arange(2.0)}, (label, "b"))
    tab = opened(page_of(points).html())
    assert tab.locator("img[src=x], b").count() == 0
    tab = opened(page_of(Curves(torch.arange(3.0), {label: torch.arange(3.0)}, x_name=label)).html())
    assert tab.locator(".vizkit-chart-key li").evaluate("(one) => one.textContent") == label


@pytest.mark.parametrize("width", [320, 390, 800, 1440])
def test_no_width_scrolls_sideways(opened, width):
    tab = opened(page_of(toy(steps=8, pictures=12)).html(), width)
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_a_page_of_hundred_pictures_loads_within_a_second(opened):
    pixels = torch.rand(100, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    pixels = torch.nn.functional.interpolate(pixels, 224, mode="bicubic").clamp(0, 1)
    tab = opened(
        page_of(Images(pixels)).html(), ready="document.querySelectorAll('.vizkit-live-cell img[src]').length === 100"
    )
    took = tab.evaluate("performance.now()")
    print(f"painted after {took:.0f} ms")  # noqa: T201
    assert tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") < 1000


def test_inside_a_sandboxed_iframe_it_works_as_well(opened):
    inside = page(shades, red=[0, 4]).iframe(400)._repr_html_()
    tab = opened(f"<!doctype html><meta charset=utf-8>{inside}", ready="true")
    frame = tab.frame_locator("iframe")
    frame.get_by_role("slider", name="red").fill("1")
    expect(frame.locator(".vizkit-live-caption")).to_have_text("shade 4 0")  # words come with their picture


def test_a_myst_module_renders_into_a_shadow_root_and_starts_where_it_is_told(opened):
    assembly = page(shades, red=[0, 4], green=[0, 2]).assembly
    source = to_module(assembly).replace("export default ", "globalThis.widget = ")
    host = f"""<!doctype html><meta charset=utf-8><div></div><script type=module>{source}
      const root = document.querySelector("div").attachShadow({{ mode: "open" }});
      const el = root.appendChild(document.createElement("div"));
      const state = {{ position: 3 }};
      widget.render({{ model: {{ get: (name) => state[name], set() {{}}, on() {{}} }}, el }});
    </script>"""
    tab = opened(host)
    expect(tab.locator(".vizkit-live-caption")).to_have_text("shade 4 2")
    tab.get_by_role("slider", name="red").fill("0")
    expect(tab.locator(".vizkit-live-caption")).to_have_text("shade 0 2")
    ink = "getComputedStyle(document.querySelector('div').shadowRoot.querySelector('.vizkit-deck-name')).color"
    on_light = tab.evaluate(ink)
    tab.evaluate("document.body.style.color = 'white'")  # the book's reader turns its theme
    browser.wait_until(tab, f"{ink} !== '{on_light}'")
