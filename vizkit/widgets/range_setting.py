"""A number on a slider; where it is a dial, also a strip of several, one picture each."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import ipywidgets

from vizkit.core.controls import Control, Range
from vizkit.widgets.setting import LABELED, Setting, row
from vizkit.widgets.stops import readable, stops, strip


class RangeSetting(Setting):
    """A slider over readable numbers. One outside its range, or between two stops, becomes a stop of its own."""

    def __init__(self, control: Control, value: Any, *beside: ipywidgets.Widget):
        assert isinstance(control.hint, Range)
        self.control, self.span = control, control.hint
        self.slider = ipywidgets.SelectionSlider(
            options=self._options(),
            description=control.label,
            continuous_update=control.dial,  # a dial steers while it is dragged; others start a run when let go
            tooltip=control.doc,
            style=LABELED,
        )
        self.slider.observe(self._moved, "value")
        super().__init__(self.span.low if value is None else value, row(self.slider, *beside))

    def check(self, value: Any) -> Any:
        if not _is_number(value):
            name, low = self.control.label, readable(self.span.low, self.span)
            raise ValueError(f"{name} is {value!r}, which is no number. Give one like {low}.")
        return value

    def mirror(self) -> None:
        if self.slider.value != self.value:
            self._move_to(self.value)

    def _move_to(self, number: float) -> None:
        """Put the slider on `number`, with a stop added for it where there is none."""
        self.slider.unobserve(self._moved, "value")  # new options first fall back to the lowest, which nobody chose
        with self.slider.hold_sync():
            if number not in [stop for _, stop in self.slider.options]:
                self.slider.options = self._options(number)
            self.slider.value = number
        self.slider.observe(self._moved, "value")

    def _options(self, *also: float) -> list[tuple[str, float]]:
        return [(readable(number, self.span), number) for number in stops(self.span, *also)]

    def _moved(self, change: dict) -> None:
        self.value = change["new"]


class DialSetting(RangeSetting):
    """A slider that is heard while it is dragged; where the method takes several strengths, a "strip" of them too."""

    def __init__(self, control: Control, value: Any):
        self.strengths = ipywidgets.Text(
            description=control.label, continuous_update=False, tooltip="One picture for each strength", style=LABELED
        )
        self.strengths.observe(self._typed, "value")
        self.strip = ipywidgets.ToggleButton(
            description="strip", tooltip=f"Several strengths of {control.label} side by side"
        ).add_class("vizkit-strip")
        self.strip.observe(self._toggled, "value")
        if not control.several:
            self.strip.layout.display = "none"
        super().__init__(control, value, self.strengths, self.strip)

    def check(self, value: Any) -> Any:
        if _are_numbers(value) and self.control.several:
            return tuple(value)
        return super().check(value)

    def mirror(self) -> None:
        several = isinstance(self.value, tuple)
        self.strip.value = several
        self.slider.layout.display = "none" if several else None
        self.strengths.layout.display = None if several else "none"
        if several:
            self.strengths.value = self._text()
        else:
            super().mirror()

    def _text(self) -> str:
        return " ".join(f"{number:g}" for number in self.value)

    def _typed(self, change: dict) -> None:
        if isinstance(self.value, tuple) and change["new"] != self._text():
            self.enter(lambda: self._read(change["new"].replace(",", " ").split()))

    def _read(self, words: list[str]) -> tuple[float, ...]:
        numbers = self.span.parse(words)
        return numbers if isinstance(numbers, tuple) else (numbers,)

    def _toggled(self, change: dict) -> None:
        if change["new"] != isinstance(self.value, tuple):
            self.value = strip(self.span) if change["new"] else self.slider.value


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) > 0 and all(map(_is_number, value))
