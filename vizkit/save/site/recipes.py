"""The Python that makes a unit's pictures again. Files are called by their names alone: a site is for the world."""

import ast
import platform
import re
from collections.abc import Mapping
from typing import Any

import torch

from vizkit.nets.network import Network
from vizkit.save.site.plan import Plan


def recipe(plan: Plan, layer: str, unit: int) -> str:
    """The Python that makes the pictures of a unit of a layer again."""
    small = plan.looked_at
    sized = small is not plan.net
    seeds, strengths = (v[0] if len(v) == 1 else list(v) for v in (plan.seeds, plan.strengths))
    words = [
        f"layer={layer!r}",
        f"unit={unit}",
        f"seed={seeds!r}",
        f"tv={strengths!r}",
        f"steps={plan.steps}",
        f"rate={plan.rate:g}",
    ]
    words += [f"precision={plan.precision!r}"] * (plan.precision != "float32")
    lines = [
        *["import dataclasses"] * sized,
        "import vizkit",
        f"net = {without_paths(plan.net.code)}  # weights {plan.settings['weights']}",
        *[f"net = dataclasses.replace(net, size={small.size})  # made as large as it is shown"] * sized,
        f'run = vizkit.run("activation_maximization", net, {", ".join(words)})',
        "result = run.result()",
    ]
    return "\n".join(lines)


def recipe_of_site(plan: Plan, pictures: Mapping[str, Any]) -> str:
    """The Python that makes the whole site again, as far as names without their folders can."""
    told = plan.settings
    named = pictures.get("root") or pictures.get("split")
    shown = repr(_name(str(named))) if named else "..."
    words = [
        f"layers={[layer.name for layer in plan.layers]!r}",
        *[f"units={_units(plan)}"]
        * any(len(u) < layer.channels for u, layer in zip(plan.units, plan.layers, strict=True)),
        f"size={plan.size}",
        f"steps={plan.steps}",
        f"seed={list(plan.seeds)!r}",
        f"tv={list(plan.strengths)!r}",
        f"rate={plan.rate:g}",
        *[f"precision={plan.precision!r}"] * (plan.precision != "float32"),
    ]
    return "\n".join(
        [
            "import vizkit",
            f"net = {without_paths(plan.net.code)}  # weights {told['weights']}",
            f"vizkit.site(net, {shown}, {', '.join(words)})",
        ]
    )


def _units(plan: Plan) -> str:
    """The setting that gives these units."""
    if all(units == tuple(range(len(units))) for units in plan.units):
        return str(max(map(len, plan.units)))
    return str(sorted({unit for units in plan.units for unit in units}))


def versions(net: Network) -> str:
    """What a picture was made with."""
    from vizkit import __version__

    return f"vizkit {__version__}, torch {torch.__version__}, Python {platform.python_version()}, on {net.device.type}"


def without_paths(code: str) -> str:
    """An expression with every path in it cut to its last name; three dots where it is no expression.

    >>> without_paths("vizkit.load('resnet50', weights='/home/me/secret/best.pth')")
    "vizkit.load('resnet50', weights='best.pth')"
    """
    try:
        tree = ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return "...  # a network that only Python can make"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_path(node.value):
            node.value = _name(node.value)
    return ast.unparse(tree)


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text


def _name(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]
