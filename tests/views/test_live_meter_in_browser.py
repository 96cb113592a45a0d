"""The live meter on a page of its own, in Chromium, over file://."""

import re

import pytest

from tests.widgets.toy import until
from vizkit.measure.meters import Honesty, Judged, Line
from vizkit.views.live_meter import LiveMeter
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

HOSTILE = "</script><img src=x onerror=alert(1)><b>bold</b> & مها"
LINES = (
    Line("On the clean picture", "activation 4.9, above all 256 real pictures", 1.0, "good", 0.9, "First."),
    Line("Moved, blurred, re-encoded", "keeps 44 %, 8 % when turned", 0.44, "bad", 0.87, "Second."),
    Line("Beside 256 real pictures", "2.0 times as far above their average", 0.5, "fair", None, "Third."),
    Line("A second network", "none was asked", None, "unknown", None, "Fourth."),
)
LINED = "document.querySelector('.vizkit-meter-line') !== null"
METERS = ".vizkit-meter-track[role=meter]"


@pytest.fixture
def meter():
    meter = LiveMeter(on_judge=lambda: None)
    yield meter
    close_tree(meter)


@pytest.fixture
def show(open_page, meter):
    """Put the meter on a page."""
    return lambda width=700, theme="light": open_page(meter, width, theme=theme, ready=LINED)


def honesty(*captions: str, lines: tuple[Line, ...] = LINES) -> Honesty:
    pictures = [Judged(lines, "fragile", f"The verdict on {name}.", name) for name in captions]
    return Honesty(tuple(pictures), about="world at stage4")


def texts(shown, part: str) -> list[str]:
    return shown.locator(f".vizkit-meter-{part}").all_text_contents()


def focus(shown) -> str:
    return shown.evaluate("document.activeElement.className")


def test_words_are_text_whatever_they_contain(meter, show):
    line = Line(HOSTILE, HOSTILE, 0.5, "good", 0.5, HOSTILE)
    hostile = Judged((line,), "natural", HOSTILE, HOSTILE)
    meter.show(Honesty((hostile, hostile), about=HOSTILE))
    meter.selected = 1
    shown = show()
    shown.locator(".vizkit-meter-name").click()
    for part in ("verdict", "words", "says", "means", "about"):
        assert texts(shown, part) == [HOSTILE]
    assert shown.locator("option").all_text_contents() == ["all 2 pictures", HOSTILE, HOSTILE]
    assert shown.locator(".vizkit-meter b, .vizkit-meter img").count() == 0


def test_a_bar_is_a_meter_that_says_its_value_and_meaning_and_what_is_unknown_is_none(meter, show):
    meter.show(honesty("a"))
    shown = show()
    bars = shown.locator(METERS)
    assert [bar.get_attribute("aria-valuenow") for bar in bars.all()] == ["100", "44", "50"]
    assert bars.nth(1).get_attribute("aria-valuetext") == ("44 %, speaks against it. keeps 44 %, 8 % when turned")
    assert shown.get_by_role("meter", name="Beside 256 real pictures").count() == 1
    assert shown.get_by_role("img", name="A second network: none was asked").count() == 1
    assert shown.get_by_role("group", name="How far to trust this picture").count() == 1


def test_bars_and_marks_are_where_their_values_are(meter, show):
    meter.show(honesty("a"))
    shown = show()
    track, mark = (shown.locator(f".vizkit-meter-{part}").nth(1).bounding_box() for part in ("track", "mark"))
    fill = shown.locator(".vizkit-meter-fill").nth(1)
    until(lambda: fill.bounding_box()["width"] / track["width"] == pytest.approx(0.44, abs=0.01))  # it grows
    assert (mark["x"] + mark["width"] / 2 - track["x"]) / track["width"] == pytest.approx(0.87, abs=0.01)


def test_every_tone_has_a_sign_and_a_name_besides_its_color(meter, show):
    meter.show(honesty("a"))
    shown = show()
    assert texts(shown, "sign") == ["✓", "✗", "~", "?"]
    names = [sign.get_attribute("aria-label") for sign in shown.locator(".vizkit-meter-sign").all()]
    assert names == ["speaks for it", "speaks against it", "speaks for it in part", "not known"]


def test_a_question_opens_what_its_answer_means_by_keyboard_and_keeps_the_focus(meter, show):
    meter.show(honesty("a"))
    shown = show()
    means = shown.locator(".vizkit-meter-means")
    shown.keyboard.press("Tab")
    assert focus(shown) == "vizkit-meter-judge"
    shown.keyboard.press("Tab")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert [means.nth(i).is_visible() for i in range(4)] == [False, True, False, False]
    assert focus(shown) == "vizkit-meter-name"
    assert shown.evaluate("document.activeElement.ariaExpanded") == "true"
    shown.keyboard.press("Space")
    assert not means.nth(1).is_visible()
    assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_what_was_opened_stays_open_for_the_next_picture(meter, show):
    meter.show(honesty("a", "b"))
    shown = show()
    shown.locator(".vizkit-meter-name").first.click()
    shown.evaluate("vizkit.models[0].set('selected', 1)")
    assert texts(shown, "verdict") == ["The verdict on b."]
    assert shown.locator(".vizkit-meter-means").first.is_visible()


