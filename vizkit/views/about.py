"""How something was made: its settings, the Python that makes it again, and a line of credit."""

from pathlib import Path

import anywidget
import traitlets

from vizkit.views.modules import joined

_static = Path(__file__).parent / "static"


class About(anywidget.AnyWidget):
    """Three things told below what is shown, each left out where it is empty. `settings` are [name, words]."""

    _esm = joined("parts.mjs", "about.mjs")
    _css = _static / "about.css"

    settings = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    recipe = traitlets.Unicode().tag(sync=True)
    credit = traitlets.Unicode().tag(sync=True)
