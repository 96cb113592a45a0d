"""Some of a few words, in their order: boxes in a row, or a list that scrolls."""

import anywidget
import traitlets

from vizkit.views.modules import joined


class Checklist(anywidget.AnyWidget):
    """`chosen` of `options`, in the order of these; `told` says a few words more about each, or is empty.

    `none` is what it means to choose none; where it is empty, the reader keeps at least one. `listed` puts them
    below each other, for many.
    """

    _esm = joined("parts.mjs", "checklist.mjs")
    _css = joined("named.css", "checklist.css")

    label = traitlets.Unicode().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    told = traitlets.List(traitlets.Unicode()).tag(sync=True)
    none = traitlets.Unicode().tag(sync=True)
    listed = traitlets.Bool(False).tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
