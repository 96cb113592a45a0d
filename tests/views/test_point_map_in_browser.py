"""The map of points on a page of its own, in Chromium, with a hundred thousand points, over file://."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from tests.widgets.toy import until
from vizkit.core.results import Points
from vizkit.views.indices import unpacked
from vizkit.views.point_map import PointMap
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

MANY = 100_000
HOSTILE = "</script><img src=x onerror=alert(1)>"
MAP = "document.querySelector('.vizkit-map')"
NO_WEBGL = """
const own = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : own.call(this, kind, ...rest);
};"""


@pytest.fixture
def view():
    view = PointMap()
    yield view
    close_tree(view)


@pytest.fixture
def show(open_page, view):
    """Put points on a page and wait until they are drawn; all pages are closed and checked at the end."""

    def show(points=None, width=900, theme="light", before=""):
        if points is not None:
            view.show(points)
            view.keep()
            view.gather()
        return open_page(view, width, theme=theme, before=before, ready=f"{MAP}.dataset.frames > 0")

    return show


def square(count: int = MANY, **more) -> Points:
    """Points all over a square of 100 by 100; label 0 on its left, 1 on its right; point 0 alone, far to the right."""
    xy = 100 * torch.rand(count, 2, generator=torch.Generator().manual_seed(0))
    xy[0] = torch.tensor([130.0, 50.0])
    return Points(xy, **{"labels": (xy[:, 0] > 50).long(), "label_names": ("left", "right"), **more})


def area(shown) -> dict:
    return shown.locator(".vizkit-map-over").bounding_box()


def where(shown, points: Points, i: int) -> tuple[float, float]:
    """The pixels at which a point is drawn while the map fits, worked out anew."""
    box, xy = area(shown), points.xy.double()
    low, high = xy.amin(0), xy.amax(0)
    room = min(24, box["width"] / 8, box["height"] / 8)
    scale = min(
        (box["width"] - 2 * room) / float(high[0] - low[0]), (box["height"] - 2 * room) / float(high[1] - low[1])
    )
    x, y = ((xy[i] - (low + high) / 2) * scale).tolist()
    return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 - y


def drag(shown, *corners: tuple[float, float], hold: str = "") -> None:
    """Draw a line through places of the plane of `square`, given as pixels."""
    if hold:
        shown.keyboard.down(hold)
    shown.mouse.move(*corners[0])
    shown.mouse.down()
    for corner in corners[1:]:
        shown.mouse.move(*corner, steps=4)
    shown.mouse.up()
    if hold:
        shown.keyboard.up(hold)


def chosen(shown) -> np.ndarray:
    """What the page tells Python was chosen."""
    data = shown.evaluate(
        "[...new Uint8Array((v => v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength))"
        "(vizkit.models[0].get('chosen')))]"
    )
    return unpacked(bytes(data), int(shown.evaluate("vizkit.models[0].get('count')")))


def colors(shown) -> set[tuple[int, ...]]:
    """The colors there are on the map."""
    with Image.open(io.BytesIO(shown.locator(".vizkit-map-over").screenshot())) as image:
        return {color for _, color in image.convert("RGB").getcolors(1 << 20)}


def test_a_hundred_thousand_points_are_drawn_by_webgl_and_described(show):
    shown = show(square())
    assert shown.evaluate(f"{MAP}.dataset.painter") == "webgl2"
    assert shown.locator(".vizkit-map-status").inner_text() == "100,000 points"
    assert shown.get_by_role("application", name="100000 points: ").count() == 1
    assert len(colors(shown)) > 50


def test_pointing_at_a_point_shows_its_name_label_value_and_picture_without_a_kernel(show):
    pictures = [torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1).expand(3, 8, 8)] * 200
    points = square(
        200, names=[f"photo {i}" for i in range(200)], values={"loss": torch.arange(200.0)}, pictures=pictures
    )
    shown = show(points)
    shown.locator(".vizkit-map-menu").select_option("loss")
    shown.mouse.move(*where(shown, points, 0))
    card = shown.locator(".vizkit-map-card")
    assert card.is_visible()
    assert card.inner_text().split("\n") == ["photo 0", "right", "loss 0"]
    red = shown.evaluate(
        "() => { const c = document.querySelector('.vizkit-map-picture');"
        "return [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data]; }"
    )
    assert red[0] > 240
    assert max(red[1:3]) < 20
    shown.mouse.move(*[v + 3 for v in where(shown, points, 0)])
    assert card.is_visible()
    box = area(shown)
    shown.mouse.move(box["x"] + box["width"] - 4, box["y"] + 4)
    assert not card.is_visible()


def finger(shown) -> Callable[[float, float], None]:
    """A finger to tap with; buttons grow for it, so look for places afterwards."""
    browser = shown.context.new_cdp_session(shown)
    browser.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def tap(x: float, y: float) -> None:
        browser.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        browser.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    return tap


def test_the_card_of_a_point_that_a_finger_comes_near_stays_when_it_is_lifted_and_goes_with_the_next_tap(show):
    points = square(200, names=[f"photo {i}" for i in range(200)])
    shown = show(points)
    tap = finger(shown)
    x, y = where(shown, points, 0)
    tap(x + 12, y)
    card = shown.locator(".vizkit-map-card")
    card.wait_for()
    assert card.inner_text().split("\n") == ["photo 0", "right"]
    assert chosen(shown).tolist() == [0]
    shown.wait_for_timeout(100)
    assert card.is_visible()
    box = area(shown)
    tap(box["x"] + box["width"] - 4, box["y"] + 4)
    card.wait_for(state="hidden")


def test_the_nearest_of_a_hundred_thousand_points_is_found(show):
    points = square()
    shown = show(points)
    chance = torch.Generator().manual_seed(1)
    for i in torch.randint(1, MANY, (12,), generator=chance).tolist():
        x, y = where(shown, points, i)
        shown.mouse.move(x, y)
        found = int(shown.evaluate(f"{MAP}.dataset.hovered"))
        there = where(shown, points, found)
        assert abs(there[0] - x) + abs(there[1] - y) < 1.5  # that one, or one that is as near


def test_a_lasso_chooses_what_is_inside_it_and_nothing_else(show):
    points = square()
    shown = show(points)
    shown.get_by_role("radio", name="Lasso").click()
    corners = [(20.0, 20.0), (60.0, 30.0), (40.0, 80.0)]
    low, high = where(shown, points, points.xy[:, 0].argmin()), where(shown, points, 0)
    at = _plane(shown, points)
    drag(shown, *map(at, corners), at(corners[0]))
    assert low < high
    (ax, ay), (bx, by), (cx, cy) = corners
    x, y = points.xy.double().T.numpy()
    sides = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax),
        (cx - bx) * (y - by) - (cy - by) * (x - bx),
        (ax - cx) * (y - cy) - (ay - cy) * (x - cx),
    ]
    inside = np.flatnonzero(np.all([side > 0 for side in sides], axis=0))
    found = chosen(shown)
    assert len(np.setxor1d(found, inside)) < 0.03 * len(inside), "but for those on the line, which mouse steps bend"
    assert shown.locator(".vizkit-map-status").inner_text() == f"100,000 points · {len(found):,} selected"


def _plane(shown, points: Points):
    """What turns a place of the plane into pixels."""
    low, high = points.xy.amin(0), points.xy.amax(0)
    a, b = int((points.xy - low).square().sum(1).argmin()), 0
    (ax, ay), (bx, by) = where(shown, points, a), where(shown, points, b)
    scale = (bx - ax) / float(points.xy[b, 0] - points.xy[a, 0])
    del high, by
    return lambda xy: (ax + (xy[0] - float(points.xy[a, 0])) * scale, ay - (xy[1] - float(points.xy[a, 1])) * scale)


def test_a_box_with_shift_adds_and_with_alt_takes_away(show):
    points = square(4000)
    shown = show(points)
    at, (x, y) = _plane(shown, points), points.xy.T
    shown.get_by_role("radio", name="Box").click()
    drag(shown, at((10, 10)), at((30, 90)))
    first = chosen(shown)
    expected = np.flatnonzero(((x > 10) & (x < 30) & (y > 10) & (y < 90)).numpy())
    assert len(np.setxor1d(first, expected)) < 0.03 * len(expected)
    drag(shown, at((60, 10)), at((80, 90)), hold="Shift")
    both = chosen(shown)
    assert set(first) < set(both)
    drag(shown, at((5, 5)), at((35, 95)), hold="Alt")
    assert not set(first) & set(chosen(shown))
    assert len(chosen(shown)) == len(both) - len(first)


def test_a_selection_from_python_is_shown_and_cleared_by_a_button_and_by_escape(view, show):
    view.show(square(500))
    view.selection = range(20)
    shown = show()
    status = shown.locator(".vizkit-map-status")
    assert status.inner_text() == "500 points · 20 selected"
    shown.get_by_role("button", name="Clear").click()
    assert (status.inner_text(), len(chosen(shown))) == ("500 points", 0)
    shown.mouse.click(*where(shown, square(500), 0))
    assert chosen(shown).tolist() == [0]
    shown.keyboard.press("Escape")
    assert len(chosen(shown)) == 0


def test_the_legend_hides_a_label_and_shows_one_alone(show):
    shown = show(square())
    left, right = (shown.locator(".vizkit-map-label").nth(i) for i in (0, 1))
    counts = [int(one.locator(".vizkit-map-count").inner_text().replace(",", "")) for one in (left, right)]
    assert sum(counts) == MANY
    left.click()
    status = shown.locator(".vizkit-map-status")
    assert status.inner_text() == f"{counts[1]:,} of 100,000 points shown"
    assert left.get_attribute("aria-pressed") == "false"
    assert shown.evaluate("vizkit.models[0].get('hidden')") == ["left"]
    left.dblclick()
    assert status.inner_text() == f"{counts[0]:,} of 100,000 points shown"
    shown.get_by_role("button", name="Show all", exact=True).click()
    assert status.inner_text() == "100,000 points"


def test_what_is_hidden_is_neither_pointed_at_nor_chosen(show):
    points = square(4000)
    shown = show(points)
    shown.locator(".vizkit-map-label").nth(1).click()
    shown.mouse.move(*where(shown, points, 0))
    assert shown.evaluate(f"{MAP}.dataset.hovered") == "-1"
    shown.get_by_role("radio", name="Box").click()
    at = _plane(shown, points)
    drag(shown, at((1, 1)), at((99, 99)))
    assert (points.xy[chosen(shown), 0] <= 50).all()


def test_a_range_of_values_filters(show):
    points = square(1000, values={"loss": torch.linspace(0, 1, 1000)})
    shown = show(points)
    shown.locator(".vizkit-map-menu").select_option("loss")
    assert shown.locator(".vizkit-map-ends").inner_text().split() == ["0.01001", "0.99"]
    shown.get_by_role("slider", name="lowest shown").fill("0.5")
    told = shown.locator(".vizkit-map-status").inner_text()
    assert 495 <= int(told.split(" of ")[0]) <= 505


def test_search_finds_labels_and_names_and_enter_chooses_them(show):
    names = [f"IMG_{i:04}.jpg" for i in range(1000)]
    points = square(1000, names=names)
    shown = show(points)
    search = shown.get_by_role("searchbox")
    search.fill("img_004")
    assert shown.locator(".vizkit-map-found").inner_text() == "10 found"
    search.press("Enter")
    assert chosen(shown).tolist() == list(range(40, 50))
    search.fill("LEFT")
    assert shown.locator(".vizkit-map-found").inner_text() == f"{int((points.labels == 0).sum())} found"
    search.press("Escape")
    assert shown.locator(".vizkit-map-found").inner_text() == ""


def test_the_map_is_moved_zoomed_and_read_by_keys_alone(show):
    points = square(300, names=[f"photo {i}" for i in range(300)])
    shown = show(points)
    before = colors_bytes(shown)
    for _ in range(12):
        shown.keyboard.press("Tab")
        if shown.evaluate("document.activeElement.classList.contains('vizkit-map-over')"):
            break
    shown.keyboard.press("+")
    shown.keyboard.press("ArrowLeft")
    settled(shown)
    assert colors_bytes(shown) != before
    for _ in range(30):
        if shown.evaluate(f"{MAP}.dataset.hovered") != "-1":
            break
        shown.keyboard.press("-")
        settled(shown)
    told = shown.locator(".vizkit-map-spoken").inner_text()
    assert told.startswith("photo ")
    shown.keyboard.press("Enter")
    assert [f"photo {i}" for i in chosen(shown)] == [told.split(",")[0]]
    shown.keyboard.press("Escape")
    assert len(chosen(shown)) == 0


def colors_bytes(shown) -> bytes:
    return shown.locator(".vizkit-map-over").screenshot()


def settled(shown) -> None:
    """Wait for two drawings."""
    shown.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_the_wheel_scrolls_the_page_until_the_map_was_clicked_or_ctrl_is_held(show):
    points = square(300)
    shown = show(points)
    x, y = where(shown, points, 0)
    shown.mouse.move(x - 80, y)
    shown.mouse.wheel(0, -200)
    assert "hold Ctrl" in shown.locator(".vizkit-map-hint").inner_text()
    settled(shown)
    shown.mouse.move(x, y)
    assert shown.evaluate(f"{MAP}.dataset.hovered") == "0", "the point is where it was"
    shown.keyboard.down("Control")
    shown.mouse.wheel(0, -300)
    shown.keyboard.up("Control")
    settled(shown)
    shown.mouse.move(x + 1, y)
    assert shown.evaluate(f"{MAP}.dataset.hovered") == "0", "what is under the pointer stays there"
    shown.mouse.move(*where(shown, points, int(points.xy[:, 0].argmin())))
    assert shown.evaluate(f"{MAP}.dataset.hovered") != str(int(points.xy[:, 0].argmin()))
    shown.get_by_role("button", name="show all points").click()
    settled(shown)
    shown.mouse.move(*where(shown, points, int(points.xy[:, 0].argmin())))
    assert shown.evaluate(f"{MAP}.dataset.hovered") == str(int(points.xy[:, 0].argmin()))


def test_whatever_labels_and_names_contain_is_text(show):
    points = square(
        300, label_names=(HOSTILE, "<b>bold</b>"), names=[HOSTILE] * 300, values={HOSTILE: torch.zeros(300)}
    )
    shown = show(points)
    assert shown.locator(".vizkit-map-word").all_text_contents() == [HOSTILE, "<b>bold</b>"]
    shown.mouse.move(*where(shown, points, 0))
    assert shown.locator(".vizkit-map-name").text_content() == HOSTILE
    assert shown.locator(".vizkit-map-menu option").all_text_contents() == ["label", HOSTILE, "selection", "nothing"]
    shown.get_by_role("searchbox").fill(HOSTILE)
    assert shown.locator(".vizkit-map-found").inner_text() == "300 found"
    assert shown.locator(".vizkit-map :is(img, b, script)").count() == 0


def test_new_positions_glide_from_the_old_and_are_acknowledged_once_drawn(show):
    shown = show(square(300))
    shown.evaluate(
        """() => {
          window.painted = [];
          vizkit.models[0].on("sent", (message) => message.painted && painted.push(message.painted));
          const far = new Float32Array(600).map((_, i) => (i % 2 ? i : 600 - i));
          vizkit.models[0].emit("msg:custom", { frame: 1, count: 300, box: [] }, [new DataView(far.buffer)]);
        }"""
    )
    shown.wait_for_function("painted.length === 1")
    drawn = int(shown.evaluate(f"{MAP}.dataset.frames"))
    shown.wait_for_function(f"{MAP}.dataset.frames > {drawn}")  # it was still on its way
    assert shown.evaluate("painted") == [1]


def test_with_reduced_motion_points_are_there_at_once(open_page, view):
    view.show(square(300))
    shown = open_page(view, motion="reduce", ready=f"{MAP}.dataset.frames > 0")
    shown.wait_for_timeout(200)
    drawn = int(shown.evaluate(f"{MAP}.dataset.frames"))
    shown.evaluate(
        "vizkit.models[0].emit('msg:custom', { frame: 1, count: 300, box: [] }, [new DataView(new ArrayBuffer(2400))])"
    )
    shown.wait_for_function(f"{MAP}.dataset.shown === '1'")
    shown.wait_for_timeout(300)
    assert int(shown.evaluate(f"{MAP}.dataset.frames")) <= drawn + 2


def test_the_layer_slider_makes_points_flow_and_says_between_which_layers(view, show):
    first = square(300)
    maps = {"stem": first.xy, "stage1": first.xy.flip(1), "output": first.xy.flip(0)}
    shown = show(Points(maps["stem"], maps=maps))
    name = shown.locator(".vizkit-map-layer")
    assert name.inner_text() == "stem"
    slider = shown.get_by_role("slider", name="layer")
    pictures = []
    for value in ("0.25", "0.5", "0.75"):
        slider.fill(value)
        settled(shown)
        pictures.append(colors_bytes(shown))
        assert name.inner_text() == "stem → stage1"
    assert len(set(pictures)) == 3
    slider.focus()
    slider.press("End")
    shown.wait_for_function("vizkit.models[0].get('layer') === 2")
    shown.wait_for_function("document.querySelector('.vizkit-map-layer').textContent === 'output'")


MEASURES = {
    "stem": {"label agreement": 0.25, "intrinsic dimension": 8.0},
    "stage1": {"label agreement": 0.5, "intrinsic dimension": 12.4},
    "output": {"label agreement": 1.0},
}


def layered(**more) -> Points:
    first = square(300)
    maps = {"stem": first.xy, "stage1": first.xy.flip(1), "output": first.xy.flip(0)}
    return Points(**{"xy": maps["output"], "maps": maps, "measures": MEASURES, **more})


def dot(shown, i: int) -> tuple[float, float]:
    """Where the mark of a measure stands, as shares of its drawing from the lower left corner."""
    words = shown.locator(".vizkit-map-dot").nth(i).get_attribute("d")
    if not words:
        return None
    x, y = map(float, words.removeprefix("M").removesuffix("h0").split())
    return (x - 3) / 94, (23 - y) / 20


def test_what_was_measured_of_each_map_is_beside_the_slider_and_follows_it(show):
    shown = show(layered())
    slider = shown.get_by_role("slider", name="layer")
    assert slider.input_value() == "2"
    assert shown.locator(".vizkit-map-layer").inner_text() == "output"
    numbers = shown.locator(".vizkit-map-number")
    assert numbers.all_inner_texts() == ["1", "–"]
    assert dot(shown, 0) == pytest.approx((1, 1))
    assert dot(shown, 1) is None
    slider.fill("0.4")
    settled(shown)
    assert numbers.all_inner_texts() == ["0.25", "8"]
    assert dot(shown, 0) == pytest.approx((0.2, 0.35))
    assert dot(shown, 1) == pytest.approx((0.2, (8 + 0.4 * 4.4) / 12.4))
    drawing = shown.get_by_role("img", name="intrinsic dimension by map: stem 8, stage1 12, output –")
    assert drawing.count() == 1


@pytest.mark.parametrize("first", ["xy", "layer"])
def test_a_finished_map_that_points_have_come_to_is_not_walked_to(view, show, first):
    points = layered()
    shown = show(points)
    named = shown.locator(".vizkit-map-layer")
    shown.get_by_role("slider", name="layer").fill("0")
    assert named.inner_text() == "stem"
    settled(shown)
    told = [first, points.xy.flatten().tolist()]
    shown.evaluate(
        """([first, xy]) => {
          const told = { xy: new DataView(new Float32Array(xy).buffer), layer: 2.0 };
          vizkit.models[0].set("layer", 0);
          for (const name of first === "xy" ? ["xy", "layer"] : ["layer", "xy"]) vizkit.models[0].set(name, told[name]);
        }""",
        told,
    )
    assert named.inner_text() == "output"
    assert shown.get_by_role("button", name="Play", exact=True).count() == 1
    settled(shown)
    assert named.inner_text() == "output"


def test_values_that_are_kinds_have_words_colors_and_a_legend_that_filters(show):
    answer = torch.arange(400) % 3
    points = square(400, values={"answer": answer}, words={"answer": ("cat", "dog", "owl")})
    shown = show(points)
    shown.locator(".vizkit-map-label").nth(0).click()
    shown.locator(".vizkit-map-menu").select_option("answer")
    listed = shown.locator(".vizkit-map-label")
    assert listed.all_inner_texts() == ["cat\n134", "dog\n133", "owl\n133"]
    assert not shown.locator(".vizkit-map-scale").is_visible()
    status = shown.locator(".vizkit-map-status")
    assert status.inner_text() == "400 points"  # what was hidden of the labels is shown again
    blue, orange = (0, 114, 178), (230, 159, 0)
    assert {blue, orange} <= {tuple(c) for c in swatches(shown)}
    listed.nth(1).click()
    assert status.inner_text() == "267 of 400 points shown"
    shown.mouse.move(*where(shown, points, 0))
    assert shown.locator(".vizkit-map-card").inner_text().split("\n")[1:] == ["right", "answer cat"]
    shown.get_by_role("searchbox").fill("owl")
    assert shown.locator(".vizkit-map-found").inner_text() == "133 found"


def swatches(shown) -> list[list[int]]:
    return shown.locator(".vizkit-map-label .vizkit-map-swatch").evaluate_all(
        "all => all.map((one) => one.style.getPropertyValue('--color').match(/\\d+/g).map(Number))"
    )


def test_thumbnails_take_the_place_of_points_where_there_is_room(show):
    points = square(60, labels=None, pictures=[torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1).expand(3, 8, 8)] * 60)
    shown = show(points)
    until(lambda: any(c[1] > 240 and c[0] < 15 and c[2] < 15 for c in colors(shown)))
    assert not {c for c in colors(show(square(4000, labels=None))) if c[1] > 240 and c[0] < 15 and c[2] < 15}


def test_a_page_without_webgl_draws_the_same_points_plainly_and_says_so(show):
    points = square(3000)
    shown = show(points, before=NO_WEBGL)
    assert shown.evaluate(f"{MAP}.dataset.painter") == "2d"
    assert shown.get_by_text("This browser has no WebGL2").is_visible()
    assert (0, 114, 178) in colors(shown)
    shown.mouse.move(*where(shown, points, 0))
    assert shown.evaluate(f"{MAP}.dataset.hovered") == "0"


def test_a_map_whose_drawing_the_browser_took_away_is_drawn_again(show):
    shown = show(square(3000))
    shown.evaluate(
        "document.querySelector('.vizkit-map-points').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    again = shown.get_by_role("button", name="Draw the map here again")
    again.click()
    settled(shown)
    assert not again.is_visible()
    assert len(colors(shown)) > 50


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 600, 1440])
def test_nothing_is_wider_than_the_page(show, theme, width):
    maps = {"a layer with a name that is long": square(500).xy, "b": square(500).xy.flip(1)}
    names = ("a label that goes on and on and on and on", "right")
    shown = show(square(500, label_names=names, maps=maps, values={"loss": torch.zeros(500)}), width, theme)
    wide = shown.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert wide == 0


def test_without_points_it_says_so(show):
    shown = show()
    assert shown.get_by_text("No points yet").is_visible()


SIZE = "(() => { const { width, height } = document.querySelector('.vizkit-map-points'); return [width, height]; })()"
AROUND = f"{MAP}.parentElement"


def usual_color(shown) -> tuple[int, ...]:
    """The most frequent color of the map, as the screen has it."""
    with Image.open(io.BytesIO(shown.locator(".vizkit-map-area").screenshot())) as image:
        colors = image.convert("RGB").getcolors(image.width * image.height)
    return max(colors)[1]


def test_a_map_that_is_hidden_while_the_theme_changes_is_not_one_pixel_stretched_when_it_is_seen_again(show):
    shown = show(square(400, labels=None))
    size = shown.evaluate(SIZE)
    paper = usual_color(shown)
    shown.evaluate(f"window.frames_ = Number({MAP}.dataset.frames)")
    shown.evaluate(f"{AROUND}.style.display = 'none'; document.body.classList.toggle('another-theme')")
    shown.wait_for_function(f"Number({MAP}.dataset.frames) > frames_")  # it was drawn, where there is nothing to see
    assert shown.evaluate(SIZE) == size
    hold = "window.next = requestAnimationFrame; window.requestAnimationFrame = () => 1;"  # the first moment, for long
    shown.evaluate(f"{hold} {AROUND}.style.display = ''")
    assert usual_color(shown) == paper


def test_a_map_that_was_hidden_is_drawn_anew_when_it_is_seen_again(show):
    shown = show(square(400))
    shown.evaluate(f"{AROUND}.style.display = 'none'")
    shown.wait_for_timeout(50)
    shown.evaluate(f"window.frames_ = Number({MAP}.dataset.frames); {AROUND}.style.width = '500px'")
    shown.evaluate(f"{AROUND}.style.display = ''")
    shown.wait_for_function(f"Number({MAP}.dataset.frames) > frames_")
    width = shown.evaluate("document.querySelector('.vizkit-map-over').clientWidth")
    assert width < 500
    assert shown.evaluate(SIZE)[0] == width


def test_a_map_that_is_first_seen_after_it_was_made_is_drawn_then(show):
    hidden = "addEventListener('DOMContentLoaded', () => (document.body.style.display = 'none'))"
    shown = show(square(400), before=hidden)
    shown.evaluate(f"window.frames_ = Number({MAP}.dataset.frames); document.body.style.display = ''")
    shown.wait_for_function(f"Number({MAP}.dataset.frames) > frames_")
    with Image.open(io.BytesIO(shown.locator(".vizkit-map-points").screenshot())) as image:
        assert len(image.convert("RGB").getcolors(image.width * image.height)) > 10
