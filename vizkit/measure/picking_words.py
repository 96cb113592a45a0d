"""What a reader should notice about the pictures of a unit, in a few short sentences."""

from collections.abc import Sequence
from statistics import median

from vizkit.measure.looking import Seen
from vizkit.measure.picking import candidates, commonest
from vizkit.measure.reference import of_the_world
from vizkit.nets.network import Network

TIMES = 1.5  # as often as usual: from here on a label says something about the unit


def said(net: Network, layer: str, units: Sequence[int], seen: Seen, spread: str, of_the_kit: bool) -> str:
    """How far it has come, what the top has in common, how far it stands out, and what to doubt."""
    sentences = [
        progress(seen),
        *(_unit(seen, layer, unit, len(units) > 1) for unit in units),
        _sample(seen, spread),
        drawn(net, of_the_kit),
        lost(seen),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def percents(share: float) -> str:
    return f"{100 * share:.0f} %"


def progress(seen: Seen) -> str:
    return "" if seen.done == seen.of else f"{seen.done:,} of {seen.of:,} pictures looked at."


def _unit(seen: Seen, layer: str, unit: int, several: bool) -> str:
    found = [_labels(seen, layer, unit), "" if several else _height(seen, layer, unit), _activity(seen, layer, unit)]
    if not several:
        return " ".join(filter(None, found))
    return f"Unit {unit}: {found[0] or found[2]}" if found[0] or found[2] else ""


def _labels(seen: Seen, layer: str, unit: int) -> str:
    """80 % of the 100 strongest are farm, and of all pictures 8 %."""
    found = commonest(seen, layer, unit)
    if found is None:
        return ""
    word, share, usual, first = found
    if share < TIMES * usual or first < 4:
        return f"The {first} strongest are of no one class: {percents(share)} are {word}, of all {percents(usual)}."
    return f"{percents(share)} of the {first} strongest are {word}, and of all pictures {percents(usual)}."


def _height(seen: Seen, layer: str, unit: int) -> str:
    """How far the strongest answer stands above that of a usual picture."""
    ranked = candidates(seen, layer, unit, "deciles")
    usual, strongest = median(pick.value for pick in ranked), candidates(seen, layer, unit)[0].value
    if strongest <= 0:
        return f"No picture takes it above zero; the strongest answer is {strongest:.3g}."
    if usual <= 0:
        return f"The strongest answer is {strongest:.3g}; half of all pictures do not take it above zero."
    return f"The strongest answer, {strongest:.3g}, is {strongest / usual:.1f} times that of a usual picture."


def _activity(seen: Seen, layer: str, unit: int) -> str:
    """From the histogram, at how many places it is above zero."""
    if not seen.index.samples(layer):
        return ""
    share = percents(float(seen.index.sparsity(layer).positive[unit]))
    flat = seen.index.site(layer).field is None
    return f"It is above zero {f'for {share} of all pictures' if flat else f'at {share} of all places'}."


def _sample(seen: Seen, spread: str) -> str:
    if seen.whole or spread == "top":
        return ""
    size = min(seen.index.contents.plan.spread, seen.done)
    if spread == "classes":
        return f"The index ranks {seen.index.contents.plan.k} pictures of a unit: a class that is not there is missing."
    return f"Ranked here are {size} pictures drawn evenly from {seen.of:,}."


def drawn(net: Network, of_the_kit: bool) -> str:
    if not of_the_kit or of_the_world(net):
        return ""
    return f"These are drawn pictures of the bundled world, which {net.name} was not made for. Give it pictures=…"


def lost(seen: Seen) -> str:
    lost = len(seen.index.unreadable_numbers)
    return f"{lost} {'pictures' if lost > 1 else 'picture'} could not be read." if lost else ""
