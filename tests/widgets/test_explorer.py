"""The explorer without a page: one choice that all parts follow, in Python and by what a page would send."""

import base64
import json
import re
import threading

import numpy as np
import pytest
import torch
from PIL import Image

import vizkit
from vizkit.core.results import Images, Points
from vizkit.measure.answers import answers, answers_looked_at, excited
from vizkit.widgets import explorer_page
from vizkit.widgets.companion import how_alike

NET = vizkit.load("world")
LAYERS = ["stage2", "stage3", "output"]


@pytest.fixture(scope="module")
def index():
    return vizkit.scan(NET, "world/test/48", LAYERS, pooled="max")


@pytest.fixture
def explorer(index):
    made = vizkit.explore(NET, index=index)
    yield made
    made.close()


def test_it_starts_at_the_layer_a_panel_would_open(explorer):
    assert explorer.layer == explorer.table.default == "stage3"
    assert explorer.unit == 0
    assert explorer.picture == -1
    assert explorer.state["network"] == "world"


def test_all_parts_follow_layer_and_unit(explorer):
    explorer.layer, explorer.unit = "output", 5
    for part in (explorer.drawn, explorer.real):
        assert part.controls["layer"].value == "output"
        assert part.controls["unit"].value == 5
    assert explorer.unit_setting.value == 5
    assert explorer.layers.rows[explorer.layers.selected][0] == "output"
    assert explorer.unit_setting.told.value == NET.labels[5]


def test_the_map_follows_the_layer(explorer):
    explorer.layer = "stage2"
    assert explorer.map.controls["layer"].value == "stage2"


def test_before_the_pictures_were_looked_at_only_the_drawing_follows():
    explorer = vizkit.explore(NET, torch.rand(8, 3, 96, 96, generator=torch.Generator().manual_seed(0)))
    before = explorer.map.controls["layer"].value
    explorer.layer, explorer.unit = "stage2", 3
    assert explorer.drawn.controls["layer"].value == "stage2"
    assert explorer.map.controls["layer"].value == before
    assert "waits" in explorer.real.transport.status
    explorer.scanning.now()
    assert explorer.map.controls["layer"].value == explorer.real.controls["layer"].value == "stage2"
    assert explorer.real.controls["unit"].value == 3
    assert explorer.real.transport.status == ""
    explorer.close()


def test_a_chosen_picture_is_selected_unless_several_are(explorer):
    explorer.picture = 5
    assert explorer.selection.tolist() == [5]
    explorer.selection = [1, 2]
    explorer.picture = 9
    assert explorer.selection.tolist() == [1, 2]


def test_layers_are_listed_by_the_names_of_blocks_where_there_is_no_index():
    explorer = vizkit.explore(NET, torch.rand(8, 3, 96, 96, generator=torch.Generator().manual_seed(0)))
    assert {"stem", "stage2", "stage4.0.narrow", "output"} <= set(explorer.table.names)
    assert not any(name.endswith("conv") for name in explorer.table.names)
    explorer.close()


def test_a_page_holds_every_combination_and_is_told_of(explorer, tmp_path):
    told = []
    explorer.drawn.controls["steps"].value = 1
    explorer.map.controls["steps"].value = 50
    path = explorer.to_html(
        tmp_path / "x.html", layers=["stage2", "output"], units=[0, 5], tv=0, tell=lambda *done: told.append(done)
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert explorer.scanning.transport.status == "The page is drawn"
    page = json.loads(re.search(r'id="told">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1])
    axes = page["parts"][0]["state"]["axes"]
    assert [(axis["name"], axis["values"]) for axis in axes] == [
        ("layer", ["stage2", "output"]),
        ("unit", ["0", "5"]),
        ("tv", ["0"]),
    ]
    assert len(page["deck"]["table"]) == 4
    assert 'explorer.to_html("page.html", layers=[' in page["parts"][-1]["state"]["recipe"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_is_by_itself_of_the_current_layer_eight_units_and_three_strengths(explorer):
    explorer.layer, explorer.unit = "output", 11
    wanted = explorer_page._wanted(explorer, None, None, None)
    assert wanted == explorer_page.Wanted(("output",), tuple(range(4, 12)), [0.0, 0.1, 1.0])
    assert explorer_page._words(explorer, wanted) == list(NET.labels[4:12])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"units": [0, 1, 5]}, "It holds 3 drawings: give fewer than 3 units, or quality=60 instead of 80."),
        ({"units": 0, "tv": [0, 1], "quality": 50}, "It holds 2 drawings: give fewer than 2 tv."),
        ({"units": 0, "layers": ["stage2", "output"]}, "It holds 2 drawings: give fewer than 2 layers, or quality=60"),
    ],
)
def test_a_page_above_ten_megabytes_says_so_and_what_to_give_fewer_of(
    explorer, tmp_path, monkeypatch, options, sentence
):
    monkeypatch.setattr("vizkit.views.pages.LARGE", 100_000)  # and not an hour of drawing
    explorer.map.controls["steps"].value = 2
    said = r"x\.html is 0\.\d MB, slow to mail and to open\. " + re.escape(sentence)
    with pytest.warns(UserWarning, match=said):
        explorer.to_html(tmp_path / "x.html", **{"tv": 0, "steps": 1, **options})


