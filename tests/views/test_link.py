"""The window of frames in flight, against a clock that only moves when told."""

from collections import deque

import pytest

from tests.views.clock import Clock
from vizkit.views.link import LONGEST, MOST, PATIENCE, QUICK, SLOW, Link


@pytest.fixture
def link(clock):
    return Link(clock)


def fill(link: Link, first: int) -> int:
    """Send until the link takes no more; returns the number after the last."""
    while link.open():
        link.sent(first)
        first += 1
    return first


def test_a_new_link_takes_one_frame_and_then_waits_for_an_answer(link):
    assert fill(link, 1) == 2
    assert not link.open()
    link.answered(1)
    assert link.open()


def test_an_answer_counts_for_all_frames_before_it(link):
    for number in (1, 2, 3):
        link.sent(number)
    link.answered(2)
    assert fill(link, 4) - 3 == link.window


def test_a_full_window_grows_while_answers_are_quick_and_no_further_than_its_limit(link, clock):
    number = 1
    for _ in range(20):
        number = fill(link, number)
        clock.now += QUICK / 2
        link.answered(number - 1)
    assert link.window == MOST


def test_a_window_that_is_never_full_does_not_grow(link, clock):
    link.sent(1)
    link.answered(1)
    assert link.window == 2
    for number in range(2, 50):
        link.sent(number)
        clock.now += QUICK / 2
        link.answered(number)
    assert link.window == 2


def test_late_answers_shrink_the_window_to_one(link, clock):
    number = 1
    for _ in range(5):
        number = fill(link, number)
        clock.now += SLOW * 1.01
        link.answered(number - 1)
    assert link.window == 1


@pytest.mark.parametrize("latency", [0.005, 0.05, 0.15])
def test_a_link_with_latency_and_ample_bandwidth_carries_twenty_frames_a_second(clock, latency):
    painted = simulate(Link(clock), clock, latency, seconds_a_frame=0.001)
    assert len(painted) > 0.95 * 20 * 60


@pytest.mark.parametrize("seconds_a_frame", [0.12, 0.5, 1.5, 4.0])
def test_a_narrow_link_is_kept_busy_with_pictures_hardly_older_than_their_journey(clock, seconds_a_frame):
    painted = simulate(Link(clock), clock, latency=0.02, seconds_a_frame=seconds_a_frame)
    assert len(painted) > 0.8 * 60 / (seconds_a_frame + 0.04)
    settled = [age for when, age in painted if when > 15]
    assert max(settled) < 2 * seconds_a_frame + SLOW


def test_a_view_that_never_answers_is_tried_again_ever_more_rarely(link, clock):
    number, tries = fill(link, 1), []
    for _ in range(4000):
        clock.now += 0.05
        if link.open():
            link.sent(number)
            number += 1
            tries.append(clock.now)
    gaps = [after - before for before, after in zip([0, *tries], tries, strict=False)]
    assert gaps == pytest.approx([PATIENCE, 4, 8, 16, 32, LONGEST, LONGEST], abs=0.11)
    assert link.silent


def test_a_silent_view_counts_again_with_its_next_answer(link, clock):
    number = fill(link, 1)
    clock.now += PATIENCE + 1
    assert link.open()
    assert link.silent
    link.sent(number)
    link.answered(number)
    assert not link.silent
    assert fill(link, number + 1) > number + 1


def test_an_answer_to_a_frame_long_forgotten_is_an_answer(link):
    fill(link, 1)
    link.answered(10**6)
    assert link.open()


def simulate(link: Link, clock: Clock, latency: float, seconds_a_frame: float) -> list[tuple[float, float]]:
    """A minute of 20 frames a second through a queue: (when painted, how long after it was made) for each."""
    painted, under_way, free, sent = [], deque(), 0.0, 0
    for millisecond in range(60_000):
        clock.now = millisecond / 1000
        newest = millisecond // 50
        while under_way and under_way[0][1] <= clock.now:
            number, answered = under_way.popleft()
            link.answered(number)
            painted.append((answered - latency, answered - latency - number / 20))
        if newest > sent and link.open():
            link.sent(sent := newest)
            free = max(free, clock.now) + seconds_a_frame
            under_way.append((sent, free + 2 * latency))
    return painted
