"""A sentence on what the numbers of a run mean, below its picture."""

from pathlib import Path

import anywidget
import traitlets

_static = Path(__file__).parent / "static"


class Remark(anywidget.AnyWidget):
    """Text, one line or several; a screen reader hears it once it is `settled`, not each of its drafts."""

    _esm = _static / "remark.mjs"
    _css = _static / "remark.css"

    text = traitlets.Unicode().tag(sync=True)
    settled = traitlets.Bool(True).tag(sync=True)

    def show(self, text: str, settled: bool) -> None:
        """Show `text`, in one message."""
        with self.hold_sync():
            self.text, self.settled = text, settled
