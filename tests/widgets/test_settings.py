"""Every hint becomes a widget; its parts and its value follow each other; nothing typed can break it."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from tests.widgets.toy import toy
from tests.zoo import zoo
from vizkit.core.controls import controls
from vizkit.core.dials import Dial
from vizkit.nets.describe import layers
from vizkit.nets.network import wrap
from vizkit.widgets.closing import close_tree
from vizkit.widgets.controls import on_top, settings
from vizkit.widgets.field_setting import ChoiceSetting, FieldSetting, SeedSetting, SwitchSetting
from vizkit.widgets.layer_setting import LayerSetting, distinct
from vizkit.widgets.range_setting import DialSetting, RangeSetting
from vizkit.widgets.unit_setting import UnitSetting


@pytest.fixture
def make(net):
    """Settings of the toy method at given values."""
    made = []

    def make(net=net, **values):
        made.append(settings(controls(toy), values, net))
        return made[-1]

    yield make
    for group in made:
        for setting in group.values():
            close_tree(setting)


def test_every_hint_has_its_kind_of_widget(make):
    assert {name: type(setting) for name, setting in make().items()} == {
        "layer": LayerSetting,
        "unit": UnitSetting,
        "weight": DialSetting,
        "pull": DialSetting,
        "seed": SeedSetting,
        "steps": RangeSetting,
        "angle": RangeSetting,
        "look": ChoiceSetting,
        "precision": ChoiceSetting,
        "mirrored": SwitchSetting,
        "bins": FieldSetting,
        "gain": FieldSetting,
    }


def test_every_setting_starts_at_its_default_or_where_it_is_told(make, net):
    values = {name: setting.value for name, setting in make(bins=3, unit=(1, 2)).items()}
    defaults = {name: control.default for name, control in controls(toy).items()}
    assert values == {**defaults, "layer": layers(net).default, "bins": 3, "unit": (1, 2)}


def test_where_to_look_dials_seeds_and_counts_are_on_top():
    assert on_top(controls(toy)) == ["layer", "unit", "weight", "pull", "seed", "steps"]


def test_a_setting_tells_each_change_once(make):
    for name, value in {"weight": 0.5, "unit": 2, "layer": "output", "seed": 5, "look": "fancy", "steps": 7}.items():
        setting, heard = make()[name], []
        setting.observe(lambda change, heard=heard: heard.append(change["new"]), "value")
        setting.value = value
        assert heard == [value]


def staged():
    """Two stages of two layers each, and a head."""
    with torch.random.fork_rng(devices=[]):  # modules draw weights when they are made
        stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
        body = nn.Sequential(nn.Conv2d(4, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return wrap(nn.Sequential(OrderedDict(stem=stem, body=body, head=nn.Linear(6, 4))), 12)


# sliders


def test_a_number_between_two_stops_becomes_a_stop(make):
    angle = make()["angle"]
    angle.value = 8.125
    assert angle.slider.value == 8.125
    angle.value = 400.0
    assert angle.slider.label == "400"
    assert len(angle.slider.options) == len(make()["angle"].slider.options) + 1


def test_dials_are_heard_while_dragged_and_others_when_let_go(make):
    made = make()
    assert made["weight"].slider.continuous_update
    assert not made["steps"].slider.continuous_update


def test_a_strip_is_several_strengths_and_back_again(make):
    weight = make()["weight"]
    weight.strip.value = True
    assert weight.value[0] == 0
    assert weight.value == tuple(sorted(weight.value))
    assert weight.slider.layout.display == "none"
    weight.strengths.value = "0, 0.5 1"
    assert weight.value == (0, 0.5, 1)
    weight.strip.value = False
    assert weight.value == 0.1
    assert weight.strengths.layout.display == "none"


def test_what_is_no_number_is_refused_by_name(make):
    made = make()
    with pytest.raises(ValueError, match="angle is 'wide', which is no number"):
        made["angle"].value = "wide"
    made["weight"].strip.value = True
    before = made["weight"].value
    made["weight"].strengths.value = "0 much"
    assert made["weight"].value == before
    assert made["weight"].problem == "'much' is not a number. Type one like 0.5."


# layers


def test_menus_and_depth_go_together(make, net):
    layer = make()["layer"]
    layer.depth.value = "0"
    assert (layer.value, layer.name.value) == ("0", "0")
    layer.value = "output"
    assert layer.depth.value == "output"
    layer.stage.value = layer.stage.options[0]
    assert layer.value == layer.name.value == layer.depth.value


def test_a_stage_opens_at_its_last_layer(make):
    layer = make(staged())["layer"]
    assert layer.stage.options == ("stem", "body", "output")
    for stage in layer.stage.options:
        layer.stage.value = stage
        assert layer.value == layer.name.options[-1][1]
    assert [label for label, _ in layer.name.options] == ["output — 4"]


@pytest.mark.parametrize("name", zoo())
def test_each_tensor_of_a_network_is_in_the_menu_once(name):
    found = layers(zoo()[name])
    shown = distinct(found, found.default)
    tensors = {layer.same_as or layer.name for layer in found}
    assert len(shown) == len(tensors) == len({layer.same_as or layer.name for layer in shown})
    assert {"output", found.default} <= {layer.name for layer in shown}


def test_another_name_of_a_tensor_can_be_chosen_all_the_same(make):
    net = staged()
    twin = next(layer for layer in layers(net) if layer.same_as and layer.name != "output")
    layer = make(net)["layer"]
    layer.value = twin.same_as
    assert twin.same_as in layer.depth.options
    layer.value = twin.name
    assert twin.name in layer.depth.options
    assert twin.same_as not in layer.depth.options


def test_a_wrong_layer_is_answered_with_the_nearest_and_nothing_stays_open(make):
    with pytest.raises(LookupError, match=r"outptu.*Did you mean 'output'"):
        make(layer="outptu")


# units


def test_units_are_bounded_by_the_layer(make, net):
    made = make()
    for name in ("0", "3", "output"):
        made["layer"].value = name
        assert made["unit"].slider.max == layers(net)[name].channels - 1


def test_a_unit_the_new_layer_lacks_becomes_its_last(make):
    made = make(layer="3", unit=(1, 7))
    made["layer"].value = "output"
    assert made["unit"].value == 1
    made["layer"].value = "3"
    made["unit"].value = 7
    made["layer"].value = "output"
    assert made["unit"].value == 3


@pytest.mark.parametrize(
    ("typed", "value"), [("2", 2), ("0 3", (0, 3)), ("1,2", (1, 2)), ("0-3", (0, 1, 2, 3)), ("1–2 0", (1, 2, 0))]
)
def test_units_are_typed_as_numbers_or_spans(make, typed, value):
    unit = make()["unit"]
    unit.field.value = typed
    assert unit.value == value
    assert unit.slider.value == (value if isinstance(value, int) else value[0])


def test_units_of_the_output_are_shown_and_typed_by_name(make):
    net = zoo()["one channel"]
    object.__setattr__(net, "labels", ("cat", "night town", "dog", "elk"))
    made = make(net, layer="output")
    made["unit"].field.value = "night town, elk"
    assert made["unit"].value == (1, 3)
    assert made["unit"].told.value == "night town · elk"
    made["unit"].field.value = "catt"
    assert made["unit"].problem == "There is no class 'catt'. Did you mean 'cat'?"
    made["layer"].value = "0"
    assert made["unit"].told.value == ""


@pytest.mark.parametrize("typed", ["9999", "abc", "", "-1", "0 9", "1.5"])
def test_a_bad_unit_leaves_the_old_one_and_says_why(make, typed):
    unit = make(unit=2)["unit"]
    unit.field.value = typed
    assert (unit.value, unit.field.value) == (2, "2")
    assert unit.problem.endswith(".")
    unit.field.value = "3"
    assert (unit.value, unit.problem) == (3, "")


def test_the_die_draws_as_many_different_units_as_there_are(make):
    unit = make(unit=(0, 1, 2))["unit"]
    for _ in range(5):
        unit.die.click()
        assert len(set(unit.value)) == 3
        assert all(0 <= drawn < unit.count for drawn in unit.value)


# fields, menus, switches


def test_fields_read_what_their_hint_reads(make):
    made = make()
    made["seed"].field.value = "41"
    made["gain"].field.value = "2.5"
    assert (made["seed"].value, made["gain"].value) == (41, 2.5)
    made["bins"].field.value = "2.5"
    assert (made["bins"].value, made["bins"].field.value) == (10, "10")
    assert made["bins"].problem == "'2.5' is not a whole number. Type one like 8."
    made["gain"].field.value = ""
    assert made["gain"].problem == "gain is empty. Type something like 1.0."


def test_menus_and_switches_follow_their_value_and_the_other_way_round(make):
    made = make()
    made["look"].menu.value = "fancy"
    made["mirrored"].box.value = True
    assert (made["look"].value, made["mirrored"].value) == ("fancy", True)
    made["look"].value, made["mirrored"].value = "plain", False
    assert (made["look"].menu.value, made["mirrored"].box.value) == ("plain", False)
    with pytest.raises(ValueError, match="look='odd' is none of plain, fancy"):
        made["look"].value = "odd"


def test_a_dial_as_starting_value_is_a_number_on_the_slider(net, gate):
    from vizkit.widgets.panel import panel

    one = panel(toy, net, gate, weight=Dial(0.25))
    assert one.controls["weight"].value == 0.25
    one.close()


def test_a_step_goes_to_the_next_unit_and_stays_at_the_ends(make):
    unit = make(unit=3)["unit"]
    unit.step(1)
    assert unit.value == 4
    unit.value = 0
    unit.step(-1)
    assert unit.value == 0
    unit.value = unit.count - 1
    unit.step(1)
    assert unit.value == unit.count - 1


def test_several_units_step_by_as_many_as_they_are(make):
    unit = make(unit=(0, 1))["unit"]
    unit.step(1)
    assert unit.value == (2, 3)
    unit.step(-1)
    unit.step(-1)
    assert unit.value == (0, 1)
