"""What a meter shows, as text, as a page and for several pictures."""

from html.parser import HTMLParser

import pytest

from vizkit.measure.meters import Honesty, Judged, Line, share, tone

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>"


def line(value: float | None = 0.5, tone: str = "fair", **words: str) -> Line:
    told = {"name": "On the clean picture", "says": "half of it", "means": "more is better", **words}
    return Line(**told, value=value, tone=tone)


def judged(*lines: Line, grade: str = "doubtful", caption: str = "") -> Judged:
    return Judged(lines, grade, "Nobody knows.", caption)


class Tags(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.found, self.meters = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        if tag == "meter":
            self.meters.append(dict(attrs))


def test_as_text_a_bar_is_as_long_as_its_value():
    text = repr(Honesty((judged(line(0.3), line(None, "unknown"), caption="unit 7"),), about="nobody"))
    assert text.splitlines()[0] == "unit 7: Nobody knows."
    assert "~ On the clean picture  ███░░░░░░░  half of it" in text
    assert "? On the clean picture  ░░░░░░░░░░  half of it" in text
    assert text.splitlines()[-1] == "(nobody)"


def test_on_a_page_a_bar_is_a_meter_with_a_name_and_what_is_unknown_has_none():
    page = Honesty((judged(line(0.3), line(None, "unknown")),))._repr_mimebundle_()["text/html"]
    assert Tags(page).meters == [{"min": "0", "max": "1", "value": "0.300", "aria-label": "On the clean picture"}]
    assert page.count('scope="row"') == 2


def test_words_reach_a_page_as_text():
    hostile = Honesty((judged(line(says=HOSTILE, means=f'">{HOSTILE}', name=HOSTILE), caption=HOSTILE),), about=HOSTILE)
    tags = Tags(hostile._repr_mimebundle_()["text/html"]).found
    assert not {"script", "img"} & set(tags)
    assert tags.count("td") == 2


def test_of_one_picture_the_summary_is_the_picture():
    one = judged(line())
    assert Honesty((one,)).summary is one


def test_of_several_the_bars_are_averaged_and_the_answers_and_grades_counted():
    several = Honesty(
        (
            judged(line(0.2, "bad"), line(1.0, "good"), line(None, "unknown"), grade="fragile"),
            judged(line(0.4, "bad"), line(0.5, "fair"), line(None, "unknown"), grade="fragile"),
            judged(line(0.9, "good"), line(0.9, "good"), line(None, "unknown"), grade="natural"),
        )
    )
    summary = several.summary
    assert summary.verdict == "Of 3 pictures: 2 fragile, 1 natural."
    assert [found.value for found in summary.lines] == [pytest.approx(0.5), pytest.approx(0.8), None]
    assert [found.tone for found in summary.lines] == ["bad", "fair", "unknown"]
    assert [found.says for found in summary.lines] == ["speaks for 1 of 3", "speaks for 2 of 3", "half of it"]


@pytest.mark.parametrize(("value", "wanted"), [(-1.0, 0.0), (0.25, 0.25), (7.0, 1.0), (float("nan"), None)])
def test_a_bar_never_leaves_its_track(value, wanted):
    assert share(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"), [(0.39, "bad"), (0.4, "fair"), (0.74, "fair"), (0.75, "good"), (float("nan"), "unknown")]
)
def test_between_bad_and_good_lies_fair(value, wanted):
    assert tone(value, 0.4, 0.75) == wanted
