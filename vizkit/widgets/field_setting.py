"""What is typed, picked from a menu or switched: numbers, words, seeds, choices, switches."""

import secrets
from typing import Any

import ipywidgets

from vizkit.core.controls import Choice, Control, Seed, Text
from vizkit.widgets.setting import LABELED, Setting, row, small_button


class FieldSetting(Setting):
    """A text field, read by the control's hint. Where the default is None, an empty field means None."""

    def __init__(self, control: Control, value: Any, *beside: ipywidgets.Widget):
        self.control = control
        self.field = ipywidgets.Text(
            description=control.label, continuous_update=False, tooltip=control.doc, style=LABELED
        )
        self.field.observe(self._typed, "value")
        super().__init__(value, row(self.field, *beside))

    def mirror(self) -> None:
        self.field.value = self._text()

    def _text(self) -> str:
        if self.value is None:
            return ""
        return " ".join(map(str, self.value)) if isinstance(self.value, (tuple, list)) else str(self.value)

    def _typed(self, change: dict) -> None:
        if change["new"] != self._text():
            self.enter(lambda: self._read(change["new"].replace(",", " ").split()))

    def _read(self, words: list[str]) -> Any:
        if not words and self.control.default is None:
            return None
        if not words:
            raise ValueError(f"{self.control.label} is empty. Type something like {self.control.default}.")
        return self.control.hint.parse(words)


class TextSetting(FieldSetting):
    """Any words; an empty field asks nothing."""

    def __init__(self, control: Control, value: Any):
        assert isinstance(control.hint, Text)
        super().__init__(control, "" if value is None else value)
        self.field.placeholder = "any"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{self.control.label}={value!r} is no text. Give words, or '' for none.")
        return value

    def _typed(self, change: dict) -> None:
        if change["new"] != self._text():
            self.enter(lambda: self.control.hint.parse(change["new"].split()))


class SeedSetting(FieldSetting):
    """A whole number, and a button for another one at random."""

    def __init__(self, control: Control, value: Any):
        assert isinstance(control.hint, Seed)
        # secrets, as a global random generator is the reader's own
        again = small_button("random", "Another seed at random", lambda: self.enter(lambda: secrets.randbelow(10_000)))
        super().__init__(control, 0 if value is None else value, again)


class ChoiceSetting(Setting):
    """A menu of a few words."""

    def __init__(self, control: Control, value: Any):
        assert isinstance(control.hint, Choice)
        self.control, self.options = control, control.hint.options
        self.menu = ipywidgets.Dropdown(
            options=self.options, description=control.label, tooltip=control.doc, style=LABELED
        )
        self.menu.observe(self._picked, "value")
        super().__init__(self.options[0] if value is None else value, row(self.menu))

    def check(self, value: Any) -> Any:
        if value not in self.options:
            raise ValueError(f"{self.control.label}={value!r} is none of {', '.join(map(str, self.options))}.")
        return value

    def mirror(self) -> None:
        self.menu.value = self.value

    def _picked(self, change: dict) -> None:
        self.value = change["new"]


class SwitchSetting(Setting):
    """A checkbox."""

    def __init__(self, control: Control, value: Any):
        self.box = ipywidgets.Checkbox(description=control.label, tooltip=control.doc, indent=False)
        self.box.observe(self._switched, "value")
        super().__init__(bool(value), row(self.box))

    def check(self, value: Any) -> bool:
        return bool(value)

    def mirror(self) -> None:
        self.box.value = self.value

    def _switched(self, change: dict) -> None:
        self.value = change["new"]
