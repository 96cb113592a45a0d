"""What a worker thread publishes counts as an answer to the page, so that a busy cell does not hold the page up."""

import contextvars
from collections.abc import Callable
from typing import Any


class Answering:
    """For a widget that any thread may publish through: `_heard()` in its handler, `_as_answer(…)` around the rest.

    ipykernel 7.4 hands a widget's messages to the thread whose request the widget last answered. What a
    worker thread publishes counts as an answer to the newest cell, and then acknowledgements wait until
    that cell ends (0.75 frames a second instead of 15); what it publishes through `_as_answer` does not.
    """

    _context: contextvars.Context | None = None  # of the views' newest message

    def _heard(self) -> None:
        """Remember the message in hand; call it in its handler, and publish something there before a cell can run."""
        self._context = contextvars.copy_context()

    def _as_answer(self, publish: Callable[..., object], *args: Any) -> None:
        """Call `publish(*args)` as if it answered the views' newest message."""
        if self._context is None:  # nobody looks: to a program that runs a notebook, this is the cell's doing
            publish(*args)
        else:
            self._context.copy().run(publish, *args)
