"""Words typed into a panel, and layer menus that offer what an index has."""

from typing import Annotated

import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.core.controls import Text, controls
from vizkit.widgets.closing import close_tree
from vizkit.widgets.controls import on_top, settings
from vizkit.widgets.field_setting import TextSetting


def asking(*, find: Annotated[str, Text()] = "", note: Annotated[str, Text()] = "old town", steps: int = 3):
    """A method that takes words."""


@pytest.fixture
def words():
    made = settings(controls(asking), {"find": "night  town"}, None)
    yield made
    for setting in made.values():
        close_tree(setting)


@pytest.fixture
def net():
    return zoo()["in-place relu"]


@pytest.fixture
def index(net, tmp_path):
    pictures = torch.rand(9, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    vizkit.scan(net, pictures, ["0", "4"], out=tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def panel():
    made = []

    def panel(*args, **arguments):
        made.append(vizkit.panel(*args, autostart=False, **arguments))
        return made[-1]

    yield panel
    for one in made:
        one.close()


def test_a_text_hint_becomes_a_field_that_is_always_in_sight(words):
    assert isinstance(words["find"], TextSetting)
    assert on_top(controls(asking)) == ["find", "note"]
    assert (words["find"].value, words["note"].value) == ("night  town", "old town")


def test_words_are_taken_as_they_are_typed_but_for_spaces(words):
    field = words["find"]
    heard = []
    field.observe(lambda change: heard.append(change["new"]), "value")
    for typed, value in (("lamp", "lamp"), ("  night   town ", "night town"), ("3, 7-9", "3, 7-9"), ("", "")):
        field.field.value = typed
        assert (field.value, field.field.value, field.problem) == (value, value, "")
    assert heard == ["lamp", "night town", "3, 7-9", ""]


def test_what_is_no_text_is_refused(words):
    with pytest.raises(ValueError, match=r"find=7 is no text\. Give words"):
        words["find"].value = 7


@pytest.mark.parametrize("method", ["unit_sheet", "top_images"])
@pytest.mark.parametrize("opened", [False, True])
def test_with_an_index_only_its_layers_are_in_the_menu(method, opened, net, index, panel):
    given = vizkit.open_index(index) if opened else str(index)
    layer = panel(method, net, index=given).controls["layer"]
    assert set(layer.depth.options) <= {"0", "1", "4"}
    assert len(layer.depth.options) == 2
    assert layer.value in ("1", "4")
    everything = panel(method, net).controls["layer"]
    assert {"0", "3", "output"} <= set(everything.depth.options)


def test_a_layer_that_the_index_lacks_is_answered_with_what_it_has(net, index, panel):
    with pytest.raises(LookupError, match=r"The index has no layer '3'.*index.layers lists 2"):
        panel("top_images", net, index=index, layer="3")
    with pytest.raises(FileNotFoundError, match="There is no index"):
        panel("unit_sheet", net, index="nowhere")


def test_an_index_of_another_network_is_told_before_anything_runs(index, panel):
    with pytest.raises(ValueError, match="has none of its layers"):
        panel("unit_sheet", zoo()["transformer"], index=index)


def test_units_follow_the_layers_of_the_index(net, index, panel):
    made = panel("top_images", net, index=index, layer="0")
    assert made.controls["unit"].slider.max == 5
    made.controls["layer"].value = "4"
    assert made.controls["unit"].slider.max == 7


def test_a_cell_of_a_sheet_opens_as_the_top_pictures_of_its_unit(net, index, panel):
    pictures = torch.rand(9, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    sheet = panel("unit_sheet", net, index=index, pictures=pictures, layer="4", order="activation", count=3)
    for frame in sheet.run:
        sheet.show(frame)
    sheet.open_alone(2)
    assert sheet.opened.method.__name__ == "top_images"
    assert sheet.opened.controls["unit"].value == sheet.result.units[2]
    assert sheet.opened.controls["layer"].value == "4"


def test_a_made_cell_opens_as_the_search_that_made_it(net, panel):
    sheet = panel("unit_sheet", net, layer="3", show="optimized", find="2 5", steps=2)
    for frame in sheet.run:
        sheet.show(frame)
    sheet.open_alone(1)
    assert sheet.opened.method.__name__ == "activation_maximization"
    assert (sheet.opened.controls["unit"].value, sheet.opened.controls["steps"].value) == (5, 2)
    assert sheet.opened.judging is not None
