"""The catalogue: one file is one method; a line here gives it its panel, command, docs page and contract tests."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from vizkit.core.controls import summary as _summary
from vizkit.core.presets import preset as _preset
from vizkit.core.runs import Run as _Run
from vizkit.core.words import nearest as _nearest
from vizkit.methods.activation_maximization import activation_maximization
from vizkit.methods.deep_image_prior import deep_image_prior
from vizkit.methods.embedding_map import embedding_map
from vizkit.methods.feature_inversion import feature_inversion
from vizkit.methods.inversion_ladder import inversion_ladder
from vizkit.methods.inversion_lesson import inversion_lesson
from vizkit.methods.layer_maps import layer_maps
from vizkit.methods.maximization_lesson import maximization_lesson
from vizkit.methods.top_images import top_images
from vizkit.methods.unit_sheet import unit_sheet

catalogue: dict[str, Callable] = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == f"{__name__}.{name}"
}


def find(method: str | Callable) -> Callable:
    """The method of that name (dashes and underscores alike), or the function itself.

    Raises:
        LookupError: no method has that name; the message names the nearest.
    """
    if callable(method):
        return method
    name = method.replace("-", "_").replace(" ", "_")
    if name not in catalogue:
        known = ", ".join(catalogue)
        raise LookupError(f"There is no method {method!r}.{_nearest(name, catalogue)} vizkit.methods has {known}.")
    return catalogue[name]


def run(method: str | Callable, *args: Any, preset: str | None = None, **arguments: Any) -> _Run:
    """Bind a method to what it works on, without starting it: play it with `for frame in run` or `run.result()`.

    Args:
        method: A name from the catalogue, or any generator function that yields frames.
        args: What the method works on, usually a network first.
        preset: Named settings of the method; arguments given beside it win.
        arguments: The method's own arguments.

    Raises:
        LookupError: the method or the preset does not exist.
        TypeError: an argument is unknown or missing; the message names the nearest.

    >>> vizkit.run("activation_maximization", net, layer="output", unit=3, preset="classes").result()
    """
    found = find(method)
    return _Run.of(found, *args, **{**(_preset(found, preset) if preset else {}), **arguments})


class _Listed(ModuleType):
    """This module, printing as the catalogue it is."""

    def __repr__(self) -> str:
        width = max(map(len, catalogue))
        return "\n".join(f"{name:<{width}}  {_summary(method)}" for name, method in catalogue.items())


sys.modules[__name__].__class__ = _Listed

__all__ = [
    "activation_maximization",
    "catalogue",
    "deep_image_prior",
    "embedding_map",
    "feature_inversion",
    "find",
    "inversion_ladder",
    "inversion_lesson",
    "layer_maps",
    "maximization_lesson",
    "run",
    "top_images",
    "unit_sheet",
]
