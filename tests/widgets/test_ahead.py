"""What the next key press asks for, ready before it comes."""

import threading
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pytest
import torch

from vizkit.core.controls import LayerName, Unit
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.nets.network import Network
from vizkit.views import live_image
from vizkit.widgets.ahead import Ahead, alike
from vizkit.widgets.panel import panel

ASKED: list[tuple[str, object]] = []  # layer and unit of every run that was played


def units(
    net: Network,
    layer: Annotated[str, LayerName()],
    unit: Annotated[int | Sequence[int], Unit(of="layer")] = 0,
    *,
    frames: int = 1,
) -> Frames[Images]:
    """The unit's number as a shade of gray."""
    ASKED.append((layer, unit))
    if unit == 2:
        raise ValueError("There is no picture of unit 2. Take another.")
    first = unit if isinstance(unit, int) else unit[0]
    for step in range(1, frames + 1):
        yield Frame(step, frames, Images(torch.full((1, 3, 4, 4), first / 10), (f"unit {unit}",)), {})


@pytest.fixture
def make(net):
    """Makes panels on "0", of 6 units, as a page would see them, and closes them."""
    made = []

    def one(**arguments):
        made.append(panel(units, net, layer="0", **arguments))
        made[-1].transport._handle_custom_msg({"view": "a", "ready": True}, [])
        return made[-1]

    ASKED.clear()
    yield one
    for each in made:
        each.close()


def press(one, by: int = 1) -> None:
    """What a page sends for Page Down, or Page Up; returns when nothing goes on any more."""
    rest(one)
    one.view._handle_custom_msg({"view": "b", "step": by}, [])
    rest(one)


def rest(one) -> None:
    """Wait until nothing goes on any more."""
    one.player.wait()
    one._ahead.wait()


def asked() -> list:
    return [unit for _, unit in ASKED]


def test_the_next_unit_is_ready_and_shown_as_the_panels_own_run(make):
    one = make(unit=3)
    rest(one)
    assert asked() == [3, 4]
    press(one)
    assert asked() == [3, 4, 5], "unit 4 was not played again"
    assert one.result.captions == ("unit 4",)
    assert one.result.run.arguments["unit"] == 4
    assert one.result.run is one._playing
    assert one.transport.state == "done"


def test_it_goes_on_where_the_reader_goes(make):
    one = make(unit=4)
    press(one, -1)
    assert asked() == [4, 5, 3, 2]
    press(one, 1)
    assert asked() == [4, 5, 3, 2, 4, 5]
    press(one, -1)
    assert one.result.captions == ("unit 3",)


def test_several_units_go_on_together(make):
    one = make(unit=(3, 4))
    press(one)
    assert asked() == [(3, 4), (4, 5)], "the last two"
    assert one.result.captions == ("unit (4, 5)",)


def test_at_the_last_unit_nothing_is_made_ready(make):
    one = make(unit=5)
    press(one)
    assert asked() == [5]


def test_what_cannot_be_made_is_told_only_to_who_goes_there(make):
    one = make(unit=1)
    rest(one)
    assert one.transport.state == "done"
    press(one)
    assert asked() == [1, 2, 2]
    assert one.transport.state == "failed"
    assert "There is no picture of unit 2" in one.transport.status


def test_another_layer_is_not_answered_by_this_one(make):
    one = make(unit=3)
    rest(one)
    one.set(layer="3", unit=4)
    rest(one)
    assert ASKED[:3] == [("0", 3), ("0", 4), ("3", 4)]
    assert one.result.run.arguments["layer"] == "3"


def test_a_network_that_was_trained_meanwhile_is_asked_again(make, net):
    one = make(unit=3)
    rest(one)
    with torch.no_grad():
        next(net.module.parameters()).mul_(2)
    press(one)
    assert asked() == [3, 4, 4, 5]


def test_runs_of_several_frames_are_not_played_ahead(make):
    one = make(unit=3, frames=2)
    press(one)
    assert asked() == [3, 4]
    assert one.result.captions == ("unit 4",)


