"""What a map is made of: a vector for each picture, or for each place in it, and what is known of each point.

Rows are (n, d) float32, on the device that made them; labels and values (n,) lie on the CPU.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vizkit.core.results import Points
from vizkit.data.collections import NONE, Collection, Pictures, as_collection
from vizkit.embed.reading import Reading, begun
from vizkit.measure.index import Index, open_index
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network

LEAST = 4  # points that make a map
RIGHT = ("wrong", "right")


@dataclass(frozen=True, eq=False)
class Features:
    """`rows` (m, d) of `count` points; all of them, or while pictures are still being read, those that `known` names.

    >>> features = of_array(torch.randn(100, 16))
    >>> features.points(torch.zeros(100, 2))
    100 points
    """

    rows: Tensor
    labels: Tensor | None = None
    label_names: tuple[str, ...] = ()
    names: Sequence[str] = ()
    pictures: Collection | None = None
    values: Mapping[str, Tensor] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: Tensor | None = None
    count: int = 0
    left_out: int = 0  # pictures that cannot be read

    def points(self, xy: Tensor, maps: Mapping[str, Tensor] | None = None, **told: Any) -> Points:
        """The points at `xy` (m, 2), with all that is known of them; those that are not lie in the middle."""
        if self.known is not None:
            xy = xy.new_zeros(self.count, 2).index_copy(0, self.known.to(xy.device), xy)
        known = {"values": self.values, "words": self.words, "names": self.names, "pictures": self.pictures}
        return Points(xy, self.labels, self.label_names, **{**known, "maps": maps or {}, **told})


@dataclass(frozen=True, eq=False)
class Gathered:
    """The features of each layer after `done` of `of` looks at the pictures; `said` tells how far that is."""

    features: Mapping[str, Features]
    done: int
    of: int
    said: str = ""

    @property
    def only(self) -> Features:
        """Those of the first layer."""
        return next(iter(self.features.values()))

    @property
    def whole(self) -> bool:
        return self.done == self.of


def gathering(
    net: Network | None,
    layers: Sequence[str | None],
    *,
    pictures: Pictures | None = None,
    index: str | Path | Index | None = None,
    features: Any = None,
    labels: Any = None,
    pool: str = "mean",
    places: int = 1,
    seed: int = 0,
    least: int = LEAST,
) -> Iterator[Gathered]:
    """The features of `layers` as pictures are read; of an `index` or an array of `features`, at once.

    The last is whole, and of at least `least` points. Where no layer is named, it is the one a panel opens on. Labels
    that are given come first.

    Raises:
        LookupError: there is no such layer, or the index keeps no vectors of it.
        ValueError: there is nothing to make a map of, or an array has another shape, or too few rows.
        FloatingPointError: the network answers with NaN or infinity.
    """
    if features is not None:
        yield _at_once({"": of_array(features, pictures, labels, least)})
    elif index is not None:
        yield _at_once(_of_index(net, layers, index, pictures, labels, least))
    elif net is not None:
        yield from _read(net, layers, pictures, labels, pool, places, seed, least)
    else:
        raise ValueError("There is nothing to make a map of. Give a network, an index, or features=x of shape (n, d).")


def of_array(rows: Any, pictures: Pictures | None = None, labels: Any = None, least: int = LEAST) -> Features:
    """Any array, tensor or nested list (n, d), with the pictures and labels of its rows where they are given.

    Raises:
        ValueError: it is no finite (n, d), or there are fewer pictures or labels than rows.
    """
    found = rows if isinstance(rows, Tensor) and not rows.requires_grad else torch.as_tensor(rows).detach()
    if found.ndim != 2 or not found.shape[1]:
        hint = "x.flatten(1) makes rows of pictures." if found.ndim > 2 else "Give a row of numbers for each point."
        raise ValueError(f"features has shape {tuple(found.shape)}; a map is made of rows (n, d). {hint}")
    if found.is_complex():
        raise ValueError(
            f"features is {found.dtype}; distances are those of real numbers. Give x.abs(), or both parts."
        )
    found = found.to(torch.float32)
    _enough(len(found), "rows", least)
    if not bool(found.isfinite().all()):
        row = int((~found.isfinite()).any(1).nonzero()[0])
        raise ValueError(f"Row {row} of features is not finite, so nothing is near to it. Leave such rows out.")
    collection = None if pictures is None else as_collection(pictures)
    _as_many(collection, len(found), "pictures")
    numbers, words = _labels(labels, len(found))
    return Features(found, numbers, words, _names(collection), collection)


def _at_once(features: Mapping[Any, Features]) -> Gathered:
    return Gathered(features, 0, 0)


def _of_index(
    net: Network | None,
    layers: Sequence[str | None],
    index: str | Path | Index,
    pictures: Pictures | None,
    labels: Any,
    least: int,
) -> dict[str | None, Features]:
    """The vectors that a scan kept of `layers`; where none is named, of the last."""
    index = index if isinstance(index, Index) else open_index(index, pictures)
    if net is not None and not index.is_of(net):
        other = f"{index.contents.net} with weights {index.contents.weights}"
        raise ValueError(
            f"This index is of {other}, and this is {net.name} with {net.weight_hash}. Load that network, or scan anew."
        )
    plan = index.contents.plan
    kept = [name for name, pooled in zip(plan.names, plan.pooled, strict=True) if pooled]
    if not kept:
        raise LookupError('This index keeps no vectors of pictures. Scan with pooled="mean".')
    rows = {name: torch.from_numpy(np.array(index.embeddings(name or kept[-1]))) for name in layers or (None,)}
    count = plan.count
    good = torch.stack([some.isfinite().all(1) for some in rows.values()]).all(0).nonzero()[:, 0]
    _enough(len(good), "pictures", least)
    collection = as_collection(pictures) if pictures is not None else index.collection
    _as_many(collection, count, "pictures")
    if collection is not None and len(good) < count:
        collection = collection.subset(good)
    numbers, words = _labels(labels, count)
    numbers, words = (index.labels, index.label_names) if numbers is None else (numbers, words)
    told = Features(rows[next(iter(rows))], _known(numbers[good]), words, _names(collection), collection)
    return {name: replace(told, rows=some[good], left_out=count - len(good)) for name, some in rows.items()}


def _read(
    net: Network,
    layers: Sequence[str | None],
    pictures: Pictures | None,
    labels: Any,
    pool: str,
    places: int,
    seed: int,
    least: int,
) -> Iterator[Gathered]:
    """The features of pictures that a network is shown, from where the last such pass ended."""
    named = tuple(name or layers_of(net).default for name in layers or (None,))
    reading = begun(net, named, pictures, pool, places, seed)
    count = len(reading.pictures)
    _enough(count * reading.places, "pictures" if reading.places == 1 else "places", least)
    given = _labels(labels, count)
    begin = reading.done
    while reading.done < reading.of:
        reading.go_on(reading.done)
        if reading.readable and reading.done < reading.of:
            told = {name: _of_reading(reading, name, given) for name in named}
            seen = reading.parts[reading.done].start
            yield Gathered(told, reading.done - begin, reading.of - begin, f"{seen:,} of {count:,} pictures read")
    _enough(reading.readable * reading.places, "readable pictures", least)
    told = {name: _of_reading(reading, name, given) for name in named}
    yield Gathered(told, reading.of - begin, reading.of - begin)


def _of_reading(reading: Reading, layer: str, given: tuple[Tensor | None, tuple[str, ...]]) -> Features:
    """What is known so far of every place of every picture that was read."""
    seen, whole = reading.seen(layer), reading.done == reading.of
    count = len(reading.pictures) * reading.places
    labels = seen.labels if given[0] is None else given[0][seen.ids]
    words = reading.pictures.label_names if given[0] is None else given[1]
    if whole:
        pictures = reading.shown(seen)
        values, meanings = _answers(seen.values, labels, words, reading.net.labels)
        left_out = len(reading.pictures) - reading.readable
        told = {"values": values, "words": meanings, "left_out": left_out}
        return Features(seen.rows, _known(labels), words, _names(pictures), pictures, **told)
    everyone = torch.full((count,), NONE).index_copy(0, seen.points, labels)
    pictures = reading.pictures if reading.places == 1 else None
    return Features(seen.rows, _known(everyone), words, _names(pictures), pictures, known=seen.points, count=count)


def _answers(
    values: Mapping[str, Tensor], labels: Tensor, words: tuple[str, ...], classes: tuple[str, ...]
) -> tuple[dict[str, Tensor], dict[str, tuple[str, ...]]]:
    """What a network answers, and what its numbers stand for; where labels are its classes, whether it is right."""
    if "prediction" not in values or not classes:
        return dict(values), {}
    if words != classes:
        return dict(values), {"prediction": classes}
    right = (values["prediction"] == labels).long().masked_fill(labels < 0, NONE)
    return {**values, "right": right}, {"prediction": classes, "right": RIGHT}


def _known(labels: Tensor) -> Tensor | None:
    """Labels, unless nobody knows any."""
    return labels if bool((labels != NONE).any()) else None


def _names(pictures: Collection | None) -> tuple[str, ...]:
    return () if pictures is None else tuple(pictures.name(number) for number in range(len(pictures)))


def _labels(labels: Any, count: int) -> tuple[Tensor | None, tuple[str, ...]]:
    """Numbers (n,) and the words they stand for, of numbers or words."""
    if labels is None:
        return None, ()
    _as_many(labels, count, "labels")
    words = list(labels)
    if words and isinstance(words[0], str):
        known = sorted(set(words))
        number = {word: i for i, word in enumerate(known)}
        return torch.tensor([number[word] for word in words]), tuple(known)
    numbers = torch.as_tensor(labels)
    if numbers.ndim != 1 or bool((numbers != numbers.long()).any()):
        raise ValueError(f"labels {tuple(numbers.shape)} are none. Give a whole number or a word for each row.")
    return numbers.long().cpu(), ()


def _as_many(things: Any, count: int, what: str) -> None:
    if things is not None and len(things) != count:
        raise ValueError(f"{len(things)} {what} for {count} rows. Give one for each.")


def _enough(count: int, what: str, least: int) -> None:
    if count < least:
        raise ValueError(f"{count} {what} make no map. Give {least} or more; a few hundred show something.")
