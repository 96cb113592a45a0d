"""Panels of methods that work on a picture: with and without a network, with a remark, with a picture gone on alone."""

import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances

from tests.widgets.picture_toys import blurred, ladder, mended, paced
from tests.widgets.toy import Gate, toy, until
from tests.zoo import zoo
from vizkit.core.results import Images
from vizkit.data.pictures import as_pictures
from vizkit.methods import run
from vizkit.widgets.panel import panel


@pytest.fixture
def net():
    return zoo()["reused module"]


@pytest.fixture
def make():
    made = []

    def make(*args, **arguments):
        made.append(panel(*args, **arguments))
        return made[-1]

    yield make
    for one in made:
        one.close()


def played(one):
    """A panel whose run has been played in a cell."""
    for frame in one.run:
        one.show(frame)
    return one


def page(one, **message):
    one.transport._handle_custom_msg({"view": "a", **message}, [])


def done(one) -> bool:
    return one.transport.state == "done"


def test_a_panel_has_a_picture_though_none_was_given_and_a_run_asks_for_one(make, net):
    assert make(blurred, net).run.arguments["image"] == "world/0"
    with pytest.raises(TypeError, match="missing a required argument: 'image'"):
        run(blurred, net, layer="output")


def test_a_method_without_a_network_has_a_panel(make):
    one = played(make(mended, "world/7"))
    assert torch.equal(one.result.pixels, as_pictures("world/7"))
    with pytest.raises(TypeError, match="missing a required argument: 'net'"):
        make(blurred)


def test_originals_reach_the_live_picture_and_columns_too(make, net):
    one = played(make(ladder, net))
    assert len(one.picture.beside) == 1
    assert one.picture.columns == 2
    assert len(one.picture.last) == 6


def test_a_picture_given_as_a_tensor_starts_a_new_run_and_is_told_in_few_words(make, net):
    one = make(blurred, net, steps=2)
    one.play()
    until(lambda: done(one))
    first = one.frame.result.run
    one.controls["image"].value = torch.zeros(3, 16, 16)
    until(lambda: done(one) and one.frame.result.run is not first)
    assert one.result.pixels.max() == 0
    assert "image=<tensor of 1 × 3 × 16 × 16>" in repr(one)
    again = one.frame.result.run
    one.controls["image"].value = torch.zeros(3, 16, 16)  # the same picture
    assert one._history.run is again


def test_what_is_painted_starts_a_new_run(make):
    one, mask = make(mended, steps=2), np.ones((96, 96), np.uint8)
    one.play()
    until(lambda: done(one))
    mask[:48] = 0
    one.controls["mask"].painter._handle_custom_msg({"view": "a", "paint": 1}, [mask.tobytes()])
    until(lambda: done(one) and float(one.frame.scalars["missing"]) == 0.5)
    assert one.result.pixels[..., :48, :].std() == 0


def test_the_remark_of_the_newest_frame_is_below_the_picture(make, net):
    one = make(blurred, net, layer="output", steps=3)
    frames = list(one.run)
    one.show(frames[0])
    assert (one.remark.text, one.remark.settled) == ("output after 1.", False)
    one.show(frames[-1])
    assert (one.remark.text, one.remark.settled) == ("output after 3.", True)


def test_the_remark_stays_with_its_picture_until_another_run_has_one(make, net, gate):
    one = make(paced, net, gate)
    page(one, ready=True)
    gate.let(1)
    until(lambda: one.remark.text == "unit 0.")
    until(lambda: done(one))
    one.set(unit=1)
    assert one.transport.state == "running"
    assert one.remark.text == "unit 0.", "its picture is still there"
    gate.let(1)
    until(lambda: done(one))
    assert (one.remark.text, one.remark.settled) == ("unit 1.", True)


def test_a_method_without_remarks_has_none(make):
    assert played(make(mended)).remark.text == ""


def test_a_dial_acts_within_two_frames(make, net):
    gate = Gate()
    one = make(toy, net, gate, steps=64)
    one.play()
    gate.let(3)
    until(lambda: one.player.frames == 3)
    one.controls["weight"].slider.value = 0.5
    gate.let(2)  # no more than two frames
    until(lambda: one.player.frames == 5)
    assert float(one.player.last.result.pixels.mean()) == 0.5
    gate.open = True
    gate.let(1)


def test_sliding_the_layer_during_a_run_restarts_and_the_latest_wins(make, net):
    one = make(blurred, net, steps=512)
    names = [layer.name for layer in one.controls["layer"].shown]
    one.play()
    for name in [*names, *reversed(names)]:
        one.controls["layer"].depth.value = name
    until(lambda: done(one))
    assert one.frame.result.run.arguments["layer"] == names[0]
    assert one.result.captions == (f"{names[0]} · tv",)


# a picture continued alone


def test_a_picture_of_a_ladder_goes_on_alone_below_it(make, net):
    one = played(make(ladder, net, "world/3"))
    one.picture._handle_custom_msg({"view": "a", "open": 3}, [])
    arguments = one.opened.run.arguments
    assert (arguments["layer"], arguments["kind"], arguments["image"]) == ("output", "deep", "world/3")
    assert one.opened in one._below.children
    assert one._below.children[0].children[0].value == "output · deep"
    page(one.opened, ready=True)
    until(lambda: done(one.opened))


def test_what_is_continued_alone_ends_the_run_it_came_from(make, net):
    one = make(ladder, net, steps=512)
    one.play()
    until(lambda: one.frame is not None)
    one.open_alone(0)
    until(lambda: one.player.state != "running")
    assert one.player.state == "stopped"
    assert one.frame.step < 512


def test_another_one_takes_its_place_and_the_button_closes_it(make, net):
    one = played(make(ladder, net))
    before = set(_instances)
    one.open_alone(0)
    first = one.opened
    one.open_alone(1)
    assert one.opened is not first
    one._below.children[0].children[1].click()
    assert (one.opened, one._below.children) == (None, ())
    assert set(_instances) == before


def test_a_picture_that_is_continued_starts_from_what_it_was_and_from_scratch_afterwards(make, net):
    def fading(net, *, steps: int = 1, start: torch.Tensor | None = None):
        """Show the start."""
        pixels = torch.zeros(2, 3, 8, 8) if start is None else start
        yield Frame(1, 1, Images(pixels))

    from vizkit.core.frames import Frame
    from vizkit.core.runs import Run

    fading.opens = lambda run, index, result: Run.of(fading, net, start=result.pixels[index][None] + 0.5)
    one = played(make(fading, net))
    one.open_alone(1)
    page(one.opened, ready=True)
    until(lambda: done(one.opened))
    assert one.opened.result.pixels.mean() == 0.5
    page(one.opened, do="run")
    until(lambda: done(one.opened) and one.opened.result.pixels.mean() == 0)


def test_where_nothing_can_be_opened_it_is_said(make, net):
    with pytest.raises(TypeError, match="blurred cannot be continued alone"):
        played(make(blurred, net)).open_alone(0)
    one = make(ladder, net)
    with pytest.raises(IndexError, match="Run the panel first"):
        one.open_alone(0)
    with pytest.raises(IndexError, match="no picture 6"):
        played(one).open_alone(6)
    assert (make(blurred, net).picture.opens, one.picture.opens) == (False, True)