def test_a_run_that_turns_out_to_have_several_frames_is_left(net):
    ahead, taken, steps = Ahead(), [], []

    def long(net: Network, unit: int = 0) -> Frames[Images]:
        """Ever more frames."""
        for step in range(1, 1000):
            steps.append(step)
            yield Frame(step, 1000, Images(torch.zeros(1, 3, 4, 4)), {})

    run = Run.of(long, net)
    ahead.look(run, taken.append)
    ahead.wait()
    assert (steps, taken, ahead.soon(run)) == ([1, 2], [], None)


def test_whatever_ends_a_run_ahead_the_next_is_worked_out(net):
    def leaving(net: Network, unit: int = 0) -> Frames[Images]:
        """Leaves, at unit 0."""
        if not unit:
            raise SystemExit
        yield Frame(1, 1, Images(torch.zeros(1, 3, 4, 4)), {})

    ahead, taken = Ahead(), []
    for unit in (0, 1):
        ahead.look(Run.of(leaving, net, unit), taken.append)
        ahead.wait()
    assert len(taken) == 1


def test_slow_ones_are_not_played_ahead(make, monkeypatch):
    monkeypatch.setattr("vizkit.widgets.panel.QUICK", 0.0)
    press(make(unit=3))
    assert asked() == [3, 4]


def test_without_a_page_nothing_is_played_ahead(net):
    ASKED.clear()
    one = panel(units, net, layer="0", unit=3)
    one.play()
    one.player.wait()
    assert asked() == [3]
    one.close()


def test_pictures_that_were_ready_are_not_encoded_again(make, monkeypatch):
    real, encoded = live_image.encode_all, []

    def counted(pixels):
        encoded.append(round(float(pixels[0, 0, 0, 0]) * 10))
        return real(pixels)

    monkeypatch.setattr(live_image, "encode_all", counted)
    one = make(unit=3)
    press(one)
    assert encoded == [3, 4, 5]
    assert one.view.last == real(one.result.pixels)


@pytest.fixture
def held(monkeypatch):
    """Holds up whatever is played ahead until it is set; `begun` tells that something is."""
    free, begun, played = threading.Event(), threading.Event(), Run.__iter__

    def waiting(run):
        if threading.current_thread().name == "vizkit ahead":
            begun.set()
            assert free.wait(5)
        return played(run)

    monkeypatch.setattr(Run, "__iter__", waiting)
    free.begun = begun
    yield free
    free.set()


def test_a_press_that_comes_meanwhile_waits_for_it_and_plays_it_once(make, held, monkeypatch):
    monkeypatch.setattr("vizkit.widgets.ahead.QUICK", 5.0)
    one = make(unit=0)
    assert held.begun.wait(5)
    one.view._handle_custom_msg({"view": "b", "step": 1}, [])
    held.set()
    rest(one)
    assert one.result.captions == ("unit 1",)
    assert asked() == [0, 1, 2]


def test_nobody_waits_for_what_takes_long_or_is_another(make, held):
    one = make(unit=0)
    assert held.begun.wait(5)
    one.controls["unit"].value = 4
    one.player.wait()
    assert one.result.captions == ("unit 4",), "while unit 1 is still in hand"
    one.controls["unit"].value = 1
    one.player.wait()
    assert one.result.captions == ("unit 1",), "played anew"


def test_a_frame_is_held_for_one_run_alone(net):
    ahead, taken = Ahead(), []
    runs = [Run.of(units, net, "0", unit) for unit in (3, 3, 4)]
    ahead.look(runs[0], taken.append)
    ahead.wait()
    assert [frame.result.captions for frame in taken] == [("unit 3",)]
    assert ahead.soon(runs[1]) is taken[0]
    (known,) = ahead.known(runs[1])
    assert known.result.run is runs[1]
    (other,) = ahead.known(runs[2])
    assert other.result.captions == ("unit 4",)


def test_arrays_are_the_same_only_as_one_object(net):
    array = np.zeros(3)
    one, again, other = (Run.of(units, net, "0", unit) for unit in (array, array, array.copy()))
    assert alike(one, again)
    assert not alike(one, other)
