"""What a scan found: for every unit of every layer, the pictures that excite it most, and how often it is active.

Units are numbered within their layer. Positions are flat (row * columns + column); boxes are pixels of the network's
input: top, left, bottom, right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vizkit.core.words import nearest
from vizkit.data.collections import Collection, Files, OfTheWorld, Pictures, as_collection
from vizkit.measure.coactivation import Coactivation, Together
from vizkit.measure.contents import Contents
from vizkit.measure.folder import Failures, Folder
from vizkit.measure.histogram import Histograms, Sparsity, between, quantile, sparsity
from vizkit.measure.moments import Moments
from vizkit.measure.results import FromFile, FromState, Results
from vizkit.measure.selectivity import Concepts, Selectivity, concepts, selectivity
from vizkit.measure.sites import Site
from vizkit.measure.top import NOBODY, Ranking
from vizkit.nets.describe import Layers
from vizkit.nets.network import Network


class Crop(NamedTuple):
    """A place in a picture: its number, the box there, the unit's answer, and the position in the map."""

    picture: int
    box: tuple[int, int, int, int]
    value: float
    position: int


@dataclass(frozen=True, eq=False, repr=False)
class Index:
    """Made by `vizkit.scan` or `vizkit.open_index`. Layers are asked by name; tensors are read when asked for.

    >>> index = vizkit.open_index("index/")
    >>> values, ids, positions = index.top("stage4")  # (units, k) each
    >>> index.pictures[ids[7, 0]], index.crop("stage4", 7, 0).box
    (PosixPath('photos/012.jpg'), (12, 30, 63, 81))
    """

    contents: Contents
    results: Results
    collection: Collection | None
    unreadable_numbers: Failures = ()
    folder: Folder | None = None

    @cached_property
    def layers(self) -> Layers:
        """The table of the layers that were scanned, as `vizkit.layers` has it."""
        entries = self.contents.plan.layers
        names = [entry.name for entry in entries]
        deep = [entry.name for entry in entries if len(entry.shape) == 3]
        return Layers(self.contents.net, entries, names[-1] if not deep else deep[-1])

    def top(self, layer: str) -> Ranking:
        """The most exciting pictures of each unit, strongest first: values, ids and positions, (units, k) each.

        Equal values stand in the order of their numbers. Where fewer pictures count, the rest is -inf, -1, -1.
        """
        return self._ranking(layer, "top")

    def spread(self, layer: str) -> Ranking:
        """The same of an even sample of pictures, strongest first: its deciles are the unit's.

        >>> ranking = index.spread("stage4")
        >>> middle = ranking.ids[:, ranking.ids.shape[1] // 2]  # for each unit a picture that half of all excite more
        """
        return self._ranking(layer, "spread")

    def histogram(self, layer: str) -> Histograms:
        """How often each unit answers how strongly: counts (units, bins) between edges (bins + 1,)."""
        number = self._sampled(layer)
        return between(self.results.of(number, "counts"), int(self.results.of(number, "first_bin")))

    def quantile(self, layer: str, q: float | Sequence[float] | Tensor) -> Tensor:
        """The value below which a share `q` of each unit's answers lies, (units,), or (len(q), units) for several.

        From the histogram: at most 1/32 of the value from the truth about what was counted.

        >>> index.quantile("stage4", 0.995)  # the threshold of network dissection
        """
        found = quantile(self.histogram(layer), torch.as_tensor(q, dtype=torch.float64).reshape(-1))
        return found[0] if isinstance(q, (int, float)) or (isinstance(q, Tensor) and not q.ndim) else found

    def moments(self, layer: str) -> Moments:
        """Mean and variance of each unit's answers, (units,) float64, and on how many pictures."""
        number = self._sampled(layer)
        return Moments(*(self.results.of(number, name) for name in Moments._fields))

    def sparsity(self, layer: str) -> Sparsity:
        """Which share of each unit's answers is exactly zero, and which is positive, (units,) each."""
        return sparsity(self.histogram(layer))

    def samples(self, layer: str) -> int:
        """How many positions of a picture histogram and moments looked at; 0 where there are none."""
        return self.contents.plan.samples[self._number(layer)]

    def embeddings(self, layer: str) -> np.ndarray:
        """A vector for each picture, (pictures, units) float32, NaN where a picture was unreadable; from disk.

        Raises:
            LookupError: none were kept.
        """
        number = self._number(layer)
        if not self.contents.plan.pooled[number]:
            raise LookupError(f"No embeddings of {layer} were kept. Scan with pooled={{{layer!r}: 'mean'}}.")
        if self.folder is not None:
            return self.folder.rows(self.contents.plan, number)
        if isinstance(self.results, FromState) and self.results.has_rows(number):
            return self.results.rows(number).numpy()
        raise LookupError("Embeddings can be read once the scan is complete.")

    def pooling(self, layer: str) -> str:
        """How the layer's embeddings were pooled over positions, "mean" or "max"; empty where none were kept."""
        return self.contents.plan.pooled[self._number(layer)]

    def together(self, layer: str) -> Together:
        """How often two units are active at the same position: counts and Jaccard index, (units, units) each."""
        number = self._number(layer)
        if not self.contents.plan.together[number]:
            raise LookupError(f"Pairs of {layer} were not counted. Scan with together=[{layer!r}].")
        counts = self.results.of(number, "together")
        return Coactivation(len(counts)).finalize({"counts": counts})

    def odd(self, layer: str) -> Tensor:
        """On how many pictures each unit answered with NaN or infinity, (units,); those count for nothing else."""
        return self.results.of(self._number(layer), "odd")

    # -- pictures ------------------------------------------------------------------------------------------------------

    @cached_property
    def pictures(self) -> "Found":
        """The pictures by number: the path of a file, the tensor (c, h, w) of any other.

        Raises:
            LookupError: they are nowhere to be found; the message says what to give to `open_index`.
        """
        return Found(self._there())

    def picture(self, number: int) -> Tensor:
        """Picture `number` as the network saw it, (c, h, w) in [0, 1]."""
        return self._there()[int(number)]

    @property
    def labels(self) -> Tensor:
        """The label of each picture, (pictures,) int64, -1 where none is known; `label_names` has the words."""
        return self.results.labels

    @property
    def label_names(self) -> tuple[str, ...]:
        return self.contents.label_names

    @cached_property
    def unreadable(self) -> dict[str, str]:
        """The pictures that could not be read, by name, and why."""
        name = self.collection.name if self.collection is not None else str
        return {name(number): reason for number, reason in self.unreadable_numbers}

    # -- places --------------------------------------------------------------------------------------------------------

    def site(self, layer: str) -> Site:
        """How the positions of a layer lie on the picture."""
        return self.contents.plan.sites[self._number(layer)]

    def boxes(self, layer: str, positions: Tensor, reach: tuple[int, int] | None = None) -> Tensor:
        """What units at flat `positions` (...) see, (..., 4) int64, cut off at the picture's border.

        The receptive field, or a box of `reach` (height, width) around its center, such as an effective field's. A
        token of a transformer has its patch, a layer without positions the whole picture.
        """
        return self.site(layer).boxes(positions, reach)

    def crop(self, layer: str, unit: int, rank: int = 0, reach: tuple[int, int] | None = None) -> Crop:
        """Where the unit's `rank`-th picture excites it; `index.picture(crop.picture)[:, top:bottom, left:right]`.

        Raises:
            LookupError: it has no such unit, or fewer pictures.
        """
        values, ids, positions = self.top(layer)
        units, k = ids.shape
        if not (0 <= unit < units and 0 <= rank < k) or ids[unit, rank] == NOBODY:
            raise LookupError(f"{layer} has units 0 to {units - 1} with at most {k} pictures, not {unit} with {rank}.")
        top, left, bottom, right = self.boxes(layer, positions[unit, rank], reach).tolist()
        where = int(positions[unit, rank])
        return Crop(int(ids[unit, rank]), (top, left, bottom, right), float(values[unit, rank]), where)

    # -- what units are for --------------------------------------------------------------------------------------------

    def selectivity(self, layer: str, first: int = 100) -> Selectivity:
        """How far the labels of each unit's `first` top pictures agree: the commonest label and its share, (units,).

        Raises:
            LookupError: the pictures have no labels.
        """
        return selectivity(self.top(layer), self.labels, first, len(self.label_names))

    def concepts(
        self, layer: str, category: str = "object", first: int = 20, reach: tuple[int, int] | None = None
    ) -> Concepts:
        """Which thing of the generated world each unit's top crops show, by the world's masks, and in which share.

        Raises:
            LookupError: the pictures are not of the world, or it has no such category.
        """
        there = self._there()
        world = getattr(there, "kept", there)
        if not isinstance(world, OfTheWorld):
            raise LookupError("Only pictures of the generated world have masks. Scan 'world', or use selectivity.")
        ranking = self.top(layer)
        boxes = self.boxes(layer, ranking.positions[:, :first], reach)
        return concepts(world, category, ranking.ids[:, :first], boxes)

    # -- itself --------------------------------------------------------------------------------------------------------

    @property
    def recipe(self) -> str:
        """The Python that makes it again."""
        return self.contents.recipe

    def is_of(self, net: Network) -> bool:
        """Whether it was made of this very network, by its weights."""
        return (net.weight_hash, tuple(net.edits)) == (self.contents.weights, self.contents.edits)

    def __repr__(self) -> str:
        plan = self.contents.plan
        bad = f", {len(self.unreadable_numbers)} of them unreadable" if self.unreadable_numbers else ""
        inside = f"{len(plan.layers)} layers, {plan.units} units"
        return f"<index of {plan.count} pictures{bad}, {inside} of {self.contents.net}>"

    def _ranking(self, layer: str, name: str) -> Ranking:
        number = self._number(layer)
        return Ranking(*(self.results.of(number, f"{name}.{tensor}") for tensor in Ranking._fields))

    def _sampled(self, layer: str) -> int:
        number = self._number(layer)
        if not self.contents.plan.samples[number]:
            raise LookupError("This index has no histograms and moments. Scan with histograms=True.")
        return number

    def _number(self, layer: str) -> int:
        names = self.contents.plan.names
        layer = self.contents.aliases.get(layer, layer) if layer not in names else layer
        if layer not in names:
            raise LookupError(
                f"The index has no layer {layer!r}.{nearest(layer, names)} index.layers lists {len(names)}."
            )
        return names.index(layer)

    def _there(self) -> Collection:
        if self.collection is None:
            kind = self.contents.pictures["kind"]
            raise LookupError(
                f"The index does not hold its pictures, which were {'an' if kind[0] in 'ai' else 'a'} {kind}. "
                "Give them: vizkit.open_index(path, pictures=…)."
            )
        return self.collection


