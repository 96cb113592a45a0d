"""The player against counted frames, gates and a clock that only moves when told."""

import threading
import traceback
from collections.abc import Iterator

import pytest
import torch

from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.play.player import Player

LONG = 20.0  # seconds no healthy test waits


def frame(step: int, of: int) -> Frame:
    return Frame(step, of, Images(torch.zeros(1, 1, 2, 2)))


def count(of: int) -> Iterator[Frame]:
    for step in range(1, of + 1):
        yield frame(step, of)


class Stage:
    """A run that makes a frame each time it is let, and says when it began and when it cleaned up."""

    def __init__(self, of: int = 1000):
        self.of, self.turn = of, threading.Semaphore(0)
        self.began, self.cleaned_up_in = threading.Event(), []

    def __iter__(self):
        self.began.set()
        try:
            for made in count(self.of):
                assert self.turn.acquire(timeout=LONG)
                yield made
        finally:
            self.cleaned_up_in.append(threading.current_thread().name)


class Audience:
    """Keeps what it is shown and told, and lets a test wait for it."""

    def __init__(self):
        self.steps, self.states, self.threads = [], [], set()
        self._changed = threading.Condition()

    def on_frame(self, frame: Frame) -> None:
        with self._changed:
            self.steps.append(frame.step)
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def on_state(self, state: str) -> None:
        with self._changed:
            self.states.append(state)
            self._changed.notify_all()

    def wait_for(self, condition) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), LONG)


@pytest.fixture
def audience():
    return Audience()


@pytest.fixture
def player(audience):
    """A player that is never late: its clock moves a second at each look, so every frame is due."""
    seconds = iter(range(10**9))
    player = Player(audience.on_frame, audience.on_state, fps=1, clock=lambda: next(seconds))
    yield player
    player.close(LONG)


def test_a_run_is_shown_from_the_first_to_the_last_frame_in_one_named_thread(player, audience):
    player.play(count(5))
    assert player.wait(LONG)
    assert audience.steps == [1, 2, 3, 4, 5]
    assert audience.states == ["running", "done"]
    assert audience.threads == {"vizkit player"}
    assert (player.state, player.frames, player.last.step) == ("done", 5, 5)


def test_before_the_first_run_it_is_idle_and_waiting_is_over_at_once(player):
    assert (player.state, player.error, player.last, player.frames) == ("idle", None, None, 0)
    assert player.wait(0)


def test_playing_again_starts_the_run_over(player, audience):
    run = Run.of(count, 3)
    for _ in range(2):
        player.play(run)
        assert player.wait(LONG)
    assert audience.steps == [1, 2, 3, 1, 2, 3]


def test_frames_between_first_and_last_are_shown_at_most_fps_times_a_second(audience):
    now = [0.0]

    def thirty_two_steps_a_second():
        for made in count(100):
            yield made
            now[0] += 1 / 32

    player = Player(audience.on_frame, fps=8, clock=lambda: now[0])
    player.play(thirty_two_steps_a_second())
    assert player.wait(LONG)
    assert audience.steps == [*range(1, 100, 4), 100]
    assert player.frames == 100


def test_a_clock_that_stands_still_leaves_the_first_and_the_last_frame(audience):
    player = Player(audience.on_frame, clock=lambda: 0.0)
    player.play(count(50))
    assert player.wait(LONG)
    assert audience.steps == [1, 50]


def test_stop_returns_at_once_and_the_last_frame_made_is_shown(player, audience):
    run = Stage()
    player.play(run)
    run.turn.release(3)
    audience.wait_for(lambda a: a.steps == [1, 2, 3])
    player.stop()
    assert player.state == "running", "the step in hand is not over"
    run.turn.release()
    assert player.wait(LONG)
    assert audience.steps == [1, 2, 3, 4]
    assert (player.state, player.last.step, player.frames) == ("stopped", 4, 4)
    assert audience.states == ["running", "stopped"]


def test_a_frame_that_was_not_due_is_shown_when_the_run_is_stopped(audience):
    player, run = Player(audience.on_frame, clock=lambda: 0.0), Stage()
    player.play(run)
    run.turn.release(7)
    while player.frames < 7:
        assert run.began.wait(LONG)
    player.stop()
    run.turn.release()
    assert player.wait(LONG)
    assert audience.steps == [1, 8]
    assert player.last.step == 8


def test_a_generator_cleans_up_in_the_worker_thread_before_the_run_counts_as_stopped(audience):
    run, seen = Stage(), []
    player = Player(audience.on_frame, lambda state: seen.append((state, list(run.cleaned_up_in))))
    player.play(run)
    run.turn.release()
    audience.wait_for(lambda a: a.steps)
    player.stop()
    run.turn.release()
    assert player.wait(LONG)
    assert seen == [("running", []), ("stopped", ["vizkit player"])]


def test_the_latest_run_wins_and_those_in_between_never_begin(player, audience):
    first, between = Stage(), [Stage() for _ in range(54)]
    player.play(first)
    assert first.began.wait(LONG)
    for run in between:
        player.play(run)
    player.play(count(2))
    first.turn.release()
    assert player.wait(LONG)
    assert not any(run.began.is_set() for run in between)
    assert first.cleaned_up_in == ["vizkit player"]
    assert audience.steps == [1, 2], "the replaced run's last frame came after the new run was asked for"
    assert audience.states == ["running", "running", "done"]
    assert player.state == "done"


def test_the_new_run_begins_only_after_the_old_one_has_cleaned_up(player):
    old, order = Stage(), []

    def new():
        order.append(list(old.cleaned_up_in))
        yield frame(1, 1)

    player.play(old)
    assert old.began.wait(LONG)
    player.play(new())
    old.turn.release()
    assert player.wait(LONG)
    assert order == [["vizkit player"]]


