"""A panel without a page: its settings, a simulated reader, and the run in the background."""

import threading

import pytest
import torch
from ipywidgets.widgets.widget import _instances

from tests.widgets.toy import toy, until
from vizkit.core.frames import Frame
from vizkit.core.results import Curves, Images, Result
from vizkit.views.line_chart import LineChart
from vizkit.widgets.panel import panel


def page(one, **message):
    """What the page's Transport sends."""
    one.transport._handle_custom_msg({"view": "a", **message}, [])


def shade(one) -> float:
    """The gray of the newest picture: the weight it was made with."""
    return round(float(one.result.pixels[0, 0, 1, 1]), 6)


def step(one) -> int:
    return one.frame.step if one.frame else 0


# without a page


def test_it_plays_in_a_cell_from_the_first_frame_to_the_last(make, gate):
    one, threads = make(), threading.active_count()
    gate.open = True
    for frame in one.run:
        one.show(frame)
        assert one.frame is frame
    assert one.frame.last
    assert one.transport.status.startswith("done in 0.0 s · objective 0.4")
    assert one.transport.progress == 1
    assert one.picture.last, "the picture stays for a reloaded page"
    assert one.curves.lines["objective"].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert threading.active_count() == threads


def test_settings_moved_without_a_page_start_nothing(make):
    one = make()
    one.controls["unit"].value = 2
    one.controls["weight"].value = 0.5
    assert one.player.state == "idle"
    assert one.run.arguments["unit"] == 2
    assert float(one.run.arguments["weight"]) == 0.5


def test_a_dial_turned_in_a_cell_steers_the_loop_there(make, gate):
    gate.open = True
    one, shades = make(), []
    for frame in one.run:
        one.show(frame)
        shades.append(shade(one))
        one.controls["weight"].value = 0.5
    assert shades == [0.1, 0.5, 0.5, 0.5]