@dataclass(frozen=True, eq=False)
class Found(Sequence[Any]):
    """The pictures of an index by number: a path where it is a file, else (c, h, w) in [0, 1]."""

    collection: Collection

    def __len__(self) -> int:
        return len(self.collection)

    def __getitem__(self, number: Any) -> Any:
        number, files = int(number), getattr(self.collection, "kept", self.collection)
        if not -len(self) <= number < len(self):
            raise IndexError(f"There are pictures 0 to {len(self) - 1}, not {number}.")
        number %= len(self)
        return files.path(number) if isinstance(files, Files) else self.collection[number]

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))


def open_index(path: str | Path, pictures: Pictures | None = None) -> Index:
    """The index that `vizkit.scan(…, out=path)` wrote. Everything in it is checked before it is believed.

    Args:
        path: The folder.
        pictures: Its pictures, where they have moved or were in memory; a folder, an array, a dataset.

    Raises:
        FileNotFoundError: there is no index.
        ValueError: it is damaged, of a newer format or not complete, or `pictures` are others.

    >>> vizkit.open_index("index/").top("stage4").values.shape
    torch.Size([192, 100])
    """
    folder = Folder(path)
    if not folder.path.is_dir():
        raise FileNotFoundError(
            f"There is no index {str(path)!r}. vizkit.scan(net, pictures, out={str(path)!r}) makes one."
        )
    try:
        contents = folder.contents()
        if contents is None:
            raise ValueError("it is empty")
        if not contents.complete:
            raise ValueError("its scan is not complete; the same call of vizkit.scan goes on with it")
        results = FromFile(folder.path / "results.safetensors", contents.plan)
        collection = _collection(folder, contents, pictures)
        return Index(contents, results, collection, folder.unreadable(contents.plan), folder)
    except (ValueError, OSError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} cannot be opened: {error}.".replace("..", ".")) from error


def _collection(folder: Folder, contents: Contents, pictures: Pictures | None) -> Collection | None:
    """The pictures: those that are given, or those of the table of contents, if they can be found again."""
    size = contents.plan.sites[0].size
    if pictures is not None:
        given = as_collection(pictures)
        given = given.at(size, given.channels)
        if len(given) != contents.plan.count:
            raise ValueError(f"it was made of {contents.plan.count} pictures, and {len(given)} are given")
        return given
    told = contents.pictures
    if told["kind"] in ("folder", "files"):
        names = folder.names(contents.plan.count)
        root = Path(str(told.get("root", "")))
        listed = told["kind"] == "files"
        labels = contents.label_names
        return None if names is None else Files(root, names, listed, size=size, label_names=labels)
    if told["kind"] == "world":
        knobs = {str(k): tuple(v) if isinstance(v, list) else v for k, v in dict(told.get("knobs", {})).items()}
        split, seed = str(told.get("split")), int(told.get("seed", 0))
        made = OfTheWorld(split, contents.plan.count, seed, knobs, label_names=contents.label_names)
        return replace(made, size=size)
    return None
