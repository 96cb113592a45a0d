"""Which of the ranked pictures of a unit are shown: the strongest, the weakest, a spread of all, one of each class.

A pick is a picture's number, the unit's strongest answer on it and the flat position of that answer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.data.collections import NONE, Collection
from vizkit.data.decoding import Unreadable
from vizkit.data.remembered import Remembered
from vizkit.measure.looking import Seen
from vizkit.measure.top import NOBODY, Ranking

SPREADS = ("top", "deciles", "bottom", "classes")
THUMB = 16  # pixels of a side by which pictures are compared
NEXT = (1, -1, 2, 3)  # steps to units whose pictures are read ahead, for whoever goes through a layer
ALIKE = 0.03  # root mean square difference of thumbnails, as a share of the value range, below which two are one


@dataclass(frozen=True)
class Pick:
    """One picture of a unit; `copies` is how many such were found, `above` which share of pictures excites less."""

    picture: int
    value: float
    position: int
    copies: int = 1
    above: float | None = None


def picks(seen: Seen, layer: str, unit: int, spread: str, count: int, fold: bool) -> list[Pick]:
    """At most `count` pictures of a unit, in the order of `SPREADS`.

    Raises:
        LookupError: the layer has no such unit, or the pictures have no labels and classes are asked for.
    """
    ranked = candidates(seen, layer, unit, spread)
    if spread == "deciles":
        ranked = _spaced(ranked, count)
    if spread == "classes":
        ranked = _first_of_each(ranked, seen)
    if isinstance(seen.pictures, Remembered):
        seen.pictures.ahead([pick.picture for pick in ranked[:count]])
    fold = fold and spread in ("top", "bottom")
    return folded(ranked, seen.pictures, count) if fold else _present(ranked, seen.pictures, count)


def read_ahead(seen: Seen, layer: str, unit: int, spread: str, count: int) -> None:
    """Begin to read the top pictures of the units beside this one; once its own are shown, which would wait."""
    if isinstance(seen.pictures, Remembered) and spread == "top" and seen.done == seen.of:
        seen.pictures.soon(_beside(seen, layer, unit, count))


def _beside(seen: Seen, layer: str, unit: int, count: int) -> list[int]:
    """The pictures that units next to this one will ask for, the next one's first."""
    ids = seen.index.top(layer).ids[:, :count]
    beside = [unit + step for step in NEXT if 0 <= unit + step < len(ids)]
    return [number for number in ids[beside].flatten().tolist() if number != NOBODY]


def candidates(seen: Seen, layer: str, unit: int, spread: str = "top") -> list[Pick]:
    """The pictures to pick from, strongest first, or weakest first for the "bottom".

    All of them where all are ranked; else the strongest for the "top", an even sample for "deciles" and "bottom", and
    both for "classes". Equal answers stand in the order of their pictures.
    """
    top = row(seen.index.top(layer), layer, unit)
    if spread == "top" or (seen.whole and spread != "bottom"):
        return top
    found = top if seen.whole else row(seen.index.spread(layer), layer, unit)
    if spread == "classes":
        found = list({pick.picture: pick for pick in [*found, *top]}.values())
    sign = 1 if spread == "bottom" else -1
    return sorted(found, key=lambda pick: (sign * pick.value, pick.picture))


def row(ranking: Ranking, layer: str, unit: int) -> list[Pick]:
    """What a ranking says of one unit; those that are not there are left out."""
    units = len(ranking.ids)
    if not 0 <= unit < units:
        raise LookupError(f"{layer} has {units} units, 0 to {units - 1}; there is no unit {unit}.")
    values, ids, positions = (tensor[unit].tolist() for tensor in ranking)
    return [Pick(*one) for one in zip(ids, values, positions, strict=True) if one[0] != NOBODY]


def folded(ranked: Iterable[Pick], pictures: Collection, count: int) -> list[Pick]:
    """The first `count` that differ; a picture much like one that is there already counts as its copy.

    Whole pictures are compared, at 16 by 16 pixels. A copy that stands behind the last one shown is not counted.
    """
    found: list[Pick] = []
    thumbs: list[Tensor] = []
    for pick in ranked:
        thumb = _read(pictures, pick.picture, thumbnail)
        if thumb is None:
            continue
        like = _like(thumb, thumbs)
        if like is not None:
            found[like] = replace(found[like], copies=found[like].copies + 1)
        elif len(found) < count:
            found.append(pick)
            thumbs.append(thumb)
        else:
            break
    return found


def thumbnail(picture: Tensor) -> Tensor:
    """A picture (c, h, w) in [0, 1] at 16 by 16 pixels, (c, 16, 16)."""
    return F.adaptive_avg_pool2d(picture, THUMB)


def commonest(seen: Seen, layer: str, unit: int, most: int = 100) -> tuple[str, float, float, int] | None:
    """The commonest label of the unit's top pictures: its word, its share among them and among all, how many they are.

    The top is the `most` strongest, at most a quarter of all pictures. None where nothing has a label.
    """
    labels = seen.index.labels[: seen.done]
    top = labels[[pick.picture for pick in candidates(seen, layer, unit)[: leading(seen, most)]]]
    known = top[top != NONE]
    if not len(known):
        return None
    label = int(known.mode().values)
    words = seen.index.label_names
    share, usual = (float((some == label).sum() / max(1, len(some))) for some in (known, labels[labels != NONE]))
    return words[label] if label < len(words) else f"label {label}", share, usual, len(top)


def leading(seen: Seen, most: int) -> int:
    """How many pictures are the strongest of what was seen: `most`, but a quarter of all where those are few."""
    return min(most, max(1, seen.done // 4))


def _spaced(ranked: Sequence[Pick], count: int) -> list[Pick]:
    """`count` picks at equal distances in the ranking, its first and its last among them."""
    last = len(ranked) - 1
    places = torch.linspace(0, last, min(count, last + 1), dtype=torch.float64).round().long().tolist()
    return [replace(ranked[place], above=(last - place) / max(1, last)) for place in places]


def _first_of_each(ranked: Sequence[Pick], seen: Seen) -> list[Pick]:
    """Of each label its first pick."""
    labels = seen.index.labels
    if seen.done == seen.of and int(labels.max()) == NONE:
        raise LookupError("These pictures have no labels. Give a folder of folders or (picture, label) pairs.")
    known = labels.tolist()
    first: dict[int, Pick] = {}
    for pick in ranked:
        if known[pick.picture] != NONE:
            first.setdefault(known[pick.picture], pick)
    return list(first.values())


def _present(ranked: Iterable[Pick], pictures: Collection, count: int) -> list[Pick]:
    """The first `count` whose pictures can be read."""
    found: list[Pick] = []
    for pick in ranked:
        if len(found) == count:
            break
        if readable(pictures, pick.picture):
            found.append(pick)
    return found


def readable(pictures: Collection, number: int) -> bool:
    """Whether a picture that was ranked can still be read."""
    return _read(pictures, number, lambda picture: picture) is not None


def _read(pictures: Collection, number: int, each: Callable[[Tensor], Tensor]) -> Tensor | None:
    """None for a picture that has become unreadable since it was ranked."""
    try:
        return each(pictures[number])
    except Unreadable:
        return None


def _like(thumb: Tensor, others: Sequence[Tensor]) -> int | None:
    """The number of the first of `others` that is much like it."""
    if not others:
        return None
    apart = (torch.stack(list(others)) - thumb).square().mean((1, 2, 3)).sqrt()
    found = (apart < ALIKE).nonzero()
    return int(found[0]) if len(found) else None
