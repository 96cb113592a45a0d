"""The components that settings are made of, in Chromium over file://: pictures chosen, masks painted, lists checked."""

import io

import numpy as np
import PIL.Image
import pytest

from vizkit.views.checklist import Checklist
from vizkit.views.mask_painter import MaskPainter
from vizkit.views.picture_chooser import PictureChooser
from vizkit.views.remark import Remark
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> & </script>"
BYTES = """
window.got = [];
const send = vizkit.models[0].send.bind(vizkit.models[0]);
vizkit.models[0].send = (message, callbacks, buffers) => {
  if (buffers) got.push([...new Uint8Array(buffers[0])]);
  send(message);
};
0; // Playwright would call a function
"""


def jpeg(level: int = 128, size: tuple[int, int] = (32, 32)) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", size, (level,) * 3).save(buffer, "jpeg")
    return buffer.getvalue()


@pytest.fixture
def show(open_page):
    """Put a component on a page and listen to what it sends; all are closed at the end."""
    widgets = []

    def show(widget, width=360):
        widgets.append(widget)
        shown = open_page(widget, width)
        shown.evaluate(BYTES)
        return shown

    yield show
    for widget in widgets:
        close_tree(widget)


def focused(shown, selector: str) -> int:
    return shown.evaluate("s => [...document.querySelectorAll(s)].indexOf(document.activeElement)", selector)


# pictures

OPTION = ".vizkit-picture-option"


def chooser(count=12, **traits) -> PictureChooser:
    names = [f"world/{i}" for i in range(count)]
    made = PictureChooser(lambda what, value: None, label="image", picture=jpeg(), name="world/0", at=0, **traits)
    made.names, made.thumbs = names, [jpeg(10 * i) for i in range(count)]
    return made


def test_a_row_of_pictures_shows_and_the_rest_on_demand(show):
    shown = show(chooser(more=True))
    assert shown.locator(f"{OPTION}:visible").count() == 5
    assert shown.get_by_role("textbox").count() == 0
    button = shown.get_by_role("button", name="More …")
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    assert shown.locator(f"{OPTION}:visible").count() == 12
    shown.get_by_role("button", name="Next 20").click()
    assert shown.evaluate("sent") == [{"more": True}]


def test_the_keyboard_chooses_a_picture_and_tab_stops_once(show):
    shown, visited = show(chooser()), []
    for key in ("Tab", "ArrowRight", "ArrowRight", "ArrowDown", "End", "Home", "ArrowRight"):
        shown.keyboard.press(key)
        visited.append(focused(shown, OPTION))
    assert visited == [0, 1, 2, 2, 4, 0, 1]
    shown.keyboard.press("Enter")
    assert shown.evaluate("sent") == [{"choose": 1}]
    shown.keyboard.press("Tab")
    assert focused(shown, OPTION) == -1


def test_the_chosen_picture_is_marked(show):
    shown = show(chooser())
    shown.evaluate("vizkit.models[0].set('at', 3)")
    assert shown.get_by_role("option", selected=True).get_attribute("title") == "world/3"
    shown.locator(OPTION).nth(2).click()
    assert shown.evaluate("sent") == [{"choose": 2}]


def test_a_path_is_sent_when_it_is_complete(show):
    shown = show(chooser())
    shown.get_by_role("button", name="More …").click()
    field = shown.get_by_role("textbox")
    field.fill("some/folder ")
    field.press("Enter")
    assert shown.evaluate("sent") == [{"path": "some/folder"}]


def test_an_upload_hands_over_the_file_as_it_is(show):
    shown, data = show(chooser()), jpeg()
    files = [{"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": data}]
    shown.locator("input[type=file]").set_input_files(files)
    shown.wait_for_function("sent.length === 1")
    assert shown.evaluate("sent") == [{"upload": "cat.jpg"}]
    assert bytes(shown.evaluate("got[0]")) == data


def test_a_large_upload_is_made_smaller_before_it_is_sent(show, tmp_path):
    PIL.Image.new("RGB", (2400, 1500), (90, 120, 150)).save(tmp_path / "large.png", compress_level=0)  # 10.8 MB
    shown = show(chooser())
    shown.locator("input[type=file]").set_input_files(tmp_path / "large.png")
    shown.wait_for_function("sent.length === 1")
    sent = PIL.Image.open(io.BytesIO(bytes(shown.evaluate("got[0]"))))
    assert (sent.format, sent.size) == ("JPEG", (1600, 1000))
    assert np.abs(np.asarray(sent, np.int16) - (90, 120, 150)).max() < 4


