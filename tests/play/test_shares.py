"""Short turns while something plays, and the interpreter as it was afterwards."""

import sys
import threading

import pytest

from vizkit.core.frames import Frame
from vizkit.core.results import Result
from vizkit.core.runs import Run
from vizkit.play.player import Player
from vizkit.play.shares import SHORT, fair_shares


@pytest.fixture(autouse=True)
def usual():
    before = sys.getswitchinterval()
    yield before
    sys.setswitchinterval(before)


def test_turns_are_short_inside_and_as_they_were_after_the_last_has_left(usual):
    with fair_shares():
        assert sys.getswitchinterval() == pytest.approx(SHORT)
        with fair_shares():
            pass
        assert sys.getswitchinterval() == pytest.approx(SHORT)
    assert sys.getswitchinterval() == usual


def test_who_has_shorter_turns_keeps_them():
    sys.setswitchinterval(0.0001)
    short = sys.getswitchinterval()
    with fair_shares():
        assert sys.getswitchinterval() == short
    assert sys.getswitchinterval() == short


def test_what_someone_else_sets_meanwhile_stays():
    with fair_shares():
        sys.setswitchinterval(0.02)
    assert sys.getswitchinterval() == pytest.approx(0.02)


def test_an_error_leaves_nothing(usual):
    with pytest.raises(ZeroDivisionError), fair_shares():
        _ = 1 / 0
    assert sys.getswitchinterval() == usual


def test_a_player_takes_short_turns_while_it_plays_and_no_longer(usual):
    seen, go_on = [], threading.Event()

    def method():
        seen.append(sys.getswitchinterval())
        go_on.wait(5)
        yield Frame(1, 1, Result())

    player = Player(lambda frame: None)
    player.play(Run.of(method))
    go_on.set()
    player.wait()
    player.close()
    assert seen == [pytest.approx(SHORT)]
    assert sys.getswitchinterval() == usual
