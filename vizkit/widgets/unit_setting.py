"""One unit of a layer, or several: a slider, a field for numbers, ranges and class names, and a die."""

import secrets
from collections.abc import Sequence
from typing import Any

import ipywidgets

from vizkit.core.controls import Control, Unit
from vizkit.core.words import nearest
from vizkit.widgets.setting import LABELED, Setting, row, small_button

MOST = 64  # pictures at once


class UnitSetting(Setting):
    """Units from 0 to `count` - 1; `fit` follows another layer. The value is an int, or a tuple for several.

    `names` are what the units of the last layer tell apart; where there are some, they are shown and may be typed.
    """

    def __init__(self, control: Control, value: Any, count: int, names: Sequence[str] = ()):
        assert isinstance(control.hint, Unit)
        self.control, self.count, self.names = control, count, tuple(names)
        self.slider = ipywidgets.IntSlider(
            max=count - 1,
            description=control.label,
            readout=False,
            continuous_update=False,
            tooltip=control.doc,
            style=LABELED,
        )
        self.field = ipywidgets.Text(continuous_update=False, tooltip="One unit, or several: 3 7 11, or 0-8")
        self.field.add_class("vizkit-number")
        self.told = ipywidgets.Label().add_class("vizkit-told")
        self.die = small_button("random", "Another unit at random", self._roll)
        self.slider.observe(self._slid, "value")
        self.field.observe(self._typed, "value")
        value = 0 if value is None else value
        super().__init__(value, row(self.slider, self.field, self.die), self.told)

    def fit(self, count: int, names: Sequence[str] = ()) -> None:
        """Follow a layer of `count` units: keep the units it has, or else take the nearest."""
        self.count, self.names = count, tuple(names)
        kept = [unit for unit in _tuple(self.value) if unit < count] or [count - 1]
        self.value = tuple(kept) if len(kept) > 1 else kept[0]
        self.mirror()

    def step(self, by: int) -> None:
        """Go on to the next unit with 1, back with -1; several go on by as many as they are. At an end they stay."""
        self.value = self.after(by)

    def after(self, by: int) -> int | tuple[int, ...]:
        """The value after `step(by)`."""
        units = _tuple(self.value)
        by = max(-min(units), min(by * len(units), self.count - 1 - max(units)))
        moved = [unit + by for unit in units]
        return tuple(moved) if len(moved) > 1 else moved[0]

    def check(self, value: Any) -> Any:
        units = value if isinstance(value, Sequence) else (value,)
        if not units:
            raise ValueError(f"{self.control.label} is empty. Give one number, or several: 3 7 11.")
        if len(units) > MOST:
            raise ValueError(f"{len(units)} units are too many to look at. Give {MOST} at most.")
        for unit in units:
            if not isinstance(unit, int) or not 0 <= unit < self.count:
                raise ValueError(
                    f"There is no {self.control.label} {unit!r} here. Give a number from 0 to {self.count - 1}."
                )
        return tuple(units) if isinstance(value, Sequence) else value

    def mirror(self) -> None:
        self.slider.unobserve(self._slid, "value")  # several units are shown by the first, which is no choice of one
        with self.slider.hold_sync():
            self.slider.max = self.count - 1
            self.slider.value = _tuple(self.value)[0]
        self.slider.observe(self._slid, "value")
        self.field.value = self._text()
        self.told.value = " · ".join(self.names[unit] for unit in _tuple(self.value) if unit < len(self.names))
        self.told.layout.display = None if self.told.value else "none"

    def _text(self) -> str:
        return " ".join(map(str, _tuple(self.value)))

    def _slid(self, change: dict) -> None:
        self.value = change["new"]

    def _typed(self, change: dict) -> None:
        if change["new"] != self._text():
            self.enter(lambda: self._read(change["new"]))

    def _read(self, text: str) -> Any:
        """`7`, `3 7 11`, `0-8`, or names with commas between them."""
        entries = text.split(",") if _is_name(text) else text.replace(",", " ").split()
        units = tuple(unit for entry in entries for unit in self._entry(entry.strip()))
        return units[0] if len(units) == 1 else units

    def _entry(self, entry: str) -> Sequence[int]:
        first, dash, last = entry.replace("–", "-").partition("-")
        if first.isdigit() and dash and last.isdigit():
            return range(int(first), min(int(last), self.count - 1) + 1)
        if entry in self.names:
            return [self.names.index(entry)]
        if _is_name(entry) and self.names:
            raise ValueError(f"There is no class {entry!r}.{nearest(entry, self.names)}")
        return [self.control.hint.parse([entry])]

    def _roll(self) -> None:
        """As many units as there are, at random; by `secrets`, as a global random generator is the reader's own."""
        wanted = min(len(_tuple(self.value)), self.count)
        drawn: dict[int, None] = {}
        while len(drawn) < wanted:
            drawn[secrets.randbelow(self.count)] = None
        self.enter(lambda: tuple(drawn) if wanted > 1 else next(iter(drawn)))


def _tuple(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


def _is_name(text: str) -> bool:
    return any(letter.isalpha() for letter in text)
