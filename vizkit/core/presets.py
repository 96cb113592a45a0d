"""Named settings of a method, written beside its signature: a paper's constants, or what suits a purpose."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from vizkit.core.words import nearest

M = TypeVar("M", bound=Callable)


def presets(**named: Mapping[str, Any]) -> Callable[[M], M]:
    """Declare presets of a method: `@presets(fast={"steps": 64})`."""

    def declare(method: M) -> M:
        method.presets = dict(named)  # type: ignore[attr-defined]
        return method

    return declare


def presets_of(method: Callable) -> dict[str, Mapping[str, Any]]:
    """The presets of a method by name; empty where it declares none."""
    return dict(getattr(method, "presets", {}))


def preset(method: Callable, name: str) -> dict[str, Any]:
    """The arguments that preset `name` stands for.

    Raises:
        LookupError: there is no such preset; the message names the nearest and all.
    """
    known = presets_of(method)
    if name not in known:
        listed = f"It has {', '.join(known)}." if known else "It has none."
        raise LookupError(f"{method.__name__} has no preset {name!r}.{nearest(name, known)} {listed}")  # type: ignore[attr-defined]
    return dict(known[name])