def test_where_thumbnails_are_half_of_a_page_fewer_pictures_are_the_advice(explorer, tmp_path, monkeypatch):
    monkeypatch.setattr("vizkit.views.pages.LARGE", 1000)
    monkeypatch.setattr("vizkit.widgets.explorer_page.LARGE", 1000)
    explorer.map.controls["steps"].value = 2
    with pytest.warns(UserWarning, match=r"Thumbnails of its 48 pictures are 0\.\d MB of it: explore fewer pictures"):
        explorer.to_html(tmp_path / "x.html", units=0, tv=0, steps=1)


def test_a_page_below_ten_megabytes_warns_of_nothing(explorer, tmp_path):
    explorer.map.controls["steps"].value = 2
    path = explorer.to_html(tmp_path / "x.html", units=[0, 1], tv=0, steps=1)  # a warning would be an error
    assert path.stat().st_size < 10_000_000


def test_a_page_knows_of_every_picture_what_it_excites(explorer, tmp_path):
    explorer.map.controls["steps"].value = 2
    units = [3, 0, 7]
    path = explorer.to_html(tmp_path / "x.html", layers=["stage2", "output"], units=units, tv=0, steps=1)
    page = json.loads(re.search(r'id="told">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1])
    state = next(part["state"] for part in page["parts"] if "strengths" in part["state"])
    best, above = (base64.b64decode(page["pool"][state[name]["pool"]]) for name in ("best", "above"))
    best, above = np.frombuffer(best, "<u2").reshape(48, 2, 3), np.frombuffer(above, "u1").reshape(48, 2, 3)
    for at, layer in enumerate(["stage2", "output"]):
        known = answers(NET, layer, index=explorer.index)
        for picture in range(48):
            one = excited(known, picture, known.shape[1])
            expected = [units.index(unit) for unit in one.units.tolist() if unit in units]
            assert [unit for unit in best[picture, at].tolist() if unit != 0xFFFF] == expected
            shares = [
                round(100 * float((known[:, units[k]] < known[picture, units[k]]).float().mean())) for k in expected
            ]
            assert above[picture, at].tolist()[: len(expected)] == shares


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"layers": ["stage9"]}, LookupError, "stage9"),
        (
            {"units": [100], "layers": ["output", "stage3"]},
            LookupError,
            "no unit 100 of output. Give .* 0 to 11",
        ),
        ({"tv": []}, ValueError, "tv=\\[\\] leaves nothing"),
    ],
)
def test_a_page_that_cannot_be_is_refused_before_anything_is_drawn(explorer, tmp_path, options, error, sentence):
    with pytest.raises(error, match=sentence):
        explorer.to_html(tmp_path / "x.html", **options)
    with pytest.raises(ValueError, match="html"):
        explorer.to_html(tmp_path / "x.htm")


def test_a_layer_with_fewer_units_takes_the_nearest(explorer):
    explorer.unit = explorer.table["stage3"].channels - 1
    explorer.layer = "output"
    assert explorer.unit == len(NET.labels) - 1
    assert explorer.drawn.controls["unit"].value == explorer.unit


def test_a_row_of_the_list_is_a_layer(explorer):
    explorer.layers.selected = 0
    assert explorer.layer == "stage2"


def test_what_does_not_exist_is_refused_and_nothing_changes(explorer):
    before = explorer.state
    with pytest.raises(LookupError, match="stage3"):
        explorer.layer = "stage33"
    with pytest.raises(LookupError, match=r"unit 9999 of stage3. Give 0 to"):
        explorer.unit = 9999
    with pytest.raises(LookupError, match="0 to 47"):
        explorer.picture = 48
    assert explorer.state == before


