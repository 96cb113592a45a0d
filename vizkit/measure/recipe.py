"""The Python that makes an index again, with hashes and versions as comments."""

import platform
from collections.abc import Mapping
from typing import Any

import torch

from vizkit.data.collections import Collection
from vizkit.measure.plan import Plan
from vizkit.nets.network import Network


def recipe(net: Network, collection: Collection, plan: Plan, pictures_hash: str) -> str:
    """How `plan` was scanned; a collection that only Python can make stands as three dots."""
    from vizkit import __version__

    words = [f"layers={list(plan.names)!r}", f"k={plan.k}", f"histograms={_histograms(plan)!r}"]
    pooled = {name: word for name, word in zip(plan.names, plan.pooled, strict=True) if word}
    together = [name for name, counted in zip(plan.names, plan.together, strict=True) if counted]
    words += [f"pooled={pooled!r}"] * bool(pooled) + [f"together={together!r}"] * bool(together)
    words += [f"precision={plan.precision!r}"] * (plan.precision != "float32")
    words += [f"batch={plan.batch}", f"shard={plan.shard}"]
    versions = f"vizkit {__version__}, torch {torch.__version__}, Python {platform.python_version()}"
    return "\n".join(
        [
            "import vizkit",
            f"net = {net.origin}",
            f"pictures = {source(collection.description)}  # {plan.count} pictures {pictures_hash}".rstrip(),
            f"index = vizkit.scan(net, pictures, {', '.join(words)})",
            f"# {versions}, on {net.device.type}",
        ]
    )


def _histograms(plan: Plan) -> int | str | bool:
    """The setting that gives these samples."""
    if not any(plan.samples):
        return False
    places = [torch.Size(layer.shape).numel() // layer.channels for layer in plan.layers]
    return "all" if list(plan.samples) == places else max(plan.samples)


def source(description: Mapping[str, Any]) -> str:
    """The Python that says which pictures; three dots where only they themselves can tell."""
    kind = description["kind"]
    if kind == "folder":
        return repr(description["root"])
    if kind == "world" and not description["seed"] and not description["knobs"]:
        return repr(f"world/{description['split']}/{description['count']}")
    if kind == "world":
        words = [f"{description['split']!r}", str(description["count"]), f"seed={description['seed']}"]
        words += [f"{name}={value!r}" for name, value in description["knobs"].items()]
        return f"vizkit.data.world.World({', '.join(words)})"
    return "..."
