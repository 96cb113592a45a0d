"""From a control to its widget: one kind of setting for each kind of hint."""

from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
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
    Text,
    Unit,
)
from vizkit.measure.index import Index, open_index
from vizkit.nets.describe import Layers, layers
from vizkit.nets.network import Network
from vizkit.widgets.closing import close_tree
from vizkit.widgets.field_setting import ChoiceSetting, FieldSetting, SeedSetting, SwitchSetting, TextSetting
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
    Text: TextSetting,
}
_AFTER_OTHERS = (Unit, Mask)  # they follow the setting that `of` names


def settings(controls: Mapping[str, Control], values: Mapping[str, Any], net: Network | None) -> dict[str, Setting]:
    """A setting for every control, at its value in `values` or else its default; what a setting follows comes first.

    Where `values` has an `index`, its layers are the ones to pick from.

    Raises:
        LookupError: the network, or the index, has no such layer.
        TypeError: there is a layer to pick but no network.
        ValueError: a starting value is none, or the index cannot be opened; the message says what to give.
    """
    index = _index(controls, values)
    start = {name: values.get(name, control.default) for name, control in controls.items()}
    made: dict[str, Setting] = {}
    try:
        for name in sorted(controls, key=lambda name: isinstance(controls[name].hint, _AFTER_OTHERS)):
            made[name] = _setting(controls[name], start[name], made, net, index)
    except Exception:
        for setting in made.values():
            close_tree(setting)
        raise
    return {name: made[name] for name in controls}


def on_top(controls: Mapping[str, Control]) -> list[str]:
    """The controls that are always in sight, in their order: pictures first, and the rest folds away.

    In sight is what a method works on and where it looks, what it is asked to do (words, and menus before the first
    number), dials, seeds and counts.
    """
    asked = takewhile(lambda name: not isinstance(controls[name].hint, (Range, Number)), controls)
    menus = {name for name in asked if isinstance(controls[name].hint, Choice)}
    seen = [name for name, control in controls.items() if name in menus or _always(control)]
    return sorted(seen, key=lambda name: not isinstance(controls[name].hint, (Picture, Mask)))


def _always(control: Control) -> bool:
    hint = control.hint
    count = isinstance(hint, Range) and hint.whole and not hint.zero
    place = isinstance(hint, (Picture, Mask, LayerName, LayerNames, Choices, Unit, Text, Seed))
    return place or control.dial or count


def _index(controls: Mapping[str, Control], values: Mapping[str, Any]) -> Index | None:
    """What `vizkit.scan` made, where the method is given one as `index`."""
    given = None if "index" in controls else values.get("index")
    return open_index(given) if isinstance(given, (str, Path)) else given if isinstance(given, Index) else None


def _setting(
    control: Control, value: Any, made: Mapping[str, Setting], net: Network | None, index: Index | None
) -> Setting:
    if isinstance(control.hint, LayerName):
        if index is not None and value is not None:
            index.site(value)  # a LookupError that names the nearest
        return LayerSetting(control, value, _layers(_needed(net, control.name), index))
    if isinstance(control.hint, LayerNames):
        return LayersSetting(control, value, _layers(_needed(net, control.name), index))
    if isinstance(control.hint, Picture):
        return PictureSetting(control, value, net.channels if net else 3)
    if isinstance(control.hint, Mask):
        return _mask(control, value, made[control.hint.of])
    if isinstance(control.hint, Unit):
        return _unit(control, value, made[control.hint.of], _needed(net, control.name))
    if isinstance(control.hint, Range) and control.dial:
        return DialSetting(control, value)
    return _plain.get(type(control.hint), FieldSetting)(control, value)


def _layers(net: Network, index: Index | None) -> Layers:
    """The layers to pick from: those that were scanned, by all their names, or all."""
    if index is None:
        return layers(net)
    known = {*index.layers.names, *index.contents.aliases}
    there = tuple(layer for layer in layers(net) if layer.name in known)
    if not there:
        raise ValueError(f"The index is of {index.contents.net}: {net.name} has none of its layers.")
    default = layers(net).default
    return Layers(net.name, there, default if default in known else index.layers.default)


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
