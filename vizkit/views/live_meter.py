"""How far to trust what is shown: a bar for each question, and a sentence above them."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from vizkit.measure.meters import Honesty
from vizkit.views.answering import Answering
from vizkit.views.modules import joined

_static = Path(__file__).parent / "static"


class LiveMeter(Answering, anywidget.AnyWidget):
    """The lines of an `Honesty`; `show(honesty)`, `wait()`, `fail(…)` and `clear()` from any thread.

    Of several pictures it shows the one that is `selected`, a number or -1 for all together; a menu chooses, and a
    panel may link the trait with that of its picture. With `on_judge` there is a button that calls it, in any thread.
    `state` is "empty", "waiting", "shown" or "failed".

    >>> meter = LiveMeter(on_judge=lambda: meter.show(honesty_of(panel.result, referee=referee)))
    """

    _esm = joined("parts.mjs", "meter.mjs")
    _css = _static / "meter.css"

    state = traitlets.Unicode("empty").tag(sync=True)
    pictures = traitlets.List(traitlets.Dict()).tag(sync=True)
    summary = traitlets.Dict().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    selected = traitlets.Int(-1, min=-1).tag(sync=True)
    can_judge = traitlets.Bool(False).tag(sync=True)

    def __init__(self, on_judge: Callable[[], object] | None = None, **traits: Any):
        self._on_judge = on_judge
        self._lock = threading.RLock()  # hold_sync of two threads at once could lose a trait
        super().__init__(can_judge=on_judge is not None, **traits)
        self.on_msg(self._on_message)

    def show(self, honesty: Honesty) -> None:
        """Show what `honesty` says, in one message."""
        pictures, summary = [asdict(picture) for picture in honesty], asdict(honesty.summary)
        kept = self.selected if self.selected < len(pictures) else -1
        self._publish(state="shown", pictures=pictures, summary=summary, about=honesty.about, selected=kept)

    def wait(self) -> None:
        """Say that it is being measured; what was shown stays, faded."""
        self._publish(state="waiting")

    def fail(self, problem: str) -> None:
        """Say why it could not be measured."""
        self._publish(state="failed", problem=problem)

    def clear(self) -> None:
        """Forget what was shown: the picture is no longer the one that was judged."""
        self._publish(state="empty", pictures=[], summary={}, about="", problem="")

    def _publish(self, **traits: Any) -> None:
        self._as_answer(self._set, traits)

    def _set(self, traits: dict[str, Any]) -> None:
        with self._lock, self.hold_sync():
            for name, value in traits.items():
                setattr(self, name, value)

    def _on_message(self, _widget: Any, message: dict, _buffers: list) -> None:
        self._heard()
        if message.get("ready"):
            self.send({"hello": message.get("view", "")})  # publish from a handler before a cell can run
        elif message.get("do") == "judge" and self._on_judge and self.state != "waiting":
            self._on_judge()