def test_a_picture_lists_the_units_it_excites_and_a_unit_of_them_is_gone_to(explorer):
    explorer.picture = 7
    units = [int(row[0]) for row in explorer.excited.rows]
    known = answers(NET, "stage3", index=explorer.index)
    scores = (known[7] - known.mean(0)) / known.std(0, correction=0).clamp(min=1e-12)
    assert units == scores.argsort(descending=True)[: len(units)].tolist()
    explorer.excited.selected = 2
    assert explorer.unit == units[2]


def test_everything_is_played_in_a_cell_where_there_is_no_page(explorer):
    explorer.drawn.controls["steps"].value = 3
    explorer.map.controls["steps"].value = 10
    explorer.gather()
    assert isinstance(explorer.drawn.result, Images)
    assert isinstance(explorer.map.result, Points)
    top = explorer.index.top("stage3").ids[0, :1].tolist()
    assert explorer.real.result.numbers[0] in top
    assert len(explorer.map.view.marked) == 16


def test_a_crop_and_a_point_choose_a_picture(explorer):
    explorer.map.controls["steps"].value = 10
    explorer.gather()
    explorer.real.view.selected = 1
    assert explorer.picture == explorer.real.result.numbers[1]
    explorer.map.view.selection = [11]
    assert explorer.picture == 11
    explorer.map.view.selection = [3, 9]
    assert explorer.picture == 11
    assert explorer.selection.tolist() == [3, 9]


def test_a_selection_from_python_is_shown_on_the_map(explorer):
    explorer.map.controls["steps"].value = 10
    explorer.gather()
    explorer.selection = np.array([4, 2])
    assert explorer.map.view.selection.tolist() == [2, 4]


def test_changes_are_told(explorer):
    told = []
    explorer.on_change(lambda one: told.append((one.layer, one.unit)))
    explorer.unit = 3
    explorer.layer = "stage2"
    assert told[0] == ("stage3", 3)
    assert told[-1] == ("stage2", 3)


def test_a_state_is_taken_up_again(explorer, index):
    explorer.layer, explorer.unit, explorer.picture, explorer.selection = "stage2", 4, 9, [1, 2]
    again = vizkit.explore(NET, index=index, state=explorer.state)
    assert again.state == explorer.state
    again.close()


@pytest.mark.parametrize(
    ("state", "error", "sentence"),
    [
        ({"layer": "stage9"}, LookupError, "stage"),
        ({"unit": 100_000}, LookupError, "There is no unit 100000"),
        ({"picture": 48}, LookupError, "0 to 47"),
        ({"selection": [99]}, LookupError, "There is no picture 99"),
        ({"unti": 3}, ValueError, "Did you mean .*unit"),
        ({"unit": "3"}, ValueError, "is no int"),
    ],
)
def test_a_state_that_cannot_be_is_refused_whole(explorer, state, error, sentence):
    before = explorer.state
    with pytest.raises(error, match=sentence):
        explorer.state = {"layer": "stage2", **state}
    assert explorer.state == before


def test_a_picture_is_inverted_below(explorer):
    with pytest.raises(LookupError, match="No picture is chosen"):
        explorer.invert()
    explorer.picture = 5
    inverted = explorer.invert()
    assert inverted.controls["layer"].value == "stage3"
    assert torch.equal(torch.as_tensor(inverted.controls["image"].value)[0], explorer.pictures[5])
    explorer.invert()  # closes the one before
    assert explorer.inverted is not inverted


def test_without_an_index_the_pictures_are_looked_at_first():
    draw = torch.Generator().manual_seed(0)
    explorer = vizkit.explore(NET, torch.rand(8, 3, 96, 96, generator=draw))
    assert explorer.index is None
    assert explorer.excited.rows == []
    explorer.scanning.now()
    assert explorer.index is not None
    assert explorer.scanning.transport.status == "8 pictures looked at"
    explorer.picture = 2
    assert explorer.excited.rows
    explorer.close()


def test_several_units_are_drawn_and_the_first_is_followed(explorer):
    explorer.unit_setting.value = (4, 6)
    assert explorer.unit == 4
    assert explorer.drawn.controls["unit"].value == (4, 6)
    assert explorer.real.controls["unit"].value == 4


def test_a_seed_spread_draws_four(explorer):
    explorer.spread.value = True
    assert explorer.drawn.controls["seed"].value == (0, 1, 2, 3)
    explorer.spread.value = False
    assert explorer.drawn.controls["seed"].value == 0


