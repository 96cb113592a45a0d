"""What the pages of a layer tell of its units, read from an index. Tensors and tuples have an entry for each unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from vizkit.data.collections import NONE
from vizkit.measure.histogram import Histograms, quantile, sparsity
from vizkit.measure.index import Index
from vizkit.measure.looking import Seen
from vizkit.measure.picking import leading
from vizkit.measure.profile import breakdown, evenly
from vizkit.measure.top import NOBODY
from vizkit.nets.calls import Place
from vizkit.nets.describe import Layer, Layers
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network

STRONGEST = 100  # pictures whose labels are counted, a quarter of all where those are few
LEAST_SHARE = 0.1  # of them that have one label, so that the unit is called after it
ODDS = 4  # and how many times the odds of that label must be what they are among all pictures


@dataclass(frozen=True)
class Summary:
    """What the index page and the search tell of a layer: `dead` is a share, `strip` has units and what to call them.

    `found` has for every unit its number, its word, the percentage of its strongest pictures with that label, and the
    names of the very strongest.
    """

    layer: Layer
    place: str
    dead: float
    strip: tuple[tuple[int, str], ...]
    found: tuple[tuple[int, str, int, tuple[str, ...]], ...]


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of one layer."""

    net: Network
    layer: Layer
    seen: Seen

    @property
    def index(self) -> Index:
        return self.seen.index

    @cached_property
    def best(self) -> Tensor:
        """The strongest answer of each unit, -inf where no picture counts."""
        return self.index.top(self.layer.name).values[:, 0]

    @cached_property
    def dead(self) -> Tensor:
        """Whether no picture makes a unit's answer positive."""
        return self.best <= 0

    @cached_property
    def histograms(self) -> Histograms | None:
        """None where nobody counted."""
        return self.index.histogram(self.layer.name) if self.index.samples(self.layer.name) else None

    @cached_property
    def positive(self) -> Tensor:
        """The share of answers that are positive; NaN where nobody counted."""
        if self.histograms is None:
            return torch.full((self.layer.channels,), torch.nan)
        return sparsity(self.histograms).positive

    @cached_property
    def zero(self) -> Tensor:
        """The share of answers that are exactly zero."""
        return torch.full_like(self.positive, torch.nan) if self.histograms is None else sparsity(self.histograms).zero

    @cached_property
    def median(self) -> Tensor:
        """The answer that half of all exceed."""
        if self.histograms is None:
            return torch.full((self.layer.channels,), torch.nan)
        return quantile(self.histograms, torch.tensor([0.5], dtype=torch.float64))[0]

    @cached_property
    def first(self) -> int:
        """How many of the strongest pictures are asked for their labels."""
        return min(leading(self.seen, STRONGEST), self.index.contents.plan.k)

    @cached_property
    def share(self) -> Tensor:
        """The share of the strongest pictures that have the commonest label among them; 0 without labels."""
        return self._leading[1]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What each unit is called after: its class, or the label that its strongest pictures agree on, or nothing."""
        if self.classes:
            return self.classes
        labels, shares = self._leading
        known = self.index.labels[self.index.labels != NONE]
        usual = known.bincount(minlength=int(labels.max()) + 1).double() / max(1, len(known))
        clear = (shares >= LEAST_SHARE) & (_odds(shares) >= ODDS * _odds(usual[labels])) & ~self.dead
        names = self.index.label_names
        called = [names[n] if n < len(names) else f"label {n}" for n in labels.tolist()]
        return tuple(word if good else "" for word, good in zip(called, clear.tolist(), strict=True))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The network's own labels, where this layer's units are its classes."""
        labels = self.net.labels
        return labels if len(labels) == self.layer.channels and self.layer.name in _class_layers(self.net) else ()

    def called(self, unit: int) -> str:
        """A unit in words: `unit 7 of stage3, farm`."""
        return f"unit {unit} of {self.layer.name}" + f", {self.words[unit]}" * bool(self.words[unit])

    def dead_share(self, units: Sequence[int]) -> float:
        """How many of some units are dead, as a share."""
        return float(self.dead[list(units)].float().mean())

    def strip(self, units: Sequence[int], count: int) -> list[int]:
        """`count` units to stand for the layer: from the most selective or sparse to the least, the dead left out."""
        alive = [unit for unit in units if not bool(self.dead[unit])] or list(units)
        by_label = bool((self.share > 0).any())
        ordered = sorted(alive, key=lambda unit: (-self.share[unit] if by_label else self.positive[unit], unit))
        places = torch.linspace(0, len(ordered) - 1, min(count, len(ordered)), dtype=torch.float64).round().long()
        return [ordered[place] for place in places.tolist()]

    def histogram(self, unit: int, marks: Sequence[float]) -> tuple[Tensor, Tensor]:
        """Counts (bins,) and edges (bins + 1,) of a unit, which reach to all `marks`; empty where nobody counted."""
        if self.histograms is None:
            return torch.zeros(0), torch.zeros(0)
        return evenly(self.histograms, unit, torch.tensor(marks, dtype=torch.float64))

    def groups(self, unit: int) -> tuple[tuple[tuple[str, int, float], ...], int]:
        """The labels of a unit's strongest pictures; see `measure.profile.breakdown`."""
        return breakdown(self.seen, self.layer.name, unit)

    @cached_property
    def _leading(self) -> tuple[Tensor, Tensor]:
        """Number and share of the commonest label of each unit."""
        if int(self.index.labels.max()) == NONE:
            return torch.zeros(self.layer.channels, dtype=torch.int64), torch.zeros(self.layer.channels)
        found = self.index.selectivity(self.layer.name, self.first)
        there = self.index.top(self.layer.name).ids[:, 0] != NOBODY
        return found.label, found.share.where(there, 0.0)


def _odds(share: Tensor) -> Tensor:
    return share.double() / (1 - share.double())


def _class_layers(net: Network) -> set[str]:
    """The output, other names of its tensor, and the last map with weights, whose mean or very values it is."""
    known: Layers = layers_of(net)
    output = next((layer for layer in known if layer.name == "output"), known[-1])
    parts = dict(net.twin.named_modules())
    kinds = nn.modules.conv._ConvNd, nn.Linear
    mapped = [layer.name for layer in known if isinstance(parts.get(Place.parse(layer.name).path), kinds)]
    return {"output", output.same_as or "output", *mapped[-1:]}
