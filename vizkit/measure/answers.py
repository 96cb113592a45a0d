"""How strongly every unit of a layer answers every picture: one number each, the peak over positions.

Answers are (pictures, units) float32, NaN where a picture was unreadable.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

import torch
from torch import Tensor

from vizkit.data.collections import Collection, Pictures, as_collection
from vizkit.measure.index import Index
from vizkit.measure.looking import Memory, numbers
from vizkit.measure.scan import Scanned, scan, scanning
from vizkit.nets.network import Network


class Excited(NamedTuple):
    """Units that a picture excites, most first: their numbers, answers, and the share of pictures each exceeds."""

    units: Tensor
    answers: Tensor
    above: Tensor


class Match(NamedTuple):
    """For each unit of one network the most alike unit of another, and the correlation of their answers, (units,)."""

    units: Tensor
    correlation: Tensor


def answers(net: Network, layer: str, pictures: Pictures | None = None, index: Index | None = None) -> Tensor:
    """What every unit of `layer` answers to every picture, (pictures, units).

    Taken from `index` where it kept the peaks, else looked at anew, once: the last few are remembered with the network.

    Raises:
        LookupError: there is no such layer; neither pictures nor an index of pictures that can be found are given.
    """
    if _peaks_in(index, layer):
        return torch.from_numpy(index.embeddings(layer))
    there = as_collection(pictures) if pictures is not None else index and index.pictures.collection
    if there is None:
        raise LookupError(f"Answers of {layer} to which pictures? Give pictures=…, or an index of some.")
    return _memory(net).once(
        _key(net, layer, there), lambda: _kept(scan(net, _sized(net, there), [layer], **_JUST_PEAKS), layer)
    )


def answers_known(net: Network, layer: str, pictures: Pictures, index: Index | None = None) -> Tensor | None:
    """What `answers` returns where nothing must be looked at for it, and else None; never waits."""
    if _peaks_in(index, layer):
        return torch.from_numpy(index.embeddings(layer))
    return _memory(net).known(_key(net, layer, as_collection(pictures)))


def answers_looked_at(net: Network, layer: str, pictures: Pictures) -> Iterator[Scanned]:
    """The pass that `answers` takes, told of after every batch; at its end its answers are remembered.

    >>> for told in answers_looked_at(net, "stage3", "photos/"):
    ...     print(f"{told.done} of {told.of}")
    >>> answers_known(net, "stage3", "photos/").shape
    torch.Size([1000, 80])
    """
    there = as_collection(pictures)
    key = _key(net, layer, there)  # of the weights that are looked through
    told = None
    for told in scanning(net, _sized(net, there), [layer], **_JUST_PEAKS):
        yield told
    assert told is not None, "a scan tells at least how it ended"
    _memory(net).once(key, lambda: _kept(told.index(), layer))


def excited(known: Tensor, picture: int, most: int = 12) -> Excited:
    """The units that `picture` excites most, beside what they answer to all pictures; `known` is (pictures, units).

    Units are compared by how many standard deviations their answer lies above their own mean, so that a unit that is
    strong on everything does not come first.

    Raises:
        IndexError: there is no such picture.
    """
    if not 0 <= picture < len(known):
        raise IndexError(f"There are pictures 0 to {len(known) - 1}, not {picture}.")
    good = known[known.isfinite().all(1)]
    own = known[picture].nan_to_num()
    if not len(good):
        return Excited(*(torch.empty(0, dtype=kind) for kind in (torch.int64, torch.float32, torch.float32)))
    deviation = good.std(0, correction=0)
    score = torch.where(deviation > 0, (own - good.mean(0)) / deviation.clamp(min=1e-12), -torch.inf)
    units = score.argsort(descending=True, stable=True)[:most]
    units = units[score[units] > 0]
    return Excited(units, own[units], (good[:, units] < own[units]).float().mean(0))


def excited_each(known: Tensor, units: Sequence[int], most: int = 5) -> Excited:
    """`excited` of every picture at once, among `units` only: (pictures, most) each.

    Units are counted among `units`, from 0; -1 where a picture excites fewer of them.

    >>> excited_each(answers(net, "stage3", "world"), [7, 12, 40]).units[0]
    tensor([ 2,  0, -1])
    """
    own, good = known[:, list(units)].nan_to_num(), known[known.isfinite().all(1)][:, list(units)]
    most = min(most, len(units))
    if not len(good):
        return Excited(*(torch.full((len(known), most), fill) for fill in (-1, 0.0, 0.0)))
    deviation = good.std(0, correction=0)
    score = torch.where(deviation > 0, (own - good.mean(0)) / deviation.clamp(min=1e-12), -torch.inf)
    best, chosen = score.sort(dim=1, descending=True, stable=True)
    best, chosen = best[:, :most], chosen[:, :most]
    best[~known.isfinite().all(1)] = -torch.inf  # what could not be read excites nothing
    less = torch.searchsorted(good.T.sort(1).values.contiguous(), own.T.contiguous()).T / len(good)
    return Excited(torch.where(best > 0, chosen, -1), own.gather(1, chosen), less.gather(1, chosen))


def matched(one: Tensor, other: Tensor) -> Match:
    """For each unit of `one` (pictures, units) the unit of `other` whose answers to the same pictures go with it most.

    Pearson's correlation (Li et al. 2016, "Convergent Learning"); a unit that is the same on all pictures has none: its
    match is unit 0 with correlation 0.

    Raises:
        ValueError: these are answers to different numbers of pictures.
    """
    if len(one) != len(other):
        raise ValueError(f"Answers to {len(one)} and {len(other)} pictures cannot be compared. Give the same pictures.")
    good = one.isfinite().all(1) & other.isfinite().all(1)
    correlation = _standard(one[good]).T @ _standard(other[good]) / max(1, int(good.sum()))
    best = correlation.max(1)
    return Match(best.indices, best.values.float())


def _standard(known: Tensor) -> Tensor:
    """Each unit's answers with mean 0 and deviation 1, float64; all zero where a unit is constant."""
    centered = known.double() - known.double().mean(0)
    deviation = centered.square().mean(0).sqrt()
    return torch.where(deviation > 1e-12, centered / deviation.clamp(min=1e-12), 0.0)


_JUST_PEAKS = {"k": 1, "histograms": False, "pooled": "max"}


def _peaks_in(index: Index | None, layer: str) -> TypeGuard[Index]:
    return index is not None and layer in index.layers.names and index.pooling(layer) == "max"


def _memory(net: Network) -> Memory:
    return net.once("answers", Memory)


def _key(net: Network, layer: str, pictures: Collection) -> Hashable:
    return layer, pictures.hash, numbers(net)


def _sized(net: Network, pictures: Collection) -> Collection:
    return pictures.at(net.size, net.channels)


def _kept(found: Index, layer: str) -> Tensor:
    return torch.from_numpy(found.embeddings(layer))
