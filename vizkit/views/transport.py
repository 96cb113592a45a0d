"""Run and Stop, how far it is, and a sentence about it: a small component that looks the same for every method."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import anywidget
import traitlets

_static = Path(__file__).parent / "static"

Act = Literal["run", "stop", "seen", "unseen"]


class Transport(anywidget.AnyWidget):
    """Two buttons, a thin bar and two lines of text. Calls `act` with what the reader or the page did:

    "run" and "stop" for the buttons, "seen" when a first view appears, "unseen" when the last one has gone.
    `act` may be called in any thread. The traits may be set in any thread.
    """

    _esm = _static / "transport.mjs"
    _css = _static / "panel.css"  # of the whole panel: it travels with the one component every panel has

    state = traitlets.Unicode("idle").tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self, act: Callable[[Act], None], **traits):
        super().__init__(**traits)
        self._act = act
        self._views: set[str] = set()
        self._lock = threading.Lock()  # guards the views
        self.on_msg(self._on_message)

    @property
    def seen(self) -> bool:
        """Whether there is a view of it on some page."""
        return bool(self._views)

    def _on_message(self, _widget, message: dict, _buffers) -> None:
        view = message.get("view", "")
        if "ready" in message:
            # ipykernel 7.4 lets a widget answer during a cell once it has published from its own handler.
            self.send({"hello": view})
            if self._counted(view, there=True) == 1:
                self._act("seen")
        elif "gone" in message:
            if self._counted(view, there=False) == 0:
                self._act("unseen")
        elif message.get("do") in ("run", "stop"):
            self._act(message["do"])

    def _counted(self, view: str, there: bool) -> int:
        with self._lock:
            (self._views.add if there else self._views.discard)(view)
            return len(self._views)
