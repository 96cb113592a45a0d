"""The status line, word for word, under a clock that moves when told."""

import pytest
import torch

from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.widgets import sentences
from vizkit.widgets.history import POINTS, History


@pytest.fixture
def history():
    moments = [0.0]
    made = History(None, clock=lambda: moments[0])
    made.moments = moments
    return made


def frame(step, values, captions=()):
    return Frame(step, 256, Images(torch.zeros(len(values), 3, 2, 2), captions), {"objective": torch.tensor(values)})


def play(history, steps, seconds_each=0.1):
    for step in steps:
        history.moments[0] += seconds_each
        history.add(frame(step, [1.0, 2.0], ("a", "b")))


def test_before_the_first_frame_it_is_starting(history):
    assert sentences.running(history) == "starting …"
    assert sentences.ended("stopped", history) == "stopped before the first step"


def test_a_running_run_tells_its_step_value_and_speed(history):
    play(history, range(1, 121))
    assert sentences.running(history) == "step 120 of 256 · objective 1.5 · 10 steps/s"


def test_the_speed_counts_steps_not_shown_frames(history):
    play(history, (10, 20, 30), seconds_each=2.0)
    assert history.rate == pytest.approx(20 / 4)


def test_an_ended_run_tells_how_it_ended(history):
    play(history, [57], seconds_each=75)
    assert sentences.ended("done", history) == "done in 1 min 15 s · objective 1.5"
    assert sentences.ended("stopped", history) == "stopped at step 57 of 256 · objective 1.5"
    assert sentences.ended("failed", history, ValueError("No such unit.")) == "failed: No such unit."
    assert sentences.ended("failed", history, KeyError("x")) == "failed: KeyError x"


def test_a_method_without_scalars_has_a_status_line_too(history):
    history.add(Frame(1, 2, Images(torch.zeros(1, 3, 2, 2))))
    assert sentences.running(history) == "step 1 of 2"
    assert history.table == []


def test_the_curve_keeps_its_last_point_however_long_the_run(history):
    play(history, range(1, 1001))
    steps = [row[0] for row in history.table]
    assert steps[-1] == 1000
    assert len(steps) <= POINTS
    assert len(set(torch.tensor(steps).diff().tolist())) == 1


def test_a_few_pictures_get_a_line_each_and_many_their_mean(history):
    history.add(frame(1, [1.0, 2.0], ("a", "b")))
    assert history.table == [[1, 1.0, 2.0]]
    assert history.captions == ("a", "b")
    many = History(None)
    many.add(frame(1, [float(i) for i in range(9)]))
    assert many.table == [[1, 4.0]]
    assert many.captions == ()


def test_curves_average_over_pictures(history):
    play(history, (1, 2))
    assert history.curves.lines["objective"].tolist() == [1.5, 1.5]
    assert history.curves.x.tolist() == [1, 2]
