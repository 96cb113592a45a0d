"""New pictures or vectors put into a map that stands: `place(points, more)`; the points of the map do not move."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from vizkit.core.results import Points
from vizkit.core.runs import Run
from vizkit.embed import transform
from vizkit.embed.features import Features, Gathered, gathering

GIVEN = ("layer", "pictures", "index", "features", "pool", "seed")  # what says which vectors a map is made of


def place(points: Points, more: Any, *, labels: Any = None, perplexity: float = 5.0) -> Points:
    """Where `more` would lie on the map `points`, a result of "embedding_map", each as if it came alone.

    The answer holds the places (m, 2) of the new points only, found by descent among the old ones (Poličar et al.
    2019): they feel the points of the map, and none of each other.

    Args:
        points: The map, by t-SNE. Its vectors are remembered, or read again.
        more: Pictures, of whatever kind `vizkit.scan` takes, for a map of a layer; vectors (m, d) for one of features.
        labels: A whole number or a word for each, instead of what the pictures tell.
        perplexity: How many neighbors in the map count for each new one.

    Raises:
        ValueError: no run of "embedding_map" made the map, or it is one of places, or `more` does not fit it, or
            `perplexity` is below 1.

    >>> vizkit.place(vizkit.run("embedding_map", net, "stage4").result(), "my photos/")
    12 points
    """
    given = _arguments(points.run)
    old, net = _last(gathering(given.get("net"), [given["layer"]], **_those(given))), given.get("net")
    if given["features"] is not None:
        fresh = _last(gathering(None, [], features=more, labels=labels, least=1))
    elif net is not None:
        fresh = _last(gathering(net, [given["layer"]], pictures=more, labels=labels, pool=given["pool"], least=1))
    else:
        raise ValueError("This map is of an index alone, so nobody can read more. Make it with its network, too.")
    if fresh.rows.shape[1] != old.rows.shape[1]:
        raise ValueError(f"The map is of rows with {old.rows.shape[1]} numbers, and these have {fresh.rows.shape[1]}.")
    return fresh.points(transform.place(fresh.rows, old.rows, _checked(points.xy, old), perplexity=perplexity))


def _arguments(run: Run | None) -> dict[str, Any]:
    """What the run that made the map was given."""
    if run is None or run.method.__name__ != "embedding_map":
        raise ValueError('Only a result of "embedding_map" can be added to, as its vectors must be known.')
    known = {"layer": None, "pictures": None, "index": None, "features": None, "pool": "mean", "seed": 0}
    given = {**known, **run.arguments}
    if given["pool"] == "positions":
        raise ValueError("This is a map of places. Make one of pictures: pool='mean'.")
    return given


def _those(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in GIVEN if name != "layer"}


def _last(looks: Iterable[Gathered]) -> Features:
    *_, told = looks
    return told.only


def _checked(xy: Tensor, old: Features) -> Tensor:
    if len(xy) != len(old.rows):
        raise ValueError(f"The map has {len(xy)} points and its pictures are now {len(old.rows)}. Make it anew.")
    return xy.to(old.rows.device)
