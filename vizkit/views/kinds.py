"""Which kind of result a method makes, and which view shows it while it changes."""

import typing
from collections.abc import Callable
from typing import Any, TypeAlias

from vizkit.core.results import Curves, Images, Points, Result
from vizkit.views.line_chart import LineChart
from vizkit.views.live_image import LiveImage
from vizkit.views.point_map import PointMap

View: TypeAlias = LiveImage | PointMap | LineChart

_VIEWS: dict[type[Result], type] = {Images: LiveImage, Points: PointMap, Curves: LineChart}


def kind_of(method: Callable) -> type[Result]:
    """The kind that `method` says it makes, as in `-> Frames[Points]`; Images where it does not say."""
    returned = typing.get_type_hints(method).get("return")
    for _ in range(2):  # Iterator[Frame[Points]]
        returned = next(iter(typing.get_args(returned)), None)
    return returned if returned in _VIEWS else Images


def shown_kind(result: Result) -> type[Result] | None:
    """The kind that `result` is shown as; None where it has no live view."""
    return next((kind for kind in _VIEWS if isinstance(result, kind)), None)


def view_for(kind: type[Result], **of_images: Any) -> View:
    """An empty view; `of_images` is for a grid of pictures (`on_open`, `on_step`).

    Raises:
        TypeError: there is no live view for this kind of result.
    """
    if kind not in _VIEWS:
        shown = ", ".join(known.__name__ for known in _VIEWS)
        raise TypeError(f"A panel shows {shown}, and {kind.__name__} has no live view. Use panel.run.result().")
    return LiveImage(**of_images) if kind is Images else _VIEWS[kind]()
