"""The live meter without a browser: what it publishes, in whose name, and what it does when asked."""

import contextvars
import threading

import pytest

from tests.views.wire import Wire, requester, say
from vizkit.measure.meters import Honesty, Judged, Line
from vizkit.views.live_meter import LiveMeter


@pytest.fixture
def make():
    made = []

    def make(**arguments):
        meter = LiveMeter(**arguments)
        meter.comm = Wire(meter.comm.comm_id)
        made.append(meter)
        return meter

    yield make
    for meter in made:
        meter.layout.close()
        meter.close()


def honesty(*captions: str) -> Honesty:
    line = Line("On the clean picture", "half of it", 0.5, "fair", 0.75, "more is better")
    return Honesty(tuple(Judged((line,), "doubtful", "Nobody knows.", name) for name in captions), about="somebody")


def test_what_it_shows_goes_in_one_message(make):
    meter = make()
    meter.show(honesty("a", "b"))
    (state,) = meter.comm.states()
    assert state["state"] == "shown"
    assert [picture["caption"] for picture in state["pictures"]] == ["a", "b"]
    assert state["summary"]["verdict"] == "Of 2 pictures: 2 doubtful."
    assert state["pictures"][0]["lines"][0]["mark"] == 0.75
    assert state["about"] == "somebody"


def test_while_it_waits_or_has_failed_what_was_shown_stays_and_clear_forgets_it(make):
    meter = make()
    meter.show(honesty("a"))
    meter.wait()
    assert (meter.state, len(meter.pictures)) == ("waiting", 1)
    meter.fail("The network answers with NaN.")
    assert (meter.state, meter.problem, len(meter.pictures)) == ("failed", "The network answers with NaN.", 1)
    meter.clear()
    assert (meter.state, meter.problem, meter.pictures, meter.about) == ("empty", "", [], "")


def test_a_selection_that_is_no_longer_there_is_given_up(make):
    meter = make()
    meter.show(honesty("a", "b", "c"))
    meter.selected = 2
    meter.show(honesty("d", "e", "f"))
    assert meter.selected == 2
    meter.show(honesty("g", "h"))
    assert meter.selected == -1


def test_judge_calls_back_but_not_while_it_is_being_measured(make):
    asked = []
    meter = make(on_judge=lambda: asked.append(meter.state))
    assert meter.can_judge
    say(meter, do="judge")
    meter.wait()
    say(meter, do="judge")
    meter.show(honesty("a"))
    say(meter, do="judge")
    assert asked == ["empty", "shown"]


def test_without_anybody_to_ask_there_is_no_button_and_a_message_does_nothing(make):
    meter = make()
    assert not meter.can_judge
    say(meter, do="judge")
    assert meter.state == "empty"


def test_a_view_is_answered_from_its_own_handler_and_so_is_what_a_worker_publishes(make):
    meter = make()
    contextvars.copy_context().run(lambda: (requester.set("the view"), say(meter, ready=True)))
    worker = threading.Thread(target=lambda: (meter.wait(), meter.show(honesty("a"))))
    worker.start()
    worker.join()
    assert meter.comm.sent[0] == ({"method": "custom", "content": {"hello": "left"}}, [])
    assert set(meter.comm.contexts) == {"the view"}


def test_many_threads_may_publish_at_once_and_the_state_fits_what_is_shown(make):
    meter = make()

    def work(*captions):
        for _ in range(30):
            meter.show(honesty(*captions))

    workers = [threading.Thread(target=work, args=captions) for captions in (("a",), ("b", "c"), ("d", "e", "f"))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    names = [[picture["caption"] for picture in meter.pictures], meter.summary["caption"]]
    assert names in ([["a"], "a"], [["b", "c"], "all pictures"], [["d", "e", "f"], "all pictures"])
    assert all({"state", "pictures", "summary"} & set(state) for state in meter.comm.states())
