"""The roster in Chromium over file://: rows chosen by click and by keys, bars, texts that are no markup."""

import pytest

from vizkit.views.roster import Roster
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> & </script>"
ROWS = [["stem", "16"], ["stage1.conv", "32"], [HOSTILE, "64"]]


@pytest.fixture
def shown(open_page):
    roster = Roster(label="layers", hint="Nothing yet", columns=["layer", "channels"], rows=ROWS, bars=[0, 0.5, None])
    yield open_page(roster, 320)
    close_tree(roster)


def selected(shown) -> int:
    return shown.evaluate("vizkit.models[0].get('selected')")


def test_a_click_chooses_a_row(shown):
    shown.get_by_role("option").nth(1).click()
    assert selected(shown) == 1
    assert shown.get_by_role("option", selected=True).text_content() == "stage1.conv32"


def test_keys_go_through_the_rows_and_stop_at_the_ends(shown):
    shown.keyboard.press("Tab")
    found = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Home", "End", "ArrowUp"):
        shown.keyboard.press(key)
        found.append(selected(shown))
    assert found == [1, 2, 2, 0, 2, 1]


def test_texts_are_no_markup(shown):
    assert shown.get_by_role("option").nth(2).text_content().startswith(HOSTILE)
    assert shown.locator("img").count() == 0


def test_bars_are_as_long_as_their_share(shown):
    share = "one => one.lastChild.style.getPropertyValue('--vizkit-share')"
    assert shown.get_by_role("option").evaluate_all(f"all => all.map({share})") == ["0%", "50%", ""]


def test_other_rows_take_their_place_and_none_is_told(shown):
    shown.evaluate("vizkit.models[0].set('rows', [['a', '1']])")
    assert shown.get_by_role("option").count() == 1
    shown.evaluate("vizkit.models[0].set('rows', [])")
    assert shown.get_by_text("Nothing yet").is_visible()
    assert not shown.get_by_role("listbox").is_visible()


def test_a_long_list_scrolls_to_the_chosen_row_and_leaves_the_page_alone(shown):
    shown.evaluate("vizkit.models[0].set('rows', Array.from({length: 80}, (_, i) => [`layer ${i}`, '1']))")
    shown.evaluate("vizkit.models[0].set('selected', 70)")
    assert shown.get_by_role("option").nth(70).is_visible()
    assert shown.locator(".vizkit-roster-body").evaluate("one => one.scrollTop") > 100
    assert shown.evaluate("window.scrollY") == 0


def test_fill_tells_all_at_once():
    roster, seen = Roster(), []
    roster.observe(lambda change: seen.append(change["name"]), ["rows", "bars", "selected"])
    roster.fill([("a", "1")], [0.5], 0)
    assert (roster.rows, roster.bars, roster.selected) == ([["a", "1"]], [0.5], 0)
    close_tree(roster)


def test_a_short_first_text_such_as_a_number_is_not_cut_where_it_is_narrow(open_page):
    rows = [[str(number), "99 % of pictures"] for number in (7, 123, 1000)]
    roster = Roster(label="units", columns=["unit", "answers above"], rows=rows, bars=[0.9, 0.5, 0.1])
    shown = open_page(roster, 200)
    wide = "(cells) => cells.map((cell) => cell.scrollWidth - cell.clientWidth)"
    assert shown.locator(".vizkit-roster-last").evaluate_all(wide) == [0, 0, 0]
    close_tree(roster)
