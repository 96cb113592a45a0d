"""Pictures in Chromium that are chosen, enlarged, copied and stepped through; and what is told beside them."""

import pytest
import torch

from vizkit.core.results import Images, Profile
from vizkit.views.live_image import LiveImage
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

CELLS = ".vizkit-live-cell"
LENS = ".vizkit-lens"
PAINTED = "document.querySelector('.vizkit-live').dataset.frames >= 1"
HOSTILE = "<img src=x onerror=alert(1)>"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def show(open_page):
    """Put pictures on a page; `traits` are the view's."""

    def show(images, width=900, theme="light", motion="no-preference", **traits):
        view = LiveImage(**traits)
        view.show(images)
        shown = open_page(view, width, theme=theme, motion=motion, ready=PAINTED)
        close_tree(view)
        return shown

    return show


def pictures(count=9, **more) -> Images:
    levels = torch.linspace(0, 1, count).reshape(-1, 1, 1, 1).expand(count, 3, 96, 96)
    return Images(levels, tuple(f"picture {i}" for i in range(count)), **more)


def sourced(count=6) -> Images:
    return pictures(count, sources=tuple(f"# photos/{i}.jpg: here\nindex.picture({i})" for i in range(count)))


def profiled(count=3) -> Images:
    marks = torch.tensor([9.0, 5.0, torch.nan][:count])
    groups = ((HOSTILE, 60, 0.1), ("farm", 40, 0.5))
    told = Profile("unit 7", torch.linspace(0, 10, 6), torch.tensor([90.0, 5, 3, 1, 1]), marks, groups, 100)
    return pictures(count, profile=lambda: told)


def chosen(shown) -> list[int]:
    both = shown.evaluate("[vizkit.models[0].get('chosen'), vizkit.models[0].get('selected')]")
    marked = shown.evaluate(
        f"[...document.querySelectorAll('{CELLS}')].flatMap((c, i) => c.ariaSelected === 'true' ? [i] : [])"
    )
    assert sorted(both[0]) == marked
    assert both[1] in both[0] or both == [[], -1]
    return both[0]


def cell(shown, i):
    return shown.locator(CELLS).nth(i)


# Chosen


def test_control_adds_and_takes_and_shift_reaches(show):
    shown = show(pictures())
    cell(shown, 1).click()
    cell(shown, 4).click(modifiers=["Control"])
    assert chosen(shown) == [1, 4]
    cell(shown, 1).click(modifiers=["Control"])
    assert chosen(shown) == [4]
    cell(shown, 4).click()
    cell(shown, 4).click()
    cell(shown, 7).click(modifiers=["Shift"])
    assert chosen(shown) == [4, 5, 6, 7]
    cell(shown, 2).click(modifiers=["Shift"])
    assert chosen(shown) == [4, 3, 2]
    cell(shown, 8).click()
    assert chosen(shown) == [8]
    cell(shown, 8).click()
    assert chosen(shown) == []