def test_names_of_files_are_text(show):
    made = chooser(1)
    made.names, made.name, made.label = [HOSTILE], HOSTILE, HOSTILE
    shown = show(made)
    assert shown.locator(".vizkit-picture-name").inner_text() == HOSTILE
    assert shown.locator(f"{OPTION} img").get_attribute("alt") == HOSTILE
    assert shown.locator("img").count() == 2


# masks

CANVAS = ".vizkit-mask-canvas"


def painter(rows=40, columns=60) -> MaskPainter:
    made = MaskPainter(lambda mask: None, lambda word: None, label="mask", picture=jpeg(size=(columns, rows)))
    made.starts = ["text"]
    made.show(np.ones((rows, columns), np.uint8))
    return made


def desk(show, made=None):
    shown = show(made or painter())
    shown.get_by_role("button", name="Paint what is missing").click()
    return shown


def newest(shown, rows=40, columns=60) -> np.ndarray:
    """The mask that was last handed over."""
    return np.array(shown.evaluate("got.at(-1)"), np.uint8).reshape(rows, columns)


def stroke(shown, *points: tuple[float, float]) -> None:
    """Pull the mouse over shares (across, down) of the canvas."""
    box = shown.locator(CANVAS).bounding_box()
    for i, (x, y) in enumerate(points):
        shown.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if i == 0:
            shown.mouse.down()
    shown.mouse.up()


def test_a_stroke_of_the_mouse_is_a_line_without_gaps_and_one_message(show):
    shown = desk(show)
    stroke(shown, (0.1, 0.5), (0.9, 0.5))
    mask = newest(shown)
    assert mask[20, 8:52].max() == 0
    assert mask[[2, -3]].min() == 1
    assert [m["paint"] for m in shown.evaluate("sent")] == [1]
    assert "% missing" in shown.locator(".vizkit-mask-told").inner_text()


def test_what_was_painted_can_be_erased_inverted_and_cleared(show):
    shown = desk(show)
    stroke(shown, (0.5, 0.5), (0.5, 0.5))
    dab = newest(shown)
    assert 0 < (dab == 0).sum() < 200
    shown.get_by_role("button", name="Invert").click()
    assert np.array_equal(newest(shown), 1 - dab)
    shown.get_by_role("radio", name="erase").click()
    stroke(shown, (0.0, 0.1), (1.0, 0.1))
    assert newest(shown)[4, 1:-1].min() == 1
    shown.get_by_role("button", name="Clear").click()
    shown.get_by_role("combobox").select_option("text")
    assert shown.evaluate("sent.slice(-2)") == [{"clear": True}, {"start": "text"}]


def test_a_wider_brush_paints_more(show):
    shown, sizes = desk(show), []
    for width in ("2", "20"):
        shown.get_by_role("slider").fill(width)
        stroke(shown, (0.5, 0.5), (0.5, 0.5))
        sizes.append(int((newest(shown) == 0).sum()))
    assert sizes[1] > 20 * sizes[0]


def test_a_mask_is_painted_with_the_keyboard_too(show):
    shown = desk(show)
    shown.locator(CANVAS).focus()
    for key in ("ArrowLeft", "ArrowLeft", "Enter", "ArrowUp", "Enter"):
        shown.keyboard.press(key)
    mask = newest(shown)
    assert len(shown.evaluate("got")) == 2
    assert mask[20, 25] == 0
    assert mask[:, 40:].min() == 1
    assert "Enter paints" in shown.locator(CANVAS).get_attribute("aria-label")


def test_a_mask_set_in_python_is_shown(show):
    made = painter()
    mask = np.ones((40, 60), np.uint8)
    mask[:20] = 0
    made.show(mask)
    shown = desk(show, made)
    assert shown.locator(".vizkit-mask-told").inner_text() == "50 % missing"
    alphas = shown.evaluate(
        f"[10, 30].map((y) => document.querySelector('{CANVAS}').getContext('2d').getImageData(30, y, 1, 1).data[3])"
    )
    assert alphas[0] > 100
    assert alphas[1] == 0


