"""Several of what there is: layers of the network, or a few words. The value is a tuple in their order."""

from collections.abc import Sequence
from typing import Any

from vizkit.core.controls import Choices, Control
from vizkit.nets.describe import Layers
from vizkit.views.checklist import Checklist
from vizkit.widgets.layer_setting import distinct
from vizkit.widgets.setting import Setting

AUTOMATIC = "automatic"


class ListSetting(Setting):
    """A checklist whose `value` is a tuple of what is chosen."""

    def __init__(self, value: Any, checklist: Checklist):
        self.checklist = checklist
        checklist.observe(self._picked, "chosen")
        super().__init__(value, checklist)

    def mirror(self) -> None:
        if self.checklist.chosen != list(self.value):
            self.checklist.chosen = list(self.value)

    def _picked(self, change: dict) -> None:
        if tuple(change["new"]) != self.value:
            self.enter(lambda: tuple(change["new"]))


class ChoicesSetting(ListSetting):
    """Boxes in a row; one of them at least is chosen."""

    def __init__(self, control: Control, value: Any):
        assert isinstance(control.hint, Choices)
        self.control, self.options = control, control.hint.options
        boxes = Checklist(label=control.label, about=control.doc, options=list(self.options))
        super().__init__(self.options if value is None else value, boxes)

    def check(self, value: Any) -> tuple[str, ...]:
        asked = (value,) if isinstance(value, str) else tuple(value)
        for word in asked:
            if word not in self.options:
                raise ValueError(f"{self.control.label}={word!r} is none of {', '.join(self.options)}.")
        if not asked:
            raise ValueError(f"{self.control.label} is empty. Choose one of {', '.join(self.options)} at least.")
        return tuple(word for word in self.options if word in asked)


class LayersSetting(ListSetting):
    """Layers in the order they run; none means that the method chooses."""

    def __init__(self, control: Control, value: Any, layers: Layers):
        self.layers = layers
        self._shown = distinct(layers, layers.default)
        value = self.check(() if value is None else value)
        for name in value:  # whatever name of a tensor is asked for stands for it
            self._shown = [layers[name] if (s.same_as or s.name) == _tensor(layers[name]) else s for s in self._shown]
        names = [layer.name for layer in self._shown]
        told = [" × ".join(map(str, layer.shape)) for layer in self._shown]
        super().__init__(
            value,
            Checklist(label=control.label, about=control.doc, options=names, told=told, none=AUTOMATIC, listed=True),
        )

    def check(self, value: Any) -> tuple[str, ...]:
        asked: Sequence[str] = (value,) if isinstance(value, str) else tuple(value)
        names = {self.layers[name].name for name in asked}  # a LookupError names the nearest
        return tuple(layer.name for layer in self.layers if layer.name in names)


def _tensor(layer: Any) -> str:
    return layer.same_as or layer.name
