"""A menu of a method's presets. Picking one sets the controls that presets speak of; the others stay."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from vizkit.core.controls import controls
from vizkit.core.presets import presets_of
from vizkit.widgets.setting import LABELED, Setting, same

AS_SET = "as set below"


class PresetMenu(ipywidgets.Dropdown):
    """ "default" and the presets by name; `AS_SET` while the controls are as none of them has them.

    `together(set_all)` is called with what sets all controls of a picked preset, so that its owner can
    take many changes for one.
    """

    def __init__(self, method: Callable, settings: Mapping[str, Setting], together: Callable[[Callable], None]):
        self._kinds, self._presets, self._settings = controls(method), {"default": {}, **presets_of(method)}, settings
        self._together = together
        tooltip = "Settings from a paper, or for a purpose"
        super().__init__(options=[*self._presets, AS_SET], description="preset", tooltip=tooltip, style=LABELED)
        self._mirror()
        self.observe(self._picked, "value")
        for name in self._touched():
            settings[name].observe(lambda _: self._mirror(), "value")

    def _touched(self) -> list[str]:
        """The controls that some preset sets, in the order of the signature."""
        named = {name for preset in self._presets.values() for name in preset}
        return [name for name in self._settings if name in named]

    def _meant(self, preset: str) -> dict[str, Any]:
        """What a preset makes of every control that some preset sets: its own value, or the default."""
        return {name: self._presets[preset].get(name, self._kinds[name].default) for name in self._touched()}

    def _picked(self, change: dict) -> None:
        if change["new"] in self._presets and not self._holds(change["new"]):
            self._together(lambda: self._set(change["new"]))

    def _set(self, preset: str) -> None:
        for name, value in self._meant(preset).items():
            self._settings[name].value = value
        self._mirror()

    def _holds(self, preset: str) -> bool:
        return all(same(self._settings[name].value, value) for name, value in self._meant(preset).items())

    def _mirror(self) -> None:
        self.value = next((name for name in self._presets if self._holds(name)), AS_SET)
