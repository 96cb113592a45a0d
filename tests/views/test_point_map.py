"""The map of points without a browser: what it sends and when, what a page's choice becomes, what it keeps."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
import traitlets

from tests.views.wire import Wire, say
from vizkit.core.frames import Frame
from vizkit.core.results import Points
from vizkit.save import palettes
from vizkit.save.recordings import open_recording, record
from vizkit.views.indices import packed, unpacked
from vizkit.views.point_map import EXACT, KEEP_EVERY, PointMap, encoded


@pytest.fixture
def view(clock):
    view = PointMap(clock=clock)
    view.comm = Wire(view.comm.comm_id)
    yield view
    view.layout.close()
    view.close()


def choose(view: PointMap, numbers: list[int]) -> None:
    """Set the chosen points as a page does."""
    data = {"method": "update", "state": {}, "buffer_paths": [["chosen"]]}
    view.comm.receive({"content": {"data": data}, "buffers": [memoryview(packed(np.array(numbers, int), view.count))]})


def points(count: int = 6, seed: int = 0, **more) -> Points:
    chance = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3 - 1
    return Points(torch.randn(count, 2, generator=chance), **{"labels": labels, "label_names": ("cat", "dog"), **more})


def places(content: bytes, box: list[float], count: int) -> np.ndarray:
    """Positions (n, 2), decoded as the page does."""
    if not box:
        return np.frombuffer(content, "<f4").reshape(count, 2)
    shares = np.frombuffer(content, "<u2").reshape(count, 2)
    left, bottom, right, top = box
    return shares / 65535 * [right - left, top - bottom] + [left, bottom]


def test_few_positions_travel_as_they_are():
    xy = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    content, box = encoded(xy)
    assert box == []
    assert np.array_equal(places(content, box, 50), xy.numpy())


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_many_positions_travel_in_four_bytes_each_and_are_off_by_half_a_step_at_most(scale):
    xy = scale * torch.randn(EXACT + 1, 2, generator=torch.Generator().manual_seed(0))
    content, box = encoded(xy)
    assert len(content) == 4 * (EXACT + 1)
    step = (xy.amax(0) - xy.amin(0)).numpy() / 65535
    assert (np.abs(places(content, box, EXACT + 1) - xy.numpy()) <= 0.51 * step + 1e-7 * scale).all()


def test_points_in_one_place_can_be_sent():
    content, box = encoded(torch.full((EXACT + 1, 2), 3.0))
    assert places(content, box, EXACT + 1) == pytest.approx(3.0)


def test_while_a_view_answers_positions_go_as_messages_and_all_else_once(view):
    first = points(values={"loss": torch.rand(6, generator=torch.Generator().manual_seed(1))}, names=list("abcdef"))
    say(view, ready=True)
    for number in range(1, 31):
        view.show(replace(first, xy=first.xy + number, labels=first.labels.clone()))
        say(view, painted=number)
    frames = view.comm.messages("frame")
    assert [message["frame"] for message, _ in frames] == list(range(1, 31))
    assert places(frames[-1][1][0], frames[-1][0]["box"], 6) == pytest.approx((first.xy + 30).numpy())
    assert [len(view.comm.told(name)) for name in ("labels", "names", "values", "label_names")] == [1, 1, 1, 1]
    assert view.comm.told("xy") == []
    view.keep()
    assert np.frombuffer(view.comm.told("xy")[0], "<f4") == pytest.approx((first.xy + 30).numpy().ravel())


def test_what_a_view_cannot_take_is_dropped_but_for_the_newest(view):
    say(view, ready=True)
    for number in range(1, 10):
        view.show(points(seed=number))
    assert view.comm.frames() == [1]
    say(view, painted=1)
    assert view.comm.frames() == [1, 9]


def test_with_no_view_open_positions_are_kept_once_in_two_seconds(view, clock):
    for number in range(50):
        view.show(points(seed=number))
        clock.now += KEEP_EVERY / 10
    assert view.comm.messages("frame") == []
    assert len(view.comm.told("xy")) == 5


def test_labels_are_told_by_word_with_a_color_each_that_does_not_depend_on_the_others(view):
    view.show(points())
    assert view.label_names == ["no label", "cat", "dog"]
    assert np.frombuffer(view.labels, "<u2").tolist() == [0, 1, 2, 0, 1, 2]
    colors = np.frombuffer(view.label_colors, np.uint8).reshape(-1, 3)
    view.show(points(labels=torch.ones(6, dtype=torch.long)))
    assert view.label_names == ["dog"]
    assert np.frombuffer(view.label_colors, np.uint8).tolist() == colors[2].tolist()


def test_other_labels_values_and_names_are_told(view):
    view.show(points(values={"a": torch.zeros(6)}))
    view.show(points(values={"a": torch.ones(6)}))
    view.show(points(values={"b": torch.ones(6)}, names=["x\ny"] * 6))
    assert view.value_names == ["b"]
    assert np.frombuffer(view.values[0], "<f4").tolist() == [1] * 6
    assert view.names == "\n".join(["x y"] * 6).encode()
    assert len(view.comm.told("values")) == 2


def test_values_that_are_not_numbers_are_not_sent_again_and_again(view):
    for _ in range(5):
        view.show(points(values={"a": torch.tensor([torch.nan] * 6)}))
    assert len(view.comm.told("values")) == 1


def test_the_color_is_by_label_where_there_are_some_else_by_the_first_values(view):
    view.show(points(labels=None, values={"loss": torch.zeros(6)}))
    assert view.color == "loss"
    view.show(points())
    assert view.color == "label"
    view.color = "selection"
    view.show(points(seed=1))
    assert view.color == "selection", "what was asked for stays"
    with pytest.raises(traitlets.TraitError, match=r"'lable'.*Did you mean 'label'"):
        view.color = "lable"


# Selection


def test_a_choice_in_the_page_is_numbers_in_python(view):
    view.show(points(1000, labels=None))
    heard = []
    view.observe(lambda change: heard.append(change["new"]), "selection")
    choose(view, [999, 3, 17])
    assert view.selection.tolist() == [3, 17, 999]
    assert view.selection.dtype == np.int64
    assert len(heard) == 1


def test_a_selection_set_in_python_is_shown_in_the_page(view):
    view.show(points(100, labels=None))
    view.selection = [5, 99, 5]
    assert unpacked(view.comm.told("chosen")[-1], 100).tolist() == [5, 99]


@pytest.mark.parametrize(
    "given",
    [[1, 3], (3, 1), np.array([1, 3]), torch.tensor([3, 1]), np.array([False, True, False, True, False, False])],
    ids=lambda given: type(given).__name__,
)
def test_a_selection_may_be_any_list_of_numbers_or_a_mask(view, given):
    view.show(points())
    view.selection = given
    assert view.selection.tolist() == [1, 3]
    view.selection = None
    assert view.selection.tolist() == []


def test_the_same_selection_is_no_change(view):
    view.show(points())
    heard = []
    view.observe(heard.append, "selection")
    for given in ([1, 3], torch.tensor([3, 1]), np.array([1, 3])):
        view.selection = given
    assert len(heard) == 1


@pytest.mark.parametrize(("given", "wrong"), [([6], 6), ([-1, 2], -1)])
def test_a_selection_of_a_point_that_is_not_there_is_refused(view, given, wrong):
    view.show(points())
    with pytest.raises(IndexError, match=f"no point {wrong}. The map has points 0 to 5"):
        view.selection = given


@pytest.mark.parametrize("given", [[[1, 2]], "two", [0.5]])
def test_a_selection_of_no_numbers_is_refused(view, given):
    view.show(points())
    with pytest.raises(traitlets.TraitError):
        view.selection = given


def test_a_selection_lasts_while_points_move_and_loses_those_that_are_no_more(view):
    view.show(points(10))
    view.selection, view.marked = [2, 9], [9]
    view.show(points(10, seed=1))
    assert view.selection.tolist() == [2, 9]
    view.show(points(5))
    assert (view.selection.tolist(), view.marked.tolist()) == ([2], [])
    assert len(view.chosen) == 1


def test_half_a_million_chosen_points_take_a_bit_each():
    numbers = np.arange(0, 1_000_000, 2)
    bits = packed(numbers, 1_000_000)
    assert len(bits) == 125_000
    assert np.array_equal(unpacked(bits, 1_000_000), numbers)


# Finished maps


def test_finished_maps_are_sent_once_and_the_slider_stands_where_the_points_are(view):
    maps = {"stem": points().xy, "stage1": points(seed=1).xy, "output": points(seed=2).xy}
    view.show(replace(points(), xy=maps["stage1"], maps=maps))
    assert (view.map_names, view.layer) == (["stem", "stage1", "output"], 1.0)
    view.show(replace(points(), xy=maps["output"].clone(), maps=dict(maps)))
    assert view.layer == 2.0
    assert len(view.comm.told("maps")) == 1
    stacked = places(view.maps, view.map_box, 18).reshape(3, 6, 2)
    assert np.array_equal(stacked, torch.stack(list(maps.values())).numpy())


def test_when_the_last_map_is_finished_the_slider_stands_there(view):
    maps = {}
    for number, layer in enumerate(["stem", "stage1", "output"]):
        maps = {**maps, layer: points(seed=number).xy}
        view.show(replace(points(), maps=maps))  # on the way
        view.show(replace(points(), xy=maps[layer], maps=maps))
    assert view.layer == 2.0


def test_a_recording_stands_at_the_map_that_it_ended_with(view, tmp_path):
    maps = {"stem": points().xy, "output": points(seed=1).xy}

    def moving():
        yield Frame(0, 1, replace(points(seed=2), maps=maps))
        yield Frame(1, 1, replace(points(), xy=maps["output"], maps=maps))

    start, end = (frame.result for frame in open_recording(record(moving(), tmp_path / "x.vizkit")))
    view.show(start)
    assert view.layer == -1.0
    view.show(end)
    assert view.layer == 1.0


def test_what_was_measured_of_maps_is_told_and_what_is_no_number_as_none(view):
    maps = {"stem": points().xy, "output": points(seed=1).xy}
    told = {"stem": {"kl": 1.5, "label agreement": float("nan")}, "output": {"kl": np.float32(0.5)}}
    view.show(replace(points(), maps=maps, measures=told))
    assert view.measures == {"stem": {"kl": 1.5, "label agreement": None}, "output": {"kl": 0.5}}
    assert json.loads(json.dumps(view.get_state("measures"))) == {"measures": view.measures}


# Kinds


def answers(*numbers: int, words=("cat", "dog", "owl")) -> Points:
    values = {"loss": torch.arange(float(len(numbers))), "answer": torch.tensor(numbers)}
    return points(len(numbers), values=values, words={"answer": words})


def test_values_that_are_kinds_are_told_by_word_with_the_color_of_a_label_of_that_number(view):
    view.show(answers(2, 0, 2, -1, 7))
    assert view.value_words == [[], ["none", "cat", "owl", "7"]]
    assert np.frombuffer(view.values[1], "<f4").tolist() == [2, 1, 2, 0, 3]
    assert view.value_colors == [b"", palettes.of_labels(np.array([-1, 0, 2, 7])).tobytes()]
    view.show(replace(answers(2, 0, 2, -1, 7), words={}))
    assert view.value_words == [[], []]
    assert np.frombuffer(view.values[1], "<f4").tolist() == [2, 0, 2, -1, 7]


def test_what_is_hidden_is_shown_again_where_the_legend_lists_other_kinds(view):
    view.show(answers(2, 0, 2, 1))
    view.hidden = ["cat"]
    view.color = "loss"
    assert view.hidden == ["cat"]
    view.color = "answer"
    assert view.hidden == []
    view.hidden = ["owl"]
    view.show(answers(2, 0, 0, 1))
    assert view.hidden == ["owl"]
    view.show(answers(1, 0, 0, 1))
    assert view.hidden == []


# Thumbnails


def shades(count: int) -> list[torch.Tensor]:
    return [torch.full((3, 20, 30), i / count) for i in range(count)]


def test_thumbnails_are_made_when_somebody_looks_and_reach_views_as_messages(view):
    view.show(points(40, pictures=shades(40)))
    assert view.pictured
    assert view.sheets == [], "nobody looks yet"
    say(view, ready=True, sheets=0)
    assert view._atlas.wait(10)
    numbers = [np.frombuffer(buffers[0], "<i4").tolist() for _, buffers in view.comm.messages("sheet")]
    assert [number for sheet in numbers for number in sheet] == list(range(40))
    assert all(not sheets for sheets in view.comm.told("sheets")), "a trait would send all sheets again with each"
    assert len(view.get_state()["sheets"]) == len(numbers)


def test_a_view_that_opens_later_is_sent_the_sheets_it_does_not_have(view):
    view.show(points(40, pictures=shades(40)))
    assert view.gather(10)
    assert len(view.sheets) == 2
    view.comm.sent.clear()
    say(view, ready=True, sheets=1)
    assert [message["sheet"] for message, _ in view.comm.messages("sheet")] == [1]


def test_a_thumbnail_that_is_asked_for_is_sent_and_not_kept(view):
    view.show(points(40, pictures=shades(40)))
    view.gather(10)
    kept = len(view.sheets)
    view.comm.sent.clear()
    say(view, want=[7, 39, 1000, -4, "x"])
    assert view._atlas.wait(10)
    ((message, buffers),) = view.comm.messages("sheet")
    assert message["sheet"] == -1
    assert np.frombuffer(buffers[0], "<i4").tolist() == [7, 39]
    assert len(view.sheets) == kept


def test_other_pictures_are_other_thumbnails(view):
    view.show(points(40, pictures=shades(40)))
    view.gather(10)
    view.show(points(20, pictures=shades(20)))
    assert (view.sheets, view.drawn) == ([], [])
    assert ({"sheets": "forget"}, []) in view.comm.messages("sheets")
    view.gather(10)
    assert sum(np.frombuffer(numbers, "<i4").size for numbers in view.drawn) == 20
    view.show(points(20))
    assert (view.pictured, view.sheets) == (False, [])


def test_closing_ends_the_thread_that_makes_thumbnails(view):
    begun, go_on = threading.Event(), threading.Event()

    class Slow(list):
        def __getitem__(self, number):
            begun.set()
            assert go_on.wait(5)
            return torch.zeros(3, 8, 8)

    view.show(points(40, pictures=Slow(shades(40))))
    say(view, ready=True)
    assert begun.wait(5)
    threading.Timer(0.05, go_on.set).start()
    view.close()
    assert not [t for t in threading.enumerate() if t.name == "vizkit sprites" and t.is_alive()]


def test_messages_that_make_no_sense_are_ignored(view):
    for message in ({"ready": "perhaps"}, {"painted": "x"}, {"want": "all"}, {"want": [1]}, {}):
        say(view, **message)
    view.show(points())
    assert view.comm.messages("frame") == []


def test_many_threads_may_show_at_once(view):
    say(view, ready=True)
    workers = [
        threading.Thread(target=lambda: [view.show(points(n % 7 + 2, seed=n)) for n in range(40)]) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    view.show(points(9))
    view.keep()
    assert (view.count, len(view.xy), len(view.labels)) == (9, 72, 18)
