"""A second network is asked: where in it to look, which of its units goes along with one, what it would answer.

Tables of activations are (pictures, units), as `reading` makes them.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.nets.describe import Layer, layers
from vizkit.nets.network import Network

ALIKE = 0.5  # correlation from which on two units are said to go along


@dataclass(frozen=True, eq=False)
class Match:
    """For each of k units, the referee's `units` (k,) of `layer` that go along best, and how well (k,), at most 1.

    `least` is the correlation from which on that is more than chance.
    """

    layer: str
    units: Tensor
    correlations: Tensor
    least: float

    @property
    def found(self) -> Tensor:
        """Which of them go along, (k,)."""
        return self.correlations >= self.least


def matched(layer: str, own: Tensor, theirs: Tensor) -> Match:
    """For each column of `own` (pictures, k), the column of `theirs` (pictures, units) it is most correlated with.

    The best of many units correlates by chance, the more so the fewer pictures there are: at least `ALIKE`, and
    4/√pictures, is asked for. Units that never change correlate with nothing.
    """
    best = correlations(own, theirs).max(1)
    return Match(layer, best.indices, best.values, max(ALIKE, 4 / math.sqrt(len(own))))


def correlations(a: Tensor, b: Tensor) -> Tensor:
    """Pearson's correlation of each column of `a` (n, k) with each of `b` (n, m): (k, m), 0 where one is constant."""
    return _standard(a).T @ _standard(b)


def counterpart(net: Network, layer: str, referee: Network) -> str:
    """The layer of `referee` to compare with: of the same name, or else at the same share of the depth.

    Depth is counted in distinct layers, and a map is compared with a map, a vector with a vector.
    """
    known = layers(referee)
    if layer in known:
        return layer
    own = [entry for entry in layers(net) if not entry.same_as]
    here = layers(net)[layer]
    place = _place(own, here.same_as or here.name)
    theirs = [entry for entry in known if not entry.same_as]
    depths = {entry.name: _place(theirs, entry.name) for entry in theirs}
    alike = [entry.name for entry in theirs if len(entry.shape) == len(here.shape)] or list(depths)
    return min(alike, key=lambda name: abs(depths[name] - place))


def tells_classes(net: Network, layer: str) -> bool:
    """Whether the units of `layer` are the classes that `net` has labels for: it and all after it have as many."""
    if not net.labels:
        return False
    table = layers(net)
    after = table[table.names.index(table[layer].name) :]
    return all(entry.channels == len(net.labels) for entry in after)


def shared_classes(net: Network, referee: Network, classes: Tensor) -> Tensor:
    """The referee's index of each of `net`'s classes (k,), by their labels; -1 where it has no such label."""
    known = {label.casefold(): i for i, label in enumerate(referee.labels)}
    return torch.tensor([known.get(net.labels[int(unit)].casefold(), -1) for unit in classes])


def probabilities(outputs: Tensor) -> Tensor:
    """Of each class, (n, classes): the softmax, unless the network has taken it already."""
    sums = outputs.sum(1)
    if bool((outputs >= 0).all()) and bool(torch.isclose(sums, torch.ones_like(sums), atol=1e-3).all()):
        return outputs
    return outputs.softmax(1)


def _standard(a: Tensor) -> Tensor:
    """Columns of mean 0 and length 1; 0 where a column is constant."""
    centered = a.double() - a.double().mean(0)
    length = torch.linalg.vector_norm(centered, dim=0)
    return torch.where(length > 1e-9, centered / length.clamp(min=1e-9), 0.0)


def _place(entries: list[Layer], name: str) -> float:
    """Where in the list a layer stands: 0 the first, 1 the last."""
    names = [entry.name for entry in entries]
    return names.index(name) / max(1, len(names) - 1)
