"""Layers spread over a network's depth: outputs of blocks and nonlinearities, by the names a reader knows them by."""

from collections.abc import Iterator, Sequence

from vizkit.nets.describe import Layer
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network

PASSING = {"Dropout", "Dropout2d", "Flatten", "Identity", "Unflatten"}  # layers that add nothing
ENOUGH = 7
FEWEST, MOST = 8, 24  # layers of an outline


def spread(net: Network, count: int = ENOUGH) -> tuple[str, ...]:
    """The names of about `count` layers from the first to the last: outputs of blocks and nonlinearities.

    Of names for the very same output, the outermost is taken; blocks inside blocks only where the rest are too few.

    >>> spread(vizkit.load("world"))
    ('stem', 'stage1', 'stage2', 'stage3', 'stage4', 'pool', 'output')
    """
    few = next(some for some, last in _levels(net) if len(some) >= count or last)
    kept = len(few) if len(few) <= count + 1 else count
    return tuple(entry.name for entry in _evenly(few, kept))


def outline(net: Network) -> tuple[str, ...]:
    """The names of the layers that a list of them shows: blocks and those inside them, down to where they get too many.

    Eight to 24 where there are as many; the layer a panel opens on is among them.
    """
    levels = [some for some, _ in _levels(net)]
    fit = [some for some in levels if len(some) <= MOST]
    deeper = levels[len(fit) : len(fit) + 1]
    shown = fit[-1] if fit and (len(fit[-1]) >= FEWEST or not deeper) else _evenly(deeper[0], MOST)
    table = layers_of(net)
    first = table[table.default]
    alike = {entry.name for entry in table if first.name in (entry.name, entry.same_as)} | {first.same_as}
    names = {entry.name for entry in shown} - alike | {first.name}
    return tuple(name for name in table.names if name in names)


def _levels(net: Network) -> Iterator[tuple[list[Layer], bool]]:
    """Outputs of blocks and nonlinearities, first those whose names have no dot, then also deeper ones; is it all?"""
    table = layers_of(net)
    outer = [_outermost(entry, table) for entry in table if not entry.same_as and not entry.overwritten_by]
    inside = {name.rsplit(".", 1)[0] for name in table.names if "." in name}
    fit = [e for e in outer if e.kind not in PASSING and (not e.parameters or e.name in inside or e.name == "output")]
    deepest = max(entry.name.count(".") for entry in fit)
    for depth in range(deepest + 1):
        yield [entry for entry in fit if entry.name.count(".") <= depth], depth == deepest


def _evenly(entries: Sequence[Layer], count: int) -> list[Layer]:
    """`count` of them, the first and the last among them."""
    return [entries[round(i * (len(entries) - 1) / max(1, count - 1))] for i in range(count)]


def _outermost(entry: Layer, table: Sequence[Layer]) -> Layer:
    """Of the entries that hand on the same output, the network's own or the one with the shortest name."""
    same = [entry, *(e for e in table if e.same_as == entry.name)]
    return min(same, key=lambda e: (e.name != "output", e.name.count(".")))
