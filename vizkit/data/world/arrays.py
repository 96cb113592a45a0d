"""Many pictures at once as arrays: pictures (n, h, w, 3) uint8, labels (n,) int64, label maps (n, h, w) uint8."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vizkit.data.world.rendering import render
from vizkit.data.world.sampling import scene


def pictures(
    count: int, split: str = "test", size: int = 96, seed: int = 0, **knobs
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The first `count` pictures of a split with their labels; about 250 pictures a second.

    >>> pictures(4)[0].shape
    (4, 96, 96, 3)
    """
    drawn = arrays(count, split, size, seed, maps=(), **knobs)
    return drawn["picture"], drawn["label"]


def arrays(
    count: int,
    split: str = "test",
    size: int = 96,
    seed: int = 0,
    *,
    maps: Sequence[str] = ("object", "part", "texture", "color", "stuff"),
    **knobs,
) -> dict[str, NDArray]:
    """The first `count` pictures of a split ("picture"), their labels ("label") and the named label maps.

    Keywords are the fields of `Knobs`. In a map, 0 is none and k is the k-th word of `WORDS[name]`.
    """
    shape = (count, size, size)
    drawn: dict[str, NDArray] = {name: np.empty(shape, np.uint8) for name in maps}
    drawn["picture"], drawn["label"] = np.empty((*shape, 3), np.uint8), np.empty(count, np.int64)
    for index in range(count):
        view = render(scene(index, split, seed, **knobs), size)
        drawn["picture"][index], drawn["label"][index] = view.picture, view.label
        for name in maps:
            drawn[name][index] = view.maps[name]
    return drawn
