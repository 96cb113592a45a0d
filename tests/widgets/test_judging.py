"""The honesty meter of a panel: when it judges, whom it asks, and that it leaves nothing running."""

import threading

import pytest
import torch

import vizkit
from tests.widgets.toy import toy, until
from tests.zoo import zoo
from vizkit.core.controls import controls
from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.widgets import judging
from vizkit.widgets.closing import close_tree
from vizkit.widgets.judging import Judging


def page(one, **message):
    one.transport._handle_custom_msg({"view": "a", **message}, [])


def press_judge(meter):
    meter._handle_custom_msg({"view": "m", "do": "judge"}, [])


@pytest.fixture
def pictures(net):
    """What a finished run holds."""
    made = torch.rand((2, net.channels, *net.size), generator=torch.Generator().manual_seed(0))
    run = vizkit.run("activation_maximization", net, layer="output", unit=[0, 1])
    return Images(made, ("unit 0", "unit 1"), run=run)


@pytest.fixture
def judge(net, pictures):
    """A judge of those pictures, closed after the test."""
    made = Judging(lambda: pictures, net)
    yield made
    made.close()
    close_tree(made.meter)


def test_a_finished_run_on_a_page_is_judged(make, gate):
    gate.open = True
    one = make(zoo()["in-place relu"], gate, autostart=False)
    page(one, ready=True)
    page(one, do="run")
    until(lambda: one.judging.meter.state == "shown")
    assert len(one.judging.meter.pictures) == len(one.result)


def test_without_a_page_nothing_is_judged_and_no_thread_starts(make, gate):
    gate.open = True
    one, threads = make(), threading.active_count()
    for frame in one.run:
        one.show(frame)
    assert threading.active_count() == threads
    assert one.judging.meter.state == "empty"


def test_a_new_run_clears_what_was_said_of_the_old_one(make, gate):
    gate.open = True
    one = make(zoo()["in-place relu"], gate, autostart=False)
    page(one, ready=True)
    page(one, do="run")
    until(lambda: one.judging.meter.state == "shown")
    gate.open = False
    page(one, do="run")
    assert one.judging.meter.state == "empty"


def test_the_button_judges_what_there_is(judge):
    press_judge(judge.meter)
    until(lambda: judge.meter.state == "shown")
    assert [picture["caption"] for picture in judge.meter.pictures] == ["unit 0", "unit 1"]


def test_without_pictures_the_button_does_nothing(net):
    made = Judging(lambda: None, net)
    press_judge(made.meter)
    assert made.meter.state == "empty"
    made.close()
    close_tree(made.meter)


def test_a_second_network_is_asked(net, pictures):
    made = Judging(lambda: pictures, net, referee=net)
    made.judge(pictures)
    until(lambda: made.meter.state == "shown")
    alone = Judging(lambda: pictures, net)
    alone.judge(pictures)
    until(lambda: alone.meter.state == "shown")
    assert made.meter.about != alone.meter.about
    for one in (made, alone):
        one.close()
        close_tree(one.meter)


def test_for_the_bundled_network_the_other_bundled_one_is_the_second():
    for name, other in (("world", "world-b"), ("world-b", "world")):
        made = Judging(lambda: None, vizkit.load(name))
        assert made._second().name == other
        close_tree(made.meter)


def test_what_cannot_be_judged_is_said_and_the_next_wish_is_heard(judge, pictures):
    judge.judge(Images(torch.zeros(1, 1, 8, 8)))
    until(lambda: judge.meter.state == "failed")
    assert "No run made these pictures" in judge.meter.problem
    judge.judge(pictures)
    until(lambda: judge.meter.state == "shown")


def test_of_two_wishes_the_newer_is_shown(judge, pictures, monkeypatch):
    begun, go_on, asked, original = threading.Event(), threading.Event(), [], judging.honesty_of

    def slowly(result, **against):
        asked.append(result)
        begun.set()
        go_on.wait(10)
        return original(result, **against)

    monkeypatch.setattr(judging, "honesty_of", slowly)
    judge.judge(pictures)
    begun.wait(10)
    newer = Images(pictures.pixels.flip(0), ("a", "b"), run=pictures.run)
    judge.judge(newer)
    go_on.set()
    until(lambda: judge.meter.state == "shown")
    assert asked == [pictures, newer]
    assert [picture["caption"] for picture in judge.meter.pictures] == ["a", "b"]


def test_what_is_cleared_while_it_is_judged_is_not_shown(judge, pictures, monkeypatch):
    begun, go_on, original = threading.Event(), threading.Event(), judging.honesty_of

    def slowly(result, **against):
        begun.set()
        go_on.wait(10)
        return original(result, **against)

    monkeypatch.setattr(judging, "honesty_of", slowly)
    judge.judge(pictures)
    begun.wait(10)
    judge.clear()
    go_on.set()
    judge.close()
    assert judge.meter.state == "empty"


def test_the_picture_chosen_is_the_one_that_is_judged(make, gate):
    one = make()
    one.picture.selected = 1
    assert one.judging.meter.selected == 1


def test_a_method_that_nobody_can_judge_has_no_meter(make):
    def plain(net, *, steps: int = 2):
        """Nothing to be judged by.

        Args:
            steps: How many.
        """
        yield Frame(steps, steps, Images(torch.zeros(1, 1, 8, 8)))

    assert "unit" in controls(toy)
    assert make(zoo()["one channel"], method=plain).judging is None