@pytest.fixture(scope="module")
def other():
    return vizkit.load("world-b")


@pytest.fixture
def two(index, other):
    made = vizkit.explore(NET, index=index, other=other)
    for part in (made.drawn, made.map):
        part.controls["steps"].value = 2
    yield made
    made.close()


def test_a_second_network_shows_the_unit_that_goes_with_it(two, index, other):
    two.unit = 3
    two.gather()
    own, theirs = (answers(net, "stage3", index.pictures.collection) for net in (NET, other))
    correlations = np.corrcoef(own[:, 3].numpy(), theirs.T.numpy())[0, 1:]
    expected = int(correlations.argmax())
    for part in (two.companion.drawn, two.companion.real):
        assert (part.controls["layer"].value, part.controls["unit"].value) == ("stage3", expected)
        assert part.result is not None
    assert f"like unit 3 of world: correlation {correlations.max():.2f}." in two.companion.told.text
    heads = [[part.value for part in pair] for pair in two.companion._heads]
    assert heads == [["world\nstage3 · unit 3", f"world-b\nstage3 · unit {expected}"]] * 2


def test_a_second_network_looks_at_nothing_before_it_is_seen(two):
    assert two.companion.index is None
    assert two.companion.scanning.player.state == "idle"
    two.layer = "stage2"
    assert two.companion.match is None
    assert "waits" in two.companion.drawn.transport.status


def test_a_second_network_is_looked_through_once_and_then_follows_every_choice(two, monkeypatch):
    two.gather()
    for name in ("scan", "scanning"):
        monkeypatch.setattr(f"vizkit.measure.answers.{name}", None)
    for layer, unit in (("stage2", 5), ("output", 1), ("stage3", 40)):
        two.layer, two.unit = layer, unit
        assert f" unit {unit} of world" in two.companion.told.text
        assert two.companion.drawn.controls["layer"].value == layer


def test_a_second_network_takes_the_settings_of_the_first(two):
    two.drawn.controls["tv"].value = 0.4
    two.spread.value = True
    two.real.controls["spread"].value = "deciles"
    theirs = two.companion
    assert theirs.drawn.controls["tv"].value == 0.4
    assert theirs.drawn.controls["seed"].value == (0, 1, 2, 3)
    assert theirs.real.controls["spread"].value == "deciles"
    both = [{name: one.value for name, one in part.controls.items()} for part in (two.drawn, theirs.drawn)]
    assert [both[0][name] for name in both[0] if name not in ("layer", "unit")] == [
        both[1][name] for name in both[1] if name not in ("layer", "unit")
    ]


def test_a_crop_of_the_second_network_chooses_that_picture(two):
    two.gather()
    two.companion.real.view.selected = 2
    assert two.picture == two.companion.real.result.numbers[2]


def test_two_checkpoints_of_one_name_are_told_apart(index):
    explorer = vizkit.explore(NET, index=index, other=vizkit.load("world"))
    assert explorer.companion.names == ("world (net)", "world (other)")
    explorer.unit = 6
    explorer.drawn.controls["steps"].value = explorer.map.controls["steps"].value = 2
    explorer.gather()
    assert explorer.companion.told.text == "Answers much like unit 6 of world (net): correlation 1.00."
    explorer.close()


@pytest.mark.parametrize(
    ("correlation", "words"), [(0.93, "much like"), (0.6, "like"), (0.41, "somewhat like"), (0.2, "hardly like")]
)
def test_how_alike_two_units_are_is_said_in_words(correlation, words):
    assert how_alike(correlation) == words


# Answers that no index holds


def seen(explorer, page="a page"):
    """As if a page showed the list of what was looked at."""
    for scanning in [explorer.scanning, *([explorer.companion.scanning] if explorer.companion else [])]:
        scanning.transport._on_message(None, {"view": page, "ready": True}, [])


@pytest.fixture(scope="module")
def without_peaks():
    net = vizkit.load("world")  # its own, which remembers no answers
    return net, vizkit.scan(net, "world/test/48", LAYERS)


def test_with_an_index_nothing_is_looked_at_again(explorer):
    seen(explorer)
    assert explorer.scanning.player.state == "idle"
    assert explorer.scanning.transport.status == "48 pictures looked at"
    assert explorer.scanning.transport.state == "done"


