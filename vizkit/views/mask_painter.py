"""A mask painted over a picture with the mouse, a finger or the arrow keys. Masks are (h, w), a byte for each pixel."""

from collections.abc import Callable
from typing import Any

import anywidget
import numpy as np
import traitlets

from vizkit.views.modules import joined


class MaskPainter(anywidget.AnyWidget):
    """Shows a JPEG and the mask over it; `painted(mask)` gets every new one, (h, w) uint8, 1 known and 0 missing.

    `begin(word)` is called with one of `starts`, and with "" to begin anew. Both may be called in any thread.
    """

    _esm = joined("parts.mjs", "mask_painter.mjs")
    _css = joined("named.css", "mask_painter.css")

    label = traitlets.Unicode().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    size = traitlets.List(traitlets.Int(), default_value=[0, 0]).tag(sync=True)
    mask = traitlets.Bytes().tag(sync=True)
    answers = traitlets.Unicode().tag(sync=True)
    starts = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, painted: Callable[[np.ndarray], object], begin: Callable[[str], object], **traits: Any):
        super().__init__(**traits)
        self._painted, self._begin = painted, begin
        self._stroke = ""  # which view's which one is being taken in
        self.on_msg(self._on_message)

    def show(self, mask: np.ndarray) -> None:
        """Show `mask` (h, w), not 0 where the picture is known."""
        with self.hold_sync():
            self.size, self.answers = list(mask.shape), self._stroke
            self.mask = (mask != 0).astype(np.uint8).tobytes()

    def _on_message(self, _widget: Any, message: dict, buffers: list) -> None:
        match message:
            case {"view": str(view), "ready": True}:
                self.send({"hello": view})  # ipykernel 7.4 lets a widget answer during a cell once it has done so
            case {"view": str(view), "paint": int(number)} if self._fits(buffers):
                self._stroke = f"{view}:{number}"
                self._painted(np.frombuffer(buffers[0], np.uint8).reshape(self.size).astype(bool).astype(np.uint8))
                self._stroke = ""
            case {"start": str(word)} if word in self.starts:
                self._begin(word)
            case {"clear": True}:
                self._begin("")

    def _fits(self, buffers: list) -> bool:
        return len(buffers) == 1 and memoryview(buffers[0]).nbytes == self.size[0] * self.size[1]
