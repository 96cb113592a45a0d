"""Which frame goes when, with several views and a clock that only moves when told."""

import pytest

from vizkit.views.feed import Feed
from vizkit.views.link import PATIENCE


@pytest.fixture
def feed(clock):
    return Feed(clock)


def test_without_a_view_nothing_is_sent(feed):
    feed.put("a")
    assert feed.next() is None
    assert not feed.watched


def test_an_open_view_gets_each_frame_once(feed):
    feed.opened("left")
    assert feed.next() is None
    feed.put("a")
    assert feed.next() == (1, "a")
    assert feed.next() is None


def test_what_a_busy_view_cannot_take_is_dropped_but_for_the_newest(feed):
    feed.opened("left")
    sent = []
    for frame in "abcdef":
        feed.put(frame)
        sent.append(feed.next())
    assert sent == [(1, "a"), None, None, None, None, None]
    feed.answered("left", 1)
    assert feed.next() == (6, "f")


def test_a_view_that_opens_later_gets_the_newest_frame(feed):
    feed.opened("left")
    feed.put("a")
    assert feed.next() == (1, "a")
    feed.opened("right")
    assert feed.next() == (1, "a")


def test_a_view_that_opens_later_gets_nothing_twice_that_was_kept(feed):
    feed.put("a")
    assert feed.keep() == "a"
    feed.opened("left")
    assert feed.next() is None


def test_the_slower_of_two_views_sets_the_pace(feed):
    feed.opened("left")
    feed.opened("right")
    feed.put("a")
    assert feed.next() == (1, "a")
    feed.put("b")
    feed.answered("left", 1)
    assert feed.next() is None
    feed.answered("right", 1)
    assert feed.next() == (2, "b")


def test_a_view_that_was_closed_without_a_word_holds_up_the_others_only_once(feed, clock):
    feed.opened("gone")
    feed.opened("here")
    held_up = []
    for number in range(1, 101):
        feed.put(number)
        while feed.next() is None:
            clock.now += 0.05
            held_up.append(clock.now)
        feed.answered("here", number)
        clock.now += 0.05
    assert len(held_up) * 0.05 == pytest.approx(PATIENCE, abs=0.2)


def test_a_view_that_says_good_bye_holds_up_nobody(feed):
    feed.opened("left")
    feed.opened("right")
    feed.closed("left")
    for number in range(1, 20):
        feed.put(number)
        assert feed.next() == (number, number)
        feed.answered("right", number)


def test_a_lost_answer_delays_the_newest_frame_by_no_more_than_the_patience(feed, clock):
    feed.opened("left")
    for frame in "abc":
        feed.put(frame)
        feed.next()
    clock.now += PATIENCE + 0.01
    assert feed.next() == (3, "c")


def test_an_answer_from_an_unknown_view_opens_it(feed):
    feed.answered("asleep since before the kernel knew it", 0)
    feed.put("a")
    assert feed.next() == (1, "a")


def test_keeping_gives_the_newest_frame_once_and_not_too_often(feed, clock):
    assert feed.keep() is None
    feed.put("a")
    assert feed.keep(every=2) == "a"
    assert feed.keep(every=2) is None
    feed.put("b")
    clock.now += 1
    assert feed.keep(every=2) is None
    assert feed.keep() == "b"
    feed.put("c")
    clock.now += 3
    assert feed.keep(every=2) == "c"


def test_a_kept_frame_is_not_sent_again_to_the_views(feed):
    feed.opened("left")
    feed.put("a")
    feed.keep()
    assert feed.next() is None


def test_a_late_answer_of_a_view_that_closed_holds_no_other_up():
    feed = Feed(lambda: 0.0)
    feed.put("one")
    feed.opened("old")
    assert feed.next() == (1, "one")
    feed.closed("old")
    feed.answered("old", 1)
    feed.put("two")
    feed.opened("new")
    assert feed.next() == (2, "two")
    feed.answered("new", 2)
    feed.put("three")
    assert feed.next() == (3, "three")
