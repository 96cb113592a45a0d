"""The menu of presets: it sets the controls, and tells when they are as no preset has them."""

import pytest

from vizkit.core.presets import preset, presets_of
from vizkit.methods import activation_maximization
from vizkit.widgets.preset_menu import AS_SET


@pytest.fixture
def one(make, net):
    return make(net, method=activation_maximization)


@pytest.mark.parametrize("name", presets_of(activation_maximization))
def test_picking_a_preset_sets_its_controls_and_nothing_else(one, name):
    one.controls["unit"].value = 2
    one.presets.value = name
    assert {k: one.controls[k].value for k in preset(activation_maximization, name)} == preset(
        activation_maximization, name
    )
    assert one.controls["unit"].value == 2
    assert one.presets.value == name


def test_a_panel_starts_at_the_default_and_comes_back_to_it(one):
    before = {name: setting.value for name, setting in one.controls.items()}
    assert one.presets.value == "default"
    one.presets.value = "classes"
    one.presets.value = "default"
    assert {name: setting.value for name, setting in one.controls.items()} == before


def test_a_control_moved_by_hand_is_told(one):
    one.presets.value = "classes"
    one.controls["steps"].value = 7
    assert one.presets.value == AS_SET


def test_a_preset_starts_one_run_not_one_for_each_control(one):
    plays = []
    one.player.play = plays.append
    one.autostart = False
    one.transport._handle_custom_msg({"view": "a", "ready": True}, [])
    one.presets.value = "classes"
    assert len(plays) == 1
    assert plays[0].run.arguments["steps"] == preset(activation_maximization, "classes")["steps"]


def test_a_method_without_presets_has_no_menu(make):
    assert make().presets is None
