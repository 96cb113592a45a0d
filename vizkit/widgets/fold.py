"""Settings folded away behind a button that says what is in there and was changed."""

from collections.abc import Mapping
from typing import Any

import ipywidgets

from vizkit.widgets.setting import Setting, same, words


class Fold(ipywidgets.VBox):
    """A button "More" and the settings it shows. Not an Accordion, whose header no key reaches."""

    def __init__(self, settings: Mapping[str, Setting], defaults: Mapping[str, Any]):
        self.settings, self.defaults = settings, defaults
        self.button = ipywidgets.ToggleButton(tooltip="Show or hide the other settings").add_class("vizkit-fold")
        self.inside = ipywidgets.VBox(tuple(settings.values())).add_class("vizkit-settings")
        super().__init__((self.button, self.inside))
        self.button.observe(lambda _: self._update(), "value")
        for setting in settings.values():
            setting.observe(lambda _: self._update(), "value")
        self._update()

    def _update(self) -> None:
        is_open = self.button.value
        self.inside.layout.display = None if is_open else "none"
        self.button.icon = "caret-down" if is_open else "caret-right"
        changed = [
            f"{name.replace('_', ' ')} {words(s.value)}"
            for name, s in self.settings.items()
            if not same(s.value, self.defaults[name])
        ]
        self.button.description = "Fewer settings" if is_open else ", ".join(["More settings", *changed])