def test_shift_with_arrows_reaches_space_adds_and_enter_chooses_one(show):
    shown = show(pictures())
    shown.keyboard.press("Tab")
    for key in ("ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        shown.keyboard.press(key)
    assert chosen(shown) == [1, 2, 3]
    for key in ("Shift+ArrowLeft", "End", "Space"):
        shown.keyboard.press(key)
    assert chosen(shown) == [1, 2, 8]
    shown.keyboard.press("Enter")
    assert chosen(shown) == [8]
    shown.keyboard.press("Space")
    assert chosen(shown) == []


def test_a_selection_made_in_python_is_marked(show):
    shown = show(pictures())
    shown.evaluate("vizkit.models[0].set('chosen', [2, 5]); vizkit.models[0].set('selected', 5)")
    assert chosen(shown) == [2, 5]
    assert shown.get_by_role("listbox").get_attribute("aria-multiselectable") == "true"


# Enlarged


def test_a_cell_under_the_pointer_is_enlarged_and_nothing_else_moves(show):
    shown = show(pictures(16), motion="reduce")
    before = cell(shown, 5).bounding_box()
    cell(shown, 5).hover()
    shown.wait_for_selector(LENS)
    large, small = shown.locator(f"{LENS} img").bounding_box(), cell(shown, 5).locator("img").bounding_box()
    assert large["width"] == pytest.approx(340, abs=1)
    assert large["width"] > 1.3 * small["width"]
    assert not (large["x"] < small["x"] + small["width"] and large["x"] + large["width"] > small["x"]), "beside it"
    assert cell(shown, 5).bounding_box() == before
    assert shown.locator(".vizkit-lens-words").inner_text() == "picture 5"
    cell(shown, 6).hover()
    shown.wait_for_function("document.querySelector('.vizkit-lens-words')?.textContent === 'picture 6'")
    shown.mouse.move(2, 2)
    shown.wait_for_selector(LENS, state="detached")


def test_a_pointer_that_only_passes_enlarges_nothing(show):
    shown = show(pictures(16))
    for i in (0, 5, 10):
        cell(shown, i).hover()
    shown.mouse.move(2, 2)
    shown.wait_for_timeout(300)
    assert shown.locator(LENS).count() == 0


def test_the_keyboard_enlarges_what_it_reaches_and_escape_ends_that(show):
    shown = show(pictures(16))
    shown.keyboard.press("Tab")
    shown.keyboard.press("ArrowRight")
    assert shown.locator(".vizkit-lens-words").inner_text() == "picture 1"
    shown.keyboard.press("Escape")
    assert shown.locator(LENS).count() == 0
    shown.keyboard.press("ArrowRight")
    assert shown.locator(LENS).count() == 1
    shown.keyboard.press("Tab")
    assert shown.locator(LENS).count() == 0


def test_a_click_enlarges_nothing_by_itself_and_a_single_picture_never_is(show):
    shown = show(pictures(1))
    shown.locator(CELLS).hover()
    shown.wait_for_timeout(300)
    assert shown.locator(LENS).count() == 0


@pytest.mark.parametrize("width", [320, 500, 1400])
def test_the_larger_picture_is_inside_the_window(show, width):
    shown = show(pictures(16), width, motion="reduce")
    for i in (0, 3, 12, 15):
        cell(shown, i).scroll_into_view_if_needed()
        cell(shown, i).hover()
        shown.wait_for_function(f"document.querySelector('.vizkit-lens-words')?.textContent === 'picture {i}'")
        box = shown.locator(LENS).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 700


def test_where_motion_is_unwanted_it_is_there_at_once(show):
    animated = "getComputedStyle(document.querySelector('.vizkit-lens')).animationName"
    for motion, name in (("no-preference", "vizkit-lens"), ("reduce", "none")):
        shown = show(pictures(9), motion=motion)
        cell(shown, 0).hover()
        shown.wait_for_selector(LENS)
        assert shown.evaluate(animated) == name


def test_what_is_enlarged_follows_the_pictures(show):
    shown = show(pictures(9))
    cell(shown, 0).hover()
    shown.wait_for_selector(LENS)
    shown.evaluate(
        """const model = vizkit.models[0];
           model.emit('msg:custom', {frame: 1}, [...model.get('last')].reverse())"""
    )
    shown.wait_for_function("sent.some((message) => message.painted === 1)")
    assert shown.locator(f"{LENS} img").get_attribute("src") == cell(shown, 0).locator("img").get_attribute("src")
    shown.evaluate("const m = vizkit.models[0]; m.emit('msg:custom', {frame: 2}, [m.get('last')[0]])")
    shown.wait_for_selector(LENS, state="detached")


# Copied


def test_sources_of_what_is_chosen_are_copied_and_it_says_so(show):
    shown = show(sourced())
    shown.context.grant_permissions(CLIPBOARD)
    copy = shown.get_by_role("button", name="Copy source")
    assert copy.get_attribute("aria-disabled") == "true"
    cell(shown, 1).click()
    assert shown.locator(".vizkit-live-source").inner_text() == "photos/1.jpg: here"
    cell(shown, 4).click(modifiers=["Control"])
    before = cell(shown, 0).bounding_box()
    copy.click()
    shown.wait_for_selector("text=Copied")
    text = shown.evaluate("navigator.clipboard.readText()")
    assert text == "# photos/1.jpg: here\nindex.picture(1)\n\n# photos/4.jpg: here\nindex.picture(4)"
    assert cell(shown, 0).bounding_box() == before
    assert shown.get_by_role("status").inner_text() == "Copied"
    copy.wait_for()


def test_control_c_in_the_grid_copies_too(show):
    shown = show(sourced())
    shown.context.grant_permissions(CLIPBOARD)
    cell(shown, 2).click()
    shown.keyboard.press("Control+c")
    shown.wait_for_selector("text=Copied")
    assert shown.evaluate("navigator.clipboard.readText()") == "# photos/2.jpg: here\nindex.picture(2)"


@pytest.mark.parametrize("refusal", ["undefined", "{ writeText: () => Promise.reject(new Error('no')) }"])
def test_where_the_clipboard_is_refused_the_text_is_there_to_be_taken(show, refusal):
    shown = show(sourced())
    shown.evaluate(f"Object.defineProperty(navigator, 'clipboard', {{ value: {refusal} }})")
    cell(shown, 3).click()
    shown.get_by_role("button", name="Copy source").click()
    field = shown.get_by_role("textbox")
    assert field.input_value() == "# photos/3.jpg: here\nindex.picture(3)"
    assert shown.evaluate("String(getSelection())") == field.input_value()
    field.press("Escape")
    assert not field.is_visible()


def test_without_sources_there_is_nothing_to_copy(show):
    shown = show(pictures())
    assert not shown.get_by_role("button", name="Copy source").is_visible()
    assert not shown.locator(".vizkit-live-bar").is_visible()


def test_a_single_picture_can_be_copied_without_being_chosen(show):
    shown = show(sourced(1))
    assert shown.get_by_role("button", name="Copy source").get_attribute("aria-disabled") == "false"


# Stepped through


def test_page_keys_are_told_where_they_mean_something(show):
    shown = show(pictures(), on_step=print)
    shown.keyboard.press("Tab")
    shown.keyboard.press("PageDown")
    shown.keyboard.press("PageUp")
    assert shown.locator(LENS).count() == 0, "the others are to be seen"
    assert [message.get("step") for message in shown.evaluate("sent")] == [1, -1]
    assert show(pictures()).evaluate("vizkit.models[0].get('steps')") is False


def test_page_keys_work_on_a_single_picture_too(show):
    shown = show(pictures(1), on_step=print)
    shown.keyboard.press("Tab")
    shown.keyboard.press("PageDown")
    assert [message.get("step") for message in shown.evaluate("sent")] == [1]


def test_a_key_that_is_held_waits_for_the_pictures_and_presses_do_not(show):
    shown = show(pictures(), on_step=print)
    shown.keyboard.press("Tab")
    for _ in range(3):
        shown.keyboard.down("PageDown")
    steps = "sent.filter((message) => message.step).length"
    assert shown.evaluate(steps) == 1
    shown.evaluate("const m = vizkit.models[0]; m.emit('msg:custom', {frame: 1}, m.get('last'))")
    shown.wait_for_function("sent.some((message) => message.painted === 1)")
    for _ in range(3):
        shown.keyboard.down("PageDown")
    assert shown.evaluate(steps) == 2
    shown.keyboard.up("PageDown")
    shown.keyboard.press("PageDown")
    assert shown.evaluate(steps) == 3


# Told beside


def test_a_profile_is_text_bars_and_marks(show):
    shown = show(profiled())
    drawing = shown.locator(".vizkit-profile-drawing")
    assert drawing.get_attribute("role") == "img"
    assert drawing.get_attribute("aria-label").startswith("Answers of unit 7 from 0 to 10. The shown: 5 to 9.")
    heights = drawing.locator("rect").evaluate_all("all => all.map((one) => Number(one.getAttribute('height')))")
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == pytest.approx(60)
    places = drawing.locator("line").evaluate_all("all => all.map((one) => Number(one.getAttribute('x1')))")
    assert places == pytest.approx([108, 60])
    rows = shown.locator(".vizkit-profile li")
    assert rows.locator(".vizkit-profile-word").all_text_contents() == [HOSTILE, "farm"]
    assert rows.locator(".vizkit-profile-number").all_text_contents() == ["60", "40"]
    bar = rows.first.locator(".vizkit-profile-bar")
    share = bar.evaluate("b => parseFloat(getComputedStyle(b, '::before').width) / b.getBoundingClientRect().width")
    assert share == pytest.approx(0.6, abs=0.01)


def test_the_mark_of_the_picture_under_the_pointer_stands_out_and_says_how_rare_it_is(show):
    shown = show(profiled())
    here, told = shown.locator(".vizkit-profile-here"), shown.locator(".vizkit-profile-told")
    rest, height = told.inner_text(), shown.locator(".vizkit-profile").bounding_box()["height"]
    cell(shown, 1).hover()
    assert here.get_attribute("x1") == "60"
    assert told.inner_text() == "This picture: 5; 2 % of all answers are stronger."
    assert shown.locator(".vizkit-profile").bounding_box()["height"] == height
    cell(shown, 2).hover()
    assert here.count() == 0, "the mean has no answer"
    shown.mouse.move(2, 2)
    assert told.inner_text() == rest


def test_without_a_profile_nothing_is_told(show):
    assert not show(pictures()).locator(".vizkit-profile").is_visible()


@pytest.mark.parametrize(("width", "beside"), [(400, False), (600, False), (900, True), (1400, True)])
def test_a_profile_stands_beside_the_pictures_where_there_is_room(show, width, beside):
    shown = show(profiled(), width)
    grid, told = (shown.locator(name).bounding_box() for name in (".vizkit-live-grid", ".vizkit-profile"))
    assert (told["x"] > grid["x"] + 100) == beside
    assert (told["y"] >= grid["y"] + grid["height"]) == (not beside)
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
