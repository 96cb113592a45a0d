"""The live picture without a browser: what it publishes, what it answers, what it keeps."""

import contextvars
import io
import threading

import pytest
import torch
import traitlets
from PIL import Image

from tests.views.wire import Wire, requester, say
from vizkit.core.results import Images, Profile
from vizkit.views.link import MOST
from vizkit.views.live_image import KEEP_EVERY, LiveImage


def kept(view: LiveImage) -> int:
    """How often pictures went through the trait."""
    return sum("last" in state for state in view.comm.states())


@pytest.fixture
def view(clock):
    view = LiveImage(clock=clock)
    view.comm = Wire(view.comm.comm_id)
    yield view
    view.layout.close()
    view.close()


def pictures(*levels: float, captions: tuple[str, ...] = (), channels: int = 3) -> Images:
    """One even picture of 16 × 8 for each gray level."""
    return Images(torch.stack([torch.full((channels, 8, 16), level) for level in levels]), captions)


def level(jpeg: bytes) -> float:
    """The mean gray level of an encoded picture."""
    gray = Image.open(io.BytesIO(jpeg)).convert("L")
    assert gray.size == (16, 8)
    return sum(gray.tobytes()) / (255 * 16 * 8)


def test_a_frame_is_one_message_with_one_jpeg_for_each_picture(view):
    say(view, ready=True)
    view.show(pictures(0.0, 0.5, 1.0))
    (_, buffers), *_ = [(data, b) for data, b in view.comm.sent if "frame" in data.get("content", {})]
    assert [level(jpeg) for jpeg in buffers] == pytest.approx([0.0, 0.5, 1.0], abs=0.01)
    assert view.comm.frames() == [1]


def test_a_frame_brings_its_words_and_goes_before_the_traits(view):
    say(view, ready=True)
    view.comm.sent.clear()
    view.show(pictures(0.0, 1.0, captions=("unit 3", "unit 7")))
    (first, buffers), *rest = view.comm.sent
    assert first["content"]["captions"] == ["unit 3", "unit 7"]
    assert first["content"]["alt"] == view.alt
    assert len(buffers) == 2
    assert {name for data, _ in rest for name in data["state"]} >= {"captions", "alt"}


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
def test_pictures_of_any_number_of_channels_are_shown_and_the_alt_text_says_how(view, channels):
    view.show(pictures(0.5, channels=channels))
    assert Image.open(io.BytesIO(view.last[0])).size == (16, 8)
    assert ("as RGB" in view.alt or "red and green" in view.alt) == (channels not in {1, 3})


def test_captions_and_alt_follow_the_pictures(view):
    view.show(pictures(0.0, 1.0, captions=("unit 3", "unit 7")))
    assert view.captions == ["unit 3", "unit 7"]
    assert view.alt == "2 pictures of 16 × 8, 3 channels: unit 3 · unit 7"


def test_a_selection_beyond_the_last_picture_is_given_up(view):
    view.selected = 2
    view.show(pictures(0.0, 0.5, 1.0))
    assert view.selected == 2
    view.show(pictures(0.0, 0.5))
    assert view.selected == -1


def test_with_no_view_open_only_the_trait_is_set_and_that_once_in_two_seconds(view, clock):
    for number in range(50):
        view.show(pictures(number / 50))
        clock.now += KEEP_EVERY / 10
    assert view.comm.frames() == []
    assert kept(view) == 5


def test_while_a_view_answers_the_trait_is_left_alone_until_the_run_ends(view, clock):
    say(view, ready=True)
    for number in range(1, 101):
        view.show(pictures(number / 200))
        say(view, painted=number)
        clock.now += 0.05
    assert view.comm.frames() == list(range(1, 101))
    assert kept(view) == 0
    view.keep()
    view.keep()
    assert kept(view) == 1
    assert level(view.last[0]) == pytest.approx(0.5, abs=0.01)


def test_what_a_view_cannot_take_is_dropped_but_for_the_newest_which_goes_with_the_answer(view):
    say(view, ready=True)
    for number in range(1, 10):
        view.show(pictures(number / 10))
    assert view.comm.frames() == [1]
    say(view, painted=1)
    assert view.comm.frames() == [1, 9]
    assert level(view.comm.sent[-1][1][0]) == pytest.approx(0.9, abs=0.01)


