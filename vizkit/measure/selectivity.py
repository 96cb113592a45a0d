"""What units are for: how far the labels, or the masks, of the pictures that excite them agree. Numbers (units,)."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vizkit.data.collections import OfTheWorld
from vizkit.measure.top import NOBODY, Ranking

LEAST = 12  # pixels of a thing that make it seen: a patch of 3 by 4


class Selectivity(NamedTuple):
    """Of each unit, (units,): the commonest `label` among its top pictures, the `share` of them that have it.

    `counts` (units, labels) has all labels. Sort by `share`: `share.argsort(descending=True)`.
    """

    label: Tensor
    share: Tensor
    counts: Tensor


class Concepts(NamedTuple):
    """Of each unit, (units,): the word that most of its top crops contain, as its number in `words`, and the share.

    `usual` (units,) is the share of crops with that word among those of all units of the layer, which a unit must
    exceed to mean something; `shares` (units, words) has all words.
    """

    word: Tensor
    share: Tensor
    usual: Tensor
    shares: Tensor
    words: tuple[str, ...]


def selectivity(ranking: Ranking, labels: Tensor, first: int, classes: int = 0) -> Selectivity:
    """How far the labels of each unit's `first` top pictures agree.

    Raises:
        LookupError: no picture has a label.
    """
    classes = max(classes, int(labels.max()) + 1)
    if int(labels.max()) < 0:
        raise LookupError("These pictures have no labels. Scan a folder of folders, or (picture, label) pairs.")
    ids = ranking.ids[:, :first]
    known = torch.where(ids == NOBODY, NOBODY, labels[ids.clamp(min=0)])
    there = known >= 0
    counts = torch.zeros(len(ids), classes, dtype=torch.int64)
    counts.scatter_add_(1, known.clamp(min=0), there.long())
    most = counts.max(1)
    return Selectivity(most.indices, most.values / there.sum(1).clamp(min=1), counts)


def concepts(world: OfTheWorld, category: str, ids: Tensor, boxes: Tensor) -> Concepts:
    """Which word of `category` the crops `boxes` (units, n, 4) of pictures `ids` (units, n) contain most often.

    A crop contains a word where its mask has at least 12 pixels in the box.

    Raises:
        LookupError: the world has no such category.
    """
    from vizkit.data.world import MAPS, WORDS

    if category not in MAPS or category not in WORDS:
        known = ", ".join(word for word in WORDS if word in MAPS)
        raise LookupError(f"The world has no masks of {category!r}; it has {known}.")
    words = WORDS[category]
    seen = torch.zeros(*ids.shape, len(words), dtype=torch.bool)
    for number in ids[ids != NOBODY].unique().tolist():  # a drawing a picture, however many units it excites
        where = ids == number
        sums = _sums(world.view(number).maps[category], len(words))
        seen[where] = _within(sums, boxes[where]) >= LEAST
    there = (ids != NOBODY).sum(1, keepdim=True).clamp(min=1)
    shares = seen.sum(1) / there
    most = shares.max(1)
    return Concepts(most.indices, most.values, shares.mean(0)[most.indices], shares, words)


def _sums(map: np.ndarray, words: int) -> Tensor:
    """For each word, how many of its pixels lie above and left of each corner, (words, h + 1, w + 1)."""
    one_hot = torch.from_numpy(map.astype(np.int64)) == torch.arange(1, words + 1)[:, None, None]
    return torch.nn.functional.pad(one_hot.long().cumsum(1).cumsum(2), (1, 0, 1, 0))


def _within(sums: Tensor, boxes: Tensor) -> Tensor:
    """How many pixels of each word lie in each box, (n, words)."""
    top, left, bottom, right = boxes.unbind(-1)
    return (sums[:, bottom, right] - sums[:, top, right] - sums[:, bottom, left] + sums[:, top, left]).T