def test_the_echo_of_an_older_stroke_does_not_undo_a_newer_one(show):
    shown = desk(show)
    stroke(shown, (0.2, 0.2), (0.2, 0.2))
    stroke(shown, (0.8, 0.8), (0.8, 0.8))
    shown.evaluate(
        """const model = vizkit.models[0];
           model.set('answers', `${sent[0].view}:1`);
           model.set('mask', new DataView(new Uint8Array(got[0]).buffer))"""
    )
    before = shown.locator(".vizkit-mask-told").inner_text()
    shown.evaluate("vizkit.models[0].set('answers', '')")
    shown.evaluate("vizkit.models[0].set('mask', new DataView(new Uint8Array(2400).fill(1).buffer))")
    assert before == f"{round(100 * (newest(shown) == 0).mean())} % missing"
    assert shown.locator(".vizkit-mask-told").inner_text() == "nothing missing"


# lists


def test_boxes_are_checked_with_the_mouse_and_the_keyboard_and_keep_their_order(show):
    shown = show(Checklist(label="priors", options=["tv", "deep prior", "fourier"], chosen=["deep prior"]))
    chosen = "vizkit.models[0].get('chosen')"
    shown.get_by_role("checkbox", name="fourier").click()
    assert shown.evaluate(chosen) == ["deep prior", "fourier"]
    shown.keyboard.press("Home")
    shown.keyboard.press("Enter")
    assert shown.evaluate(chosen) == ["tv", "deep prior", "fourier"]
    assert shown.get_by_role("group", name="priors").count() == 1
    shown.keyboard.press("Tab")
    assert focused(shown, "[role=checkbox]") == -1


def test_where_none_means_nothing_the_last_box_stays_checked(show):
    shown = show(Checklist(label="priors", options=["tv", "fourier"], chosen=["tv"]))
    shown.get_by_role("checkbox", name="tv").click()
    assert shown.evaluate("vizkit.models[0].get('chosen')") == ["tv"]


def test_a_list_goes_back_to_automatic(show):
    options = [f"layer{i}" for i in range(40)]
    shown = show(Checklist(label="layers", options=options, chosen=["layer3"], none="automatic", listed=True))
    assert shown.get_by_text("1 of 40").is_visible()
    shown.get_by_role("button", name="Back to automatic").click()
    assert shown.evaluate("vizkit.models[0].get('chosen')") == []
    assert shown.get_by_text("automatic").first.is_visible()
    assert shown.locator(".vizkit-checklist").bounding_box()["height"] < 300


def test_the_last_box_of_a_long_list_is_reached_with_the_keyboard(show):
    options = [f"layer{i}" for i in range(40)]
    shown = show(Checklist(label="layers", options=options, none="automatic", listed=True))
    for key in ("Tab", "End", "Enter"):
        shown.keyboard.press(key)
    assert shown.evaluate("vizkit.models[0].get('chosen')") == ["layer39"]
    assert shown.get_by_role("checkbox", name="layer39").is_visible()


def test_options_are_text(show):
    shown = show(Checklist(label=HOSTILE, options=[HOSTILE], told=[HOSTILE]))
    assert shown.locator("img").count() == 0
    assert shown.locator(".vizkit-checklist-name").inner_text() == HOSTILE


def listed() -> Checklist:
    return Checklist(label="layers", options=["stem", "output"], chosen=["stem"], none="automatic", listed=True)


@pytest.mark.parametrize("make", [chooser, painter, listed])
def test_alone_on_a_page_its_buttons_are_as_beside_the_others(show, make):
    """Each brings the sheet that all three share: nothing leans on another component being there."""
    shown = show(make())
    look = "(one) => [getComputedStyle(one).cursor, getComputedStyle(one).borderRadius, getComputedStyle(one).font]"
    cursor, corners, font = shown.get_by_role("button").first.evaluate(look)
    assert (cursor, corners) == ("pointer", "4px")
    assert font == shown.locator(".vizkit-named").evaluate("(one) => getComputedStyle(one).font")


@pytest.mark.parametrize("make", [chooser, painter])
@pytest.mark.parametrize("width", [240, 700])
def test_nothing_is_wider_than_the_page(show, make, width):
    shown = show(make(), width)
    shown.locator("button[aria-expanded]").click()
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


# remarks


def test_a_remark_is_text_and_is_read_out_once_it_is_settled(show):
    made = Remark()
    made.show(HOSTILE, settled=False)
    shown = show(made)
    line = shown.locator(".vizkit-remark-text")
    assert line.inner_text() == HOSTILE
    assert line.get_attribute("aria-live") == "off"
    shown.evaluate("vizkit.models[0].set('settled', true)")
    assert line.get_attribute("aria-live") == "polite"
    shown.evaluate("vizkit.models[0].set('text', '')")
    assert line.is_hidden()