def test_answers_that_no_index_holds_are_looked_up_in_the_background_and_then_listed(without_peaks, monkeypatch):
    gate, real = threading.Event(), answers_looked_at
    monkeypatch.setattr("vizkit.widgets.knowing.answers_looked_at", lambda *of: gate.wait(30) and real(*of))
    explorer = vizkit.explore(without_peaks[0], index=without_peaks[1])
    seen(explorer)
    explorer.picture = 7  # returns though nobody has looked
    assert explorer.excited.rows == []
    assert "once world has looked" in explorer.excited.hint
    gate.set()
    assert explorer.knowing.player.wait(60)
    known = answers(NET, "stage3", "world/test/48")
    scores = (known[7] - known.mean(0)) / known.std(0, correction=0).clamp(min=1e-12)
    best = scores.argsort(descending=True)[: len(explorer.excited.rows)]
    assert [int(row[0]) for row in explorer.excited.rows] == best.tolist()
    assert explorer.scanning.transport.status == "48 pictures looked at"
    explorer.close()


def test_an_index_without_vectors_of_pictures_has_a_map_and_a_list_of_units_all_the_same(without_peaks):
    explorer = vizkit.explore(without_peaks[0], index=without_peaks[1], state={"picture": 5})
    explorer.drawn.controls["steps"].value = explorer.map.controls["steps"].value = 5
    explorer.gather()
    assert len(explorer.map.result) == 48
    assert explorer.excited.rows
    assert len(explorer.points.marked) == 16
    explorer.close()


def test_how_far_a_look_is_is_told_with_the_layer(without_peaks, monkeypatch):
    told = []
    explorer = vizkit.explore(without_peaks[0], index=without_peaks[1])
    explorer.scanning.transport.observe(lambda change: told.append(change["new"]), "status")
    seen(explorer)
    explorer.layer = "stage2"
    assert explorer.knowing.player.wait(60)
    assert any(re.fullmatch(r"stage2: Looking at pictures: \d+ of 48.*", one) for one in told)
    explorer.close()


def test_a_look_that_fails_is_told_and_not_tried_again(without_peaks, monkeypatch):
    def fails(*_):
        raise OSError("the disk is gone")
        yield

    monkeypatch.setattr("vizkit.widgets.knowing.answers_looked_at", fails)
    explorer = vizkit.explore(without_peaks[0], index=without_peaks[1], state={"layer": "output"})
    seen(explorer)
    assert explorer.knowing.player.wait(5)
    assert explorer.scanning.transport.problem == "the disk is gone"
    explorer.picture = 3
    assert explorer.knowing.player.state == "failed"
    explorer.close()


def test_before_anybody_sees_it_nothing_is_looked_up(without_peaks):
    explorer = vizkit.explore(without_peaks[0], index=without_peaks[1], state={"layer": "output", "picture": 3})
    assert explorer.knowing.player.state == "idle"
    explorer.close()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """A folder of 12 pictures, the second and the sixth of which are none."""
    folder, chance = tmp_path_factory.mktemp("photos"), torch.Generator().manual_seed(0)
    for number in range(12):
        pixels = torch.randint(0, 256, (16, 16, 3), dtype=torch.uint8, generator=chance).numpy()
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    for number in (1, 5):
        (folder / f"{number:02}.png").write_text("no picture")
    return folder


SMALL = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(3))
with torch.random.fork_rng(devices=[]):
    SMALL(torch.zeros(1, 3, 16, 16))


def test_pictures_that_cannot_be_read_have_no_point_and_all_others_their_own(damaged, tmp_path):
    net = vizkit.wrap(SMALL, 16)
    explorer = vizkit.explore(net, damaged)
    explorer.scanning.now()
    explorer.layer, explorer.unit = "1", 2
    for frame in explorer.map.run:
        explorer.map.show(frame)
    readable = [0, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert explorer.points.count == 10
    explorer.selection = np.array([6, 11])
    assert explorer.points.selection.tolist() == [4, 9]
    explorer.points.selection = np.array([1])
    assert explorer.picture == 2
    own = answers(net, "1", explorer.pictures)[:, 2]
    assert explorer_page.answering(explorer.map.result, own).values["this unit"].tolist() == own[readable].tolist()
    best = torch.tensor([readable[i] for i in explorer_page.marked(explorer.map.result, own).tolist()])
    assert own[best].tolist() == sorted(own[readable].tolist(), reverse=True)
    page = explorer.to_html(tmp_path / "page.html", units=2, tv=0, steps=1)
    assert page.stat().st_size > 1000
    explorer.close()
