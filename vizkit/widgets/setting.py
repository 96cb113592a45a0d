"""A setting: one control of a method as a widget. `value` is what the method gets, `problem` a sentence or ""."""

from collections.abc import Callable
from typing import Any

import ipywidgets
import torch
import traitlets

from vizkit.widgets.closing import close_tree

LABELED = {"description_width": "var(--vizkit-label, initial)"}  # the panel's stylesheet lines labels up


class Setting(ipywidgets.VBox):
    """A labeled row or two whose parts show `value` and change it; a value that cannot be is refused.

    What is typed never raises: a bad entry leaves `value` as it was and says why in `problem`.
    """

    value = traitlets.Any()
    problem = traitlets.Unicode()

    def __init__(self, value: Any, *rows: ipywidgets.Widget):
        super().__init__(rows)
        self.add_class("vizkit-setting")
        self.observe(lambda _: self.mirror(), "value")
        try:
            self.value = value
            self.mirror()
        except Exception:
            close_tree(self)  # or its parts would stay open for good
            raise

    def check(self, value: Any) -> Any:
        """The value to keep for `value`; a ValueError, LookupError or OSError says why there is none."""
        return value

    def mirror(self) -> None:
        """Make the parts show `value`. A part that already does stays untouched, so that nothing echoes."""

    def enter(self, read: Callable[[], Any]) -> None:
        """Take what `read()` makes of something typed; where that fails, keep the old value and say why."""
        try:
            self.value = read()
        except (ValueError, LookupError, OSError) as error:
            self.problem = str(error)
        self.mirror()

    @traitlets.validate("value")
    def _checked(self, proposal: dict) -> Any:
        value = self.check(proposal["value"])
        self.problem = ""
        return value


def same(a: Any, b: Any) -> bool:
    """Whether two values of a setting are the same; tensors are, where all their numbers are."""
    if torch.is_tensor(a) and torch.is_tensor(b):
        return a is b or (a.shape == b.shape and a.device == b.device and torch.equal(a, b))
    if torch.is_tensor(a) or torch.is_tensor(b):
        return False
    return bool(a == b)


def words(value: Any) -> str:
    """A value in few words."""
    if torch.is_tensor(value):
        return f"tensor of {' × '.join(map(str, value.shape))}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def row(*parts: ipywidgets.Widget) -> ipywidgets.HBox:
    """Parts side by side; the first takes the space that the others leave."""
    return ipywidgets.HBox(parts).add_class("vizkit-row")


def small_button(icon: str, tooltip: str, act: Callable[[], None]) -> ipywidgets.Button:
    """A button with a picture on it, named by its tooltip."""
    button = ipywidgets.Button(icon=icon, tooltip=tooltip).add_class("vizkit-small")
    button.on_click(lambda _: act())
    return button