def test_of_several_pictures_a_menu_chooses_and_all_together_comes_first(meter, show):
    meter.show(honesty("a", "b"))
    shown = show()
    assert texts(shown, "verdict") == ["Of 2 pictures: 2 fragile."]
    assert texts(shown, "says")[0] == "speaks for 2 of 2"
    shown.get_by_role("combobox", name="picture").select_option("b")
    assert texts(shown, "verdict") == ["The verdict on b."]
    assert shown.evaluate("vizkit.models[0].get('selected')") == 1


def test_of_one_picture_there_is_no_menu(meter, show):
    meter.show(honesty("a"))
    shown = show()
    assert not shown.locator("select").is_visible()
    assert texts(shown, "verdict") == ["The verdict on a."]


def test_before_a_picture_is_judged_the_questions_are_there_without_answers(meter, show):
    shown = show()
    assert texts(shown, "verdict") == ["Judged when the run ends, or at once with Judge."]
    assert len(texts(shown, "words")) == 4
    assert shown.locator(METERS).count() == 0


def test_judge_asks_the_kernel_and_waits_while_it_is_at_work(meter, show):
    shown = show()
    button = shown.get_by_role("button", name="Judge")
    button.click()
    shown.evaluate("vizkit.models[0].set('state', 'waiting')")
    assert texts(shown, "verdict") == ["Judging …"]
    assert shown.locator(".vizkit-meter").get_attribute("aria-busy") == "true"
    button.click(force=True)
    assert shown.evaluate("sent") == [{"do": "judge"}]


def test_a_problem_is_told_in_place_of_the_verdict(meter, show):
    meter.fail("The network answers with NaN.")
    shown = show()
    assert shown.get_by_role("status").all_text_contents() == ["The network answers with NaN."]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_bars_can_be_told_from_the_page_in_both_themes(meter, show, theme):
    meter.show(honesty("a"))
    shown = show(theme=theme)
    for part in ("verdict", "says", "words", "about"):
        assert contrast(shown, f".vizkit-meter-{part}", "color") >= 4.5
    for i in range(3):
        assert contrast(shown, f".vizkit-meter-line:nth-child({i + 1}) .vizkit-meter-fill", "backgroundColor") >= 2


def contrast(shown, selector: str, of: str) -> float:
    """WCAG 2 contrast of a part's color with the page behind it."""
    colors = shown.evaluate(
        """([s, of]) => [getComputedStyle(document.querySelector(s))[of],
                         getComputedStyle(document.body).backgroundColor]""",
        [selector, of],
    )
    channels = [[int(v) / 255 for v in re.findall(r"\d+", color)[:3]] for color in colors]
    linear = [[v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb] for rgb in channels]
    light = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear)
    return (light[1] + 0.05) / (light[0] + 0.05)


def test_nothing_is_wider_than_the_page_down_to_300_pixels(meter, show):
    long = Line("A second network: " + "resnet" * 9, "goes on and on, " * 12, 0.5, "good", 0.5, "means " * 60)
    meter.show(honesty("a" * 80, "b", lines=(*LINES, long)))
    shown = show()
    shown.locator(".vizkit-meter-name").last.click()
    for width in (300, 420, 700, 1200):
        shown.set_viewport_size({"width": width, "height": 700})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        right = (
            "Math.max(...[...document.querySelectorAll('.vizkit-meter *')].map((e) => e.getBoundingClientRect().right))"
        )
        assert shown.evaluate(right) <= width


def test_a_narrow_meter_has_its_bars_below_the_questions_and_a_wide_one_beside_them(meter, show):
    meter.show(honesty("a"))
    shown = show(300)
    beside = """() => {
        const [name, track] = ['name', 'track'].map((part) =>
            document.querySelector(`.vizkit-meter-${part}`).getBoundingClientRect());
        return track.left >= name.right;
    }"""
    assert not shown.evaluate(beside)
    shown.set_viewport_size({"width": 700, "height": 700})
    assert shown.evaluate(beside)


def test_who_wants_no_motion_gets_none(meter, show):
    meter.show(honesty("a"))
    shown = show()
    shown.emulate_media(reduced_motion="reduce")
    shown.evaluate("vizkit.models[0].set('state', 'waiting')")
    style = "([part, name]) => getComputedStyle(document.querySelector(`.vizkit-meter-${part}`))[name]"
    assert shown.evaluate(style, ["track", "animationName"]) == "none"
    assert shown.evaluate(style, ["fill", "transitionDuration"]) == "0s"
    shown.emulate_media(reduced_motion="no-preference")
    assert shown.evaluate(style, ["track", "animationName"]) == "vizkit-meter-waits"
