"""The units of a layer as a list: in an order, narrowed by a search, a page at a time. Numbers (units,)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.core.words import nearest
from vizkit.data.remembered import Remembered
from vizkit.measure.looking import Seen
from vizkit.measure.naming import Meanings
from vizkit.measure.picking import Pick, readable, row
from vizkit.measure.top import NOBODY

ORDERS = ("number", "sparsity", "selectivity", "activation")
SILENT = ("dead", "no number")  # of these no picture tells anything
RARE = 0.01  # of all places; a unit that is above zero at fewer is told to be so


@dataclass(frozen=True, eq=False)
class Roll:
    """What is known of the `count` units of a layer, each (units,), None where nobody looked.

    `names` are what the units of the last layer tell apart; `strongest` the strongest answer of each, -inf where there
    was none; `active` the share of all places, or of a sample of them, where it is above zero.
    """

    layer: str
    count: int
    names: tuple[str, ...] = ()
    strongest: Tensor | None = None
    active: Tensor | None = None
    meanings: Meanings | None = None

    def name(self, unit: int) -> str:
        return self.names[unit] if unit < len(self.names) else f"unit {unit}"

    def state(self, unit: int) -> str:
        """What keeps a unit from being shown at its best, in a word or two; empty for nothing."""
        if self.strongest is None:
            return ""
        strongest = float(self.strongest[unit])
        return "no number" if strongest == -torch.inf else "dead" if strongest == 0 else _signed(strongest)

    def caption(self, unit: int, order: str = "number") -> str:
        """`unit 12 · lamp 85 %`: its name, and what tells most about it in this order."""
        return " · ".join(filter(None, [self.name(unit), self.state(unit) or self._told(unit, order)]))

    def about(self, unit: int) -> str:
        """The words by which it is found."""
        word = self.meanings.names[unit] if self.meanings else ""
        return " ".join(filter(None, [*self.names[unit : unit + 1], word, self.state(unit)]))

    def _told(self, unit: int, order: str) -> str:
        if order == "activation" and self.strongest is not None:
            return f"{float(self.strongest[unit]):.3g}"
        word = self.meanings.said(unit) if self.meanings and order != "sparsity" else ""
        rare = self.active is not None and (order == "sparsity" or float(self.active[unit]) < RARE)
        return word or (_activity(float(self.active[unit])) if rare and self.active is not None else "")


class Page(NamedTuple):
    """The `units` of page `number` of `of`, of `found` units that were looked for."""

    units: list[int]
    number: int
    of: int
    found: int


def roll(layer: str, count: int, names: Sequence[str], seen: Seen | None, meanings: Meanings | None) -> Roll:
    """What `seen` says of the units."""
    if seen is None:
        return Roll(layer, count, tuple(names))
    active = seen.index.sparsity(layer).positive if seen.index.samples(layer) else None
    return Roll(layer, count, tuple(names), seen.index.top(layer).values[:, 0], active, meanings)


def ordered(known: Roll, order: str) -> list[int]:
    """The numbers of all units: from the rarest to the most active, dead ones last; from the most selective or the
    strongest down; equal ones by number.

    Raises:
        LookupError: what the order goes by is not known; the message says what to do.
    """
    if order == "number":
        return list(range(known.count))
    if order == "sparsity":
        if known.active is None or known.strongest is None:
            raise LookupError(
                "This index has no histograms, which tell how sparse a unit is. Scan with histograms=True."
            )
        return known.active.where(known.strongest > 0, torch.inf).argsort(stable=True).tolist()
    if order == "activation":
        assert known.strongest is not None, "somebody looked"
        return known.strongest.argsort(descending=True, stable=True).tolist()
    if known.meanings is None:
        raise LookupError(
            "These pictures have no labels to be selective for. Give a folder of folders, or another order."
        )
    return known.meanings.agreement.argsort(descending=True, stable=True).tolist()


def searched(known: Roll, units: Sequence[int], find: str) -> list[int]:
    """Those of `units` that `find` means: numbers (`7`, `3 7 11`, `0-8`), or all its words in what they are about.

    Raises:
        LookupError: there is no such unit.
    """
    if not find.strip():
        return list(units)
    if not asks_words(find):
        wanted = set(_numbers(known, find))
        return [unit for unit in units if unit in wanted]
    words = find.casefold().split()
    return [unit for unit in units if all(word in known.about(unit).casefold() for word in words)]


def asks_words(find: str) -> bool:
    """Whether a search is by words, for which the pictures must be looked at, rather than by number."""
    return bool(re.search(r"[^\d\s,–-]", find))


def nobody(known: Roll, find: str) -> LookupError:
    """That no unit is what `find` says, and what there is."""
    words = sorted({*known.meanings.names} - {""}) if known.meanings else []
    words = [*dict.fromkeys([*words, *known.names])]
    if not words:
        return LookupError(f"Nobody knows what the units of {known.layer} are about: these pictures have no labels.")
    few = ", ".join(words[:8]) + (" …" if len(words) > 8 else "")
    return LookupError(f"No unit of {known.layer} is about {find!r}.{nearest(find, words)} Some are about {few}.")


def paged(units: Sequence[int], page: int, count: int) -> Page:
    """Page `page` (from 1) of `count` units each; beyond the last, the last."""
    of = max(1, -(-len(units) // count))
    number = min(page, of)
    return Page(list(units[(number - 1) * count : number * count]), number, of, len(units))


def strongest(seen: Seen, layer: str, units: Sequence[int]) -> list[Pick | None]:
    """Of each unit the picture that excites it most and can be read; None where there is none."""
    ranking = seen.index.top(layer)
    firsts = [tensor[list(units), 0].tolist() for tensor in (ranking.ids, ranking.values, ranking.positions)]
    picks = [Pick(*one) for one in zip(*firsts, strict=True)]
    if isinstance(seen.pictures, Remembered):
        seen.pictures.ahead(list({pick.picture for pick in picks if pick.picture != NOBODY}))
    return [
        pick if pick.picture != NOBODY and readable(seen.pictures, pick.picture) else _next(seen, layer, unit)
        for unit, pick in zip(units, picks, strict=True)
    ]


def _next(seen: Seen, layer: str, unit: int) -> Pick | None:
    ranked = row(seen.index.top(layer), layer, unit)
    return next((pick for pick in ranked[1:] if readable(seen.pictures, pick.picture)), None)


def _signed(strongest: float) -> str:
    return "below zero" if strongest < 0 else ""


def _activity(share: float) -> str:
    """Where a sample of all places has none, it is not known how rare it is."""
    return f"active {100 * share:.2g} %" if share else "hardly active"


def _numbers(known: Roll, find: str) -> list[int]:
    found: list[int] = []
    for entry in find.replace(",", " ").replace("–", "-").split():
        first, _, last = entry.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise LookupError(f"{entry!r} is no unit. Type a number, or several: 3 7 11, or 0-8.")
        if int(first) >= known.count:
            last_one = known.count - 1
            raise LookupError(f"{known.layer} has {known.count} units, 0 to {last_one}; there is no unit {first}.")
        found += range(int(first), min(int(last or first), known.count - 1) + 1)
    return found
