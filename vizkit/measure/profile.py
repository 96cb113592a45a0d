"""What is known of a unit beside its top pictures: how strongly it answers how often, and which classes lead."""

import torch
from torch import Tensor

from vizkit.core.results import Profile
from vizkit.data.collections import NONE
from vizkit.measure.histogram import Histograms
from vizkit.measure.looking import Seen
from vizkit.measure.picking import candidates, leading

BINS = 60  # drawn, all of one width
MOST = 100  # pictures whose classes are counted
GROUPS = 6  # told apart; the rest are others


def profile(seen: Seen, layer: str, unit: int, marks: Tensor) -> Profile:
    """The profile of a unit whose answers to the pictures shown are `marks` (n,), NaN for none."""
    counts, edges = torch.zeros(0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
    if seen.index.samples(layer):
        counts, edges = evenly(seen.index.histogram(layer), unit, marks)
    groups, first = breakdown(seen, layer, unit)
    return Profile(f"unit {unit} of {layer}", edges, counts, marks, groups, first)


def evenly(histograms: Histograms, unit: int, marks: Tensor, bins: int = BINS) -> tuple[Tensor, Tensor]:
    """A unit's counts (bins,) in bins of one width, which reach to all `marks`, and their edges (bins + 1,); float64.

    Where a bin of the histogram lies in two, its count is parted by its width.
    """
    counts, edges = histograms.counts[unit].double(), histograms.edges
    there = counts.nonzero().flatten()
    if not len(there):
        return counts[:0], edges[:0]
    ends = torch.cat([edges[there[[0]]], edges[there[[-1]] + 1], marks[marks.isfinite()].double()])
    low, high = float(ends.min()), float(ends.max())
    new = torch.linspace(low, high if high > low else low + 1, bins + 1, dtype=torch.float64)
    return _parted(counts, edges, new), new


def _parted(counts: Tensor, edges: Tensor, new: Tensor) -> Tensor:
    left, right = edges[:-1, None], edges[1:, None]
    inside = (right.minimum(new[1:]) - left.maximum(new[:-1])).clamp(min=0)
    found = (counts[:, None] * inside / (right - left).clamp(min=1e-300)).sum(0)
    zero = (edges[:-1] == edges[1:]).nonzero().flatten()  # the bin of exact zeros has no width
    at = (torch.searchsorted(new, edges[zero], right=True) - 1).clamp(0, len(found) - 1)
    return found.index_add(0, at, counts[zero])


def breakdown(seen: Seen, layer: str, unit: int) -> tuple[tuple[tuple[str, int, float], ...], int]:
    """Words, how many of the strongest have each and which share of all; and how many the strongest are.

    Of more than `GROUPS` words the last is "others". Nothing where no picture has a label.
    """
    known = seen.index.labels[: seen.done]
    top = known[[pick.picture for pick in candidates(seen, layer, unit)[: leading(seen, MOST)]]]
    if not bool((top != NONE).any()):
        return (), len(top)
    classes = int(known.max()) + 1
    counts, usual = (some[some != NONE].bincount(minlength=classes) for some in (top, known))
    shares = usual / usual.sum()
    order = counts.argsort(descending=True, stable=True)
    order = order[counts[order] > 0].tolist()
    shown = order if len(order) <= GROUPS else order[: GROUPS - 1]
    words = seen.index.label_names
    groups = [(words[i] if i < len(words) else f"label {i}", int(counts[i]), float(shares[i])) for i in shown]
    rest = [i for i in order if i not in shown]
    if rest:
        groups.append((f"{len(rest)} others", int(counts[rest].sum()), float(shares[rest].sum())))
    return tuple(groups), len(top)
