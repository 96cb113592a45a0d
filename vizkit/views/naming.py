"""A word and a category for what is shown: a small form that a keyboard alone can fill in."""

import contextvars
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from vizkit.views.modules import joined


class Naming(anywidget.AnyWidget):
    """The form. Calls `act(what, told)` with what its reader did, in any thread, and unlocks when that returns:

    "seen" when a view appears; "save" and "step" with "unit", "word", "category" as they stand in the form, "step" with
    "by" (1 or -1) too. `act` sets the traits: what it leaves in `problem` keeps the form as it is, and else the form
    takes `word` and `category`.
    """

    _esm = joined("parts.mjs", "naming.mjs")
    _css = Path(__file__).parent / "static" / "naming.css"

    unit = traitlets.Int(-1).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    word = traitlets.Unicode().tag(sync=True)
    category = traitlets.Unicode().tag(sync=True)
    categories = traitlets.List(traitlets.Unicode()).tag(sync=True)
    named = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    unnamed_only = traitlets.Bool(False).tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    answers = traitlets.Int(0).tag(sync=True)

    def __init__(self, act: Callable[[str, Mapping[str, Any]], object], **traits: Any):
        self._act = act
        self.context = contextvars.Context()  # of the newest message from a page
        super().__init__(**traits)
        self.on_msg(self._on_message)

    def ask_to_step(self, by: int) -> None:
        """Have the form say "step", with what stands in it: somebody pressed the key elsewhere."""
        self.send({"step": by})

    def _on_message(self, _widget: Any, message: dict, _buffers: list) -> None:
        self.context = contextvars.copy_context()
        match message:
            case {"view": view, "ready": True}:
                self.send({"hello": view})  # ipykernel 7.4 then lets it answer while a cell runs
                self._act("seen", {})
            case {"do": "save" | "step" as what, "unit": int(), "word": str(), "category": str()}:
                self._act(what, message)
                self.answers += 1
