"""A picture, picked from a strip of small ones, uploaded, or named by its path. JPEGs out; names and files in."""

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from vizkit.views.modules import joined


class PictureChooser(anywidget.AnyWidget):
    """Shows `picture`, called `name`, and a gallery of `names` with their `thumbs`; all pictures are JPEGs.

    `at` is which of the gallery is chosen, -1 for none. `ask(what, value)` is called, in any thread, with what the
    reader did: "choose" one of the gallery by its index, type a "path", "upload" (name, bytes) of a file, want "more"
    of the gallery, or "open" a view.
    """

    _esm = joined("parts.mjs", "picture_chooser.mjs")
    _css = joined("named.css", "picture_chooser.css")

    label = traitlets.Unicode().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    at = traitlets.Int(-1).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    thumbs = traitlets.List(traitlets.Bytes()).tag(sync=True)
    more = traitlets.Bool(False).tag(sync=True)

    def __init__(self, ask: Callable[[str, Any], object], **traits: Any):
        super().__init__(**traits)
        self._ask = ask
        self.on_msg(self._on_message)

    def _on_message(self, _widget: Any, message: dict, buffers: list) -> None:
        match message:
            case {"view": str(view), "ready": True}:
                self.send({"hello": view})  # ipykernel 7.4 lets a widget answer during a cell once it has done so
                self._ask("open", None)
            case {"choose": int(index)} if 0 <= index < len(self.names):
                self._ask("choose", index)
            case {"path": str(text)}:
                self._ask("path", text)
            case {"more": True}:
                self._ask("more", None)
            case {"upload": str(name)} if len(buffers) == 1:
                self._ask("upload", (name, bytes(buffers[0])))
