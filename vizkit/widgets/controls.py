"""From a control to its widget: one kind of setting for each kind of hint."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from vizkit.core.controls import (
    Choice,
    Choices,
    Control,
    LayerName,
    LayerNames,
    Mask,
    Number,
    Picture,
    Range,
    Seed,
    Switch,
    Unit,
)
from vizkit.nets.describe import layers
from vizkit.nets.network import Network
from vizkit.widgets.closing import close_tree
from vizkit.widgets.field_setting import ChoiceSetting, FieldSetting, SeedSetting, SwitchSetting
from vizkit.widgets.layer_setting import LayerSetting
from vizkit.widgets.list_setting import ChoicesSetting, LayersSetting
from vizkit.widgets.mask_setting import MaskSetting
from vizkit.widgets.picture_setting import PictureSetting
from vizkit.widgets.range_setting import DialSetting, RangeSetting
from vizkit.widgets.setting import Setting
from vizkit.widgets.unit_setting import UnitSetting

_plain = {
    Range: RangeSetting,
    Seed: SeedSetting,
    Choice: ChoiceSetting,
    Choices: ChoicesSetting,
    Switch: SwitchSetting,
}
_AFTER_OTHERS = (Unit, Mask)  # they follow the setting that `of` names


def settings(controls: Mapping[str, Control], values: Mapping[str, Any], net: Network | None) -> dict[str, Setting]:
    """A setting for every control, at its value in `values` or else its default; what a setting follows comes first.

    Raises:
        TypeError: there is a layer to pick but no network.
        ValueError: a starting value is none; the message says what to give.
    """
    start = {name: values.get(name, control.default) for name, control in controls.items()}
    made: dict[str, Setting] = {}
    try:
        for name in sorted(controls, key=lambda name: isinstance(controls[name].hint, _AFTER_OTHERS)):
            made[name] = _setting(controls[name], start[name], made, net)
    except Exception:
        for setting in made.values():
            close_tree(setting)
        raise
    return {name: made[name] for name in controls}


def on_top(controls: Mapping[str, Control]) -> list[str]:
    """The controls that are always in sight, in their order: pictures first, and the rest folds away.

    In sight is what a method works on and where it looks, what it is asked to do (menus before the first number),
    dials, seeds and counts.
    """
    asked = takewhile(lambda name: not isinstance(controls[name].hint, (Range, Number)), controls)
    menus = {name for name in asked if isinstance(controls[name].hint, Choice)}
    seen = [name for name, control in controls.items() if name in menus or _always(control)]
    return sorted(seen, key=lambda name: not isinstance(controls[name].hint, (Picture, Mask)))


def _always(control: Control) -> bool:
    hint = control.hint
    count = isinstance(hint, Range) and hint.whole and not hint.zero
    place = isinstance(hint, (Picture, Mask, LayerName, LayerNames, Choices, Unit, Seed))
    return place or control.dial or count


def _setting(control: Control, value: Any, made: Mapping[str, Setting], net: Network | None) -> Setting:
    if isinstance(control.hint, LayerName):
        return LayerSetting(control, value, layers(_needed(net, control.name)))
    if isinstance(control.hint, LayerNames):
        return LayersSetting(control, value, layers(_needed(net, control.name)))
    if isinstance(control.hint, Picture):
        return PictureSetting(control, value, net.channels if net else 3)
    if isinstance(control.hint, Mask):
        return _mask(control, value, made[control.hint.of])
    if isinstance(control.hint, Unit):
        return _unit(control, value, made[control.hint.of], _needed(net, control.name))
    if isinstance(control.hint, Range) and control.dial:
        return DialSetting(control, value)
    return _plain.get(type(control.hint), FieldSetting)(control, value)


def _unit(control: Control, value: Any, at: Setting, net: Network) -> UnitSetting:
    assert isinstance(at, LayerSetting), "Unit(of=…) names a parameter with a LayerName hint"

    def units() -> tuple[int, tuple[str, ...]]:
        return at.layer.channels, net.labels if at.value == "output" else ()

    made = UnitSetting(control, value, *units())
    at.observe(lambda _: made.fit(*units()), "value")
    return made


def _mask(control: Control, value: Any, of: Setting) -> MaskSetting:
    assert isinstance(of, PictureSetting), "Mask(of=…) names a parameter with a Picture hint"
    return MaskSetting(control, value, of)


def _needed(net: Network | None, name: str) -> Network:
    if net is None:
        raise TypeError(f"{name} is picked in a network, and none was given. Pass one: vizkit.panel(method, net).")
    return net
