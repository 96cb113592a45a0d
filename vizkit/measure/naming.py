"""What each unit of a layer is for, in a word: what the pictures that excite it most have in common. Numbers (units,).

Of pictures with labels that is their label; of the generated world also the thing, the part, the color, the ground or
the texture that the unit looks at in them: that is in the close-up, by the world's masks.
"""

from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from vizkit.data.collections import NONE, Collection, OfTheWorld
from vizkit.measure.closeups import close, reach
from vizkit.measure.looking import Memory, Seen
from vizkit.measure.picking import leading
from vizkit.measure.selectivity import concepts, selectivity
from vizkit.nets.network import Network

CATEGORIES = ("object", "part", "color", "stuff", "texture")  # of the world's masks; of two as good, the first counts
AS_GOOD = 0.1  # an agreement that is less by no more
LABELED, CROPPED = 100, 20  # the strongest pictures of a unit whose labels, and whose masks, are asked
LEAST = 0.25  # agreement from which on a word says something about the unit
FEW = 4  # pictures are asked at least
KEPT = 2**26  # bytes of masks kept beside a network


@dataclass(frozen=True, eq=False)
class Meanings:
    """Of each unit, (units,): the number in `words` of what its top pictures agree on best, and the `share` that do.

    `usual` is the share of all pictures, or of all units' top crops, that have it.
    """

    word: Tensor
    share: Tensor
    usual: Tensor
    words: tuple[str, ...]

    @cached_property
    def agreement(self) -> Tensor:
        """The share beyond what is usual, as a part of what is left to 1: 0 for a word as common as anywhere."""
        return agreements(self.share, self.usual)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of each unit its word; empty where that says nothing about the unit."""
        telling = zip(self.word.tolist(), (self.agreement >= LEAST).tolist(), strict=True)
        return tuple(self.words[word] if tells else "" for word, tells in telling)

    def said(self, unit: int) -> str:
        """`dog 85 %`; empty where the word says nothing about the unit."""
        return f"{self.names[unit]} {100 * float(self.share[unit]):.0f} %" if self.names[unit] else ""


def agreements(share: Tensor, usual: Tensor) -> Tensor:
    """Shares beyond what is usual, as a part of what is left to 1."""
    return ((share - usual) / (1 - usual)).nan_to_num(0.0, 0.0, 0.0).clamp(min=0)


def labeled(seen: Seen, layer: str) -> Meanings | None:
    """By the labels of the pictures so far; None where they have none."""
    labels = seen.index.labels
    known = labels[: seen.done]
    known = known[known != NONE]
    if not len(known):
        return None
    first = max(FEW, leading(seen, LABELED))
    counts = selectivity(seen.index.top(layer), labels, first, len(seen.index.label_names)).counts
    usual = known.bincount(minlength=counts.shape[1]) / len(known)
    names = seen.index.label_names
    words = tuple(names[i] if i < len(names) else f"label {i}" for i in range(len(usual)))
    return _telling(counts / counts.sum(1, keepdim=True).clamp(min=1), usual, words)


def masked(net: Network, seen: Seen, layer: str) -> Meanings | None:
    """By the masks of the generated world, once all is seen; None for any other pictures.

    Every top crop is asked for every word; the one that is told is that with the largest agreement. What was found is
    remembered beside the network.
    """
    if not has_masks(seen):
        return None
    memory = net.once("meanings by masks", Memory)
    key = id(seen.index), layer
    found, _ = memory.once(key, lambda: (_masked(net, seen, layer), seen.index))
    return found


def has_masks(seen: Seen) -> bool:
    """Whether the pictures are all seen, and of the world."""
    return seen.done == seen.of and of_the_world(seen)


def of_the_world(seen: Seen) -> bool:
    """Whether the pictures are of the generated world."""
    return _world(seen.pictures) is not None


def knows_masks(net: Network, seen: Seen, layer: str) -> bool:
    """Whether `masked` is a look-up."""
    return (id(seen.index), layer) in net.once("meanings by masks", Memory)


def best(first: Meanings | None, *others: Meanings | None) -> Meanings | None:
    """Of each unit the word with the largest agreement, or an earlier one that is nearly as good."""
    there = [meanings for meanings in (first, *others) if meanings is not None]
    if not there:
        return None
    every = torch.stack([meanings.agreement for meanings in there])
    good = every >= every.amax(0) - AS_GOOD
    which = good.int().argmax(0)[None]  # the first that is
    starts = [sum(len(m.words) for m in there[:i]) for i in range(len(there))]
    word = torch.stack([m.word + start for m, start in zip(there, starts, strict=True)])
    share, usual = torch.stack([m.share for m in there]), torch.stack([m.usual for m in there])
    words = tuple(word for meanings in there for word in meanings.words)
    word, share, usual = (tensor.gather(0, which)[0] for tensor in (word, share, usual))
    return Meanings(word, share, usual, words)


def _masked(net: Network, seen: Seen, layer: str) -> Meanings | None:
    there = cast(OfTheWorld, _world(seen.pictures))
    masks = net.once("masks of the world", lambda: Memory(1)).once(
        repr((there.description, there.size)), lambda: Masks(there)
    )
    ranking = seen.index.top(layer)
    ids = ranking.ids[:, : leading(seen, CROPPED)]
    site, size = seen.index.site(layer), reach(net, seen, layer)
    boxes = close(site, ranking.positions[:, : ids.shape[1]], size)
    return best(*(_of_category(masks, category, ids, boxes) for category in CATEGORIES))


def _of_category(masks: "Masks", category: str, ids: Tensor, boxes: Tensor) -> Meanings:
    found = concepts(cast(OfTheWorld, masks), category, ids, boxes)
    return _telling(found.shares, found.shares.mean(0), found.words)


def _telling(shares: Tensor, usual: Tensor, words: tuple[str, ...]) -> Meanings:
    """Of each unit the word that agrees best, from `shares` (units, words) and what is `usual` (words,)."""
    word = agreements(shares, usual).max(1).indices
    return Meanings(word, shares.gather(1, word[:, None])[:, 0], usual[word], words)


class Masks:
    """The masks of pictures of the world, drawn once and kept while they are no more than `most` bytes."""

    def __init__(self, world: OfTheWorld, most: int = KEPT):
        self._world, self._left = world, most
        self._known: dict[int, Any] = {}

    def view(self, number: int) -> Any:
        """What `OfTheWorld.view` gives, less all but the masks."""
        if number in self._known:
            return self._known[number]
        maps = self._world.view(number).maps
        found = SimpleNamespace(maps={category: np.array(maps[category]) for category in CATEGORIES})
        size = sum(map.nbytes for map in found.maps.values())
        if size <= self._left:
            self._known[number], self._left = found, self._left - size
        return found


def _world(pictures: Collection) -> OfTheWorld | None:
    there = getattr(pictures, "kept", pictures)
    return there if isinstance(there, OfTheWorld) else None
