"""The panel's own components on a page, in Chromium, over file://."""

import pytest

from vizkit.views.live_curve import LiveCurve
from vizkit.views.transport import Transport
from vizkit.widgets.closing import close_tree

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> & </script>"


@pytest.fixture
def transport():
    made = Transport(lambda act: None)
    yield made
    close_tree(made)


@pytest.fixture
def curve():
    made = LiveCurve()
    yield made
    close_tree(made)


def test_sentences_are_text(open_page, transport):
    transport.status, transport.problem = HOSTILE, HOSTILE
    tab = open_page(transport)
    assert tab.locator(".vizkit-status").inner_text() == HOSTILE
    assert tab.get_by_role("alert").inner_text() == HOSTILE
    assert tab.locator("img").count() == 0


def test_run_can_always_be_pressed_and_stop_while_it_runs(open_page, transport):
    tab = open_page(transport)
    stop = tab.get_by_role("button", name="Stop")
    stop.click(force=True)
    tab.get_by_role("button", name="Run").click()
    tab.evaluate("vizkit.models[0].set('state', 'running')")
    stop.click()
    assert tab.evaluate("sent") == [{"do": "run"}, {"do": "stop"}]


def test_stop_keeps_the_keyboards_focus_when_the_run_ends(open_page, transport):
    transport.state = "running"
    tab = open_page(transport)
    tab.get_by_role("button", name="Stop").focus()
    tab.evaluate("vizkit.models[0].set('state', 'stopped')")
    assert tab.evaluate("document.activeElement.textContent") == "Stop"


def test_a_screen_reader_hears_how_it_ended_but_not_each_step(open_page, transport):
    transport.state = "running"
    tab = open_page(transport)
    status = tab.get_by_role("status")
    assert status.get_attribute("aria-live") == "off"
    tab.evaluate("vizkit.models[0].set('state', 'done')")
    assert status.get_attribute("aria-live") == "polite"


def test_the_bar_is_as_long_as_the_run_is_far(open_page, transport):
    transport.progress = 0.25
    assert float(open_page(transport).locator("progress").evaluate("bar => bar.position")) == 0.25


def test_a_line_runs_from_its_lowest_to_its_highest_value(open_page, curve):
    curve.show("objective", 10, [[0, -1.0], [5, 3.0], [10, 1.0]])
    tab = open_page(curve)
    assert tab.locator("polyline").get_attribute("points") == "0,40 50,0 100,20"
    assert tab.get_by_role("img").get_attribute("aria-label") == "objective from -1 to 3, step 10 of 10"


def test_lines_of_several_pictures_are_told_apart_by_name(open_page, curve):
    curve.show("objective", 2, [[1, 1.0, 2.0], [2, 3.0, 4.0]], ["unit 1", HOSTILE])
    tab = open_page(curve)
    assert tab.get_by_role("listitem").all_inner_texts() == ["unit 1", HOSTILE]
    strokes = tab.locator("polyline").evaluate_all("lines => lines.map((line) => line.getAttribute('stroke'))")
    assert len(set(strokes)) == 2


def test_a_value_that_is_not_finite_leaves_a_gap_not_a_broken_page(open_page, curve):
    curve.show("objective", 3, [[1, 1.0], [2, float("nan")], [3, 2.0]])
    assert open_page(curve).locator("polyline").get_attribute("points").count(",") == 2


def test_before_two_points_there_is_no_curve(open_page, curve):
    curve.show("objective", 3, [[1, 1.0]])
    assert open_page(curve).locator(".vizkit-curve").is_hidden()