def test_arguments_are_bound_as_the_method_would(make, net, gate):
    one = make(net, gate, "0", 3, steps=9)
    assert (one.controls["layer"].value, one.controls["unit"].value) == ("0", 3)
    assert one.run.arguments["steps"] == 9
    assert one.run.arguments["net"] is net


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"weigth": 1}, "no argument 'weigth'. Did you mean 'weight'"),
        ({"net": 1}, "multiple values for argument 'net'"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_opens(net, gate, arguments, sentence):
    before = set(_instances)
    with pytest.raises(TypeError, match=sentence):
        panel(toy, net, gate, **arguments)
    assert set(_instances) == before


def test_a_missing_network_is_asked_for():
    with pytest.raises(TypeError, match="missing a required argument: 'net'"):
        panel(toy)


def test_a_bad_starting_value_leaves_no_widget_open(net, gate):
    before = set(_instances)
    with pytest.raises(ValueError, match="There is no unit 99 here"):
        panel(toy, net, gate, unit=99)
    assert set(_instances) == before


# when it starts


def test_it_starts_when_it_is_first_seen(make, gate):
    one = make()
    assert one.player.state == "idle"
    page(one, ready=True)
    gate.let(1)
    until(lambda: step(one) == 1)
    playing = one.frame.result.run
    page(one, ready=True, view="b")
    gate.open = True
    gate.let(1)
    until(lambda: one.transport.state == "done")
    assert one.frame.result.run is playing


def test_it_waits_for_run_when_told_to(make, gate):
    one = make(autostart=False)
    page(one, ready=True)
    assert one.player.state == "idle"
    page(one, do="run")
    gate.let(1)
    until(lambda: step(one) == 1)


def test_a_panel_that_a_cell_has_played_does_not_start_over_when_seen(make, gate):
    gate.open = True
    one = make()
    for frame in one.run:
        one.show(frame)
    page(one, ready=True)
    assert one.player.state == "idle"


def test_the_run_ends_when_the_last_view_of_it_is_gone(make, gate):
    one = make()
    page(one, ready=True)
    page(one, ready=True, view="b")
    page(one, gone=True)
    gate.let(1)
    until(lambda: step(one) == 1)
    assert one.player.state == "running"
    page(one, gone=True, view="b")
    gate.let(1)
    until(lambda: one.player.state == "stopped")


# run and stop


def test_run_plays_to_the_end_and_stop_ends_at_the_step_in_hand(make, gate):
    one = make()
    one.play()
    until(lambda: one.transport.state == "running")
    assert one.transport.status == "starting …"
    gate.let(2)
    until(lambda: step(one) == 1)
    page(one, do="stop")
    gate.let(1)
    until(lambda: one.transport.state == "stopped")
    assert one.transport.status.startswith("stopped at step")
    gate.open = True
    gate.let(1)
    page(one, do="run")
    until(lambda: one.transport.state == "done")
    assert step(one) == 4
    assert one.curve.points
    assert one.error is None


def test_a_failure_is_a_sentence_and_the_error_is_kept(make, gate):
    gate.open = True
    one = make(gain=-1.0)
    one.play()
    until(lambda: one.transport.state == "failed")
    assert one.transport.status == "failed: gain=-1.0 would turn the picture inside out. Give 0 or more."
    assert isinstance(one.error, ValueError)
    assert one.error.__traceback__ is not None
    with pytest.raises(ValueError, match="inside out"):
        one.run.result()
    one.controls["gain"].value = 1.0
    until(lambda: one.transport.state == "done")


def test_a_result_without_a_live_view_says_so(make):
    def odd(net, gate, *, bins: int = 3):
        """Yield what nobody can show."""
        yield Frame(1, 1, Result())

    one = make(method=odd)
    one.play()
    until(lambda: one.transport.state == "failed")
    told = "failed: A panel shows Images, Points, Curves, and Result has no live view. Use panel.run.result()."
    assert one.transport.status == told


def test_a_method_that_makes_curves_is_shown_as_lines_with_axes(make):
    def curvy(net, gate, *, bins: int = 3):
        """Yield curves."""
        yield Frame(1, 1, Curves(torch.arange(3.0), {"a": torch.tensor([0.0, 1.0, 4.0])}, x_name="time"))

    one = make(method=curvy)
    one.play()
    until(lambda: one.transport.state == "done")
    assert isinstance(one.view, LineChart)
    assert (one.view.names, one.view.x_name) == (["a"], "time")
    assert one.view in one._stage.children
    assert tuple(one.selection) == ()


# what moved settings do


def test_a_dial_steers_the_run_in_flight(make, gate):
    one = make(steps=64)
    one.play()
    gate.let(1)
    until(lambda: step(one) == 1)
    playing = one.frame.result.run
    one.controls["weight"].slider.value = 0.5
    gate.open = True
    gate.let(1)
    until(lambda: one.player.state == "done")
    assert one.frame.result.run is playing
    assert shade(one) == 0.5
    assert list(playing.arguments["weight"].turns.values()) == [0.1, 0.5]


def test_a_dial_turned_after_the_end_goes_on_from_the_last_picture(make, gate):
    gate.open = True
    one = make()
    one.play()
    until(lambda: one.transport.state == "done")
    one.controls["weight"].value = 0.5
    until(lambda: shade(one) == 0.5 and one.transport.state == "done")
    assert float(one.result.pixels[0, 0, 0, 0]) == pytest.approx(0.1)


def test_a_dial_turned_too_late_for_the_last_step_is_not_lost(make, gate):
    one = make(steps=1)
    one.play()
    until(lambda: one.player.state == "running")
    shown = one.player._on_frame

    def turn_it_late(frame):
        one.player._on_frame = shown
        shown(frame)
        one.controls["weight"].value = 0.5

    one.player._on_frame = turn_it_late
    gate.open = True
    gate.let(1)
    until(lambda: one.transport.state == "done")
    assert shade(one) == 0.5


@pytest.mark.parametrize(("name", "value"), [("unit", (1, 2)), ("seed", 3), ("layer", "output"), ("look", "fancy")])
def test_any_other_setting_starts_anew_and_the_latest_wins(make, gate, name, value):
    one = make(steps=64)
    one.play()
    gate.let(1)
    until(lambda: step(one) == 1)
    first = one.frame.result.run
    one.controls[name].value = value
    gate.open = True
    gate.let(1)
    until(lambda: one.transport.state == "done")
    run = one.frame.result.run
    assert run is not first
    assert run.arguments[name] == value
    assert one._history.run is run


def test_of_many_quick_changes_only_the_last_is_played_to_the_end(make, gate):
    one = make(steps=2)
    one.play()
    for seed in range(1, 30):
        one.controls["seed"].value = seed
    gate.open = True
    gate.let(1)
    until(lambda: one.transport.state == "done")
    assert one.frame.result.run.arguments["seed"] == 29


def test_settings_moved_by_many_threads_at_once_end_in_the_run_they_mean(make, gate):
    gate.open = True
    one = make(steps=8)
    one.play()

    def move(seed):
        for k in range(5):
            one.controls["seed"].value = 10 * seed + k
            one.controls["weight"].slider.value = 0.5 if k % 2 else 0.2

    movers = [threading.Thread(target=move, args=(seed,)) for seed in range(4)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()
    until(lambda: one.player.state == "done" and one.transport.state == "done")
    assert one.frame.result.run.arguments["seed"] == one.controls["seed"].value
    assert shade(one) == one.controls["weight"].value


def test_another_layer_brings_its_units_along_in_one_run(make, gate):
    one = make(layer="3", unit=7)
    one.play()
    one.controls["layer"].value = "output"
    gate.open = True
    gate.let(1)
    until(lambda: one.transport.state == "done")
    assert one.frame.result.run.arguments["unit"] == 3
    assert one.error is None


def test_a_strip_is_one_batch_side_by_side(make, gate):
    gate.open = True
    one = make()
    one.play()
    one.controls["weight"].strip.value = True
    until(lambda: one.transport.state == "done" and len(one.result) == 7)
    assert [float(p[0, 1, 1]) for p in one.result.pixels] == pytest.approx(one.controls["weight"].value)
    assert one.picture.captions == list(one.result.captions)
    one.controls["weight"].strip.value = False
    until(lambda: one.transport.state == "done" and len(one.result) == 1)


def test_there_is_one_strip_at_a_time(make):
    one = make()
    one.controls["weight"].strip.value = True
    one.controls["pull"].strip.value = True
    assert isinstance(one.controls["pull"].value, tuple)
    assert one.controls["weight"].value == 0.1


def test_what_is_typed_wrong_is_told_and_the_run_goes_on(make, gate):
    one = make()
    one.play()
    one.controls["unit"].field.value = "9999"
    assert one.transport.problem == "There is no unit 9999 here. Give a number from 0 to 7."
    assert one.player.state == "running"
    one.controls["weight"].value = 0.2
    assert one.transport.problem == ""


def test_another_run_shown_in_a_cell_ends_what_plays(make, gate):
    one = make(steps=64)
    one.play()
    gate.let(1)
    until(lambda: step(one) == 1)
    gate.open = True
    gate.let(1)
    frames = list(one.run.using(steps=2))
    for frame in frames:
        one.show(frame)
    one.player.wait(5)
    assert one.frame is frames[-1]
    assert one.transport.state == "done"


def test_on_a_page_a_dial_goes_on_from_what_a_cell_has_played(make, gate):
    gate.open = True
    one = make()
    for frame in one.run:
        one.show(frame)
    page(one, ready=True)
    one.controls["weight"].value = 0.5
    until(lambda: one.transport.state == "done" and shade(one) == 0.5)
    assert float(one.result.pixels[0, 0, 0, 0]) == pytest.approx(0.1)


# what it leaves


def test_the_fold_says_what_in_it_was_changed(make):
    one = make()
    fold = one.children[0].children[0].children[-1]
    assert fold.button.description == "More settings"
    assert fold.inside.layout.display == "none"
    one.controls["look"].value = "fancy"
    assert fold.button.description == "More settings, look fancy"
    fold.button.value = True
    assert fold.inside.layout.display is None


def test_a_reader_without_widgets_gets_words_and_pictures(make, gate):
    one = make()
    assert one._repr_mimebundle_()["text/plain"] == (
        "Panel of toy: layer='4', unit=0, weight=0.1, pull=0.0, seed=0, steps=4"
    )
    gate.open = True
    for frame in one.run:
        one.show(frame)
    bundle = one._repr_mimebundle_()
    assert "<img" in bundle["text/html"]
    assert "1 picture of 4 × 4" in bundle["text/plain"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == one.model_id


def test_closing_stops_the_run_and_leaves_no_widget(net, gate):
    before = set(_instances)
    one = panel(toy, net, gate, steps=64)
    one.play()
    gate.let(1)
    until(lambda: step(one) == 1)
    gate.open = True
    gate.let(1)
    one.close()
    assert set(_instances) == before
    assert one.player.wait(5)


def test_labels_reach_the_page_as_text(make):
    one = make()
    assert all("HTML" not in type(widget).__name__ for widget in _instances.values())
    one.show(Frame(1, 1, Images(torch.zeros(1, 3, 2, 2), ("<b>bold</b>",))))
    assert one.picture.captions == ["<b>bold</b>"]
