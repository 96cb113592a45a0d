import io
import signal
import threading

import pytest
import torch

from tests.commands.terminal import Terminal
from vizkit.commands.progress import Line, Progress, follow, sentence
from vizkit.commands.stopping import Stopping
from vizkit.core.frames import Frame
from vizkit.core.results import Images

BLANK = Images(torch.zeros(1, 1, 2, 2))


def frame(step, of=100, **scalars):
    return Frame(step, of, BLANK, scalars)


def test_a_sentence_tells_step_mean_score_and_time_left():
    told = sentence(frame(30, objective=torch.tensor([1.0, 2.0])), began=100, first=10, now=104)
    assert told == "step 30 of 100 · objective 1.5 · 14 s left"  # 20 steps in 4 s, 70 to go


def test_minutes_are_told_as_minutes():
    assert sentence(frame(2), began=0, first=1, now=1).endswith("1 min 38 s left")


@pytest.mark.parametrize("step", [1, 100])
def test_no_time_is_told_where_none_is_known_or_none_is_left(step):
    assert sentence(frame(step), began=0, first=1, now=9) == f"step {step} of 100"


def test_on_a_terminal_one_line_is_written_over_and_vanishes():
    stream, clock = Terminal(), iter([0.0, 0.05, 0.2, 0.21])
    with Progress(stream, clock=lambda: next(clock)) as progress:
        for step in (1, 2, 3, 100):  # the second comes too soon to be worth a look
            progress.show(frame(step))
    assert [line.split(" ·")[0] for line in stream.lines()] == [
        "",
        "step 1 of 100",
        "step 3 of 100",
        "step 100 of 100",
        "",
    ]
    assert "\n" not in stream.getvalue()


def test_a_narrow_terminal_does_not_wrap(monkeypatch):
    monkeypatch.setenv("COLUMNS", "12")
    stream = Terminal()
    Progress(stream).show(frame(1))
    assert stream.getvalue() == "\r\x1b[Kstep 1 of 1"


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_elsewhere_it_is_silent(stream, quiet):
    with Progress(stream, quiet) as progress:
        progress.show(frame(1))
    assert stream.getvalue() == ""


def test_a_line_says_what_its_words_are():
    stream, clock = Terminal(), iter([1.0, 1.05, 1.2])
    with Line("{} of 300".format, stream, clock=lambda: next(clock)) as line:
        for done in (100, 200, 300):  # the second comes too soon
            line.show(done)
    assert stream.lines() == ["", "100 of 300", "300 of 300", ""]


def counting():
    for done in (1, 2, 3):
        if done == 2:
            signal.raise_signal(signal.SIGINT)
        yield done


def test_what_is_followed_ends_where_someone_asks():
    stream, told = Terminal(), counting()
    assert follow(told, Line(str, stream, clock=iter([1.0, 2.0, 3.0]).__next__)) == (2, True)
    assert stream.lines() == ["", "1", "2", ""]
    assert next(told, None) is None, "it was closed"


def test_what_is_followed_to_its_end_was_not_stopped():
    assert follow((done for done in (1, 2)), Line(str, Terminal())) == (2, False)


def test_the_first_ctrl_c_asks_and_the_second_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with Stopping() as stopping:
        signal.raise_signal(signal.SIGINT)
        assert stopping.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_it_stays_out_of_the_way():
    heard = []

    def work():
        with Stopping() as stopping:
            heard.append(stopping.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [False]
