"""See what a vision network has learned: turn a slider, watch the picture answer, know how far to trust it."""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0.dev0"

_homes = {
    "load": "vizkit.nets.load",
    "wrap": "vizkit.nets.network",
    "Network": "vizkit.nets.network",
    "layers": "vizkit.nets.describe",
    "activations": "vizkit.nets.read",
    "scan": "vizkit.measure.scan",
    "open_index": "vizkit.measure.index",
    "edited": "vizkit.nets.edit",
    "methods": "vizkit.methods",
    "run": "vizkit.methods",
    "Run": "vizkit.core.runs",
    "Frame": "vizkit.core.frames",
    "Images": "vizkit.core.results",
    "Curves": "vizkit.core.results",
    "Points": "vizkit.core.results",
    "Dial": "vizkit.core.dials",
    "honesty": "vizkit.measure.honesty",
    "honesty_of": "vizkit.measure.honesty",
    "open_recording": "vizkit.save.recordings",
    "place": "vizkit.embed.placing",
    "site": "vizkit.save.site.build",
    "page": "vizkit.views.answer_pages",
    "panel": "vizkit.widgets.panel",
    "annotate": "vizkit.widgets.annotating",
    "agreement": "vizkit.measure.words",
    "explore": "vizkit.widgets.explorer",
}

__all__ = [
    "Curves",
    "Dial",
    "Frame",
    "Images",
    "Network",
    "Points",
    "Run",
    "activations",
    "agreement",
    "annotate",
    "edited",
    "explore",
    "honesty",
    "honesty_of",
    "layers",
    "load",
    "methods",
    "open_index",
    "open_recording",
    "page",
    "panel",
    "place",
    "run",
    "scan",
    "site",
    "wrap",
]

if TYPE_CHECKING:
    from vizkit import methods
    from vizkit.core.dials import Dial
    from vizkit.core.frames import Frame
    from vizkit.core.results import Curves, Images, Points
    from vizkit.core.runs import Run
    from vizkit.embed.placing import place
    from vizkit.measure.honesty import honesty, honesty_of
    from vizkit.measure.index import open_index
    from vizkit.measure.scan import scan
    from vizkit.measure.words import agreement
    from vizkit.methods import run
    from vizkit.nets.describe import layers
    from vizkit.nets.edit import edited
    from vizkit.nets.load import load
    from vizkit.nets.network import Network, wrap
    from vizkit.nets.read import activations
    from vizkit.save.recordings import open_recording
    from vizkit.save.site.build import site
    from vizkit.views.answer_pages import page
    from vizkit.widgets.annotating import annotate
    from vizkit.widgets.explorer import explore
    from vizkit.widgets.panel import panel


def __getattr__(name: str):
    """Fetch a public name when it is first used, so that `import vizkit` stays as cheap as `import torch`."""
    if name not in _homes:
        raise AttributeError(f"module 'vizkit' has no attribute {name!r}. It has {', '.join(_homes)}.")
    home = importlib.import_module(_homes[name])
    found = home if _homes[name] == f"vizkit.{name}" else getattr(home, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_homes])