def test_a_view_that_opens_after_the_run_has_the_last_picture_in_its_state(view):
    view.show(pictures(0.2))
    view.show(pictures(0.8))
    view.keep()
    state = view.get_state()
    assert level(state["last"][0]) == pytest.approx(0.8, abs=0.01)
    say(view, ready=True)
    assert view.comm.frames() == []


def test_a_view_that_opens_during_a_run_is_sent_the_newest_frame_at_once(view):
    view.show(pictures(0.2))
    view.show(pictures(0.8))
    say(view, ready=True)
    assert view.comm.frames() == [2]


def test_keeping_before_anything_was_shown_does_nothing(view):
    view.keep()
    assert view.last == []


def test_a_view_is_answered_from_its_own_handler(view):
    contextvars.copy_context().run(lambda: (requester.set("the view"), say(view, ready=True)))
    assert view.comm.sent == [({"method": "custom", "content": {"hello": "left"}}, [])]
    assert view.comm.contexts == ["the view"]


def test_what_a_worker_thread_publishes_answers_the_newest_message_of_a_view(view):
    contextvars.copy_context().run(lambda: (requester.set("the view"), say(view, ready=True)))
    view.comm.contexts.clear()
    worker = threading.Thread(target=lambda: (view.show(pictures(0.5, captions=("a",))), view.keep()))
    worker.start()
    worker.join()
    assert set(view.comm.contexts) == {"the view"}


def test_before_a_view_has_spoken_publishing_belongs_to_whoever_shows(view):
    contextvars.copy_context().run(lambda: (requester.set("a cell"), view.show(pictures(0.5))))
    assert set(view.comm.contexts) == {"a cell"}


def test_a_message_that_makes_no_sense_is_ignored(view):
    say(view, ready="perhaps")
    view.comm.receive({"content": {"data": {"method": "custom", "content": {}}}, "buffers": []})
    view.show(pictures(0.5))
    assert view.comm.frames() == []