def test_fifty_six_quick_plays_use_one_thread_at_a_time_and_leave_none(player, audience):
    most = 0
    for n in range(56):
        player.play(count(n + 1))
        most = max(most, sum(t.name == "vizkit player" for t in threading.enumerate()))
    assert player.wait(LONG)
    assert most <= 1
    assert audience.steps[-1] == 56
    assert player.state == "done"
    assert not any(t.name == "vizkit player" for t in threading.enumerate())


def test_stop_under_load_ends_an_endless_run(player, audience):
    def endless():
        step = 0
        while True:
            yield frame(step := step + 1, 10**9)

    player.play(endless())
    audience.wait_for(lambda a: len(a.steps) > 100)
    player.stop()
    assert player.wait(LONG)
    assert player.state == "stopped"
    assert audience.steps[-1] == player.last.step == player.frames


def test_stopping_a_run_that_has_not_begun_plays_nothing(player, audience):
    old = Stage()
    player.play(old)
    assert old.began.wait(LONG)
    player.play(count(5))
    player.stop()
    old.turn.release()
    assert player.wait(LONG)
    assert (player.state, player.frames, audience.steps) == ("stopped", 0, [])


def test_an_exception_in_the_run_is_kept_with_its_traceback(player, audience):
    def breaks():
        yield frame(1, 2)
        raise ValueError("step 2 went wrong")

    player.play(breaks())
    assert player.wait(LONG)
    assert player.state == "failed"
    assert audience.states == ["running", "failed"]
    assert audience.steps == [1], "what was made before the exception is shown"
    assert str(player.error) == "step 2 went wrong"
    assert traceback.extract_tb(player.error.__traceback__)[-1].name == "breaks"


def test_a_frame_that_waits_is_shown_when_the_next_step_fails(audience):
    def breaks():
        yield from (frame(step, 9) for step in (1, 2, 3))
        raise ValueError

    player = Player(audience.on_frame, clock=lambda: 0.0)
    player.play(breaks())
    assert player.wait(LONG)
    assert audience.steps == [1, 3]
    assert player.state == "failed"


def test_a_run_that_leaves_by_system_exit_counts_as_failed(player):
    def leaves():
        yield frame(1, 2)
        raise SystemExit(3)

    player.play(leaves())
    assert player.wait(LONG)
    assert isinstance(player.error, SystemExit)
    assert player.state == "failed"


def test_an_exception_while_showing_fails_the_run_and_cleans_it_up():
    def show(_):
        raise ZeroDivisionError

    run, states = Stage(), []
    player = Player(show, states.append)
    player.play(run)
    run.turn.release()
    assert player.wait(LONG)
    assert isinstance(player.error, ZeroDivisionError)
    assert run.cleaned_up_in == ["vizkit player"]
    assert states == ["running", "failed"]


@pytest.mark.parametrize("bad", ["running", "done", "failed"])
def test_an_exception_while_telling_a_state_fails_the_run_and_says_so(bad):
    told = []

    def tell(state):
        told.append(state)
        if state == bad:
            raise ZeroDivisionError

    player = Player(lambda frame: None, tell)
    player.play(count(3) if bad != "failed" else None)
    assert player.wait(LONG)
    assert player.state == told[-1] == "failed"
    assert isinstance(player.error, TypeError if bad == "failed" else ZeroDivisionError)


def test_a_failure_is_forgotten_by_the_next_run(player):
    player.play(None)
    assert player.wait(LONG)
    assert player.state == "failed"
    player.play(count(1))
    assert player.wait(LONG)
    assert (player.state, player.error) == ("done", None)


def test_a_callback_may_start_stop_and_ask_without_a_deadlock(audience):
    def on_frame(shown):
        audience.on_frame(shown)
        if player.frames == 1 and len(audience.steps) == 1:
            player.play(count(2))
        player.stop() if len(audience.steps) == 2 else None

    player = Player(on_frame, audience.on_state)
    player.play(count(1000))
    assert player.wait(LONG)
    assert player.state in {"stopped", "done"}
    assert audience.steps[:2] == [1, 1]


def test_any_iterable_of_frames_can_be_played(player, audience):
    player.play([frame(1, 2), frame(2, 2)])
    assert player.wait(LONG)
    assert audience.steps == [1, 2]


def test_waiting_gives_up_after_its_timeout(player):
    run = Stage()
    player.play(run)
    assert not player.wait(0.01)
    player.stop()
    run.turn.release()
    assert player.wait(LONG)


def test_a_closed_player_ends_its_run_says_nothing_more_and_refuses_the_next(player, audience):
    run = Stage()
    player.play(run)
    run.turn.release()
    audience.wait_for(lambda a: a.steps == [1])
    run.turn.release()
    player.close(LONG)
    assert audience.states == ["running"]
    assert run.cleaned_up_in == ["vizkit player"]
    with pytest.raises(RuntimeError, match="Make a new Player"):
        player.play(count(1))


def test_a_callback_may_close_its_own_player(audience):
    player = Player(lambda shown: player.close(), audience.on_state)
    player.play(count(10))
    assert player.wait(LONG)
    assert player.frames < 10


def test_random_state_and_grad_mode_of_the_caller_are_untouched(player):
    def draws():
        yield Frame(1, 1, Images(torch.rand(1, 1, 2, 2, generator=torch.Generator().manual_seed(0))))

    state = torch.get_rng_state()
    player.play(draws())
    assert player.wait(LONG)
    assert torch.equal(state, torch.get_rng_state())
