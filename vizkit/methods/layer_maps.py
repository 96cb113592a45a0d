"""How do pictures come to lie apart? A map for each layer, and the points flow from one to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from vizkit.core.controls import Choice, LayerNames, Range
from vizkit.core.frames import Frame, Frames, Scalars
from vizkit.core.results import Points
from vizkit.data.collections import Collection
from vizkit.embed import tsne
from vizkit.embed.align import aligned
from vizkit.embed.descent import start as first_map
from vizkit.embed.features import Features, gathering
from vizkit.embed.fidelity import Fidelity
from vizkit.embed.neighbours import nearest
from vizkit.embed.numbers import intrinsic_dimension, label_agreement, probe_accuracy
from vizkit.embed.reading import begun
from vizkit.measure.index import Index
from vizkit.methods.embedding_map import Draft
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.nets.spread import spread

MOVED = 3  # a map that begins at another takes a third of the steps of the first
SAMPLE = 5000  # rows, evenly spread over the numbering, that are asked what a layer knows
NEAR = 10  # neighbors


def layer_maps(
    net: Network,
    layers: Annotated[Sequence[str], LayerNames()] = (),
    *,
    others: Sequence[Network] = (),
    pictures: str | Path | Tensor | Collection | Sequence | None = None,
    index: str | Path | Index | None = None,
    labels: Tensor | np.ndarray | Sequence | None = None,
    pool: Annotated[str, Choice("mean", "max", "flat")] = "mean",
    perplexity: Annotated[float, Range(5.0, 100.0, log=True)] = 30.0,
    steps: Annotated[int, Range(50, 2000, log=True)] = 750,
    engine: Annotated[str, Choice(*tsne.ENGINES)] = "auto",
    seed: int = 0,
) -> Frames[Points]:
    """Lay out pictures by one layer after another; each map begins at the one before and is turned to fit it.

    First the map of the first layer is made, then points move on: a frame lies between two maps, and the last is that
    of the last layer. `maps` of the result holds every finished map, by layer; `measures` holds of each: "label
    agreement", the share of a picture's 10 nearest vectors with its label; "probe accuracy", how many labels of
    held-out pictures a linear map tells; "intrinsic dimension" (TwoNN, Facco et al. 2017); "kl", nats; and "kept
    neighbors", the share of 10 nearest that the map keeps. The first two need labels, and the first three are asked of
    at most 5000 pictures. They are the scalars of a frame, too: the last two of its very points, against the layer
    that they move to. With other networks or checkpoints, their maps of the same depth come one after another.

    Args:
        net: The network to look into.
        layers: Which layers, in this order; none for some that are spread over the depth.
        others: More networks for the same pictures, such as checkpoints. A layer that one does not have stands for
            those of its own that are spread over its depth.
        pictures: A folder, "world", an array (n, c, h, w), a dataset; see `vizkit.scan`. None for 480 pictures of the
            bundled world, which networks of photographs have never seen.
        index: What `vizkit.scan(…, pooled="mean")` made of `net`, or its path: nothing is read then.
        labels: A whole number (-1 for unknown) or a word for each picture, instead of what the pictures tell.
        pool: What becomes of a layer's positions: their mean, their strongest, or all in one long vector.
        perplexity: How many neighbors count for each point, at most a third of the points.
        steps: Of the first map; each other takes a third as many.
        engine: Who computes t-SNE: ours, "exact" for few points and on a grid ("fft") for many, or openTSNE
            (`pip install "vizkit[maps]"`), to compare.
        seed: Where randomness starts: which pictures of the world, faint noise on the start, what a probe learns from.

    Raises:
        LookupError: a layer does not exist, or the index keeps no vectors of it.
        ValueError: there are too few pictures, or an argument is out of its bounds.
        FloatingPointError: a network answers with NaN.
        ModuleNotFoundError: openTSNE is asked for and not installed.

    >>> result = vizkit.run("layer_maps", vizkit.load("world"), ["stem", "stage2", "output"]).result()
    >>> list(result.maps), result.measures["output"]["label agreement"]
    (['stem', 'stage2', 'output'], 0.93)
    """
    nets, further = [net, *others], max(1, round(steps / MOVED))
    if index is not None and others:
        raise ValueError("An index is of one network, and these are several. Give the pictures instead.")
    named = _depths(nets, layers)
    left = [0 if index is not None else _left(each, names, pictures, pool) for each, names in named]
    before, count = sum(left), sum(len(names) for _, names in named)
    of, found = before + steps + (count - 1) * further, []
    for number, (each, names) in enumerate(named):
        told, draft = None, Draft(seed)
        for told in gathering(each, names, pictures=pictures, index=index, labels=labels, pool=pool):
            if not told.whole:
                said = f"{told.said} by {each.name}, here by their principal components."
                yield Frame(sum(left[:number]) + told.done, of, draft.of(told.only), {}, said)
        assert told is not None, "there are features"
        found.append(told.features)
    measure = Measure(perplexity, engine, seed)
    stages = _stages(named, found, measure)
    points = partial(stages[0].features.points, **_answers(nets, found))
    tsne.check(perplexity, len(stages[0].rows), steps)
    begin, maps, measures = first_map(stages[0].rows, seed=seed), {}, {}
    yield Frame(before, of, points(begin), {}, f"The start at {stages[0].name}. Neighbors are being sought.")
    for number, stage in enumerate(stages):
        begun_at = before + (steps + (number - 1) * further if number else 0)
        for step, xy in _moved(stage, begin, further if number else steps, first=not number):
            scalars = stage.scalars(xy)
            end = step == (further if number else steps)
            if end:
                begin, maps, measures = xy, maps | {stage.name: xy}, measures | {stage.name: _told(scalars)}
            last = end and number == len(stages) - 1
            remark = _said(measures) if last else _going(stages, number)
            yield Frame(begun_at + step, of, points(xy, maps=maps, measures=measures), scalars, remark)


@dataclass(frozen=True)
class Measure:
    """How maps are made and measured."""

    perplexity: float
    engine: str
    seed: int


@dataclass(frozen=True, eq=False)
class Stage:
    """A layer of a network, and what it makes of the pictures."""

    name: str
    features: Features
    measure: Measure

    @property
    def rows(self) -> Tensor:
        return self.features.rows

    def scalars(self, xy: Tensor) -> Scalars:
        """What is told of the layer, and of its map at `xy` (n, 2)."""
        told = {"perplexity": self.measure.perplexity, "engine": self.measure.engine, "seed": self.measure.seed}
        layer = {name: partial(getattr, self, name.replace(" ", "_")) for name in self._of_layer}
        kl = partial(tsne.divergence, self.rows, xy, **told)
        return Scalars({**layer, "kl": kl, "kept neighbors": partial(Fidelity(self.rows).kept, xy)})

    @cached_property
    def label_agreement(self) -> Tensor:
        assert self._labels is not None
        return label_agreement(self._near.ids[:, : self._few], self._labels)

    @cached_property
    def probe_accuracy(self) -> Tensor:
        assert self._labels is not None
        return probe_accuracy(self._asked, self._labels, seed=self.measure.seed)

    @cached_property
    def intrinsic_dimension(self) -> Tensor:
        """Where all rows are copies it is 0, and never more than the columns."""
        return intrinsic_dimension(self._near.distances).nan_to_num(0.0, posinf=torch.inf).clamp(max=self.rows.shape[1])

    @property
    def _of_layer(self) -> tuple[str, ...]:
        told = ("label agreement", "probe accuracy") if self._labels is not None else ()
        return (*told, "intrinsic dimension")

    @property
    def _every(self) -> slice:
        return slice(None, None, -(-len(self.rows) // SAMPLE))

    @cached_property
    def _asked(self) -> Tensor:
        return self.rows[self._every]

    @cached_property
    def _labels(self) -> Tensor | None:
        """The labels of those asked, if at least two of them are there twice."""
        labels = None if self.features.labels is None else self.features.labels[self._every]
        return labels if labels is not None and int((labels[labels >= 0].bincount() > 1).sum()) > 1 else None

    @property
    def _few(self) -> int:
        return min(NEAR, len(self._asked) - 1)

    @cached_property
    def _near(self):
        return nearest(self._asked, max(2, self._few))


def _moved(stage: Stage, begin: Tensor, steps: int, *, first: bool) -> Iterator[tuple[int, Tensor]]:
    """The map of the first stage as it is made; of another, points on their way to it from `begin`, smoothly."""
    how = {"perplexity": stage.measure.perplexity, "engine": stage.measure.engine, "seed": stage.measure.seed}
    for layout in tsne.tsne(stage.rows, begin, steps=steps, warm=not first, **how):
        if first:
            yield layout.step, layout.xy
            continue
        share = layout.step / layout.of
        yield layout.step, torch.lerp(begin, aligned(layout.xy, begin), share * share * (3 - 2 * share))


def _depths(nets: Sequence[Network], layers: Sequence[str]) -> list[tuple[Network, tuple[str, ...]]]:
    """The layers of each network, in order; those of the first where the others have them, too."""
    if isinstance(layers, str):
        raise TypeError(f"layers={layers!r} is one string; a list is wanted. Try [{layers!r}].")
    first = tuple(layers_of(nets[0])[name].name for name in layers) or _usual(nets[0])
    found = [(nets[0], first)]
    for net in nets[1:]:
        known = layers_of(net)
        named = all(name in known for name in first)
        found.append((net, first if named or layers else _usual(net)))
    return found


def _usual(net: Network) -> tuple[str, ...]:
    """Layers spread over the depth; not those that only average the one before, whose mean is the same."""
    known = layers_of(net)
    return tuple(name for name in spread(net) if "AvgPool" not in known[name].kind)


def _left(net: Network, layers: tuple[str, ...], pictures: Any, pool: str) -> int:
    """How many looks at the pictures are left to take."""
    reading = begun(net, layers, pictures, pool)
    return reading.of - reading.done


def _stages(
    named: Sequence[tuple[Network, tuple[str, ...]]], found: Sequence[Mapping[str, Features]], measure: Measure
) -> list[Stage]:
    """Layers of the same depth of all networks, then the next."""
    words = _words([net for net, _ in named])
    columns = [
        [Stage(f"{word} · {name}" if word else name, features[name], measure) for name in names]
        for word, (_, names), features in zip(words, named, found, strict=True)
    ]
    return [stage for row in zip_longest(*columns) for stage in row if stage is not None]


def _words(nets: Sequence[Network]) -> list[str]:
    """What to call each network, no two alike; nothing where there is one."""
    names = [net.name for net in nets]
    if len(names) == 1:
        return [""]
    return [f"{name} {names[: i + 1].count(name)}" if names.count(name) > 1 else name for i, name in enumerate(names)]


def _answers(nets: Sequence[Network], found: Sequence[Mapping[str, Features]]) -> dict[str, dict[str, Any]]:
    """The values and words of what each network answers; the length of a vector is another at each layer."""
    told = {"values": {}, "words": {}}
    for word, features in zip(_words(nets), found, strict=True):
        one = next(iter(features.values()))
        for kind, known in (("values", one.values), ("words", one.words)):
            told[kind] |= {f"{name} · {word}" if word else name: v for name, v in known.items() if name != "length"}
    return told


def _told(scalars: Scalars) -> dict[str, float]:
    return {name: float(value) for name, value in scalars.items()}


def _going(stages: Sequence[Stage], number: int) -> str:
    """Where the points are on their way."""
    return f"From {stages[number - 1].name} to {stages[number].name}." if number else f"The map of {stages[0].name}."


def _said(measures: Mapping[str, Mapping[str, float]]) -> str:
    """What became of the pictures from the first layer to the last."""
    first, last = next(iter(measures)), list(measures)[-1]
    kept = f"{100 * measures[last]['kept neighbors']:.0f} % of the 10 nearest are near on the last map."
    name = "label agreement"
    if name not in measures[first]:
        return kept
    shares = [f"{100 * measures[layer][name]:.0f} % at {layer}" for layer in dict.fromkeys([first, last])]
    return f"Of a picture's 10 nearest, {' and '.join(shares)} have its label; {kept}"