def test_many_threads_may_show_and_answer_at_once_and_no_more_is_in_flight_than_allowed(view):
    say(view, ready=True)

    def show():
        for _ in range(40):
            view.show(pictures(0.5))

    def answer():
        for _ in range(200):
            if sent := view.comm.frames():
                say(view, painted=sent[-1])

    workers = [threading.Thread(target=work) for work in (show, show, answer)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sent = view.comm.frames()
    assert len(set(sent)) == len(sent), "no frame goes twice"
    assert max(sent) - MOST <= 80


def test_a_closed_widget_is_silent(view):
    wire = view.comm
    view.close()
    view.show(pictures(0.5))
    view.keep()
    assert wire.frames() == []


# what pictures are compared with


def compared(*levels: float, original: torch.Tensor, **more) -> Images:
    return Images(pictures(*levels).pixels, beside=original, **more)


def sent(view: LiveImage, trait: str) -> list:
    """What went to the views for a trait."""
    return [state[trait] for state in view.comm.states() if trait in state]


def test_an_original_goes_to_the_views_once_however_many_frames_there_are(view):
    original = pictures(0.25).pixels
    for number in range(20):
        view.show(compared(number / 20, 0.5, original=original if number % 2 else original.clone()))
    assert len(sent(view, "beside")) == 1
    assert level(view.beside[0]) == pytest.approx(0.25, abs=0.01)


def test_other_originals_and_none_are_told(view):
    view.show(compared(0.5, original=pictures(0.25).pixels))
    view.show(compared(0.5, original=pictures(0.75).pixels))
    assert level(view.beside[0]) == pytest.approx(0.75, abs=0.01)
    view.show(compared(0.5, 0.6, original=pictures(0.1, 0.9).pixels))
    assert [level(jpeg) for jpeg in view.beside] == pytest.approx([0.1, 0.9], abs=0.01)
    view.show(pictures(0.5))
    assert view.beside == []


def test_columns_follow_the_pictures_and_those_set_by_hand_stay(view):
    view.columns = 7
    view.show(pictures(0.1, 0.2))
    assert view.columns == 7
    view.show(Images(pictures(0.1, 0.2).pixels, columns=2))
    assert view.columns == 2
    view.show(pictures(0.1, 0.2))
    assert view.columns == 0


def test_a_way_to_compare_is_one_of_four(view):
    assert view.compare == "side by side"
    view.compare = "wipe"
    with pytest.raises(traitlets.TraitError):
        view.compare = "swipe"


def test_a_picture_is_opened_alone_only_where_somebody_does_it(view):
    say(view, open=1)  # nobody listens
    assert not view.opens
    asked = []
    other = LiveImage(on_open=asked.append)
    other._handle_custom_msg({"view": "left", "open": 2}, [])
    other._handle_custom_msg({"view": "left", "open": -1}, [])
    assert (other.opens, asked) == (True, [2])
    other.layout.close()
    other.close()


# what is chosen, where it is from, what is told beside it


def numbered(*numbers: int, **more) -> Images:
    return Images(pictures(*([0.5] * len(numbers))).pixels, numbers=numbers, **more)


def test_a_selection_is_of_numbers_in_the_collection_each_once(view):
    view.show(numbered(-1, 40, 7, 40))
    view.chosen = [2, 1, 0, 3]
    assert view.selection == (7, 40)
    assert view.selected == 3


def test_of_pictures_that_are_in_no_collection_it_is_their_places(view):
    view.show(pictures(0.1, 0.2, 0.3))
    view.chosen = [2, 0]
    assert view.selection == (2, 0)


def test_one_selected_is_one_chosen_and_the_other_way_round(view):
    view.show(pictures(0.1, 0.2, 0.3))
    view.selected = 1
    assert view.chosen == [1]
    view.chosen = [0, 2]
    assert view.selected == 2
    view.chosen = [2, 0]
    assert view.selected == 2
    view.selected = -1
    assert view.chosen == []


def test_chosen_pictures_stay_chosen_wherever_they_stand_and_others_do_not_take_their_place(view):
    view.show(numbered(4, 5, 6))
    view.chosen = [0, 2]
    view.show(numbered(9, 6, 8))
    assert (view.chosen, view.selected, view.selection) == ([1], 1, (6,))
    view.show(numbered(1, 2, 3))
    assert (view.chosen, view.selected) == ([], -1)


def test_pictures_that_grow_in_their_places_stay_chosen(view):
    view.show(numbered(4, 5, 6))
    view.chosen = [0, 2]
    view.show(numbered(4, 5, 6))
    assert view.chosen == [0, 2]


def test_a_step_is_told_where_somebody_takes_it_and_is_one_at_a_time():
    steps = []
    stepping = LiveImage(on_step=steps.append)
    for by in (1, -1, 100, "1"):
        stepping._handle_custom_msg({"view": "left", "step": by}, [])
    assert (stepping.steps, steps) == (True, [1, -1])
    stepping.layout.close()
    stepping.close()


def test_a_profile_goes_to_the_views_as_numbers_that_json_has(view):
    told = Profile("unit 3", torch.tensor([0.0, 1.0, 2.0]), torch.tensor([5.0, 1.0]), torch.tensor([torch.nan, 1.5]))
    view.show(numbered(4, 5, profile=lambda: told, sources=("", "# b\nb()")))
    assert view.profile["counts"] == [5, 1]
    assert view.profile["marks"] == [None, 1.5]
    assert view.sources == ["", "# b\nb()"]
    view.show(pictures(0.5))
    assert (view.profile, view.sources) == ({}, [])


def test_pictures_are_encoded_once_to_be_sent_and_to_be_kept(view, monkeypatch):
    from vizkit.views import live_image

    calls, encode_all = [], live_image.encode_all
    monkeypatch.setattr(live_image, "encode_all", lambda pixels: calls.append(1) or encode_all(pixels))
    say(view, ready=True)
    view.show(pictures(0.5))
    view.keep()
    assert len(calls) == 1
    assert view.comm.frames() == [1]
    assert view.last
