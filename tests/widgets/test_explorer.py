"""The explorer without a page: one choice that all parts follow, in Python and by what a page would send."""

import json
import re

import numpy as np
import pytest
import torch

import vizkit
from vizkit.core.results import Images, Points
from vizkit.measure.answers import answers
from vizkit.widgets import explorer_page

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
    assert explorer.scanning.transport.status == "The page is there"
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


def test_a_second_network_shows_the_unit_that_goes_with_it(index):
    other = vizkit.load("world-b")
    explorer = vizkit.explore(NET, index=index, other=other)
    explorer.unit = 3
    own, theirs = (answers(net, "stage3", index.pictures.collection) for net in (NET, other))
    expected = int(np.corrcoef(own[:, 3].numpy(), theirs.T.numpy())[0, 1:].argmax())
    assert explorer.companion.drawn.controls["unit"].value == expected
    assert f"unit {expected} " in explorer.companion.told.value
    explorer.close()
